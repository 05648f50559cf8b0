"""BingX hedge mode: the tables of the support article, with the slips of the text corrected.

Source: BingX support 11263240855823 (0.4 % maintenance rate, 0.05 % taker fee, leverage 10, 10,000 USDT). The article
prints ratios rounded (1.01 %, 2.03 %, 3.04 %); the full digits are 1.0125 %, 2.025 % and 3.0375 %. Its last line uses
8,000 for the short leg's fee where 9,000 is meant: 3.025 % would not round to the printed 3.04 %.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from guard.risk.assess import assess
from guard.risk.book import Book
from guard.risk.netting import netted

BuildBook = Callable[..., Book]
Flat = Callable[..., list[dict[str, Any]]]
SYMBOL = "BTC/USDT:USDT"


def hedge(mark: float, *legs: tuple[str, float, float]) -> list[dict[str, Any]]:
    """Legs as side, contracts, entry price; leverage 10."""
    return [
        {
            "symbol": SYMBOL, "side": side, "contracts": contracts, "entry_price": entry, "mark_price": mark,
            "leverage": 10,
        }
        for side, contracts, entry in legs
    ]  # fmt: skip


TABLE = [
    ("full hedge A: 2 long at 10,000", hedge(10000, ("long", 2, 10000)), 8000, 0.009),
    ("full hedge B: price 9,000", hedge(9000, ("long", 2, 10000)), 6000, 0.010125),
    ("full hedge C: 2 short added", hedge(9000, ("long", 2, 10000), ("short", 2, 9000)), 4200, 0.02025),
    ("full hedge D: price 8,000", hedge(8000, ("long", 2, 10000), ("short", 2, 9000)), 4200, 0.018),
    ("partial hedge A: 4 long, 2 short", hedge(10000, ("long", 4, 10000), ("short", 2, 10000)), 4000, 0.027),
    ("partial hedge B: price 9,000", hedge(9000, ("long", 4, 10000), ("short", 2, 10000)), 2000, 0.030375),
]


@pytest.mark.parametrize(("legs", "available", "risk"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_tables(build: BuildBook, flat: Flat, legs: list[dict[str, Any]], available: float, risk: float) -> None:
    """Available margin and risk of every state of the article."""
    book = build("bingx", 10000, legs, {SYMBOL: flat(0.004)}, position_mode="hedge", fees={"taker": 0.0005})
    pool = assess(book).pools[0]
    assert pool.available_margin == pytest.approx(available, abs=1e-9)
    assert pool.risk_ratio == pytest.approx(risk, rel=1e-9)


def test_a_full_hedge_is_liquidated_upwards(build: BuildBook, flat: Flat) -> None:
    """Derived: 4 * P * 0.45 % = 8,000 at 444,444.44, against the article's claim that price moves do not matter."""
    legs = hedge(8000, ("long", 2, 10000), ("short", 2, 9000))
    book = build("bingx", 10000, legs, {SYMBOL: flat(0.004)}, position_mode="hedge", fees={"taker": 0.0005})
    prices = [position.liquidation_price for position in assess(book).pools[0].positions]
    assert prices == pytest.approx([444444.4444444445] * 2, rel=1e-9)


def test_self_trading(build: BuildBook, flat: Flat) -> None:
    """10 long and 5 short become 5 long; the requirement falls, equity stays."""
    legs = hedge(59000, ("long", 10, 60000), ("short", 5, 59500))
    book = build("bingx", 100_000, legs, {SYMBOL: flat(0.004)}, position_mode="hedge")
    after = netted(book)
    assert [(leg.side, leg.contracts) for leg in after.positions] == [("long", 5)]
    before_pool, after_pool = assess(book).pools[0], assess(after).pools[0]
    assert after_pool.equity == pytest.approx(before_pool.equity, rel=1e-12)
    assert after_pool.maintenance_margin == pytest.approx(before_pool.maintenance_margin / 3, rel=1e-12)


def test_frozen_and_isolated_come_off(build: BuildBook, flat: Flat) -> None:
    """Balance - isolated margin - frozen + UPL is what the requirement is measured against."""
    legs = hedge(10000, ("long", 2, 10000))
    alone = {**legs[0], "symbol": "ETH/USDT:USDT", "margin_mode": "isolated", "isolated_margin": 500}
    wallet = [{"asset": "USDT", "balance": 10000, "frozen": 300}]
    tiers = {SYMBOL: flat(0.004), "ETH/USDT:USDT": flat(0.004)}
    pool = assess(build("bingx", 0, [*legs, alone], tiers, collateral=wallet)).pools[0]
    assert pool.equity == pytest.approx(9200)
