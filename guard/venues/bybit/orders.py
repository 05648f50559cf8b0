"""Orders in Bybit's words: what is sent, and what became of it. Pure.

An order leaves as the exact decimal strings that were journalled.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from guard.ports.venue import OrderRequest, OrderState
from guard.risk.book import PositionMode
from guard.venues.bybit import endpoints as at
from guard.venues.bybit.listings import category_of
from guard.venues.bybit.parse import read_page, result_of
from guard.venues.client import Endpoint
from guard.venues.fields import Row, decimal, optional_number, refused, text
from guard.venues.markets import Listing
from guard.venues.orderchecks import check_request, require_same
from guard.venues.orderstates import StateWords, Told, order_state

_CLIENT_ORDER_ID = re.compile(r"[A-Za-z0-9_-]{1,36}")
_SIDES = {"buy": "Buy", "sell": "Sell"}
_INDEX_OF_LEG = {"long": 1, "short": 2}
_STATES = StateWords(
    filled=frozenset({"Filled"}),
    live=frozenset({"Created", "New", "PartiallyFilled", "Untriggered", "Triggered"}),
    ended=frozenset({"Cancelled", "PartiallyFilledCanceled", "Deactivated"}),
    rejected=frozenset({"Rejected"}),
)


class BybitOrderWords:
    """Implements `guard.venues.orderdesk.OrderWords`.

    The venue keeps the position mode for each symbol; `modes` tells those that it has stated last.
    """

    new_order = at.NEW_ORDER
    arrival_window_s = at.RECV_WINDOW_MS / 1000
    unknown_codes = at.OUTCOME_UNKNOWN_CODES
    not_found_codes = frozenset({at.ORDER_NOT_FOUND})
    unmatched_codes = frozenset[str]()
    cancel = at.CANCEL_ORDER
    gone_codes = at.GONE_CODES

    def __init__(self, modes: Callable[[], Mapping[str, PositionMode]] = dict) -> None:
        self._modes = modes

    def order_params(self, request: OrderRequest, listing: Listing) -> dict[str, object]:
        """See `order_params`."""
        return order_params(request, listing, self._modes().get(listing.market_id, request.position_mode))

    def cancel_params(self, venue_order_id: str, listing: Listing) -> dict[str, object]:
        """By the venue's id."""
        return {"category": category_of(listing), "symbol": listing.market_id, "orderId": venue_order_id}

    def read_cancelled(self, answer: object, venue_order_id: str) -> bool:
        """The venue only acknowledges: the book shows it."""
        require_same(result_of(answer, self.cancel.name), "orderId", venue_order_id, self.cancel.name)
        return True

    def queries(self, client_order_id: str, listing: Listing) -> list[tuple[Endpoint, dict[str, object]]]:
        """Open and lately ended orders, then the history: the former forgets when the venue restarts."""
        asked: dict[str, object] = {
            "category": category_of(listing),
            "symbol": listing.market_id,
            "orderLinkId": client_order_id,
        }
        return [(at.OPEN_ORDERS, asked), (at.PAST_ORDERS, asked)]

    def read_accepted(self, answer: object, request: OrderRequest, listing: Listing) -> OrderState | None:  # noqa: ARG002 - the protocol's
        """The venue only acknowledges: what became of the order has to be asked for."""
        where = at.NEW_ORDER.name
        row = result_of(answer, where)
        if text(row, "orderLinkId", where) != request.client_order_id:
            raise refused(where, f"acknowledged {row['orderLinkId']!r}, not {request.client_order_id}")
        return None

    def read_found(self, answer: object, client_order_id: str, listing: Listing) -> OrderState | None:
        """The order; an empty list knows none."""
        where = at.OPEN_ORDERS.name
        found = [row for row in read_page(answer, where).rows if row.get("orderLinkId") == client_order_id]
        return read_order(found[0], listing.symbol, where) if found else None


def order_params(request: OrderRequest, listing: Listing, mode: PositionMode) -> dict[str, object]:
    """The parameters of `POST v5/order/create` for `request`, on a symbol in position mode `mode`.

    `reduceOnly` is understood in both modes: an order that carries it never opens, never turns and never touches the
    other leg. The margin mode is the account's and no part of an order.

    Raises:
        OrderRejected: the request contradicts itself or the venue's grid; nothing was sent.
    """
    check_request(request, listing.instrument, _CLIENT_ORDER_ID)
    return {
        "category": category_of(listing),
        "symbol": listing.market_id,
        "side": _SIDES[request.side],
        "orderType": "Limit",
        "timeInForce": request.time_in_force,
        "qty": format(request.contracts, "f"),
        "price": format(request.limit_price, "f"),
        "positionIdx": _INDEX_OF_LEG[request.leg] if mode == "hedge" else 0,
        "reduceOnly": request.reduce_only,
        "orderLinkId": request.client_order_id,
    }


def read_order(row: Row, symbol: str, where: str) -> OrderState:
    """What became of an order.

    Raises:
        BadAnswer: a required field is missing or unreadable, or the status is not known.
    """
    filled, asked = decimal(row, "cumExecQty", where), decimal(row, "qty", where)
    average = optional_number(row, "avgPrice", where) if filled > 0 else None
    client_id, venue_id = text(row, "orderLinkId", where), text(row, "orderId", where)
    told = Told(client_id, venue_id, text(row, "orderStatus", where), asked, filled, average)
    return order_state(told, symbol, _STATES, where)
