"""A pool that is past liquidation: its prices exist, or there are none."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from guard.risk import Book, Collateral, Position, Tier, assess
from guard.risk.book import Side


@pytest.mark.parametrize(
    ("side", "balance", "expected"),
    [
        ("short", -150.0, None),  # even at a price of 0 the debt would stand
        ("short", -50.0, (-50.0 + 100.0) / 1.004),
        ("long", -50.0, (50.0 + 100.0) / 0.996),
    ],
)
def test_liquidation_price_of_a_dead_account(side: Side, balance: float, expected: float | None) -> None:
    """Where the mark would have to return to; never a price of 0 or below."""
    leg = Position("A/USDT:USDT", side, 1.0, 1.0, "linear", "USDT", 100.0, 100.0, 10.0)
    book = Book(
        account="a",
        venue="v",
        model="binance-usdm",
        as_of=datetime(2026, 1, 1, tzinfo=UTC),
        collateral=(Collateral("USDT", balance),),
        positions=(leg,),
        tiers={"A/USDT:USDT": (Tier(0.0, None, 0.004),)},
    )
    found = assess(book).pools[0].positions[0].liquidation_price
    assert found == (None if expected is None else pytest.approx(expected))
