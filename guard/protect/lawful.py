"""The law about orders, asked once more of each right before it leaves. Pure.

Whoever sized the order has obeyed it already: a line from here is a defect of ours, or an account that changed in the
last moment, and the order is not sent.
"""

from __future__ import annotations

from decimal import Decimal
from typing import cast

from guard.ports.records import OrderRecord
from guard.protect.hedging import Room
from guard.protect.legs import legs_of
from guard.protect.sizing import closing_side
from guard.risk.book import Book, Side


def unlawful(order: OrderRecord, book: Book, room: Room | None) -> str:
    """Why an order must not leave; empty = it may.

    Args:
        order: what is about to be sent.
        book: the newest verified book.
        room: what a hedge may still open; None: it is none.
    """
    closes = order.side == closing_side(cast("Side", order.leg))
    if room is not None:
        return _unlawful_hedge(order, room, closes=closes)
    if not (order.reduce_only and closes):
        return f"order {order.client_order_id} could open something, and is no hedge"
    held = legs_of(book).get((order.symbol, cast("Side", order.leg)), Decimal(0))
    if Decimal(order.contracts) > held:
        return f"order {order.client_order_id} of {order.contracts} contracts is larger than its leg of {held}"
    return ""


def _unlawful_hedge(order: OrderRecord, room: Room, *, closes: bool) -> str:
    if order.reduce_only or closes:
        return f"order {order.client_order_id} is a hedge, and would not open anything"
    if Decimal(order.contracts) > room.contracts:
        reason = room.why or f"{order.contracts} contracts would be more than the {room.contracts} that it is against"
        return f"order {order.client_order_id}: {reason}"
    return ""
