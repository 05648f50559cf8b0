"""Orders in OKX's words: what is sent, and what became of it. Pure.

An order leaves as the exact decimal strings that were journalled.
"""

from __future__ import annotations

import re
from decimal import Decimal

from guard.ports.errors import OrderOutcomeUnknown, OrderRejected
from guard.ports.venue import OrderRequest, OrderState
from guard.venues.client import Endpoint
from guard.venues.fields import decimal, number, refused, text
from guard.venues.markets import Listing
from guard.venues.okx import endpoints as at
from guard.venues.orderchecks import check_request, require_same
from guard.venues.orderstates import StateWords, Told, order_state

_CLIENT_ORDER_ID = re.compile(r"[A-Za-z0-9]{1,32}")
_STATES = StateWords(
    filled=frozenset({"filled"}),
    live=frozenset({"live", "partially_filled"}),
    ended=frozenset({"canceled", "mmp_canceled"}),
)
_ACCEPTED = "0"


class OkxOrderWords:
    """Implements `guard.venues.orderdesk.OrderWords`."""

    new_order = at.NEW_ORDER
    arrival_window_s = at.ARRIVAL_WINDOW_S
    unknown_codes = at.OUTCOME_UNKNOWN_CODES
    not_found_codes = frozenset({at.ORDER_NOT_FOUND})
    unmatched_codes = frozenset[str]()
    cancel = at.CANCEL_ORDER
    gone_codes = at.GONE_CODES

    def order_params(self, request: OrderRequest, listing: Listing) -> dict[str, object]:
        """See `order_params`."""
        return order_params(request, listing)

    def cancel_params(self, venue_order_id: str, listing: Listing) -> dict[str, object]:
        """By the venue's id."""
        return {"instId": listing.market_id, "ordId": venue_order_id}

    def read_cancelled(self, answer: object, venue_order_id: str) -> bool:
        """The request was taken: the book shows it. A refusal inside the answer is raised."""
        where = self.cancel.name
        row = at.only_row(answer, where)
        code = text(row, "sCode", where)
        if code != _ACCEPTED:
            raise OrderRejected(f"{where}: {row.get('sMsg') or 'no text'} (code {code})", code=code)
        require_same(row, "ordId", venue_order_id, where)
        return True

    def queries(self, client_order_id: str, listing: Listing) -> list[tuple[Endpoint, dict[str, object]]]:
        """One request knows every order; of those that ended without a fill for two hours only."""
        return [(at.QUERY_ORDER, {"instId": listing.market_id, "clOrdId": client_order_id})]

    def read_accepted(self, answer: object, request: OrderRequest, listing: Listing) -> OrderState | None:  # noqa: ARG002 - the protocol's
        """The answer tells an id only; a refusal inside it is raised."""
        row = at.only_row(answer, at.NEW_ORDER.name)
        code = text(row, "sCode", at.NEW_ORDER.name)
        if code == _ACCEPTED:
            return None
        message = f"{at.NEW_ORDER.name}: {row.get('sMsg') or 'no text'} (code {code})"
        if code in at.OUTCOME_UNKNOWN_CODES:
            raise OrderOutcomeUnknown(message, fix="look it up by its client order id", code=code)
        raise OrderRejected(message, code=code)

    def read_found(self, answer: object, client_order_id: str, listing: Listing) -> OrderState | None:
        """The order; one that is not there is a refusal."""
        state = read_order(answer, listing.symbol)
        if state.client_order_id != client_order_id:
            raise refused(at.QUERY_ORDER.name, f"answered order {state.client_order_id}, not {client_order_id}")
        return state


def order_params(request: OrderRequest, listing: Listing) -> dict[str, object]:
    """The parameters of `POST v5/trade/order` for `request`, in the margin mode of its leg.

    In one-way mode a reducing order carries `reduceOnly`. In long/short mode the venue ignores that word; there the leg
    is named by `posSide`, and selling the long or buying the short leg can only shrink that leg.

    Raises:
        OrderRejected: the request contradicts itself or the venue's grid; nothing was sent.
    """
    check_request(request, listing.instrument, _CLIENT_ORDER_ID)
    params: dict[str, object] = {
        "instId": listing.market_id,
        "tdMode": request.margin_mode,
        "side": request.side,
        "ordType": "ioc" if request.time_in_force == "IOC" else "limit",
        "sz": format(request.contracts, "f"),
        "px": format(request.limit_price, "f"),
        "clOrdId": request.client_order_id,
    }
    if request.position_mode == "hedge":
        return {**params, "posSide": request.leg}
    return {**params, "posSide": "net", "reduceOnly": request.reduce_only}


def read_order(answer: object, symbol: str) -> OrderState:
    """What became of an order.

    Raises:
        BadAnswer: a required field is missing or unreadable, or the status is not known.
    """
    where = at.QUERY_ORDER.name
    row = at.only_row(answer, where)
    asked = decimal(row, "sz", where)
    filled = decimal(row, "accFillSz", where) if row.get("accFillSz") not in {None, ""} else Decimal(0)
    average = number(row, "avgPx", where) if filled > 0 else None
    client_id, venue_id = text(row, "clOrdId", where), text(row, "ordId", where)
    told = Told(client_id, venue_id, text(row, "state", where), asked, filled, average)
    return order_state(told, symbol, _STATES, where)
