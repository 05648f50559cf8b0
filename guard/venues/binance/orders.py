"""Orders in Binance's words: what is sent, and what became of it. Pure.

An order leaves as the exact decimal strings that were journalled.
"""

from __future__ import annotations

import re
from decimal import Decimal

from guard.ports.venue import OrderRequest, OrderState, OrderStatus
from guard.venues.binance import refusals
from guard.venues.binance.branch import Requests
from guard.venues.client import Endpoint
from guard.venues.fields import decimal, number, record, refused, text
from guard.venues.markets import Listing
from guard.venues.orderchecks import check_request

_CLIENT_ORDER_ID = re.compile(r"[.A-Z:/a-z0-9_-]{1,36}")
_LIVE = frozenset({"NEW", "PARTIALLY_FILLED", "PENDING_NEW", "PENDING_CANCEL"})
_ENDED = frozenset({"CANCELED", "EXPIRED", "EXPIRED_IN_MATCH"})


class BinanceOrderWords:
    """Implements `guard.venues.orderdesk.OrderWords`."""

    arrival_window_s = refusals.RECV_WINDOW_MS / 1000
    unknown_codes = refusals.OUTCOME_UNKNOWN_CODES
    not_found_codes = frozenset({refusals.ORDER_NOT_FOUND})

    def __init__(self, requests: Requests) -> None:
        self.new_order = requests.new_order
        self._query_order = requests.query_order

    def order_params(self, request: OrderRequest, listing: Listing) -> dict[str, object]:
        """See `order_params`."""
        return order_params(request, listing)

    def queries(self, client_order_id: str, listing: Listing) -> list[tuple[Endpoint, dict[str, object]]]:
        """One request knows every order."""
        return [(self._query_order, {"symbol": listing.market_id, "origClientOrderId": client_order_id})]

    def read_accepted(self, answer: object, request: OrderRequest, listing: Listing) -> OrderState | None:  # noqa: ARG002 - the protocol's
        """The answer tells the outcome (`newOrderRespType` RESULT)."""
        return read_order(answer, request.symbol, self.new_order.name)

    def read_found(self, answer: object, client_order_id: str, listing: Listing) -> OrderState | None:  # noqa: ARG002 - the protocol's
        """The order; one that is not there is a refusal."""
        return read_order(answer, listing.symbol, self._query_order.name)


def order_params(request: OrderRequest, listing: Listing) -> dict[str, object]:
    """The parameters of a new order for `request`.

    In one-way mode a reducing order carries `reduceOnly`. In hedge mode the venue refuses that word; there the leg is
    named by `positionSide`, and selling LONG or buying SHORT can only shrink that leg.

    Raises:
        OrderRejected: the request contradicts itself or the venue's grid; nothing was sent.
    """
    check_request(request, listing.instrument, _CLIENT_ORDER_ID)
    params: dict[str, object] = {
        "symbol": listing.market_id,
        "side": request.side.upper(),
        "type": "LIMIT",
        "timeInForce": request.time_in_force,
        "quantity": format(request.contracts, "f"),
        "price": format(request.limit_price, "f"),
        "newClientOrderId": request.client_order_id,
        "newOrderRespType": "RESULT",
        "recvWindow": refusals.RECV_WINDOW_MS,
    }
    if request.position_mode == "hedge":
        return {**params, "positionSide": request.leg.upper()}
    return {**params, "positionSide": "BOTH", "reduceOnly": "true" if request.reduce_only else "false"}


def read_order(answer: object, symbol: str, where: str) -> OrderState:
    """What became of an order.

    Raises:
        BadAnswer: a required field is missing or unreadable, or the status is not known.
    """
    row = record(answer, where)
    filled, asked = decimal(row, "executedQty", where), decimal(row, "origQty", where)
    status = _status(text(row, "status", where), filled, where)
    if filled < 0 or filled > asked or (status is OrderStatus.FILLED and filled != asked):
        raise refused(where, f"order {row.get('clientOrderId')} is {status} with {filled} of {asked}")
    average = number(row, "avgPrice", where) if filled > 0 else None
    return OrderState(
        client_order_id=text(row, "clientOrderId", where),
        venue_order_id=text(row, "orderId", where),
        symbol=symbol,
        status=status,
        filled=filled,
        average_price=average or None,
    )


def _status(word: str, filled: Decimal, where: str) -> OrderStatus:
    if word == "FILLED":
        return OrderStatus.FILLED
    if word in _LIVE:
        return OrderStatus.OPEN
    if word in _ENDED:
        return OrderStatus.PARTLY_FILLED if filled > 0 else OrderStatus.EXPIRED
    if word == "REJECTED":
        return OrderStatus.REJECTED
    raise refused(where, f"the status of an order was {word!r}")
