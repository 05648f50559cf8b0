"""Orders in Deribit's words: what is sent, and what became of it. Labels are not unique there: ours never repeat."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from guard.ports.venue import OrderRequest, OrderState, OrderStatus
from guard.venues.client import Endpoint
from guard.venues.deribit import endpoints as at
from guard.venues.deribit.parse import result_of
from guard.venues.fields import Row, decimal, number, record, refused, rows, text
from guard.venues.markets import Listing
from guard.venues.orderchecks import check_request, not_sent, require_same

_LABEL = re.compile(r"[\x21-\x7e]{1,64}")
_TIMES_IN_FORCE = {"IOC": "immediate_or_cancel", "GTC": "good_til_cancelled"}


class DeribitOrderWords:
    """Implements `guard.venues.orderdesk.OrderWords`. `venue_ms` is the venue's time, in epoch milliseconds."""

    new_order = at.NEW_ORDER
    arrival_window_s = at.ORDER_LIFE_MS / 1000
    unknown_codes = at.OUTCOME_UNKNOWN_CODES
    not_found_codes = at.NOT_FOUND_CODES
    unmatched_codes = frozenset[str]()
    cancel = at.CANCEL_ORDER
    gone_codes = at.GONE_CODES

    def __init__(self, venue_ms: Callable[[], int]) -> None:
        self._venue_ms = venue_ms

    def order_params(self, request: OrderRequest, listing: Listing) -> dict[str, object]:
        """The request for `private/buy` or `private/sell`; see `order_params`."""
        params = order_params(request, listing, self._venue_ms() + at.ORDER_LIFE_MS)
        return {"path": request.side, "api": ["private"], "method": "GET", "params": params, "config": {"cost": 4}}

    def cancel_params(self, venue_order_id: str, listing: Listing) -> dict[str, object]:  # noqa: ARG002 - the protocol's
        """By the venue's id."""
        return {"order_id": venue_order_id}

    def read_cancelled(self, answer: object, venue_order_id: str) -> bool:
        """The order as it ended."""
        where = self.cancel.name
        require_same(record(result_of(answer, where), where), "order_id", venue_order_id, where)
        return True

    def queries(self, client_order_id: str, listing: Listing) -> list[tuple[Endpoint, dict[str, object]]]:
        """One request knows every order of the currency that it settles in."""
        return [(at.QUERY_ORDER, {"currency": listing.settle, "label": client_order_id})]

    def read_accepted(self, answer: object, request: OrderRequest, listing: Listing) -> OrderState | None:
        """The answer tells the outcome."""
        where = at.NEW_ORDER.name
        row = record(record(result_of(answer, where), where).get("order"), where)
        return read_order(row, request.client_order_id, listing, where)

    def read_found(self, answer: object, client_order_id: str, listing: Listing) -> OrderState | None:
        """The order with this label, if any."""
        where = at.QUERY_ORDER.name
        found = [row for row in rows(result_of(answer, where), where) if row.get("label") == client_order_id]
        if len(found) > 1:
            raise refused(where, f"knows {len(found)} orders with the label {client_order_id}")
        return read_order(found[0], client_order_id, listing, where) if found else None


def order_params(request: OrderRequest, listing: Listing, valid_until_ms: int) -> dict[str, object]:
    """The parameters of an order: amounts in USD for inverse contracts, in the base coin for linear ones.

    Raises:
        OrderRejected: the request contradicts itself or the venue's grid; nothing was sent.
    """
    if request.position_mode != "one_way":
        raise not_sent(request, "the venue has no hedge mode")
    check_request(request, listing.instrument, _LABEL)
    return {
        "instrument_name": listing.market_id,
        "amount": format((request.contracts * listing.instrument.contract_size).normalize(), "f"),
        "type": "limit",
        "price": format(request.limit_price.normalize(), "f"),
        "label": request.client_order_id,
        "time_in_force": _TIMES_IN_FORCE[request.time_in_force],
        "reduce_only": "true" if request.reduce_only else "false",
        "valid_until": str(valid_until_ms),
    }


def read_order(row: Row, client_order_id: str, listing: Listing, where: str) -> OrderState:
    """What became of an order.

    Raises:
        BadAnswer: a required field is missing or unreadable, or the state is not known.
    """
    size = listing.instrument.contract_size
    asked, filled = _exact(row, "amount", where) / size, _exact(row, "filled_amount", where) / size
    if filled < 0 or filled > asked:
        raise refused(where, f"order {client_order_id} filled {filled} of {asked}")
    return OrderState(
        client_order_id=client_order_id,
        venue_order_id=text(row, "order_id", where),
        symbol=listing.symbol,
        status=_status(text(row, "order_state", where), filled, asked, where),
        filled=filled,
        average_price=number(row, "average_price", where) if filled > 0 else None,
    )


def _exact(row: Row, key: str, where: str) -> Decimal:
    return decimal({**row, key: str(number(row, key, where))}, key, where).normalize()


def _status(word: str, filled: Decimal, asked: Decimal, where: str) -> OrderStatus:
    if word in {"open", "untriggered"}:
        return OrderStatus.OPEN
    if word == "filled":
        return OrderStatus.FILLED if filled == asked else OrderStatus.PARTLY_FILLED
    if word == "cancelled":
        return OrderStatus.PARTLY_FILLED if filled > 0 else OrderStatus.EXPIRED
    if word == "rejected":
        return OrderStatus.REJECTED
    raise refused(where, f"the state of an order was {word!a}")
