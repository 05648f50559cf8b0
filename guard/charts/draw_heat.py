"""Draws a heat map of stress: the zone's colour and the risk ratio in every cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from guard.charts.figures import columns, label
from guard.charts.picture import Bar, HeatPicture, HeatRow
from guard.charts.style import GROUND, INK, LEFT, MUTED, WORDS_IN, ZONE_COLOUR, footnote, headline, ink_on, new_figure
from guard.risk.zones import Zone

HEAD_IN: Final = 1.95
FOOT_IN: Final = 1.0
ROW_IN: Final = 0.5
# Of a legend's letters at their size, as shares of the width.
LETTER, WIDE_LETTERS, BESIDE = 0.0135, 1.57, 0.034


def draw_heat(picture: HeatPicture) -> Any:
    """The figure."""
    if not picture.rows:
        figure = new_figure(WORDS_IN)
        headline(figure, picture.title, picture.subtitle)
        return figure
    rows, moves = len(picture.rows), len(picture.moves)
    height_in = HEAD_IN + FOOT_IN + ROW_IN * rows
    figure = new_figure(height_in)
    axes = figure.subplots()
    figure.subplots_adjust(left=0.2, right=0.985, top=1 - HEAD_IN / height_in, bottom=FOOT_IN / height_in)
    headline(figure, picture.title, picture.subtitle)
    for y, row in enumerate(picture.rows):
        _draw_row(axes, y, row, picture.bars)
    if rows > 1:
        axes.axhline(0.5, color=INK, linewidth=2)
    axes.set_xlim(-0.5, moves - 0.5)
    axes.set_ylim(rows - 0.5, -0.5)
    axes.set_xticks(range(moves), picture.columns, fontsize=12, color=INK)
    axes.xaxis.tick_top()
    axes.set_yticks(range(rows), [label(row.name, 13) for row in picture.rows], fontsize=12.5, color=INK)
    axes.tick_params(length=0)
    axes.set_facecolor(GROUND)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_title(picture.axis, fontsize=12.5, color=INK, pad=28, y=1.0)
    _legend(figure, picture, height_in)
    if picture.note:
        footnote(figure, picture.note)
    return figure


def zone_of(ratio: float | None, bars: Sequence[Bar]) -> Zone:
    """The zone that a risk ratio alone would mean; no equity left is liquidation."""
    if ratio is None:
        return Zone.LIQUIDATION
    reached = [bar.zone for bar in bars if ratio >= bar.value]
    return Zone.LIQUIDATION if ratio >= 1.0 else reached[-1] if reached else Zone.SAFE


def _draw_row(axes: Any, y: int, row: HeatRow, bars: Sequence[Bar]) -> None:
    """Its cells in one drawing, a quarter quicker than each for itself; and what stands in them."""
    zones = [zone_of(ratio, bars) for ratio in row.ratios]
    axes.broken_barh(
        [(x - 0.5, 1) for x in range(len(zones))],
        (y - 0.5, 1),
        facecolors=[ZONE_COLOUR[zone] for zone in zones],
        edgecolor=GROUND,
        linewidth=2,
    )
    for x, (ratio, zone) in enumerate(zip(row.ratios, zones, strict=True)):
        words = "✕" if ratio is None or ratio >= 1.0 else f"{ratio * 100:.0f}"
        axes.text(x, y, words, ha="center", va="center", fontsize=12.5, fontweight="bold", color=ink_on(zone))


def _legend(figure: Any, picture: HeatPicture, height_in: float) -> None:
    """What the colours and the figures mean, in words, below the map."""
    place = LEFT
    for zone, words in picture.legend:
        box = {"boxstyle": "round,pad=0.35", "facecolor": ZONE_COLOUR[zone], "edgecolor": "none"}
        figure.text(place, 0.62 / height_in, words, fontsize=11, color=ink_on(zone), bbox=box, va="center")
        place += LETTER * columns(words, WIDE_LETTERS) + BESIDE
    figure.text(LEFT, 0.34 / height_in, picture.cells, fontsize=11, color=MUTED, va="center")
