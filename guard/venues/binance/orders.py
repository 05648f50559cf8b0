"""Orders in Binance's words: what is sent, and what became of it. Pure.

An order leaves as the exact decimal strings that were journalled.
"""

from __future__ import annotations

import re

from guard.ports.venue import OrderRequest, OrderState
from guard.venues.binance import refusals
from guard.venues.binance.branch import Requests
from guard.venues.client import Endpoint
from guard.venues.fields import decimal, number, record, text
from guard.venues.markets import Listing
from guard.venues.orderchecks import check_request, require_same
from guard.venues.orderstates import StateWords, Told, order_state

_CLIENT_ORDER_ID = re.compile(r"[.A-Z:/a-z0-9_-]{1,36}")
_STATES = StateWords(
    filled=frozenset({"FILLED"}),
    live=frozenset({"NEW", "PARTIALLY_FILLED", "PENDING_NEW", "PENDING_CANCEL"}),
    ended=frozenset({"CANCELED", "EXPIRED", "EXPIRED_IN_MATCH"}),
    rejected=frozenset({"REJECTED"}),
)


class BinanceOrderWords:
    """Implements `guard.venues.orderdesk.OrderWords`."""

    arrival_window_s = refusals.RECV_WINDOW_MS / 1000
    unknown_codes = refusals.OUTCOME_UNKNOWN_CODES
    not_found_codes = frozenset({refusals.ORDER_NOT_FOUND})
    unmatched_codes = frozenset[str]()
    gone_codes = frozenset({refusals.CANCEL_REJECTED, refusals.ORDER_NOT_FOUND})

    def __init__(self, requests: Requests) -> None:
        self.new_order = requests.new_order
        self.cancel = requests.cancel_order
        self._query_order = requests.query_order

    def order_params(self, request: OrderRequest, listing: Listing) -> dict[str, object]:
        """See `order_params`."""
        return order_params(request, listing)

    def cancel_params(self, venue_order_id: str, listing: Listing) -> dict[str, object]:
        """By the venue's id."""
        return {
            "symbol": listing.market_id,
            "orderId": venue_order_id,
            "recvWindow": refusals.RECV_WINDOW_MS,
        }

    def read_cancelled(self, answer: object, venue_order_id: str) -> bool:
        """The order as it ended."""
        require_same(record(answer, self.cancel.name), "orderId", venue_order_id, self.cancel.name)
        return True

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
    average = number(row, "avgPrice", where) if filled > 0 else None
    client_id, venue_id = text(row, "clientOrderId", where), text(row, "orderId", where)
    told = Told(client_id, venue_id, text(row, "status", where), asked, filled, average)
    return order_state(told, symbol, _STATES, where)
