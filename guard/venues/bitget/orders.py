"""Orders in Bitget's words: what is sent, and what became of it. Pure.

An order leaves as the exact decimal strings that were journalled. The venue answers with ids only, so the outcome of
every order is looked up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from guard.ports.venue import OrderRequest, OrderState
from guard.risk.book import PositionMode, Side
from guard.venues.bitget import endpoints as at
from guard.venues.bitget.listings import product_of
from guard.venues.client import Endpoint
from guard.venues.fields import decimal, number, record, refused, text
from guard.venues.markets import Listing
from guard.venues.orderchecks import check_request, not_sent, require_same
from guard.venues.orderstates import StateWords, Told, order_state

_CLIENT_ORDER_ID = re.compile(r"[.A-Za-z0-9:_-]{1,50}")
_STATES: Final = StateWords(
    filled=frozenset({"filled", "full_fill"}),
    live=frozenset({"live", "new", "init", "partially_filled", "partial_fill"}),
    ended=frozenset({"canceled", "cancelled", "cancel"}),
)
_DIRECTION: Final[Mapping[Side, str]] = {"long": "buy", "short": "sell"}


@dataclass
class Situation:
    """What orders must know of the account, as its last reading told it."""

    is_unified: bool = False
    position_modes: Mapping[str, PositionMode] = field(default_factory=dict)
    isolated_ids: frozenset[str] = frozenset()


class BitgetOrderWords:
    """Implements `guard.venues.orderdesk.OrderWords`."""

    new_order = at.NEW_ORDER
    arrival_window_s = at.ARRIVAL_WINDOW_S
    unknown_codes = at.OUTCOME_UNKNOWN_CODES
    not_found_codes = at.ORDER_NOT_FOUND_CODES
    unmatched_codes = frozenset[str]()
    cancel = at.CANCEL_ORDER
    gone_codes = at.GONE_CODES

    def __init__(self, situation: Situation) -> None:
        self._situation = situation

    def order_params(self, request: OrderRequest, listing: Listing) -> dict[str, object]:
        """See `order_params`."""
        return order_params(request, listing, self._situation)

    def cancel_params(self, venue_order_id: str, listing: Listing) -> dict[str, object]:
        """By the venue's id."""
        return {
            "symbol": listing.market_id,
            "productType": product_of(listing.settle),
            "marginCoin": listing.settle,
            "orderId": venue_order_id,
        }

    def read_cancelled(self, answer: object, venue_order_id: str) -> bool:
        """Ids; the book shows it."""
        where = self.cancel.name
        require_same(record(at.data_of(answer, where), where), "orderId", venue_order_id, where)
        return True

    def queries(self, client_order_id: str, listing: Listing) -> list[tuple[Endpoint, dict[str, object]]]:
        """One request knows every order of a contract."""
        asked = {"symbol": listing.market_id, "productType": product_of(listing.settle), "clientOid": client_order_id}
        return [(at.QUERY_ORDER, dict(asked))]

    def read_accepted(self, answer: object, request: OrderRequest, listing: Listing) -> None:  # noqa: ARG002 - the protocol's
        """Ids, and nothing of the outcome."""
        where = at.NEW_ORDER.name
        told = record(at.data_of(answer, where), where).get("clientOid")
        if told not in {None, "", request.client_order_id}:
            raise refused(where, f"took order {request.client_order_id} as {told!r}")

    def read_found(self, answer: object, client_order_id: str, listing: Listing) -> OrderState | None:
        """The order; one that is not there is a refusal, or an answer without data."""
        data = at.data_of(answer, at.QUERY_ORDER.name)
        if not data:
            return None
        state = read_order(data, listing.symbol, at.QUERY_ORDER.name)
        return state if state.client_order_id == client_order_id else None


def order_params(request: OrderRequest, listing: Listing, situation: Situation) -> dict[str, object]:
    """The parameters of `POST v2/mix/order/place-order` for `request`.

    In one-way mode a reducing order carries `reduceOnly`. In hedge mode `side` is the direction of the leg and
    `tradeSide` says whether it opens or closes: buying with `close` shrinks the long leg. In one-way mode the venue
    ignores `tradeSide` and the same order would buy more; so `reduceOnly`, which it ignores in hedge mode, stands in
    both: whichever mode the account is in when the order arrives, it can only close.

    Raises:
        OrderRejected: the request contradicts itself, the account or the venue's grid; nothing was sent.
    """
    check_request(request, listing.instrument, _CLIENT_ORDER_ID)
    product = product_of(listing.settle)
    if situation.is_unified:
        raise not_sent(request, "unified accounts are watched only")
    if listing.kind == "inverse":
        raise not_sent(request, "coin-margined contracts are watched only")
    mode = situation.position_modes.get(product)
    if mode != request.position_mode:
        raise not_sent(request, f"it is for {request.position_mode} mode, {product} is in {mode or 'no known'} mode")
    params: dict[str, object] = {
        "symbol": listing.market_id,
        "productType": product,
        "marginCoin": listing.settle,
        "marginMode": "isolated" if listing.market_id in situation.isolated_ids else "crossed",
        "orderType": "limit",
        "force": request.time_in_force.lower(),
        "size": format(request.contracts, "f"),
        "price": format(request.limit_price, "f"),
        "clientOid": request.client_order_id,
    }
    reduces = "YES" if request.reduce_only else "NO"
    if mode == "hedge":
        turn = "close" if request.reduce_only else "open"
        return {**params, "side": _DIRECTION[request.leg], "tradeSide": turn, "reduceOnly": reduces}
    return {**params, "side": request.side, "reduceOnly": reduces}


def read_order(answer: object, symbol: str, where: str) -> OrderState:
    """What became of an order.

    Raises:
        BadAnswer: a required field is missing or unreadable, or the status is not known.
    """
    row = record(answer, where)
    filled, asked = decimal(row, "baseVolume", where), decimal(row, "size", where)
    average = number(row, "priceAvg", where) if filled > 0 else None
    client_id, venue_id = text(row, "clientOid", where), text(row, "orderId", where)
    word = text(row, "state" if row.get("state") else "status", where)
    return order_state(Told(client_id, venue_id, word, asked, filled, average), symbol, _STATES, where)
