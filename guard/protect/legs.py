"""What the book must look like after an order: the legs as they were, less what filled, and nothing else. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TypeAlias, cast

from guard.ports.records import OrderRecord
from guard.protect.sizing import exact
from guard.risk.book import Book, Side

LegKey: TypeAlias = tuple[str, Side]
Legs: TypeAlias = Mapping[LegKey, Decimal]

# Sizes come as decimals through floats; the finest step that a venue quotes is far coarser than this part of a leg.
RELATIVE_TOLERANCE = Decimal("1e-9")


def legs_of(book: Book) -> dict[LegKey, Decimal]:
    """Contracts of every open leg of a book; of one that is held in cross and in isolated margin, both together."""
    legs: dict[LegKey, Decimal] = {}
    for position in book.positions:
        key = (position.symbol, position.side)
        legs[key] = legs.get(key, Decimal(0)) + exact(position.contracts)
    return legs


def expected_legs(before: Legs, orders: Iterable[OrderRecord]) -> dict[LegKey, Decimal]:
    """The legs after `orders`: each takes what it filled off its leg, or adds it where it opens.

    A fill beyond the leg makes it negative. A cancellation fills nothing.
    """
    expected = dict(before)
    for order in orders:
        key = (order.symbol, cast("Side", order.leg))
        change = -Decimal(order.filled) if order.reduce_only else Decimal(order.filled)
        expected[key] = expected.get(key, Decimal(0)) + change
    return expected


def differences(expected: Legs, found: Legs) -> tuple[str, ...]:
    """Every leg that is not as expected, one line each; empty = the book shows exactly what was done."""
    lines = []
    for key in sorted(expected.keys() | found.keys()):
        wanted, seen = expected.get(key, Decimal(0)), found.get(key, Decimal(0))
        if abs(wanted - seen) > RELATIVE_TOLERANCE * max(abs(wanted), abs(seen)):
            lines.append(_difference(key, wanted, seen))
    return tuple(lines)


def _difference(key: LegKey, wanted: Decimal, seen: Decimal) -> str:
    symbol, side = key
    if wanted == 0:
        return f"a {side} leg of {seen} contracts appeared on {symbol}"
    if seen == 0:
        return f"the {side} leg on {symbol} is gone, {wanted} contracts were expected"
    return f"the {side} leg on {symbol} is {seen} contracts, {wanted} were expected"


def standing(legs: Legs) -> str:
    """What stands, as one line for a person: `BTC/USDT:USDT long 0.4, ETH/USDT:USDT short 2`."""
    lines = [f"{symbol} {side} {contracts}" for (symbol, side), contracts in sorted(legs.items()) if contracts]
    return ", ".join(lines) or "no open positions"
