"""Which way an order goes, and which leg of a symbol it belongs to."""

from __future__ import annotations

from enum import StrEnum


class Side(StrEnum):
    """The side of an order."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sell."""
        return 1 if self is Side.BUY else -1


class Leg(StrEnum):
    """Which leg of a symbol: BOTH in one-way mode, LONG and SHORT in hedge mode."""

    BOTH = "BOTH"
    LONG = "LONG"
    SHORT = "SHORT"

    def opened_by(self, side: Side) -> bool:
        """Whether `side` makes a hedge-mode leg larger; of no meaning for BOTH."""
        return (self is Leg.LONG) == (side is Side.BUY)
