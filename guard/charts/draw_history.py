"""Draws a history: zones as a ribbon with marks, and risk ratio, distance and equity below it on the same time axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from guard.charts.history import FAR, RATIO_TOP
from guard.charts.picture import Bar, HistoryPicture, Line, Mark, MarkKind
from guard.charts.style import (
    FAINT,
    GROUND,
    GUARDED_COLOUR,
    INK,
    WORDS_IN,
    ZONE_COLOUR,
    footnote,
    headline,
    new_figure,
    panel,
    ribbon,
)
from guard.charts.time_axis import ticks
from guard.charts.words import share, short_amount
from guard.risk.zones import Zone

HEIGHT_IN: Final = 9.8
HEAD_IN: Final = 1.75
MARK_ROW_IN: Final = 0.24
"""More room above the ribbon for each row of marks."""
MARK_STYLE: Final[dict[MarkKind, tuple[str, str, str, str]]] = {
    # marker, face, edge, words
    "alert": ("v", INK, INK, "▼ alert"),
    "acted": ("D", GUARDED_COLOUR, GUARDED_COLOUR, "◆ acted"),
    "held": ("D", GROUND, GUARDED_COLOUR, "◇ refused or not sent"),
}
BAR_WORDS: Final = {
    Zone.WATCH: "watch",
    Zone.WARNING: "warning",
    Zone.DANGER: "danger",
    Zone.LIQUIDATION: "liq.",
}
_MARK_Y: Final[dict[MarkKind, float]] = {"alert": 1.42, "acted": 2.0, "held": 2.0}
"""Above the ribbon, in its heights; actions above alerts, which come just before them."""


def draw_history(picture: HistoryPicture) -> Any:
    """The figure; without readings one that says so."""
    if not picture.zones:
        figure = new_figure(WORDS_IN)
        headline(figure, picture.title, picture.subtitle)
        return figure
    figure = new_figure(HEIGHT_IN)
    zones, ratio, distance, equity = figure.subplots(
        4, 1, sharex=True, gridspec_kw={"height_ratios": (0.34, 2.4, 1.7, 1.9), "hspace": 0.4}
    )
    head_in = HEAD_IN + MARK_ROW_IN * len({_MARK_Y[mark.kind] for mark in picture.marks})
    bottom = 0.098 if picture.note else 0.078
    figure.subplots_adjust(left=0.125, right=0.825, top=1 - head_in / HEIGHT_IN, bottom=bottom)
    headline(figure, picture.title, picture.subtitle)
    _draw_zones(zones, picture)
    _draw_ratio(ratio, picture)
    _draw_distance(distance, picture)
    _draw_equity(equity, picture)
    for axes in (ratio, distance, equity):
        _draw_blind(axes, picture)
    for axes in (zones, ratio, distance):
        axes.xaxis.set_visible(False)
    places = ticks(picture.start_s, picture.end_s)
    equity.set_xticks([place for place, _ in places], [label for _, label in places])
    equity.set_xlabel("time, UTC", fontsize=12, color=INK)
    equity.set_xlim(picture.start_s, picture.end_s)
    if picture.note:
        footnote(figure, picture.note)
    return figure


def _draw_zones(axes: Any, picture: HistoryPicture) -> None:
    ribbon(axes, picture.zones)
    present = [kind for kind in MARK_STYLE if any(mark.kind == kind for mark in picture.marks)]
    words = "   ".join(MARK_STYLE[kind][3] for kind in present)
    pad = 6 + 18 * len({_MARK_Y[kind] for kind in present})
    axes.set_title("Zone", loc="left", fontsize=13, fontweight="bold", color=INK, pad=pad, y=1.0)
    axes.set_title(words, loc="right", fontsize=11.5, color=INK, pad=pad, y=1.0)
    for kind in present:
        _draw_marks(axes, kind, [mark for mark in picture.marks if mark.kind == kind])


def _draw_marks(axes: Any, kind: MarkKind, marks: Sequence[Mark]) -> None:
    marker, face, edge, _ = MARK_STYLE[kind]
    xs = [mark.at_s for mark in marks]
    axes.plot(
        xs,
        [_MARK_Y[kind]] * len(xs),
        marker=marker,
        markersize=9 if kind == "alert" else 8,
        markerfacecolor=face,
        markeredgecolor=edge,
        markeredgewidth=1.5,
        linestyle="none",
        clip_on=False,
        zorder=5 if kind == "alert" else 6,
    )


def _draw_ratio(axes: Any, picture: HistoryPicture) -> None:
    panel(axes, "Risk ratio, % (100 % is liquidation)")
    highest = max((y for y in picture.ratio.ys if y is not None), default=0.0)
    top = max(1.18 * highest, *(1.12 * bar.value for bar in picture.ratio_bars[:1]), 0.02)
    top = min(1.18, top)
    axes.set_ylim(0, top)
    edges = [*(bar.value for bar in picture.ratio_bars), max(top, 1.0)]
    names = [Zone.SAFE, *(bar.zone for bar in picture.ratio_bars)]
    for zone, low, high in zip(names, [0.0, *edges], edges, strict=False):
        _band(axes, zone, low, min(high, top))
    _bar_labels(axes, picture.ratio_bars, top)
    if top > 1.0:
        axes.axhline(1.0, color=INK, linewidth=1.5, linestyle=(0, (2, 2)))
    axes.yaxis.set_major_formatter(lambda value, _: share(value))
    _draw_line(axes, picture.ratio)
    if picture.ratio.clipped:
        _axis_end(axes, RATIO_TOP, "no equity")


def _draw_distance(axes: Any, picture: HistoryPicture) -> None:
    panel(axes, "Distance to liquidation, % of price")
    farthest = max((y for y in picture.distance.ys if y is not None), default=0.0)
    bars = picture.distance_bars
    top = max(1.15 * farthest, *(1.3 * bar.value for bar in bars[:1]), 0.02)
    axes.set_ylim(0, top)
    edges = [bar.value for bar in bars]
    for zone, high, low in zip([Zone.SAFE, *(bar.zone for bar in bars)], [top, *edges], [*edges, 0.0], strict=True):
        _band(axes, zone, min(low, top), min(high, top))
    _bar_labels(axes, bars, top)
    axes.yaxis.set_major_formatter(lambda value, _: share(value))
    _draw_line(axes, picture.distance)
    if picture.distance.clipped:
        _axis_end(axes, FAR, "out of reach")


def _axis_end(axes: Any, value: float, words: str) -> None:
    """What a value at the upper end of an axis means, beside it."""
    _beside(axes, value, f"≥ {share(value)}, or\n{words}")


def _beside(axes: Any, y: float, words: str) -> None:
    """Words at the right of an axis, level with `y`."""
    axes.annotate(
        words,
        (1.0, y),
        xycoords=("axes fraction", "data"),
        xytext=(5, 0),
        textcoords="offset points",
        va="center",
        fontsize=10.5,
        color=INK,
        annotation_clip=False,
    )


def _draw_equity(axes: Any, picture: HistoryPicture) -> None:
    panel(axes, f"Equity, {picture.currency}" if picture.currency else "Equity")
    _draw_line(axes, picture.equity)
    known = [y for y in picture.equity.ys if y is not None]
    if not known:
        axes.set_yticks([])  # no figure, no scale
    else:
        low, high = min(known), max(known)
        room = max(0.12 * (high - low), 0.005 * max(abs(high), abs(low)), 1e-9)
        axes.set_ylim(low - room, high + room)
        last = known[-1]
        axes.annotate(
            short_amount(last),
            (1.0, last),
            xycoords=("axes fraction", "data"),
            xytext=(7, 0),
            textcoords="offset points",
            va="center",
            fontsize=12,
            fontweight="bold",
            color=GUARDED_COLOUR,
            annotation_clip=False,
        )
    axes.yaxis.set_major_formatter(lambda value, _: short_amount(value))


def _band(axes: Any, zone: Zone, low: float, high: float) -> None:
    """A zone's part of an axis, so that the line stands in the zone that it means."""
    if high > low:
        axes.axhspan(low, high, color=ZONE_COLOUR[zone], alpha=0.5, linewidth=0, zorder=0)


def _bar_labels(axes: Any, bars: Sequence[Bar], top: float) -> None:
    """Names of the bars beside the axis, moved apart where they would cover each other; those beyond it are left."""
    shown = [bar for bar in bars if bar.value <= top]
    gap, placed = 0.115 * top, -1.0
    for bar in sorted(shown, key=_value):
        placed = max(bar.value, placed + gap)
        _beside(axes, placed, f"{BAR_WORDS[bar.zone]} {share(bar.value)}")


def _value(bar: Bar) -> float:
    return bar.value


def _draw_blind(axes: Any, picture: HistoryPicture) -> None:
    """Times without sight: hatched, and no line."""
    if picture.blind:
        axes.broken_barh(
            [(start, end - start) for start, end in picture.blind],
            (0, 1),
            transform=axes.get_xaxis_transform(),
            facecolor=ZONE_COLOUR[Zone.UNKNOWN],
            alpha=0.9,
            hatch="////",
            edgecolor=FAINT,
            linewidth=0,
            zorder=1,
        )


def _draw_line(axes: Any, line: Line) -> None:
    """The line; a point with gaps on both sides is a dot, or it would not be seen."""
    known = [float("nan") if y is None else y for y in line.ys]
    axes.plot(line.xs, known, color=GUARDED_COLOUR, linewidth=2.4, zorder=3, solid_joinstyle="round")
    padded = [None, *line.ys, None]
    alone = [
        (x, y)
        for x, y, before, after in zip(line.xs, line.ys, padded, padded[2:], strict=False)
        if y is not None and before is None and after is None
    ]
    if alone:
        axes.plot(*zip(*alone, strict=True), color=GUARDED_COLOUR, marker="o", markersize=5, linestyle="none", zorder=3)
