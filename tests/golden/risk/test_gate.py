"""Gate: the change to marginal tiers, the unified sample, isolated peers.

Sources: Gate's announcement by way of a post of 2025-07 (its table is not in the source: one table that gives 4,900 is
used), Gate API sample, freqtrade tests/exchange/test_exchange.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from guard.risk.assess import assess
from guard.risk.book import Book
from guard.risk.bookfile import with_marks

BuildBook = Callable[..., Book]
Flat = Callable[..., list[dict[str, Any]]]
BTC = "BTC/USDT:USDT"
ROWS = [{"floor": 0, "cap": 1_100_000, "mm_rate": 0.004}, {"floor": 1_100_000, "cap": None, "mm_rate": 0.005}]
BEFORE = datetime(2025, 7, 1, tzinfo=UTC)


@pytest.fixture
def million(build: BuildBook) -> Book:
    """12 BTC long at 100,000."""
    leg = {"symbol": BTC, "contracts": 12, "entry_price": 100_000, "mark_price": 100_000}
    return build("gate", 100_000, [leg], {BTC: ROWS})


def test_before_and_after_marginal_tiers(million: Book) -> None:
    """1.2M USDT: 6,000 by the old rule, 4,900 by the new one."""
    assert assess(replace(million, as_of=BEFORE)).pools[0].maintenance_margin == pytest.approx(6000, abs=1e-6)
    assert assess(million).pools[0].maintenance_margin == pytest.approx(4900, abs=1e-6)


def test_flag_overrides_the_date(million: Book) -> None:
    """`enable_tiered_mm` of the account decides where it is known."""
    late = replace(million, parameters={"*": {"tiered_mm": False}})
    assert assess(late).pools[0].maintenance_margin == pytest.approx(6000, abs=1e-6)


def test_old_rule_jumps(million: Book) -> None:
    """Derived: below 1.1M the old requirement drops at once, and the liquidation price takes that into account."""
    old = replace(million, as_of=BEFORE, collateral=(replace(million.collateral[0], balance=105_600.0),))
    position = assess(old).pools[0].positions[0]
    # equity 105,600 - 12 * (100,000 - P) meets 12 * P * 0.4 % below 91,666.67
    assert position.liquidation_price == pytest.approx((1_200_000 - 105_600) / (12 * 0.996), rel=1e-9)
    risky = replace(old, collateral=(replace(million.collateral[0], balance=6_000.0),))
    assert assess(risky).risk_ratio == pytest.approx(1.0)


def test_old_rule_can_be_liquidated_at_a_floor(build: BuildBook) -> None:
    """Derived: a short whose equity lies between both requirements at the floor dies exactly there."""
    leg = {"symbol": BTC, "side": "short", "contracts": 12, "entry_price": 90_000, "mark_price": 90_000}
    floor = 1_100_000 / 12
    equity_at_floor = 5_000.0  # 4,400 are needed below the floor, 5,500 above
    wallet = equity_at_floor + 12 * (floor - 90_000)
    book = replace(build("gate", wallet, [leg], {BTC: ROWS}), as_of=BEFORE)
    pool = assess(book).pools[0]
    assert pool.positions[0].liquidation_price == pytest.approx(floor, rel=1e-9)
    assert pool.liquidation_shock_up == pytest.approx(floor / 90_000 - 1, rel=1e-9)
    below = assess(with_marks(book, {BTC: floor * (1 - 1e-9)})).risk_ratio
    above = assess(with_marks(book, {BTC: floor * (1 + 1e-9)})).risk_ratio
    assert below is not None
    assert above is not None
    assert below < 1.0 < above


def test_unified_rates(build: BuildBook, flat: Flat) -> None:
    """Total margin balance over initial and maintenance margin: high is good at the venue; ours is the inverse."""
    leg = {"symbol": BTC, "contracts": 1025.0524665088, "entry_price": 1, "mark_price": 1, "leverage": 1}
    rate = 205.01049330176 / 1025.0524665088
    book = build("gate", 3382495.9444739493, [leg], {BTC: flat(rate)}, parameters={"*": {"account_mode": "unified"}})
    pool = assess(book).pools[0]
    assert pool.margin_level == pytest.approx(3299.827135672679, rel=1e-9)
    assert pool.risk_ratio is not None
    assert 1 / pool.risk_ratio == pytest.approx(16499.1356783634, rel=1e-9)


# side, size, entry, isolated margin, liquidation price: maintenance 1 %, taker fee 0.06 %.
PEER_CASES = [
    ("short", 1.0, 10, 2.0, 11.87413417771621),
    ("short", 2.0, 10, 4.0, 11.87413417771621),
    ("short", 1.0, 10, 10 / 3, 13.193482419684678),
    ("short", 1.0, 8, 1.6, 9.499307342172967),
    ("long", 1.0, 10, 2.0, 8.085708510208207),
    ("long", 1.0, 10, 10 / 3, 6.738090425173506),
]


@pytest.mark.parametrize(("side", "size", "entry", "margin", "price"), PEER_CASES)
def test_isolated_peer_cases(
    build: BuildBook, flat: Flat, side: str, size: float, entry: float, margin: float, price: float
) -> None:
    """Liquidation prices that another project checks its Gate formula with; tolerance 1e-6 as recorded."""
    leg = {
        "symbol": "ETH/USDT:USDT", "side": side, "contracts": size, "entry_price": entry, "mark_price": entry,
        "margin_mode": "isolated", "isolated_margin": margin,
    }  # fmt: skip
    book = build("gate", 0, [leg], {"ETH/USDT:USDT": flat(0.01)}, fees={"taker": 0.0006})
    assert assess(book).pools[-1].positions[0].liquidation_price == pytest.approx(price, rel=1e-6)


def test_another_venue_of_this_form(build: BuildBook, flat: Flat) -> None:
    """Phemex, help "liquidation price of USDT-M": 500 from 0.4 with 40.096 of margin: 0.3232."""
    leg = {
        "symbol": "X/USDT:USDT", "contracts": 500, "entry_price": 0.4, "mark_price": 0.4, "leverage": 5,
        "margin_mode": "isolated", "isolated_margin": 40.096,
    }  # fmt: skip
    book = build("gate", 0, [leg], {"X/USDT:USDT": flat(0.01)}, fees={"taker": 0.0006})
    assert assess(book).pools[-1].positions[0].liquidation_price == pytest.approx(0.3232, rel=2e-4)


def test_hedge_charges_the_larger_side(build: BuildBook, flat: Flat) -> None:
    """Derived from the rule: 3 long against 1 short pay for 3, margin and fee alike."""
    legs = [
        {"symbol": BTC, "contracts": 3, "entry_price": 100, "mark_price": 100},
        {"symbol": BTC, "side": "short", "contracts": 1, "entry_price": 100, "mark_price": 100},
    ]
    book = build("gate", 1000, legs, {BTC: flat(0.01)}, position_mode="hedge", fees={"taker": 0.001})
    pool = assess(book).pools[0]
    assert pool.maintenance_margin == pytest.approx(3.0)
    assert pool.closing_fees == pytest.approx(0.3)
    assert pool.initial_margin == pytest.approx(15.0)
