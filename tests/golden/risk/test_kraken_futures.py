"""Kraken Futures: contracts of one underlying offset each other, levels by value.

Source: Kraken 4844463246100; the levels are those of the venue's example of PF_XBTUSD; numbers derived.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from guard.risk.assess import assess
from guard.risk.book import Book
from guard.risk.bookfile import with_marks

BuildBook = Callable[..., Book]
Flat = Callable[..., list[dict[str, Any]]]
PERP, FIXED = "BTC/USD:USD", "BTC/USD:USD-261225"


@pytest.fixture
def spread(build: BuildBook, flat: Flat) -> Book:
    """A long perpetual that needs 1,200 against a short fixed maturity that needs 900."""
    legs = [
        {"symbol": PERP, "settle": "USD", "contracts": 1.2, "entry_price": 50_000, "mark_price": 50_000},
        {
            "symbol": FIXED,
            "side": "short",
            "settle": "USD",
            "contracts": 0.9,
            "entry_price": 50_000,
            "mark_price": 50_000,
        },
    ]
    return build("kraken-futures", 3000, legs, {PERP: flat(0.02), FIXED: flat(0.02)})


def test_larger_side(spread: Book) -> None:
    """max(1,200, 900) = 1,200; initial margin likewise, twice as much; the smaller side is shown as 0."""
    pool = assess(spread).pools[0]
    assert pool.maintenance_margin == pytest.approx(1200, abs=1e-9)
    assert pool.initial_margin == pytest.approx(2400, abs=1e-9)
    assert [leg.maintenance_margin for leg in pool.positions] == pytest.approx([1200, 0])


def test_sides_change_along_the_way(spread: Book) -> None:
    """When the fixed maturity alone rises, the short side becomes the larger one: its liquidation price knows that."""
    price = assess(spread).pools[0].positions[1].liquidation_price
    assert price is not None
    assert assess(with_marks(spread, {FIXED: price})).risk_ratio == pytest.approx(1.0, abs=1e-9)
    # 3,000 - 0.9 (P - 50,000) = 0.9 * P * 2 % would need more than 1,200 for the short side alone
    assert price == pytest.approx((3000 + 45_000 - 1200) / 0.9, rel=1e-9)


def test_levels_are_in_dollars(build: BuildBook) -> None:
    """The venue counts linear contracts in "quote currency units": 12 BTC at 50,000 are worth 600,000 USD, so 2 %."""
    rows = [(0, 500_000, 0.01), (500_000, 2_000_000, 0.02), (2_000_000, None, 0.05)]
    table = [{"floor": floor, "cap": cap, "mm_rate": rate, "max_leverage": 0.5 / rate} for floor, cap, rate in rows]
    leg = {
        "symbol": PERP,
        "side": "short",
        "settle": "USD",
        "contracts": 12,
        "entry_price": 50_000,
        "mark_price": 50_000,
    }
    book = build("kraken-futures", 300_000, [leg], {PERP: table})
    pool = assess(book).pools[0]
    assert pool.maintenance_margin == pytest.approx(12_000, abs=1e-9)
    assert pool.initial_margin == pytest.approx(24_000, abs=1e-9)
    # A rising price carries the leg into the next level: 900,000 - 12 P = 2 % of 12 P, at 73,529 and below 2,000,000.
    assert pool.positions[0].liquidation_price == pytest.approx(900_000 / (12 * 1.02))
    assert assess(with_marks(book, {PERP: 170_000.0})).pools[0].maintenance_margin == pytest.approx(0.05 * 12 * 170_000)
