"""The chart of an account's history: its zones, risk ratio, distance to liquidation and equity over time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from guard.demo.chartstyle import (
    GUARDED_COLOUR,
    INK,
    UNGUARDED_COLOUR,
    Span,
    headline,
    new_figure,
    panel,
    ribbon,
    save,
    tint,
    zone_name,
)
from guard.ports.records import Snapshot
from guard.risk.zones import LADDER, Zone

HEIGHT_IN = 10.8
HEAD_IN = 1.6
EMPTY_HEIGHT_IN = 2.5
# A distance above this is drawn as this: from there on the difference means nothing.
FAR = 0.5
HALF_MINUTE_D = 30 / 86_400


def history_chart(snapshots: Sequence[Snapshot], path: Path) -> None:
    """Draw snapshots of one account into a PNG file; without any, a chart that says so.

    A figure that was not known (the guard was blind) leaves a gap in its line.

    Args:
        snapshots: of one account, in any order.
        path: the file.

    Raises:
        InputError: the file cannot be written.
    """
    if not snapshots:
        figure = new_figure(EMPTY_HEIGHT_IN)
        figure.text(0.5, 0.5, "Nothing was recorded in this time.", fontsize=17, color=INK, ha="center", va="center")
        save(figure, path)
        return
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num  # noqa: PLC0415  # see chartstyle

    rows = sorted(snapshots, key=_moment)
    xs = [float(date2num(row.at)) for row in rows]
    if len(rows) == 1:  # a moment is no axis: show it as a minute
        rows, xs = rows * 2, [xs[0] - HALF_MINUTE_D, xs[0] + HALF_MINUTE_D]
    spans = zone_spans(rows, xs)
    figure = new_figure(HEIGHT_IN)
    zones, distance, risk, equity = figure.subplots(
        4, 1, sharex=True, gridspec_kw={"height_ratios": (0.35, 2, 2, 2), "hspace": 0.34}
    )
    figure.subplots_adjust(left=0.12, right=0.96, top=1 - HEAD_IN / HEIGHT_IN, bottom=0.06)
    headline(figure, title_of(rows), _subtitle(sorted(snapshots, key=_moment)))
    ribbon(zones, spans)
    zones.set_title("Zone", loc="left", fontsize=13, fontweight="bold", color=INK, pad=6)
    _draw(distance, "Distance to liquidation: how far all prices may move", spans, xs, [_distance(row) for row in rows])
    _draw(risk, "Risk ratio: 100 % is liquidation", spans, xs, [_percent(row.risk_ratio) for row in rows])
    currency = next((row.currency for row in reversed(rows) if row.currency), "")
    _draw(equity, f"Equity, {currency}".rstrip(", "), spans, xs, [row.equity for row in rows])
    for axes in (distance, risk):
        axes.set_ylim(0, None)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g} %")
    if risk.get_ylim()[1] > 80:
        risk.axhline(100, color=UNGUARDED_COLOUR, linewidth=1.5, linestyle=(0, (2, 2)))
    equity.yaxis.set_major_formatter(lambda value, _: f"{value:,.8g}")
    locator = AutoDateLocator(tz=UTC, minticks=3, maxticks=7)
    equity.xaxis.set_major_locator(locator)
    equity.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=UTC))
    equity.set_xlabel("time, UTC", fontsize=12, color=INK)
    equity.set_xlim(xs[0], xs[-1])
    save(figure, path)


def zone_spans(rows: Sequence[Snapshot], xs: Sequence[float]) -> list[Span]:
    """From where to where on the axis the account was in which zone, without gaps.

    Args:
        rows: snapshots, oldest first.
        xs: their places on the axis.
    """
    runs = [
        (next(group)[1], zone) for zone, group in groupby(zip(rows, xs, strict=True), key=lambda pair: pair[0].zone)
    ]
    ends = [start for start, _ in runs[1:]] + [xs[-1]]
    return [(start, end, zone) for (start, zone), end in zip(runs, ends, strict=True)]


def title_of(rows: Sequence[Snapshot]) -> str:
    """What happened, in two lines: where the account is now; its worst zone, and whether the guard was blind."""
    zones = [row.zone for row in rows]
    known = [zone for zone in zones if zone is not Zone.UNKNOWN]
    first = f"{rows[-1].account}: now {zone_name(zones[-1])}."
    if not known:
        return f"{first}\nThe guard never saw the account."
    worst = max(known, key=LADDER.index)
    second = f"At worst {zone_name(worst)}" if len(set(zones)) > 1 else "All the time"
    return f"{first}\n{second}{', and blind at times' if len(known) < len(zones) else ''}."


def _subtitle(rows: Sequence[Snapshot]) -> str:
    if len(rows) == 1:
        return f"One reading, {_time(rows[0].at)} UTC"
    return f"{len(rows)} readings, {_time(rows[0].at)} to {_time(rows[-1].at)} UTC"


def _moment(row: Snapshot) -> datetime:
    return row.at


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def _percent(fraction: float | None) -> float | None:
    return None if fraction is None else fraction * 100


def _distance(row: Snapshot) -> float | None:
    return None if row.distance is None else min(FAR, row.distance) * 100


def _draw(axes: Any, title: str, spans: Sequence[Span], xs: Sequence[float], ys: Sequence[float | None]) -> None:
    panel(axes, title)
    tint(axes, spans)
    known = [float("nan") if y is None else y for y in ys]
    axes.plot(xs, known, color=GUARDED_COLOUR, linewidth=2.5)
