"""Draws a heat map of stress: the zone's colour and the risk ratio in every cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from guard.charts.picture import Bar, HeatPicture
from guard.charts.style import GROUND, INK, LEFT, MUTED, WORDS_IN, ZONE_COLOUR, footnote, headline, ink_on, new_figure
from guard.charts.words import label, share
from guard.risk.zones import Zone

HEAD_IN: Final = 1.95
FOOT_IN: Final = 1.0
ROW_IN: Final = 0.5
LEGEND: Final = (Zone.SAFE, Zone.WATCH, Zone.WARNING, Zone.DANGER, Zone.LIQUIDATION)


def draw_heat(picture: HeatPicture) -> Any:
    """The figure."""
    if not picture.rows:
        figure = new_figure(WORDS_IN)
        headline(figure, picture.title, picture.subtitle)
        return figure
    rows, columns = len(picture.rows), len(picture.moves)
    height_in = HEAD_IN + FOOT_IN + ROW_IN * rows
    figure = new_figure(height_in)
    axes = figure.subplots()
    figure.subplots_adjust(left=0.2, right=0.985, top=1 - HEAD_IN / height_in, bottom=FOOT_IN / height_in)
    headline(figure, picture.title, picture.subtitle)
    for y, row in enumerate(picture.rows):
        for x, ratio in enumerate(row.ratios):
            _cell(axes, x, y, ratio, picture.bars)
    if rows > 1:
        axes.axhline(0.5, color=INK, linewidth=2)
    axes.set_xlim(-0.5, columns - 0.5)
    axes.set_ylim(rows - 0.5, -0.5)
    axes.set_xticks(range(columns), [_move(move) for move in picture.moves], fontsize=12, color=INK)
    axes.xaxis.tick_top()
    axes.set_yticks(range(rows), [label(row.name, 13) for row in picture.rows], fontsize=12.5, color=INK)
    axes.tick_params(length=0)
    axes.set_facecolor(GROUND)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_title("price move, %", fontsize=12.5, color=INK, pad=28, y=1.0)
    _legend(figure, picture.bars, height_in)
    if picture.note:
        footnote(figure, picture.note)
    return figure


def zone_of(ratio: float | None, bars: Sequence[Bar]) -> Zone:
    """The zone that a risk ratio alone would mean; no equity left is liquidation."""
    if ratio is None:
        return Zone.LIQUIDATION
    reached = [bar.zone for bar in bars if ratio >= bar.value]
    return Zone.LIQUIDATION if ratio >= 1.0 else reached[-1] if reached else Zone.SAFE


def _cell(axes: Any, x: int, y: int, ratio: float | None, bars: Sequence[Bar]) -> None:
    from matplotlib.patches import Rectangle  # noqa: PLC0415  # see guard.charts.style

    zone = zone_of(ratio, bars)
    axes.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=ZONE_COLOUR[zone], edgecolor=GROUND, linewidth=2))
    gone = ratio is None or ratio >= 1.0
    words = "✕" if gone or ratio is None else f"{ratio * 100:.0f}"
    axes.text(x, y, words, ha="center", va="center", fontsize=12.5, fontweight="bold", color=ink_on(zone))


def _legend(figure: Any, bars: Sequence[Bar], height_in: float) -> None:
    """What the colours mean, in words, below the map."""
    by_zone = {bar.zone: bar.value for bar in bars}
    place = LEFT
    for zone in LEGEND:
        if zone is not Zone.SAFE and zone is not Zone.LIQUIDATION and zone not in by_zone:
            continue
        name = "liq." if zone is Zone.LIQUIDATION else zone.value
        words = f"{name} {share(by_zone[zone])}" if zone in by_zone else name
        box = {"boxstyle": "round,pad=0.35", "facecolor": ZONE_COLOUR[zone], "edgecolor": "none"}
        figure.text(place, 0.62 / height_in, words, fontsize=11, color=ink_on(zone), bbox=box, va="center")
        place += 0.0135 * len(words) + 0.034
    figure.text(
        LEFT,
        0.34 / height_in,
        "in each cell the risk ratio in %; ✕: liquidated (100 % or more)",
        fontsize=11,
        color=MUTED,
        va="center",
    )


def _move(move: float) -> str:
    return "now" if move == 0 else f"{move * 100:+.0f}"
