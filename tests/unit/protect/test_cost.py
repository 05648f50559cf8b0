"""The cost of closing a leg, with and without an order book."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from guard.ports.venue import Depth, DepthLevel
from guard.protect.cost import CostCurve, cost_curve

BTC = "BTC/USDT:USDT"
LIMITS = {"fee_rate": 0.0005, "max_slippage_bps": 50.0, "allowance_bps": 10.0}


def depth(bids: list[tuple[float, float]], asks: list[tuple[float, float]]) -> Depth:
    """An order book."""
    return Depth(BTC, tuple(DepthLevel(*b) for b in bids), tuple(DepthLevel(*a) for a in asks))


def test_without_an_order_book(make: Any) -> None:
    """Fee and allowance, in proportion to size."""
    curve = cost_curve(make.position(BTC, "long", 2.0, 100.0, 100.0), None, **LIMITS)
    assert curve.cost(0.0) == 0.0
    assert curve.cost(2.0) == pytest.approx(200.0 * 0.0015)
    assert curve.lowest_rate == pytest.approx(0.0015)


def test_the_allowance_is_never_wider_than_the_band(make: Any) -> None:
    """An order cannot lose more than its band."""
    narrow = {**LIMITS, "max_slippage_bps": 4.0}
    curve = cost_curve(make.position(BTC, "long", 1.0, 100.0, 100.0), None, **narrow)
    assert curve.lowest_rate == pytest.approx(0.0009)


def test_a_long_leg_walks_down_the_bids(make: Any) -> None:
    """Level by level; what the book does not hold inside the band costs the band."""
    book = depth([(99.9, 1.0), (99.8, 1.0), (99.0, 50.0)], [(100.1, 9.0)])
    curve = cost_curve(make.position(BTC, "long", 9.0, 100.0, 100.0), book, **LIMITS)
    assert curve.lowest_rate == pytest.approx(0.0015)
    assert curve.cost(1.0) == pytest.approx(0.1 + 0.05)
    assert curve.cost(2.0) == pytest.approx(0.1 + 0.2 + 0.1)
    assert curve.cost(3.0) == pytest.approx(0.1 + 0.2 + 0.5 + 0.15)  # 99.0 is outside the band of 0.5


def test_a_short_leg_walks_up_the_asks(make: Any) -> None:
    """Buying back costs what the asks are above the mark."""
    curve = cost_curve(make.position(BTC, "short", 9.0, 100.0, 100.0), depth([], [(100.2, 5.0)]), **LIMITS)
    assert curve.cost(1.0) == pytest.approx(0.2 + 0.05)


def test_a_book_better_than_the_mark_earns_nothing(make: Any) -> None:
    """Bids above the mark are not counted as a gain, and later levels never cost less than earlier ones."""
    curve = cost_curve(
        make.position(BTC, "long", 9.0, 100.0, 100.0), depth([(100.5, 1.0), (99.8, 1.0), (99.9, 1.0)], []), **LIMITS
    )
    assert [loss for _, loss in curve.levels] == pytest.approx([0.0, 0.002, 0.002])


def test_an_empty_book_costs_the_band(make: Any) -> None:
    """Nothing to sell to: everything at the band's edge."""
    curve = cost_curve(make.position(BTC, "long", 9.0, 100.0, 100.0), depth([], []), **LIMITS)
    assert curve.lowest_rate == pytest.approx(0.0055)


def test_the_curve_is_convex() -> None:
    """Each further contract costs at least as much as the one before."""
    curve = CostCurve(10.0, 0.0005, ((1.0, 0.001), (2.0, 0.002)), 0.005)
    costs = [curve.cost(size / 4) for size in range(40)]
    steps = [after - before for before, after in itertools.pairwise(costs)]
    assert all(b >= a - 1e-12 for a, b in itertools.pairwise(steps))
