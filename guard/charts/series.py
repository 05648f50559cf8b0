"""Levels as arrays: what was seen and what was not, the extremes, and lines thin enough to be drawn. Pure.

A reading is **seen** when its figures may be believed: it has some, and its quality is not one of blindness. Between
two seen readings there is a line only when nothing unseen and no silence longer than `gap_s` lies between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np
import numpy.typing as npt

from guard.charts.picture import Line, Span
from guard.ports.history import Extreme, Extremes, Level
from guard.risk.zones import BLIND, Zone

Array = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

COLUMNS: Final = 360
"""Parts of the time axis, about two pixels each: of the readings in one, the extremes are kept."""
EXACT_SPANS_MAX: Final = 60
_BLIND: Final = frozenset(quality.value for quality in BLIND)

BY_URGENCY: Final = (Zone.SAFE, Zone.WATCH, Zone.WARNING, Zone.UNKNOWN, Zone.DANGER, Zone.LIQUIDATION)
"""The zones, the most urgent last: where only one can be shown, it is the last of them."""
_RANK: Final = {zone.value: rank for rank, zone in enumerate(BY_URGENCY)}


@dataclass(frozen=True, slots=True)
class Series:
    """Readings in order of time, as arrays of equal length.

    `ratio` is infinite where no equity was left, `distance` infinite where liquidation was out of reach; both and
    `equity` are NaN where not seen. `equity` is NaN too where another pool than that of `currency` was the worst.
    `segment` numbers stretches without a gap. `rank` is the zone's place in `BY_URGENCY`.
    """

    at_s: Array
    rank: Numbers
    seen: npt.NDArray[np.bool_]
    ratio: Array
    distance: Array
    equity: Array
    segment: Numbers
    blind: tuple[tuple[float, float], ...]
    silent: tuple[tuple[float, float], ...]
    currency: str
    other_pools: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.at_s)


def series_of(levels: Sequence[Level], until_s: float, gap_s: float) -> Series:
    """Levels as arrays.

    Args:
        levels: of one account, in any order.
        until_s: the present, Unix seconds: a silence before it is a gap too.
        gap_s: two readings further apart than this have nothing known between them.
    """
    rows = sorted(levels, key=_at)
    at_s = np.array([row.at_s for row in rows], dtype=np.float64)
    seen = np.array([row.equity is not None and row.quality not in _BLIND for row in rows], dtype=np.bool_)
    equity = np.array([np.nan if row.equity is None else row.equity for row in rows], dtype=np.float64)
    ratio = np.array([np.inf if row.risk_ratio is None else row.risk_ratio for row in rows], dtype=np.float64)
    distance = np.array([_distance(row) for row in rows], dtype=np.float64)
    currencies = [row.currency or "" for row in rows]
    known = [name for name, is_seen in zip(currencies, seen.tolist(), strict=True) if is_seen]
    currency = known[-1] if known else ""
    same = np.array([name == currency for name in currencies], dtype=np.bool_)
    for figure in (ratio, distance, equity):
        figure[~seen] = np.nan
    equity[~same] = np.nan
    silent = _silences(at_s, until_s, gap_s)
    return Series(
        at_s=at_s,
        rank=np.array([_RANK[row.zone] for row in rows], dtype=np.int64),
        seen=seen,
        ratio=ratio,
        distance=distance,
        equity=equity,
        segment=_segments(at_s, seen, gap_s),
        blind=_merged([*silent, *_unseen(at_s, seen, until_s)]),
        silent=silent,
        currency=currency,
        other_pools=tuple(sorted(set(known) - {currency})),
    )


def extremes_of(series: Series) -> Extremes:
    """The worst and best that was seen."""
    blind_s = float(sum(end - start for start, end in series.blind))
    if not len(series):
        return Extremes(0, None, blind_s)
    reachable = np.where(np.isfinite(series.distance), series.distance, np.nan)
    return Extremes(
        readings=len(series),
        first_at=_moment(series.at_s[0]),
        blind_s=blind_s,
        worst_ratio=_extreme(series.at_s, series.ratio, highest=True),
        best_ratio=_extreme(series.at_s, series.ratio, highest=False),
        nearest=_extreme(series.at_s, reachable, highest=False),
        currency=series.currency,
        lowest_equity=_extreme(series.at_s, series.equity, highest=False),
        highest_equity=_extreme(series.at_s, series.equity, highest=True),
        other_pools=series.other_pools,
    )


def thin_line(series: Series, values: Array, start_s: float, end_s: float, top: float = np.inf) -> Line:
    """A line of at most a few thousand points that looks as all of them would.

    Of each column of the axis the first, last, lowest and highest value are kept, so no peak is lost however short it
    was. Where a column holds more than two stretches, its points stand apart.

    Args:
        series: the readings.
        values: of each; NaN = not known.
        start_s: of the axis.
        end_s: of the axis.
        top: values above are drawn at it.
    """
    known = np.flatnonzero(~np.isnan(values))
    if not len(known):
        return Line()
    xs, ys = series.at_s[known], values[known]
    # A reading that is unknown in this figure alone breaks the line as well.
    segment = series.segment[known] + np.concatenate(([0], np.cumsum(np.diff(known) > 1)))
    column = columns_of(xs, start_s, end_s)
    starts = np.flatnonzero(np.concatenate(([True], (np.diff(column) != 0) | (np.diff(segment) != 0))))
    stretches = np.bincount(column[starts], minlength=COLUMNS)
    crowded = stretches[column] > 2
    group = np.where(crowded, column, column + COLUMNS * (1 + segment))
    keep = _corners(ys, group)
    apart = crowded[keep]
    broken = np.concatenate(([False], (np.diff(segment[keep]) != 0) | apart[1:] | apart[:-1]))
    line_xs: list[float] = []
    line_ys: list[float | None] = []
    for x, y, is_broken in zip(xs[keep].tolist(), np.minimum(ys[keep], top).tolist(), broken.tolist(), strict=True):
        if is_broken:
            line_xs.append(x)
            line_ys.append(None)
        line_xs.append(x)
        line_ys.append(y)
    return Line(tuple(line_xs), tuple(line_ys), clipped=bool((ys > top).any()))


def zone_spans(series: Series, end_s: float) -> tuple[Span, ...]:
    """From when to when the account was in which zone, without holes; silence is `unknown`.

    Where there are very many, each column of the axis is as its most urgent moment.
    """
    if not len(series):
        return ()
    silence = np.array([start for start, _ in series.silent], dtype=np.float64)
    times = np.concatenate((series.at_s, silence))
    ranks = np.concatenate((series.rank, np.full(len(silence), _RANK[Zone.UNKNOWN.value], dtype=np.int64)))
    order = np.argsort(times, kind="stable")
    times, ranks = times[order], ranks[order]
    changes = np.flatnonzero(np.concatenate(([True], np.diff(ranks) != 0)))
    times, ranks = times[changes], ranks[changes]
    if len(times) > EXACT_SPANS_MAX:
        times, ranks = _by_column(times, ranks, end_s)
    ends = [*times[1:].tolist(), max(end_s, float(times[-1]))]
    return tuple(
        (start, end, BY_URGENCY[rank]) for start, end, rank in zip(times.tolist(), ends, ranks.tolist(), strict=True)
    )


def columns_of(xs: Array, start_s: float, end_s: float, columns: int = COLUMNS) -> Numbers:
    """In which column of the axis each time lies."""
    width_s = max(end_s - start_s, 1e-6) / columns
    return np.clip(np.floor((xs - start_s) / width_s), 0, columns - 1).astype(np.int64)


def _at(row: Level) -> float:
    return row.at_s


def _distance(row: Level) -> float:
    """None is out of reach, unless no equity is left: then there is no distance any more."""
    if row.distance is not None:
        return row.distance
    return 0.0 if row.risk_ratio is None else np.inf


def _segments(at_s: Array, seen: npt.NDArray[np.bool_], gap_s: float) -> Numbers:
    if not len(at_s):
        return np.zeros(0, dtype=np.int64)
    broken = (np.diff(at_s) > gap_s) | ~seen[1:] | ~seen[:-1]
    return np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(broken, dtype=np.int64)))


def _silences(at_s: Array, until_s: float, gap_s: float) -> tuple[tuple[float, float], ...]:
    """Times without any reading."""
    if not len(at_s):
        return ()
    ends = np.concatenate((at_s[1:], [max(until_s, float(at_s[-1]))]))
    found = np.flatnonzero(ends - at_s > gap_s)
    return tuple(zip(at_s[found].tolist(), ends[found].tolist(), strict=True))


def _unseen(at_s: Array, seen: npt.NDArray[np.bool_], until_s: float) -> list[tuple[float, float]]:
    """From the first reading that shows nothing to the next that does."""
    if not len(at_s):
        return []
    flips = np.diff(np.concatenate(([0], (~seen).astype(np.int64), [0])))
    starts, ends = np.flatnonzero(flips == 1), np.flatnonzero(flips == -1)
    times = np.concatenate((at_s, [max(until_s, float(at_s[-1]))]))
    return list(zip(at_s[starts].tolist(), times[ends].tolist(), strict=True))


def _merged(spans: list[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Spans in order, those that touch as one."""
    merged: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def _corners(ys: Array, group: Numbers) -> Numbers:
    """Places of the first, last, lowest and highest value of each group, in order."""
    by_value = np.lexsort((ys, group))
    by_place = np.argsort(group, kind="stable")
    ordered = group[by_place]
    first = np.flatnonzero(np.concatenate(([True], np.diff(ordered) != 0)))
    last = np.concatenate((first[1:] - 1, [len(ordered) - 1]))
    return np.unique(np.concatenate((by_place[first], by_place[last], by_value[first], by_value[last])))


def _by_column(times: Array, ranks: Numbers, end_s: float) -> tuple[Array, Numbers]:
    """Zone changes thinned out: the most urgent zone of each column."""
    start_s = float(times[0])
    end_s = max(end_s, float(times[-1]))
    edges = start_s + (end_s - start_s) * np.arange(COLUMNS) / COLUMNS
    worst = ranks[np.searchsorted(times, edges, side="right") - 1].copy()  # what was carried into the column
    np.maximum.at(worst, columns_of(times, start_s, end_s), ranks)
    changes = np.flatnonzero(np.concatenate(([True], np.diff(worst) != 0)))
    return edges[changes], worst[changes]


def _extreme(at_s: Array, values: Array, *, highest: bool) -> Extreme | None:
    known = np.flatnonzero(~np.isnan(values))
    if not len(known):
        return None
    index = int(known[np.argmax(values[known]) if highest else np.argmin(values[known])])
    value = float(values[index])
    return Extreme(value if np.isfinite(value) else None, _moment(at_s[index]))


def _moment(at_s: float) -> datetime:
    return datetime.fromtimestamp(float(at_s), tz=UTC)
