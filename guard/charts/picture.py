"""Pictures as values: everything that is drawn, decided and in plain numbers. What a drawing process is given.

Times are Unix seconds, ratios and distances fractions. A `None` in a line is a gap: nothing is known there, and nothing
is drawn. JSON carries every one of them unchanged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from pydantic import TypeAdapter

from guard.risk.zones import Zone

Span = tuple[float, float, Zone]
"""From, to, and the zone between."""

MarkKind = Literal["alert", "acted", "held"]
"""A message; an action; an action that was refused, failed, or only tried out."""


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
class HistoryPicture:
    """Zones, risk ratio, distance and equity over time. Bars are in the order of the ladder."""

    title: str
    subtitle: str
    start_s: float
    end_s: float
    zones: tuple[Span, ...]
    blind: tuple[tuple[float, float], ...]
    ratio: Line
    distance: Line
    equity: Line
    currency: str
    ratio_bars: tuple[Bar, ...] = ()
    distance_bars: tuple[Bar, ...] = ()
    marks: tuple[Mark, ...] = ()
    note: str = ""
    kind: Literal["history"] = "history"


@dataclass(frozen=True, slots=True)
class ExposureRow:
    """Net of a symbol, signed (long positive), and its longs and shorts where both are held. Money in `currency`."""

    symbol: str
    net: float
    longs: float
    shorts: float


@dataclass(frozen=True, slots=True)
class ExposurePicture:
    """Signed notional by symbol, the largest first."""

    title: str
    subtitle: str
    currency: str
    rows: tuple[ExposureRow, ...]
    note: str = ""
    kind: Literal["exposure"] = "exposure"


@dataclass(frozen=True, slots=True)
class ReachRow:
    """Distance of an account or pool; None with the reason in `words` (out of reach, unknown, no equity left)."""

    name: str
    distance: float | None
    zone: Zone
    words: str


@dataclass(frozen=True, slots=True)
class ReachPicture:
    """Distances to liquidation, the nearest first."""

    title: str
    subtitle: str
    rows: tuple[ReachRow, ...]
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
    """Risk ratio by moved asset (rows) and move (columns, fractions)."""

    title: str
    subtitle: str
    moves: tuple[float, ...]
    rows: tuple[HeatRow, ...]
    bars: tuple[Bar, ...] = ()
    note: str = ""
    kind: Literal["heat"] = "heat"


Picture = HistoryPicture | ExposurePicture | ReachPicture | HeatPicture

PICTURE: Final[TypeAdapter[Picture]] = TypeAdapter(Picture)
"""Pictures to JSON and back; the only form in which they travel."""
