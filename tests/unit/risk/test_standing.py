"""What a standing account is not: one at the end of its tiers, one in steps, one whose orders count."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from guard.risk.assess import assess
from guard.risk.book import Book, Collateral, Order, Position, Tier
from guard.risk.bookerror import BookError
from guard.risk.bookfile import with_marks
from guard.risk.standing import bars_beyond, standing_of
from guard.risk.zones import Zone, ZoneBars, ZonePolicy, entered_zone

BTC = "BTC/USDT:USDT"
AS_OF = datetime(2026, 11, 21, tzinfo=UTC)
POLICY = ZonePolicy()
BARS = bars_beyond(POLICY, Zone.SAFE)


def book(model: str = "binance-usdm", cap: float | None = None) -> Book:
    """One BTC long at 40,000 on 20,000 USDT: 1 % is required."""
    leg = Position(BTC, "long", 1.0, 1.0, "linear", "USDT", 40_000.0, 40_000.0, 10.0)
    return Book(
        "a", "v", model, AS_OF,
        collateral=(Collateral("USDT", 20_000.0),), positions=(leg,), tiers={BTC: (Tier(0.0, cap, 0.01),)},
    )  # fmt: skip


def test_bars_beyond_are_the_nearest_of_all_worse_zones() -> None:
    """From safe those of watch, and of warning where watch has none; from danger those of liquidation."""
    assert bars_beyond(POLICY, Zone.SAFE) == ZoneBars(0.30, 0.15, 0.50)
    assert bars_beyond(POLICY, Zone.DANGER) == ZoneBars(0.95, 0.005, None)
    assert bars_beyond(POLICY, Zone.LIQUIDATION) == ZoneBars()


def test_a_calm_tick_has_the_levels_of_an_assessment() -> None:
    """The same risk_ratio and margin_level as in full."""
    standing = standing_of(book(), BARS)
    assert standing is not None
    levels, risk = standing.at({BTC: 41_000.0}), assess(with_marks(book(), {BTC: 41_000.0}))
    assert levels is not None
    assert (levels.risk_ratio, levels.margin_level) == (risk.risk_ratio, risk.margin_level)
    assert standing.at({"ETH/USDT:USDT": 1.0}) == standing.at({})


def test_the_distance_bar_alone_ends_it() -> None:
    """15 % away from liquidation, at a risk_ratio of 6.3 %: not certain any more, and the full way says watch."""
    standing = standing_of(book(), BARS)
    assert standing is not None
    low, high = 20_000.0, 40_000.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if standing.at({BTC: middle}) else (middle, high)
    # 20,000 + 0.85 p - 40,000 = 0.01 * 0.85 p
    assert high == pytest.approx(20_000.0 / (0.85 * 0.99), rel=1e-6)
    assert entered_zone(assess(with_marks(book(), {BTC: high * 0.999_999})), POLICY)[0] is Zone.WATCH
    assert entered_zone(assess(with_marks(book(), {BTC: high * 1.000_001})), POLICY)[0] is Zone.SAFE


def test_beyond_the_last_tier_nothing_is_certain() -> None:
    """Where an assessment refuses a value that the table does not cover, the cheap way does not answer for it."""
    capped = book(cap=50_000.0)
    standing = standing_of(capped, BARS)
    assert standing is not None
    assert standing.at({BTC: 49_999.0}) is not None
    assert standing.at({BTC: 50_001.0}) is None
    with pytest.raises(BookError, match="ends at 50000"):
        assess(with_marks(capped, {BTC: 50_001.0}))


def test_what_is_not_kept() -> None:
    """Orders that share initial margin, tiers that apply to the whole value, a coin as third asset, wide bars."""
    ordered = replace(book(), orders=(Order(BTC, "sell", 41_000.0, 3.0),))
    assert standing_of(ordered, BARS) is None
    assert standing_of(replace(ordered, orders=(replace(ordered.orders[0], reduce_only=True),)), BARS) is not None
    # At Bybit the tier of an order follows the value that is held.
    assert standing_of(replace(ordered, model="bybit-uta"), BARS) is None
    assert standing_of(book("bybit-uta"), BARS) is not None
    flat = replace(book("bitget"), as_of=datetime(2025, 6, 1, tzinfo=UTC))
    assert standing_of(flat, BARS) is None
    quanto = replace(
        book("binance-pm"),
        collateral=(Collateral("BTC", 1.0, 40_000.0),),
        positions=(replace(book().positions[0], symbol="ETH/USD:BTC", settle="BTC"),),
        tiers={"ETH/USD:BTC": (Tier(0.0, None, 0.01),)},
    )
    assert standing_of(quanto, BARS) is None
    assert standing_of(book(), ZoneBars(distance=0.95)) is None
