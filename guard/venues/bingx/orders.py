"""Orders in BingX's words: what is sent, and what became of it. Pure.

An order leaves as the exact decimal strings that were journalled. The venue turns client order ids into lower case, so
they are compared without regard to case. Its documents have spelled their parameter in two ways: an id that it did not
take would be an order that cannot be found and would be sent again, so both are sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from guard.ports.venue import OrderRequest, OrderState
from guard.venues.bingx import endpoints as at
from guard.venues.bingx.parse import data_of
from guard.venues.client import Endpoint
from guard.venues.fields import Row, decimal, number, optional_text, record, refused, text
from guard.venues.markets import Listing
from guard.venues.orderchecks import check_request, not_sent, require_same
from guard.venues.orderstates import StateWords, Told, order_state

_REMEMBERED_MAX = 1_000
_CLIENT_ORDER_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")
_STATES = StateWords(
    filled=frozenset({"FILLED"}),
    live=frozenset({"NEW", "PENDING", "PARTIALLY_FILLED", "WORKING"}),
    ended=frozenset({"CANCELED", "CANCELLED", "EXPIRED"}),
    rejected=frozenset({"FAILED", "REJECTED"}),
)


class BingxOrderWords:
    """Implements `guard.venues.orderdesk.OrderWords`."""

    new_order = at.NEW_ORDER
    arrival_window_s = at.RECV_WINDOW_MS / 1000
    unknown_codes = at.OUTCOME_UNKNOWN_CODES
    not_found_codes = at.NOT_FOUND_CODES
    unmatched_codes = frozenset[str]()
    cancel = at.CANCEL_ORDER
    gone_codes = at.GONE_CODES

    def __init__(self) -> None:
        self._venue_ids: dict[str, str] = {}

    def order_params(self, request: OrderRequest, listing: Listing) -> dict[str, object]:
        """See `order_params`."""
        return order_params(request, listing)

    def cancel_params(self, venue_order_id: str, listing: Listing) -> dict[str, object]:
        """By the venue's id."""
        return {"symbol": listing.market_id, "orderId": venue_order_id, "recvWindow": at.RECV_WINDOW_MS}

    def read_cancelled(self, answer: object, venue_order_id: str) -> bool:
        """The order as it ended."""
        require_same(_order_of(answer, self.cancel.name), "orderId", venue_order_id, self.cancel.name)
        return True

    def queries(self, client_order_id: str, listing: Listing) -> list[tuple[Endpoint, dict[str, object]]]:
        """One request knows every order, by our id; by the venue's too where it has told one."""
        asked = [{"symbol": listing.market_id, "clientOrderId": client_order_id}]
        venue_id = self._venue_ids.get(client_order_id)
        if venue_id is not None:
            asked.append({"symbol": listing.market_id, "orderId": venue_id})
        return [(at.QUERY_ORDER, dict(each)) for each in asked]

    def read_accepted(self, answer: object, request: OrderRequest, listing: Listing) -> OrderState | None:  # noqa: ARG002 - the protocol's
        """What the answer tells of an order that has ended; of any other the outcome has to be asked for."""
        where = at.NEW_ORDER.name
        row = _order_of(answer, where)
        _same_id(row, request.client_order_id, where)
        self._remember(request.client_order_id, text(row, "orderId", where))
        word = (optional_text(row, "status") or "").upper()
        if word not in _STATES.ended | _STATES.filled or "executedQty" not in row:
            return None
        return _state(row, request.client_order_id, request.symbol, request.contracts, where)

    def _remember(self, client_order_id: str, venue_id: str) -> None:
        self._venue_ids[client_order_id] = venue_id
        if len(self._venue_ids) > _REMEMBERED_MAX:
            del self._venue_ids[next(iter(self._venue_ids))]

    def read_found(self, answer: object, client_order_id: str, listing: Listing) -> OrderState | None:
        """The order; one that is not there is a refusal."""
        return read_order(answer, client_order_id, listing.symbol)


def order_params(request: OrderRequest, listing: Listing) -> dict[str, object]:
    """The parameters of `POST swap/v2/trade/order` for `request`.

    In one-way mode a reducing order carries `reduceOnly`. In hedge mode the venue does not take that word; there the
    leg is named by `positionSide`, and selling LONG or buying SHORT can only shrink that leg.

    Raises:
        OrderRejected: the request contradicts itself or the venue's grid, or the contract is coin-margined; nothing
            was sent.
    """
    check_request(request, listing.instrument, _CLIENT_ORDER_ID)
    if listing.kind == "inverse":
        raise not_sent(request, "coin-margined contracts are watched only: the venue publishes no rates for them")
    params: dict[str, object] = {
        "symbol": listing.market_id,
        "side": request.side.upper(),
        "type": "LIMIT",
        "timeInForce": request.time_in_force,
        "quantity": format(request.contracts, "f"),
        "price": format(request.limit_price, "f"),
        "clientOrderID": request.client_order_id,
        "clientOrderId": request.client_order_id,
        "recvWindow": at.RECV_WINDOW_MS,
    }
    if request.position_mode == "hedge":
        return {**params, "positionSide": request.leg.upper()}
    return {**params, "positionSide": "BOTH", "reduceOnly": "true" if request.reduce_only else "false"}


def _order_of(answer: object, where: str) -> Row:
    data = record(data_of(answer, where), where)
    return record(data.get("order", data), where)


def _same_id(row: Mapping[str, object], client_order_id: str, where: str) -> None:
    """Refuse an answer about another order; some answers leave the id empty."""
    stated = optional_text(row, "clientOrderId") or optional_text(row, "clientOrderID")
    if stated is not None and stated.lower() != client_order_id.lower():
        raise refused(where, f"answered for order {stated!r}, {client_order_id!r} was asked for")


def read_order(answer: object, client_order_id: str, symbol: str) -> OrderState:
    """What became of an order.

    Raises:
        BadAnswer: a required field is missing or unreadable, the status is not known, or it is of another order.
    """
    where = at.QUERY_ORDER.name
    row = _order_of(answer, where)
    _same_id(row, client_order_id, where)
    return _state(row, client_order_id, symbol, decimal(row, "origQty", where), where)


def _state(row: Row, client_order_id: str, symbol: str, asked: Decimal, where: str) -> OrderState:
    filled = decimal(row, "executedQty", where)
    average = number(row, "avgPrice", where) if filled > 0 else None
    word, venue_id = text(row, "status", where).upper(), text(row, "orderId", where)
    return order_state(Told(client_order_id, venue_id, word, asked, filled, average), symbol, _STATES, where)
