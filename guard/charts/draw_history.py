"""Draws a history: zones as a ribbon with marks, and risk ratio, distance and equity below it on the same time axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from guard.charts.figures import share, short_amount
from guard.charts.picture import FAR, RATIO_TOP, Amounts, Bar, HistoryPicture, Line, Mark, MarkKind
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
from guard.risk.zones import Zone

HEIGHT_IN: Final = 9.8
HEAD_IN: Final = 1.75
TICK_PAD: Final = 9.0
"""Points from the axis to its times, so that the first does not touch the lowest figure of the other axis."""
MARK_ROW_IN: Final = 0.24
"""More room above the ribbon for each row of marks."""
MARK_STYLE: Final[dict[MarkKind, tuple[str, str, str]]] = {
    # marker, face, edge
    "alert": ("v", INK, INK),
    "acted": ("D", GUARDED_COLOUR, GUARDED_COLOUR),
    "held": ("D", GROUND, GUARDED_COLOUR),
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
    bottom = 0.105 if picture.note else 0.085
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
    equity.set_xticks([place for place, _ in picture.ticks], [label for _, label in picture.ticks])
    equity.tick_params(axis="x", pad=TICK_PAD)
    equity.set_xlabel(picture.words.time, fontsize=12, color=INK)
    equity.set_xlim(picture.start_s, picture.end_s)
    if picture.note:
        footnote(figure, picture.note)
    return figure


def _draw_zones(axes: Any, picture: HistoryPicture) -> None:
    ribbon(axes, picture.zones, picture.words.zones)
    present = [kind for kind in MARK_STYLE if any(mark.kind == kind for mark in picture.marks)]
    words = "   ".join(picture.words.marks[kind] for kind in present)
    pad = 6 + 18 * len({_MARK_Y[kind] for kind in present})
    axes.set_title(picture.words.zone, loc="left", fontsize=13, fontweight="bold", color=INK, pad=pad, y=1.0)
    axes.set_title(words, loc="right", fontsize=11.5, color=INK, pad=pad, y=1.0)
    for kind in present:
        _draw_marks(axes, kind, [mark for mark in picture.marks if mark.kind == kind])


def _draw_marks(axes: Any, kind: MarkKind, marks: Sequence[Mark]) -> None:
    marker, face, edge = MARK_STYLE[kind]
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
    panel(axes, picture.words.ratio)
    highest = max((y for y in picture.ratio.ys if y is not None), default=0.0)
    top = max(1.18 * highest, *(1.12 * bar.value for bar in picture.ratio_bars[:1]), 0.02)
    top = min(1.18, top)
    axes.set_ylim(0, top)
    edges = [*(bar.value for bar in picture.ratio_bars), max(top, 1.0)]
    names = [Zone.SAFE, *(bar.zone for bar in picture.ratio_bars)]
    for zone, low, high in zip(names, [0.0, *edges], edges, strict=False):
        _band(axes, zone, low, min(high, top))
    _bar_labels(axes, picture.ratio_bars, picture.words.ratio_bars, top)
    if top > 1.0:
        axes.axhline(1.0, color=INK, linewidth=1.5, linestyle=(0, (2, 2)))
    axes.yaxis.set_major_formatter(lambda value, _: share(value))
    _draw_line(axes, picture.ratio)
    if picture.ratio.clipped:
        _beside(axes, RATIO_TOP, picture.words.no_equity)


def _draw_distance(axes: Any, picture: HistoryPicture) -> None:
    panel(axes, picture.words.distance)
    farthest = max((y for y in picture.distance.ys if y is not None), default=0.0)
    bars = picture.distance_bars
    top = max(1.15 * farthest, *(1.3 * bar.value for bar in bars[:1]), 0.02)
    axes.set_ylim(0, top)
    edges = [bar.value for bar in bars]
    for zone, high, low in zip([Zone.SAFE, *(bar.zone for bar in bars)], [top, *edges], [*edges, 0.0], strict=True):
        _band(axes, zone, min(low, top), min(high, top))
    _bar_labels(axes, bars, picture.words.distance_bars, top)
    axes.yaxis.set_major_formatter(lambda value, _: share(value))
    _draw_line(axes, picture.distance)
    if picture.distance.clipped:
        _beside(axes, FAR, picture.words.out_of_reach)


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
    panel(axes, picture.words.equity)
    _draw_line(axes, picture.equity)
    known = [y for y in picture.equity.ys if y is not None]
    if not known:
        axes.set_yticks([])  # no figure, no scale
    else:
        low, high = min(known), max(known)
        room = max(0.12 * (high - low), 0.005 * max(abs(high), abs(low)), 1e-9)
        axes.set_ylim(low - room, high + room)
        apart = _tell_amounts(axes, picture.words.amounts)
        last = known[-1]
        axes.annotate(
            short_amount(last, picture.words.amounts, apart),
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


def _tell_amounts(axes: Any, amounts: Amounts) -> float:
    """Ticks of which no two read alike, though an amount hardly changes; how far they are apart."""
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415  # see guard.charts.style

    low, high = axes.get_ylim()
    # Steps of 1, 2 and 5: what is written in few digits is where it stands.
    found = MaxNLocator(nbins=5, steps=[1, 2, 5, 10]).tick_values(low, high)
    places = [float(place) for place in found if low <= place <= high]
    apart = min((after - before for before, after in pairwise(places)), default=high - low)
    axes.set_yticks(places, [short_amount(place, amounts, apart) for place in places])
    return apart


def _band(axes: Any, zone: Zone, low: float, high: float) -> None:
    """A zone's part of an axis, so that the line stands in the zone that it means."""
    if high > low:
        axes.axhspan(low, high, color=ZONE_COLOUR[zone], alpha=0.5, linewidth=0, zorder=0)


def _bar_labels(axes: Any, bars: Sequence[Bar], words: Mapping[Zone, str], top: float) -> None:
    """Names of the bars beside the axis, moved apart where they would cover each other; those beyond it are left."""
    shown = [bar for bar in bars if bar.value <= top]
    gap, placed = 0.115 * top, -1.0
    for bar in sorted(shown, key=_value):
        placed = max(bar.value, placed + gap)
        _beside(axes, placed, words[bar.zone])


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
