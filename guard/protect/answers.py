"""From a venue's answer about an order to journal events. Pure."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from guard.ports.records import OrderJournalState, OrderRecord
from guard.ports.venue import OrderState, OrderStatus
from guard.protect.journal import Event, advance


def record_answer(order: OrderRecord, answer: OrderState, *, at: datetime) -> OrderRecord:
    """The journalled order after the venue said what became of it.

    What filled decides, not the word that the venue uses for it: an order called expired or rejected of which
    something filled has filled in part.

    Raises:
        IllegalTransition: the order is in a state in which no answer is awaited.
    """
    events = _events(Decimal(order.contracts), answer)
    if order.state is OrderJournalState.SUBMITTED and events[0] is Event.ACCEPT:
        events = events[1:]
    return advance(
        order,
        *events,
        at=at,
        venue_order_id=answer.venue_order_id or order.venue_order_id,
        filled=str(answer.filled),
        average_price=answer.average_price,
        error=_complaint(answer),
    )


def _events(asked: Decimal, answer: OrderState) -> tuple[Event, ...]:
    if answer.status is OrderStatus.OPEN:
        return (Event.ACCEPT,)
    if answer.filled >= asked:
        return (Event.ACCEPT, Event.FILL)
    if answer.filled > 0:
        return (Event.ACCEPT, Event.FILL_PART)
    if answer.status is OrderStatus.REJECTED:
        return (Event.REFUSE,)
    return (Event.ACCEPT, Event.EXPIRE)


def _complaint(answer: OrderState) -> str | None:
    if answer.status is OrderStatus.OPEN:
        return "still open at the venue"
    if answer.filled == 0:
        return "refused by the venue" if answer.status is OrderStatus.REJECTED else "nothing filled inside the band"
    return None


# An average is told rounded, and that of an inverse contract follows from a rounded sum of coins.
_ROUNDING = 1e-4


def surprises(order: OrderRecord) -> tuple[str, ...]:
    """What a fill must never show: more than was asked, a price worse than the limit."""
    found = []
    if Decimal(order.filled) > Decimal(order.contracts):
        found.append(f"{order.client_order_id} filled {order.filled} contracts, {order.contracts} were asked for")
    limit = float(order.limit_price)
    if order.average_price is not None:
        worse = order.average_price - limit if order.side == "buy" else limit - order.average_price
        if worse > _ROUNDING * limit:
            found.append(f"{order.client_order_id} filled at {order.average_price}, worse than its limit {limit}")
    return tuple(found)
