"""Brokers' margin level, and leverage from drawdown and move.

Source: document on IFC Markets (10 % / 3 % = 3.33x; +500 and -400 float to +100; safe from 100 %, warning 30 to 50 %,
automatic reduction below 20 %). It calls the net PnL of +100 "equity": equity is balance plus that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from guard.risk.assess import assess
from guard.risk.book import Book
from guard.risk.bookerror import BookError
from guard.risk.levels import policy_for
from guard.risk.leverage import optimal_leverage, styles_of
from guard.risk.zones import Zone, ZonePolicy, entered_zone

BuildBook = Callable[..., Book]


def test_optimal_leverage() -> None:
    """10 % of drawdown and a move of 3 %: 3.33."""
    assert optimal_leverage(0.10, 0.03) == pytest.approx(10 / 3, rel=1e-12)
    assert styles_of(optimal_leverage(0.10, 0.03)) == ("general",)


def test_floating_pnl_nets(build: BuildBook) -> None:
    """BTC +500 and ETH -400 are +100 of PnL on top of the balance."""
    legs = [
        {"symbol": "BTC/USD:USD", "settle": "USD", "contracts": 0.1, "entry_price": 25_000, "mark_price": 30_000},
        {"symbol": "ETH/USD:USD", "settle": "USD", "contracts": 2, "entry_price": 2_000, "mark_price": 1_800},
    ]
    pool = assess(build("margin-level", 1000, legs, {})).pools[0]
    assert pool.unrealized_pnl == pytest.approx(100)
    assert pool.equity == pytest.approx(1100)


LEVELS = [
    (1.01, Zone.SAFE),
    (0.99, Zone.WATCH),
    (0.51, Zone.WATCH),
    (0.50, Zone.WARNING),
    (0.31, Zone.WARNING),
    (0.29, Zone.DANGER),
    (0.21, Zone.DANGER),
    (0.19, Zone.LIQUIDATION),
    (0.01, Zone.LIQUIDATION),
]


def only_levels(policy: ZonePolicy) -> ZonePolicy:
    """The policy without its bars for distance: this case is about levels."""
    return replace(
        policy,
        watch=replace(policy.watch, distance=None),
        warning=replace(policy.warning, distance=None),
        danger=replace(policy.danger, distance=None),
        liquidation=replace(policy.liquidation, distance=None),
    )


@pytest.mark.parametrize(("level", "zone"), LEVELS)
def test_zones_have_no_gaps(build: BuildBook, level: float, zone: Zone) -> None:
    """Every level has a zone; risk_ratio is 1 at the stop-out level of 20 %."""
    leg = {
        "symbol": "EURUSD", "settle": "USD", "contracts": 10_000, "entry_price": 1.1, "mark_price": 1.1,
        "leverage": 100,
    }  # fmt: skip
    book = build("margin-level", 110 * level, [leg], {})
    risk = assess(book)
    assert risk.margin_level == pytest.approx(level, rel=1e-12)
    assert risk.risk_ratio == pytest.approx(0.2 / level, rel=1e-12)
    assert entered_zone(risk, only_levels(policy_for(book, ZonePolicy())))[0] is zone


def test_a_brokers_own_levels(build: BuildBook) -> None:
    """Levels are the broker's to set; they must fall from safe to stop-out."""
    given = {"*": {"safe_level": 2.0, "warning_level": 1.5, "danger_level": 1.2, "stop_out_level": 1.0}}
    policy = policy_for(build("margin-level", 1, [], {}, parameters=given), ZonePolicy())
    levels = [bars.margin_level for bars in (policy.watch, policy.warning, policy.danger, policy.liquidation)]
    assert levels == [2.0, 1.5, 1.2, 1.0]
    wrong = build("margin-level", 1, [], {}, parameters={"*": {"warning_level": 0.1}})
    with pytest.raises(BookError, match=r"danger_level was 0.3, must not be above 0.1, the level before it"):
        policy_for(wrong, ZonePolicy())
    assert policy_for(build("tiered", 1, [], {}), ZonePolicy()) == ZonePolicy()
