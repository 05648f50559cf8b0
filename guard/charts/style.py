"""How charts look: colours of zones and accounts, axes, ribbons of zones, PNG. Shared by all charts.

Matplotlib is imported where it is used: a command that draws nothing must not wait for it. Charts stand on a light
ground of their own, so that a dark chat shows them as well. Colours go from blue over yellow to dark red and get darker
with the danger: they can be told apart without red or without green, and in grey. Still a zone has a name beside its
colour, a line a label at its end.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from guard.charts.figures import columns
from guard.charts.picture import Span
from guard.risk.zones import Zone

GROUND = "#ffffff"
INK = "#1c2430"
FAINT = "#8a94a3"
MUTED = "#4b5563"
GRID = "#e3e7ec"
GUARDED_COLOUR = "#0b57a4"
UNGUARDED_COLOUR = "#b3261e"

ZONE_COLOUR = {
    Zone.SAFE: "#d3e6f5",
    Zone.WATCH: "#fff0a8",
    Zone.WARNING: "#ffc26b",
    Zone.DANGER: "#ec7a5c",
    Zone.LIQUIDATION: "#8f1d3f",
    Zone.UNKNOWN: "#c3c7ce",
}
_URGENCY = (Zone.LIQUIDATION, Zone.DANGER, Zone.UNKNOWN, Zone.WARNING, Zone.WATCH, Zone.SAFE)
HATCH = {Zone.UNKNOWN: "////"}

WIDTH_IN = 7.2
DPI = 150
COLOURS_MAX = 256
WORDS_IN = 1.7
"""Height of a picture that has nothing but words."""
LEFT = 0.03
TOP_IN, LINE_IN = 0.18, 0.31
# What a letter of a zone's name needs at its full size, as a share of the axis, and how much more a Japanese one does;
# a name may shrink to fit its span.
LETTER, WIDE_LETTERS, LETTER_PT, SHRUNK = 0.0235, 1.2, 10.0, 0.84


def ink_on(zone: Zone) -> str:
    """What can be read on a zone's colour."""
    return GROUND if zone is Zone.LIQUIDATION else INK


def new_figure(height_in: float) -> Any:
    """An empty figure for a phone held upright: `WIDTH_IN` wide, on its own ground."""
    # Its first import on a machine says that it builds a list of fonts: no news for anybody.
    logging.getLogger("matplotlib").setLevel(logging.WARNING)
    from matplotlib.figure import Figure  # noqa: PLC0415  # see the module's docstring

    return Figure(figsize=(WIDTH_IN, height_in), dpi=DPI, facecolor=GROUND)


def panel(axes: Any, title: str) -> None:
    """Dress a panel: title on the left, light grid, no box."""
    # With a place given, matplotlib does not look for one: that takes a third of the time of a picture.
    axes.set_title(title, loc="left", fontsize=13, fontweight="bold", color=INK, pad=8, y=1.0)
    axes.set_facecolor(GROUND)
    axes.grid(visible=True, axis="y", color=GRID, linewidth=1)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=11.5, colors=INK, length=0)
    for name, spine in axes.spines.items():
        spine.set_visible(name == "bottom")
        spine.set_color(FAINT)


def headline(figure: Any, title: str, subtitle: str) -> None:
    """What happened, in words above the panels."""
    height_in = figure.get_size_inches()[1]
    below_in = TOP_IN + LINE_IN * (title.count("\n") + 1)
    place: dict[str, Any] = {"va": "top", "linespacing": 1.3}
    figure.text(LEFT, 1 - TOP_IN / height_in, title, fontsize=16, fontweight="bold", color=INK, **place)
    figure.text(LEFT, 1 - below_in / height_in, subtitle, fontsize=11, color=MUTED, **place)


def footnote(figure: Any, text: str) -> None:
    """What could be misread, below everything."""
    figure.text(LEFT, 0.008, text, fontsize=10.5, color=MUTED, va="bottom")


def tint(axes: Any, spans: Sequence[Span], strength: float = 0.55) -> None:
    """Zones as vertical bands behind a panel's lines."""
    for start, end, zone in spans:
        axes.axvspan(start, end, color=ZONE_COLOUR[zone], alpha=strength, linewidth=0, zorder=0)


def ribbon(axes: Any, spans: Sequence[Span], names: Mapping[Zone, str]) -> None:
    """Zones as a strip with their names; the name of a narrow one stands below it, the worse ones first."""
    axes.set_ylim(0, 1)
    axes.set_yticks([])
    axes.tick_params(length=0, labelbottom=False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    width = spans[-1][1] - spans[0][0] if spans else 0.0
    words: dict[str, Any] = {"ha": "center", "va": "center", "weight": "bold"}
    narrow: list[Span] = []
    for zone in dict.fromkeys(zone for _, _, zone in spans):  # one drawing for all spans of a zone: much quicker
        places = [(start, end - start) for start, end, each in spans if each is zone]
        axes.broken_barh(
            places, (0, 1), facecolor=ZONE_COLOUR[zone], hatch=HATCH.get(zone), edgecolor=FAINT, linewidth=0
        )
    for start, end, zone in spans:
        size = min(1.0, (end - start) / (_room(names[zone], width) or 1.0))
        if size >= SHRUNK:
            axes.text((start + end) / 2, 0.47, names[zone], color=ink_on(zone), fontsize=LETTER_PT * size, **words)
        elif zone is not Zone.SAFE:
            narrow.append((start, end, zone))
    for middle, zone in names_below(narrow, names, width):
        axes.text(middle, -0.42, names[zone], color=INK, fontsize=LETTER_PT, **words)


def names_below(narrow: Sequence[Span], names: Mapping[Zone, str], width: float) -> list[tuple[float, Zone]]:
    """Where names stand below narrow spans without covering each other: the worse zones first, the others if they fit.

    Args:
        narrow: the spans.
        names: of the zones.
        width: of the whole axis.
    """
    placed: list[tuple[float, Zone]] = []
    for start, end, zone in sorted(narrow, key=lambda span: _URGENCY.index(span[2])):
        middle = (start + end) / 2
        room = _room(names[zone], width)
        if all(abs(middle - other) >= (room + _room(names[known], width)) / 2 for other, known in placed):
            placed.append((middle, zone))
    return placed


def _room(name: str, width: float) -> float:
    """What the name of a zone needs on an axis of that width."""
    return LETTER * columns(name, WIDE_LETTERS) * width


def png_of(figure: Any) -> bytes:
    """The figure as PNG of at most 256 colours: a third of the bytes, and sooner done than with all of them."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415  # see the module's docstring
    from PIL import Image  # noqa: PLC0415  # which matplotlib itself writes with

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    width, height = canvas.get_width_height()
    drawn = Image.frombuffer("RGBA", (width, height), canvas.buffer_rgba(), "raw", "RGBA", 0, 1).convert("RGB")
    buffer = io.BytesIO()
    few = drawn.quantize(COLOURS_MAX, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    # A colour of the palette is an average of its neighbours: the ground stays what it is.
    palette, corner = few.getpalette() or [], 3 * few.tobytes()[0]
    palette[corner : corner + 3] = bytes.fromhex(GROUND[1:])
    few.putpalette(palette)
    few.save(buffer, format="png")
    return buffer.getvalue()
