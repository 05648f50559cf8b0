"""Pictures as values: everything that is drawn, decided and in plain numbers. What a drawing process is given.

Times are Unix seconds, ratios and distances fractions. A `None` in a line is a gap: nothing is known there, and nothing
is drawn. Words are finished, in the language and time zone of whoever asked; only figures at the ticks of an axis are
still to be written. JSON carries every one of them unchanged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from pydantic import TypeAdapter

from guard.risk.zones import Zone

FAR: Final = 0.5
"""A distance above this is drawn as this: from there on the difference means nothing."""
RATIO_TOP: Final = 1.1
"""A risk ratio above this, or no equity at all, is drawn here: it is past liquidation either way."""

Span = tuple[float, float, Zone]
"""From, to, and the zone between."""

MarkKind = Literal["alert", "acted", "held"]
"""A message; an action; an action that was refused, failed, or only tried out."""


@dataclass(frozen=True, slots=True)
class Scale:
    """From `least` on an amount is told as so many `per`, followed by `unit`."""

    least: float
    per: float
    unit: str


@dataclass(frozen=True, slots=True)
class Amounts:
    """How amounts are told in few letters: the largest scale first, and the word for one that is not known."""

    scales: tuple[Scale, ...]
    unknown: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line with gaps. `clipped` tells that some value was beyond the axis and is drawn at its end."""

    xs: tuple[float, ...] = ()
    ys: tuple[float | None, ...] = ()
    clipped: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that was sent or done; `zone` is the worst of `count` that stand at one place."""

    at_s: float
    kind: MarkKind
    zone: Zone
    count: int = 1


@dataclass(frozen=True, slots=True)
class Bar:
    """Where a zone begins on an axis, as a fraction."""

    zone: Zone
    value: float


@dataclass(frozen=True, slots=True)
class HistoryWords:
    """What stands at the panels, in their order; zones by their full names, and bars as told beside an axis."""

    zone: str
    ratio: str
    distance: str
    equity: str
    time: str
    no_equity: str
    out_of_reach: str
    marks: dict[MarkKind, str]
    zones: dict[Zone, str]
    ratio_bars: dict[Zone, str]
    distance_bars: dict[Zone, str]
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class HistoryPicture:
    """Zones, risk ratio, distance and equity over time. Bars are in the order of the ladder, ticks in that of time."""

    title: str
    subtitle: str
    start_s: float
    end_s: float
    zones: tuple[Span, ...]
    blind: tuple[tuple[float, float], ...]
    ratio: Line
    distance: Line
    equity: Line
    words: HistoryWords
    ticks: tuple[tuple[float, str], ...] = ()
    ratio_bars: tuple[Bar, ...] = ()
    distance_bars: tuple[Bar, ...] = ()
    marks: tuple[Mark, ...] = ()
    note: str = ""
    kind: Literal["history"] = "history"


@dataclass(frozen=True, slots=True)
class ExposureRow:
    """Net of a symbol, signed (long positive), and its longs and shorts where both are held. All in one currency."""

    symbol: str
    net: float
    longs: float
    shorts: float


@dataclass(frozen=True, slots=True)
class ExposurePicture:
    """Signed notional by symbol, the largest first. `axis` says what and in what; the sides stand above their bars."""

    title: str
    subtitle: str
    rows: tuple[ExposureRow, ...]
    axis: str
    longs: str
    shorts: str
    amounts: Amounts
    note: str = ""
    kind: Literal["exposure"] = "exposure"


@dataclass(frozen=True, slots=True)
class ReachRow:
    """Distance of an account or pool; None with the reason in `words` (out of reach, unknown, no equity left).

    `beside` is what stands at the end of its bar: the words, and the zone where it is known.
    """

    name: str
    distance: float | None
    zone: Zone
    words: str
    beside: str


@dataclass(frozen=True, slots=True)
class ReachPicture:
    """Distances to liquidation, the nearest first. `axis` says what is measured, and where the bars are."""

    title: str
    subtitle: str
    rows: tuple[ReachRow, ...]
    axis: str = ""
    bars: tuple[Bar, ...] = ()
    note: str = ""
    kind: Literal["reach"] = "reach"


@dataclass(frozen=True, slots=True)
class HeatRow:
    """The risk ratio after each move of one asset; None = no equity left."""

    name: str
    ratios: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class HeatPicture:
    """Risk ratio by moved asset (rows) and move (columns, fractions).

    `axis` says what the columns are, each of which has its words; `legend` what a colour, `cells` what a figure means.
    """

    title: str
    subtitle: str
    moves: tuple[float, ...]
    rows: tuple[HeatRow, ...]
    columns: tuple[str, ...] = ()
    bars: tuple[Bar, ...] = ()
    legend: tuple[tuple[Zone, str], ...] = ()
    axis: str = ""
    cells: str = ""
    note: str = ""
    kind: Literal["heat"] = "heat"


Picture = HistoryPicture | ExposurePicture | ReachPicture | HeatPicture

PICTURE: Final[TypeAdapter[Picture]] = TypeAdapter(Picture)
"""Pictures to JSON and back; the only form in which they travel."""
