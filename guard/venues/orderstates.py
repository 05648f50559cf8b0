"""What became of an order, at any venue that tells its state in a word and how much was filled. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from guard.ports.venue import OrderState, OrderStatus
from guard.venues.fields import refused


@dataclass(frozen=True, slots=True)
class StateWords:
    """What a venue calls the states of an order.

    `ended` are those in which nothing more can be filled, whatever has been; `rejected` those of orders that never
    stood in the book.
    """

    filled: frozenset[str]
    live: frozenset[str]
    ended: frozenset[str]
    rejected: frozenset[str] = frozenset()

    def status(self, word: str, filled: Decimal, where: str) -> OrderStatus:
        """What `word` means of an order of which `filled` contracts were filled.

        Raises:
            BadAnswer: it is not known.
        """
        if word in self.filled:
            return OrderStatus.FILLED
        if word in self.live:
            return OrderStatus.OPEN
        if word not in self.ended | self.rejected:
            raise refused(where, f"the status of an order was {word!r}")
        if filled > 0:
            return OrderStatus.PARTLY_FILLED
        return OrderStatus.EXPIRED if word in self.ended else OrderStatus.REJECTED


@dataclass(frozen=True, slots=True)
class Told:
    """An order as the venue tells of it; sizes in contracts, `average_price` None or 0 where it tells none."""

    client_order_id: str
    venue_order_id: str
    word: str
    asked: Decimal
    filled: Decimal
    average_price: float | None


def order_state(told: Told, symbol: str, words: StateWords, where: str) -> OrderState:
    """What became of the order.

    Raises:
        BadAnswer: its state is not known, or contradicts what was filled.
    """
    status = words.status(told.word, told.filled, where)
    if told.filled < 0 or told.filled > told.asked or (status is OrderStatus.FILLED and told.filled != told.asked):
        raise refused(where, f"order {told.client_order_id} is {status} with {told.filled} of {told.asked}")
    return OrderState(
        client_order_id=told.client_order_id,
        venue_order_id=told.venue_order_id,
        symbol=symbol,
        status=status,
        filled=told.filled,
        average_price=(told.average_price or None) if told.filled > 0 else None,
    )
