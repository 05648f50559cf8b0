"""Orders in KuCoin's words: what is sent, and what became of it. Pure.

An order leaves with the exact price that was journalled and a whole number of contracts, and says the margin mode of
its leg: the venue takes one that does not for an isolated one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from guard.ports.venue import OrderRequest, OrderState, OrderStatus
from guard.venues.client import Endpoint
from guard.venues.fields import Row, exact, flag, optional_number, record, refused, text
from guard.venues.kucoinfutures import endpoints as at
from guard.venues.markets import Listing
from guard.venues.orderchecks import check_request, not_sent

_CLIENT_ORDER_ID = re.compile(r"[0-9A-Za-z_-]{1,40}")


class KucoinOrderWords:
    """Implements `guard.venues.orderdesk.OrderWords`.

    Args:
        is_unified: whether the account was last stated to be a unified one, which is watched only.
    """

    new_order = at.NEW_ORDER
    arrival_window_s = at.ARRIVAL_WINDOW_S
    unknown_codes = at.OUTCOME_UNKNOWN_CODES
    not_found_codes = frozenset({at.ORDER_NOT_FOUND})
    unmatched_codes = frozenset[str]()
    cancel = at.CANCEL_ORDER
    gone_codes = at.GONE_CODES

    def __init__(self, is_unified: Callable[[], bool]) -> None:
        self._is_unified = is_unified

    def order_params(self, request: OrderRequest, listing: Listing) -> dict[str, object]:
        """See `order_params`.

        Raises:
            OrderRejected: the account is a unified one, or the request contradicts itself or the venue's grid.
        """
        if self._is_unified():
            raise not_sent(request, "unified accounts of KuCoin are watched only")
        return order_params(request, listing)

    def cancel_params(self, venue_order_id: str, listing: Listing) -> dict[str, object]:  # noqa: ARG002 - the protocol's
        """By the venue's id, which is part of the address."""
        return {"orderId": venue_order_id}

    def read_cancelled(self, answer: object, venue_order_id: str) -> bool:
        """The ids that were cancelled; an empty list: it was not open any more."""
        where = self.cancel.name
        gone = record(at.data_of(answer, where), where).get("cancelledOrderIds")
        if not isinstance(gone, list) or any(each != venue_order_id for each in gone):
            raise refused(where, f"cancelled {gone!r}, {venue_order_id!r} was asked for")
        return bool(gone)

    def queries(self, client_order_id: str, listing: Listing) -> list[tuple[Endpoint, dict[str, object]]]:  # noqa: ARG002 - the protocol's
        """One request knows every order."""
        return [(at.QUERY_ORDER, {"clientOid": client_order_id})]

    def read_accepted(self, answer: object, request: OrderRequest, listing: Listing) -> OrderState | None:  # noqa: ARG002 - the protocol's
        """The answer names the order and tells nothing of it: its outcome has to be asked for."""
        where = at.NEW_ORDER.name
        text(record(at.data_of(answer, where), where), "orderId", where)
        return None

    def read_found(self, answer: object, client_order_id: str, listing: Listing) -> OrderState | None:
        """The order; one that is not there is a refusal."""
        state = read_order(answer, listing)
        if state.client_order_id != client_order_id:
            raise refused(at.QUERY_ORDER.name, f"answered {state.client_order_id}, asked for {client_order_id}")
        return state


def order_params(request: OrderRequest, listing: Listing) -> dict[str, object]:
    """The parameters of `POST api/v1/orders` for `request`.

    In hedge mode the leg is named as well; a reducing order is marked in both modes, so that it never opens anything.
    The leverage of cross orders is the one that is set for the contract; the field is there because the venue wants
    one of every order that opens.

    Raises:
        OrderRejected: the request contradicts itself or the venue's grid; nothing was sent.
    """
    check_request(request, listing.instrument, _CLIENT_ORDER_ID)
    params: dict[str, object] = {
        "clientOid": request.client_order_id,
        "symbol": listing.market_id,
        "side": request.side,
        "type": "limit",
        "price": format(request.limit_price, "f"),
        "size": int(request.contracts),
        "timeInForce": request.time_in_force,
        "marginMode": request.margin_mode.upper(),
        "reduceOnly": request.reduce_only,
        "positionSide": request.leg.upper() if request.position_mode == "hedge" else "BOTH",
    }
    return params if request.reduce_only else {**params, "leverage": 1}


def read_order(answer: object, listing: Listing) -> OrderState:
    """What became of an order.

    Raises:
        BadAnswer: a required field is missing or unreadable, or it does not add up.
    """
    where = at.QUERY_ORDER.name
    row = record(at.data_of(answer, where), where)
    asked, filled = exact(row, "size", where), exact(row, "filledSize", where)
    if filled < 0 or filled > asked:
        raise refused(where, f"order {row.get('clientOid')} has {filled} of {asked} filled")
    return OrderState(
        client_order_id=text(row, "clientOid", where),
        venue_order_id=text(row, "id", where),
        symbol=listing.symbol,
        status=_status(filled, asked, is_active=flag(row, "isActive", where)),
        filled=filled,
        average_price=_average(row, float(filled), listing, where) if filled > 0 else None,
    )


def _status(filled: Decimal, asked: Decimal, *, is_active: bool) -> OrderStatus:
    if is_active:
        return OrderStatus.OPEN
    if filled == asked:
        return OrderStatus.FILLED
    return OrderStatus.PARTLY_FILLED if filled > 0 else OrderStatus.EXPIRED


def _average(row: Row, filled: float, listing: Listing, where: str) -> float | None:
    """The average price, as the venue says it, or as it follows from the value that was filled."""
    stated = optional_number(row, "avgDealPrice", where)
    if stated:
        return stated
    value = optional_number(row, "filledValue", where)
    if not value:
        return None
    size = filled * listing.contract_size
    return size / value if listing.kind == "inverse" else value / size
