"""Draws bars: exposure by symbol, and distances to liquidation."""

from __future__ import annotations

from typing import Any, Final

from guard.charts.figures import label, share, short_amount
from guard.charts.picture import ExposurePicture, ReachPicture, ReachRow
from guard.charts.style import (
    FAINT,
    GRID,
    GROUND,
    GUARDED_COLOUR,
    INK,
    MUTED,
    WORDS_IN,
    ZONE_COLOUR,
    footnote,
    headline,
    new_figure,
)
from guard.risk.zones import Zone

HEAD_IN: Final = 1.4
FOOT_IN: Final = 0.9
ROW_IN: Final = 0.52
LEAST_IN: Final = 3.0
SHORT_COLOUR: Final = "#c8690a"
"""Orange beside the blue of longs: apart for everybody, and the side is written too."""


def draw_exposure(picture: ExposurePicture) -> Any:
    """Signed bars around zero; both legs of a hedged symbol, and its net as a line across."""
    if not picture.rows:
        return _words_only(picture.title, picture.subtitle, picture.note)
    figure, axes = _framed(picture.title, picture.subtitle, picture.note, len(picture.rows))
    for place, row in enumerate(picture.rows):
        axes.barh(place, row.longs, height=0.62, color=GUARDED_COLOUR)
        axes.barh(place, -row.shorts, height=0.62, color=SHORT_COLOUR)
        if row.longs and row.shorts:
            axes.plot([row.net, row.net], [place - 0.42, place + 0.42], color=INK, linewidth=3.5)
    widest = max(max(row.longs, row.shorts) for row in picture.rows) or 1.0
    has_long, has_short = (any(getattr(row, name) for row in picture.rows) for name in ("longs", "shorts"))
    axes.set_xlim(-1.45 * widest if has_short else -0.02 * widest, 1.45 * widest if has_long else 0.02 * widest)
    for place, row in enumerate(picture.rows):
        if row.longs:
            _beside(axes, row.longs, place, short_amount(row.longs, picture.amounts), GUARDED_COLOUR, right=True)
        if row.shorts:
            _beside(axes, -row.shorts, place, short_amount(-row.shorts, picture.amounts), SHORT_COLOUR, right=False)
    _names(axes, [_short(row.symbol) for row in picture.rows])
    axes.axvline(0, color=INK, linewidth=1.2)
    axes.xaxis.set_major_locator(_few_ticks())
    axes.xaxis.set_major_formatter(lambda value, _: short_amount(value, picture.amounts))
    axes.set_xlabel(picture.axis, fontsize=12.5, color=INK)
    place_of_words: dict[str, Any] = {
        "transform": axes.transAxes,
        "fontsize": 12.5,
        "fontweight": "bold",
        "va": "bottom",
    }
    if has_short:
        axes.text(0.0, 1.01, picture.shorts, color=SHORT_COLOUR, ha="left", **place_of_words)
    if has_long:
        axes.text(1.0, 1.01, picture.longs, color=GUARDED_COLOUR, ha="right", **place_of_words)
    return figure


def draw_reach(picture: ReachPicture) -> Any:
    """Bars from liquidation (0 %) to the present price, coloured and named by zone."""
    if not picture.rows:
        return _words_only(picture.title, picture.subtitle, picture.note)
    figure, axes = _framed(picture.title, picture.subtitle, picture.note, len(picture.rows))
    known = [row.distance for row in picture.rows if row.distance is not None]
    widest = min(1.0, max([*known, *(1.6 * bar.value for bar in picture.bars[:1]), 0.02]))
    axes.set_xlim(0, 1.75 * widest)
    for bar in picture.bars:
        axes.axvline(bar.value, color=FAINT, linewidth=1.2, linestyle=(0, (3, 2)), zorder=0.5)
    for place, row in enumerate(picture.rows):
        _reach_bar(axes, place, row, widest)
    _names(axes, [label(row.name, 14) for row in picture.rows])
    axes.xaxis.set_major_locator(_few_ticks())
    axes.xaxis.set_major_formatter(lambda value, _: share(value))
    axes.set_xlabel(picture.axis, fontsize=11.5, color=INK, loc="right")
    return figure


def _reach_bar(axes: Any, place: int, row: ReachRow, widest: float) -> None:
    hatch = "////" if row.zone is Zone.UNKNOWN else None
    width = widest if row.distance is None else max(0.008 * widest, min(row.distance, widest))
    if row.zone is Zone.UNKNOWN:
        width = 0.08 * widest
    axes.barh(place, width, height=0.62, color=ZONE_COLOUR[row.zone], hatch=hatch, edgecolor=MUTED, linewidth=1)
    _beside(axes, width, place, row.beside, INK, right=True)


def _framed(title: str, subtitle: str, note: str, rows: int) -> tuple[Any, Any]:
    height_in = max(LEAST_IN, HEAD_IN + FOOT_IN + ROW_IN * rows + (0.25 if note else 0.0))
    figure = new_figure(height_in)
    axes = figure.subplots()
    bottom_in = FOOT_IN + (0.25 if note else 0.0)
    figure.subplots_adjust(left=0.23, right=0.97, top=1 - HEAD_IN / height_in, bottom=bottom_in / height_in)
    headline(figure, title, subtitle)
    if note:
        footnote(figure, note)
    axes.set_facecolor(GROUND)
    axes.set_axisbelow(True)
    axes.grid(visible=True, axis="x", color=GRID, linewidth=1)
    axes.tick_params(labelsize=12, colors=INK, length=0)
    axes.set_ylim(rows - 0.4, -0.6)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return figure, axes


def _words_only(title: str, subtitle: str, note: str) -> Any:
    figure = new_figure(WORDS_IN)
    headline(figure, title, subtitle)
    if note:
        footnote(figure, note)
    return figure


def _names(axes: Any, names: list[str]) -> None:
    axes.set_yticks(range(len(names)), names, fontsize=13, color=INK)


def _beside(axes: Any, x: float, y: float, text: str, colour: str, *, right: bool) -> None:
    """Words at the end of a bar."""
    axes.annotate(
        text,
        (x, y),
        xytext=(6 if right else -6, 0),
        textcoords="offset points",
        ha="left" if right else "right",
        va="center",
        fontsize=12,
        fontweight="bold",
        color=colour,
        bbox={"facecolor": GROUND, "edgecolor": "none", "pad": 1.5},
    )


def _short(symbol: str) -> str:
    """A symbol as short as it can be told: the settlement goes, `BTC/USDT` stays."""
    return label(symbol.partition(":")[0], 14)


def _few_ticks() -> Any:
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415  # see guard.charts.style

    return MaxNLocator(nbins=4)
