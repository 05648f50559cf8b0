"""Levels as arrays: gaps, extremes, and lines that are thin and still show every peak."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from guard.charts.series import COLUMNS, EXACT_SPANS_MAX, extremes_of, series_of, thin_line, zone_spans
from guard.ports.history import Level
from guard.risk.zones import Zone

GAP_S = 60.0
Build = Callable[..., Level]


def known(ys: tuple[float | None, ...]) -> list[float]:
    """What is drawn."""
    return [y for y in ys if y is not None]


def test_nothing_is_nothing() -> None:
    """No readings: no line, no zone, no extreme."""
    series = series_of([], 0.0, GAP_S)
    assert len(series) == 0
    assert thin_line(series, series.ratio, 0.0, 1.0).xs == ()
    assert zone_spans(series, 1.0) == ()
    assert extremes_of(series).readings == 0
    assert extremes_of(series).worst_ratio is None


def test_readings_come_in_any_order(level: Build, start: datetime) -> None:
    """They are put in order of time."""
    rows = [level(20, risk_ratio=0.3), level(0, risk_ratio=0.1), level(10, risk_ratio=0.2)]
    series = series_of(rows, start.timestamp() + 20, GAP_S)
    assert series.ratio.tolist() == [0.1, 0.2, 0.3]
    assert series.segment.tolist() == [0, 0, 0]


def test_a_blind_reading_is_a_gap(level: Build, blind: Build, start: datetime) -> None:
    """From the first reading that shows nothing to the next that does; the line does not cross it."""
    t = start.timestamp()
    series = series_of([level(0), level(10), blind(20), blind(30), level(40), level(50)], t + 50, GAP_S)
    assert series.blind == ((t + 20, t + 40),)
    line = thin_line(series, series.ratio, t, t + 50)
    assert line.ys == (0.1, 0.1, None, 0.1, 0.1)
    assert extremes_of(series).blind_s == 20


def test_figures_that_may_not_be_believed_are_not_drawn(level: Build, start: datetime) -> None:
    """Stale, torn and incomplete data has figures, and they are no knowledge; disputed data is fresh enough."""
    t = start.timestamp()
    rows = [level(0), *(level(10 + n, quality=q) for n, q in enumerate(("stale", "torn", "incomplete"))), level(20)]
    series = series_of([*rows, level(30, quality="disputed")], t + 30, GAP_S)
    assert series.seen.tolist() == [True, False, False, False, True, True]
    assert series.blind == ((t + 10, t + 20),)


def test_silence_is_a_gap_too(level: Build, start: datetime) -> None:
    """The guard did not run: between the readings around it, and since the last one, nothing is known."""
    t = start.timestamp()
    series = series_of([level(0), level(60), level(121), level(130)], t + 200, GAP_S)
    assert series.silent == ((t + 60, t + 121), (t + 130, t + 200))
    assert thin_line(series, series.ratio, t, t + 200).ys == (0.1, 0.1, None, 0.1, 0.1)
    assert [zone for _, _, zone in zone_spans(series, t + 200)] == [Zone.SAFE, Zone.UNKNOWN, Zone.SAFE, Zone.UNKNOWN]


def test_silence_and_blindness_that_touch_are_one(level: Build, blind: Build, start: datetime) -> None:
    """No second is counted twice."""
    t = start.timestamp()
    series = series_of([level(0), blind(10), level(200)], t + 200, GAP_S)
    assert series.blind == ((t + 10, t + 200),)
    assert extremes_of(series).blind_s == 190


def test_no_equity_left_is_the_worst_ratio(level: Build, start: datetime) -> None:
    """A ratio without a value is beyond every ratio, not below; a distance is 0 then."""
    t = start.timestamp()
    rows = [level(0, risk_ratio=0.9), level(10, risk_ratio=None, distance=None, equity=-5.0), level(20, risk_ratio=0.2)]
    series = series_of(rows, t + 20, GAP_S)
    extremes = extremes_of(series)
    assert extremes.worst_ratio is not None
    assert extremes.worst_ratio.value is None
    assert extremes.worst_ratio.at == start + timedelta(seconds=10)
    assert extremes.best_ratio is not None
    assert extremes.best_ratio.value == 0.2
    assert extremes.nearest is not None
    assert extremes.nearest.value == 0.0
    line = thin_line(series, series.ratio, t, t + 20, top=1.1)
    assert line.ys == (0.9, 1.1, 0.2)
    assert line.clipped


def test_out_of_reach_is_far_not_unknown(level: Build, start: datetime) -> None:
    """No distance with equity left: drawn at the end of the axis, no extreme."""
    t = start.timestamp()
    series = series_of([level(0, distance=None), level(10, distance=None)], t + 10, GAP_S)
    assert thin_line(series, series.distance, t, t + 10, top=0.5).ys == (0.5, 0.5)
    assert extremes_of(series).nearest is None


def test_equity_of_different_pools_is_no_line(level: Build, start: datetime) -> None:
    """USDT and BTC do not stand on one axis: the last pool's are shown, the other is named."""
    t = start.timestamp()
    rows = [level(0), level(10, currency="BTC", equity=1.5), level(20, equity=900.0)]
    series = series_of(rows, t + 20, GAP_S)
    assert thin_line(series, series.equity, t, t + 20).ys == (1000.0, None, 900.0)
    assert thin_line(series, series.ratio, t, t + 20).ys == (0.1, 0.1, 0.1)
    extremes = extremes_of(series)
    assert (extremes.currency, extremes.other_pools) == ("USDT", ("BTC",))
    assert extremes.lowest_equity is not None
    assert extremes.lowest_equity.value == 900.0


def test_a_week_every_three_seconds_keeps_every_peak(level: Build, start: datetime) -> None:
    """200,000 readings become a few hundred points, among them a peak and a dip of one reading each."""
    chance, t, count = random.Random(1), start.timestamp(), 201_600
    ratios = [0.2 + 0.01 * chance.random() for _ in range(count)]
    ratios[123_456], ratios[77_777] = 0.97, 0.01
    base = level(0)
    rows = [base._replace(at_s=t + 3 * n, risk_ratio=ratio) for n, ratio in enumerate(ratios)]
    end_s = t + 3 * count
    series = series_of(rows, end_s, GAP_S)
    line = thin_line(series, series.ratio, t, end_s)
    assert len(line.xs) <= 4 * COLUMNS
    assert (max(known(line.ys)), min(known(line.ys))) == (0.97, 0.01)
    assert line.xs[line.ys.index(0.97)] == t + 3 * 123_456
    assert (line.xs[0], line.ys[0]) == (t, ratios[0])
    assert (line.xs[-1], line.ys[-1]) == (t + 3 * (count - 1), ratios[-1])
    assert list(line.xs) == sorted(line.xs)
    assert None not in line.ys


def test_blindness_every_other_reading_is_never_bridged(level: Build, blind: Build, start: datetime) -> None:
    """However many gaps: no line, a bounded number of points, and the extremes of each column."""
    t = start.timestamp()
    rows = [level(3 * n, risk_ratio=0.1 + 0.8 * math.sin(n) ** 2) if n % 2 else blind(3 * n) for n in range(40_000)]
    end_s = t + 120_000
    series = series_of(rows, end_s, GAP_S)
    line = thin_line(series, series.ratio, t, end_s)
    assert len(line.xs) <= 8 * COLUMNS
    assert max(known(line.ys)) == max(row.risk_ratio for row in rows if row.risk_ratio is not None)
    assert all(before is None or after is None for before, after in pairwise(line.ys))


def test_zones_last_until_the_next(level: Build, start: datetime) -> None:
    """Equal neighbours are one; there are no holes."""
    t = start.timestamp()
    rows = [level(0), level(10), level(20, zone="watch"), level(30)]
    assert zone_spans(series_of(rows, t + 35, GAP_S), t + 35) == (
        (t, t + 20, Zone.SAFE),
        (t + 20, t + 30, Zone.WATCH),
        (t + 30, t + 35, Zone.SAFE),
    )


def test_a_short_danger_among_many_changes_is_not_lost(level: Build, start: datetime) -> None:
    """Thinned out, each column is as its most urgent moment; nothing is without a zone."""
    t = start.timestamp()
    zones = ["watch" if n % 2 else "safe" for n in range(20_000)]
    zones[7_001] = "danger"
    series = series_of([level(3 * n, zone=zone) for n, zone in enumerate(zones)], t + 60_000, GAP_S)
    spans = zone_spans(series, t + 60_000)
    assert EXACT_SPANS_MAX > 3
    assert [zone for _, _, zone in spans] == [Zone.WATCH, Zone.DANGER, Zone.WATCH]
    danger = spans[1]
    assert danger[0] <= t + 3 * 7_001 <= danger[1]
    assert (spans[0][0], spans[-1][1]) == (t, t + 60_000)
    assert all(one[1] == two[0] for one, two in pairwise(spans))


@pytest.mark.parametrize("quality", ["fresh", "missing"])
def test_a_single_reading(level: Build, quality: str, start: datetime) -> None:
    """Seen or not, it has a zone and no length."""
    t = start.timestamp()
    series = series_of([level(0, quality=quality)], t, GAP_S)
    assert len(thin_line(series, series.ratio, t, t + 60).ys) == (1 if quality == "fresh" else 0)
    assert zone_spans(series, t + 60) == ((t, t + 60, Zone.SAFE),)
