from __future__ import annotations

from decimal import Decimal

import pytest

from guard.sandbox.engine.prices import Noise, PricePath, PriceSeries, Waypoint, flat_path, path_through

D = Decimal


@pytest.mark.parametrize(
    ("at_ms", "expected"), [(0, "100"), (1000, "100"), (1500, "90"), (2000, "80"), (2500, "85"), (9999, "90")]
)
def test_path_is_straight_between_waypoints(at_ms: int, expected: str) -> None:
    """Flat before the first, straight between, flat after the last."""
    path = path_through([(1000, D(100)), (2000, D(80)), (3000, D(90))])
    assert path.price("BTCUSDT", at_ms) == D(expected)


@pytest.mark.parametrize("points", [[], [(5, D(1)), (5, D(2))], [(2, D(1)), (1, D(1))], [(1, D(0))]])
def test_bad_waypoints_are_refused(points: list[tuple[int, Decimal]]) -> None:
    """No waypoint, unordered times and prices at or below zero are mistakes."""
    with pytest.raises(ValueError, match="waypoint"):
        path_through(points)


def test_noise_is_bounded_and_repeatable() -> None:
    """The same seed gives the same price at the same time, within the amplitude."""
    noisy = PricePath((Waypoint(0, D(100)),), Noise(7, D("0.01")))
    prices = [noisy.price("BTCUSDT", at) for at in range(0, 50_000, 1000)]
    assert prices == [noisy.price("BTCUSDT", at) for at in range(0, 50_000, 1000)]
    assert all(D(99) <= price <= D(101) for price in prices)
    assert len(set(prices)) > 40
    assert prices != [PricePath((Waypoint(0, D(100)),), Noise(8, D("0.01"))).price("BTCUSDT", 0)] * 50


def test_replacing_a_path_keeps_history() -> None:
    """A price set now does not change what the price was."""
    series = PriceSeries("BTCUSDT", flat_path(D(100)))
    series.replace_from(1000, flat_path(D(90)))
    series.replace_from(2000, flat_path(D(80)))
    assert [series.price(at) for at in (999, 1000, 1999, 2000)] == [D(100), D(90), D(90), D(80)]


def test_replacing_from_the_past_drops_what_came_after() -> None:
    """The latest word about a moment counts."""
    series = PriceSeries("BTCUSDT", flat_path(D(100)))
    series.replace_from(2000, flat_path(D(80)))
    series.replace_from(1000, flat_path(D(90)))
    assert series.price(3000) == D(90)


def test_still_until_tells_when_a_price_can_move() -> None:
    """A flat path lets time be skipped, a sloped one does not."""
    path = path_through([(1000, D(100)), (2000, D(80))])
    assert path.still_until(500) == 1000
    assert path.still_until(1500) == 1500
    assert path.still_until(2000) is None


def test_candle_covers_its_span() -> None:
    """Open and close are the ends, high and low the extremes."""
    series = PriceSeries("BTCUSDT", path_through([(0, D(100)), (600, D(130)), (1200, D(110))]))
    assert series.candle(0, 1200) == (D(100), D(130), D(100), D(110))
