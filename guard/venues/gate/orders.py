"""Orders in Gate's words: what is sent, and what became of it. Pure.

An order leaves as the exact decimal strings that were journalled. Buying is a positive size, selling a negative one;
in hedge mode an order with `reduce_only` works on the leg that its side closes.
"""

from __future__ import annotations

import re
from decimal import Decimal

from guard.ports.venue import OrderRequest, OrderState, OrderStatus
from guard.venues.client import Endpoint
from guard.venues.fields import Row, exact, number, record, refused, rows, text
from guard.venues.gate import endpoints as at
from guard.venues.gate.parse_orders import CLIENT_ID_PREFIX, client_order_id_of
from guard.venues.markets import Listing
from guard.venues.orderchecks import check_request, not_sent, require_same

# How far back an ended order is looked for: others may trade the contract by hundreds of orders meanwhile.
_PAGES = 5
_CLIENT_ORDER_ID = re.compile(r"[A-Za-z0-9._-]{1,28}")


class GateOrderWords:
    """Implements `guard.venues.orderdesk.OrderWords`."""

    new_order = at.NEW_ORDER
    arrival_window_s = at.ARRIVAL_WINDOW_S
    unknown_codes = at.OUTCOME_UNKNOWN_LABELS
    not_found_codes = at.NOT_FOUND_LABELS
    unmatched_codes = frozenset[str]()
    cancel = at.CANCEL_ORDER
    gone_codes = at.GONE_LABELS

    def order_params(self, request: OrderRequest, listing: Listing) -> dict[str, object]:
        """See `order_params`."""
        return order_params(request, listing)

    def cancel_params(self, venue_order_id: str, listing: Listing) -> dict[str, object]:
        """By the venue's id, which is part of the address."""
        return {"settle": listing.settle.lower(), "order_id": venue_order_id}

    def read_cancelled(self, answer: object, venue_order_id: str) -> bool:
        """The order as it ended."""
        require_same(record(answer, self.cancel.name), "id", venue_order_id, self.cancel.name)
        return True

    def queries(self, client_order_id: str, listing: Listing) -> list[tuple[Endpoint, dict[str, object]]]:
        """An order is known by its text while it rests and for a minute after its end; then it stands in a list."""
        settle = listing.settle.lower()
        asked = {"settle": settle, "contract": listing.market_id, "limit": at.PAGE_SIZE}
        return [
            (at.QUERY_ORDER, {"settle": settle, "order_id": f"{CLIENT_ID_PREFIX}{client_order_id}"}),
            (at.ORDERS, {**asked, "status": "open"}),
            *((at.ORDERS, {**asked, "status": "finished", "offset": page * at.PAGE_SIZE}) for page in range(_PAGES)),
        ]

    def read_accepted(self, answer: object, request: OrderRequest, listing: Listing) -> OrderState | None:
        """The order as it stands after matching."""
        state = read_order(record(answer, at.NEW_ORDER.name), listing.symbol, at.NEW_ORDER.name)
        if state.client_order_id != request.client_order_id:
            raise refused(at.NEW_ORDER.name, f"answered order {state.client_order_id}, not {request.client_order_id}")
        return None if state.status is OrderStatus.OPEN and request.time_in_force == "IOC" else state

    def read_found(self, answer: object, client_order_id: str, listing: Listing) -> OrderState | None:
        """The order, by itself or in a list."""
        if isinstance(answer, list):
            where = at.ORDERS.name
            mine = [row for row in rows(answer, where) if client_order_id_of(row) == client_order_id]
            if len(mine) > 1:
                raise refused(where, f"has {len(mine)} orders with the id {client_order_id}")
            return read_order(mine[0], listing.symbol, where) if mine else None
        where = at.QUERY_ORDER.name
        state = read_order(record(answer, where), listing.symbol, where)
        if state.client_order_id != client_order_id:
            raise refused(where, f"answered order {state.client_order_id}, not {client_order_id}")
        return state


def order_params(request: OrderRequest, listing: Listing) -> dict[str, object]:
    """The parameters of `POST v4/futures/{settle}/orders` for `request`.

    The margin mode is the contract's own setting at the venue and cannot be said with an order.

    Raises:
        OrderRejected: the request contradicts itself or the venue's grid; nothing was sent.
    """
    check_request(request, listing.instrument, _CLIENT_ORDER_ID)
    if listing.instrument.step == 1 and request.contracts != request.contracts.to_integral_value():
        raise not_sent(request, f"its contracts {request.contracts} are no whole number")
    signed = request.contracts if request.side == "buy" else -request.contracts
    return {
        "settle": listing.settle.lower(),
        "contract": listing.market_id,
        # Contracts that are traded in parts take a text; the others took nothing but whole numbers for years.
        "size": int(signed) if listing.instrument.step == 1 else format(signed, "f"),
        "price": format(request.limit_price, "f"),
        "tif": "ioc" if request.time_in_force == "IOC" else "gtc",
        "reduce_only": request.reduce_only,
        "text": f"{CLIENT_ID_PREFIX}{request.client_order_id}",
    }


def read_order(row: Row, symbol: str, where: str) -> OrderState:
    """What became of an order.

    Raises:
        BadAnswer: a required field is missing or unreadable, or the figures contradict each other.
    """
    size, left = exact(row, "size", where), exact(row, "left", where)
    client_order_id = client_order_id_of(row)
    if client_order_id is None:
        raise refused(where, f"order {row.get('id')} has the text {row.get('text')!r}")
    if abs(left) > abs(size) or left * size < 0:
        raise refused(where, f"order {client_order_id} of {size} has {left} left")
    filled = abs(size) - abs(left)
    status = _status(row, filled, left, where)
    return OrderState(
        client_order_id=client_order_id,
        venue_order_id=text(row, "id", where),
        symbol=symbol,
        status=status,
        filled=filled,
        average_price=(number(row, "fill_price", where) or None) if filled > 0 else None,
    )


def _status(row: Row, filled: Decimal, left: Decimal, where: str) -> OrderStatus:
    word = text(row, "status", where)
    if word == "open":
        return OrderStatus.OPEN
    if word != "finished":
        raise refused(where, f"the status of an order was {word!r}")
    if left == 0 and filled > 0:
        return OrderStatus.FILLED
    return OrderStatus.PARTLY_FILLED if filled > 0 else OrderStatus.EXPIRED
