"""Rules and order books of held symbols: what fails is named and left out, the rest is there."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

from guard.ports.errors import BadAnswer, VenueUnavailable
from guard.ports.venue import Depth, Instrument
from guard.protect.quotes import read_quotes


class Market:
    """Answers about four symbols: A well, B without an order book, C without rules, D never."""

    async def instrument(self, symbol: str) -> Instrument:
        """Rules, but not for C."""
        if symbol == "C":
            raise BadAnswer("the listing of C has no step")
        if symbol == "D":
            await asyncio.Event().wait()
        return Instrument(symbol, Decimal(1), Decimal(1), Decimal(1), Decimal(1))

    async def depth(self, symbol: str) -> Depth:
        """A book, but not for B."""
        if symbol == "B":
            raise VenueUnavailable("down")
        return Depth(symbol, (), ())


async def test_what_fails_is_left_out() -> None:
    """Each failure costs its own symbol only, and has a line."""
    market: Any = Market()
    quotes = await read_quotes(market, ["D", "A", "B", "C", "A"], 0.05)
    assert set(quotes.instruments) == {"A", "B"}
    assert set(quotes.depth) == {"A", "C", "D"}
    assert quotes.problems == (
        "trading rules of C: the listing of C has no step",
        "trading rules of D: no answer to trading rules of D within 0.05 s; the venue may be slow or down",
        "the order book of B: down",
    )
