"""Zones: from an assessment to a level of alarm, with hysteresis and dwell. Pure.

Owns the bars and the machine. One sentence: a zone is entered at once when **any** of its bars is reached, and left
only when **all** of its bars have been cleared by the exit buffer for the dwell; data that cannot be believed may
raise a zone, never lower it, and turns it `unknown` when it lasts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from guard.risk.quality import DataQuality, Quality
from guard.risk.report import AccountRisk


class Zone(StrEnum):
    """Ordered safe < watch < warning < danger < liquidation; `unknown` stands outside the order and is an alarm."""

    SAFE = "safe"
    WATCH = "watch"
    WARNING = "warning"
    DANGER = "danger"
    LIQUIDATION = "liquidation"
    UNKNOWN = "unknown"


LADDER: Final = (Zone.SAFE, Zone.WATCH, Zone.WARNING, Zone.DANGER, Zone.LIQUIDATION)
"""The ordered zones, from best to worst."""

BLIND: Final = frozenset({Quality.STALE, Quality.TORN, Quality.INCOMPLETE, Quality.MISSING})
"""Qualities that count as not seeing the account."""

NO_EQUITY: Final = "equity is at or below 0 with positions open"


def severity(zone: Zone) -> int:
    """Place of a zone on the ladder, 0 = safe.

    Raises:
        ValueError: `unknown` has no place.
    """
    return LADDER.index(zone)


@dataclass(frozen=True, slots=True)
class ZoneBars:
    """Bars of one zone, as fractions; None = the zone has no such bar.

    Reached when risk_ratio is at or above, distance to liquidation at or below, margin_level at or below its bar.
    """

    risk_ratio: float | None = None
    distance: float | None = None
    margin_level: float | None = None


@dataclass(frozen=True, slots=True)
class ZonePolicy:
    """Bars of every zone but `safe`, and how a zone is left.

    A bar is cleared when it is passed by `exit_buffer` of itself; a zone is left after `dwell_cycles` consecutive
    cycles with all bars cleared, and is `unknown` after `blind_cycles` consecutive cycles without believable data.
    """

    watch: ZoneBars = ZoneBars(risk_ratio=0.30, distance=0.15)
    warning: ZoneBars = ZoneBars(risk_ratio=0.50, distance=0.08, margin_level=0.50)
    danger: ZoneBars = ZoneBars(risk_ratio=0.75, distance=0.04, margin_level=0.20)
    liquidation: ZoneBars = ZoneBars(risk_ratio=0.95, distance=0.005)
    exit_buffer: float = 0.1
    dwell_cycles: int = 2
    blind_cycles: int = 2

    def bars(self, zone: Zone) -> ZoneBars:
        """Bars of an ordered zone; those of `safe` are none."""
        table = {
            Zone.WATCH: self.watch,
            Zone.WARNING: self.warning,
            Zone.DANGER: self.danger,
            Zone.LIQUIDATION: self.liquidation,
        }
        return table.get(zone, ZoneBars())


@dataclass(frozen=True, slots=True)
class ZoneState:
    """What the zone machine remembers between cycles.

    `zone` is the shown zone. `last_known` is the last zone other than unknown (what is left when data returns).
    `clear_cycles` counts consecutive cycles in which all bars of `last_known` were cleared by the exit buffer.
    `blind_cycles` counts consecutive cycles without believable data.
    """

    zone: Zone = Zone.SAFE
    last_known: Zone = Zone.SAFE
    clear_cycles: int = 0
    blind_cycles: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Reached:
    """A bar that is reached (with the exit buffer: not cleared). `depth` >= 1 says by how much."""

    text: str
    depth: float


def percent(fraction: float) -> str:
    """A fraction as text: `7.7 %`, `0.05 %`."""
    value = 100.0 * fraction
    digits = 1 if abs(value) >= 1.0 or value == 0.0 else 2
    text = f"{value:.{digits}f}"
    return f"{text.rstrip('0').rstrip('.')} %"


def _reached(risk: AccountRisk, bars: ZoneBars, buffer: float) -> list[_Reached]:
    """Bars that are reached; with a `buffer` above 0, bars that are not yet cleared by it."""
    found: list[_Reached] = []
    above, below = ("at or above", "at or below") if buffer == 0.0 else (f"not {percent(buffer)} clear of",) * 2
    ratio, bar = risk.risk_ratio, bars.risk_ratio
    if ratio is not None and bar is not None and _at_or_above(ratio, bar, buffer):
        found.append(_Reached(f"risk_ratio {percent(ratio)} is {above} {percent(bar)}", _depth(ratio, bar)))
    for name, value, low in (
        ("distance to liquidation", risk.distance, bars.distance),
        ("margin_level", risk.margin_level, bars.margin_level),
    ):
        if value is not None and low is not None and _at_or_below(value, low, buffer):
            found.append(_Reached(f"{name} {percent(value)} is {below} {percent(low)}", _depth(low, value)))
    return found


def _at_or_above(value: float, bar: float, buffer: float) -> bool:
    return value > bar * (1.0 - buffer) if buffer > 0.0 else value >= bar


def _at_or_below(value: float, bar: float, buffer: float) -> bool:
    return value < bar * (1.0 + buffer) if buffer > 0.0 else value <= bar


def _depth(more: float, less: float) -> float:
    """How far a bar is passed: the quotient, or a very large number where it would divide by nothing."""
    return more / less if less > 1e-9 else 1e9


def _worst(risk: AccountRisk, policy: ZonePolicy, buffer: float) -> tuple[Zone, str]:
    """The worst zone that has a bar reached, and the bar that is passed furthest."""
    if risk.risk_ratio is None:
        return Zone.LIQUIDATION, NO_EQUITY
    for zone in reversed(LADDER[1:]):
        reached = _reached(risk, policy.bars(zone), buffer)
        if reached:
            return zone, max(reached, key=lambda bar: bar.depth).text
    return Zone.SAFE, "no bar is reached"


def entered_zone(risk: AccountRisk, policy: ZonePolicy) -> tuple[Zone, str]:
    """The zone that a book without history is in, and the bar that put it there.

    Comparisons are inclusive; the worst zone wins. Equity at or below 0 with positions is `liquidation`.
    """
    return _worst(risk, policy, 0.0)


def step_zone(
    state: ZoneState,
    risk: AccountRisk | None,
    quality: DataQuality,
    policy: ZonePolicy,
    *,
    certain: bool = False,
) -> ZoneState:
    """One cycle of the zone machine.

    | data | effect |
    | --- | --- |
    | FRESH | enters a worse zone at once; leaves after the dwell |
    | DISPUTED | enters a worse zone at once; never leaves |
    | STALE, TORN, INCOMPLETE, MISSING | may enter a worse zone; never leaves; counts as blind |

    Args:
        state: what the last cycle left.
        risk: the assessment, None when there is none. For DISPUTED data the worse of ours and the venue's.
        quality: how far it may be believed.
        policy: bars, buffer, dwell, patience.
        certain: there will be no data without someone's help (a rejected key): `unknown` at once.

    Returns:
        The new state with its reason.
    """
    if risk is None or quality.quality in BLIND:
        return _step_blind(state, risk, quality, policy, certain=certain)
    entered, reason = entered_zone(risk, policy)
    current = state.last_known
    if severity(entered) > severity(current):
        return _known(entered, reason)
    if quality.quality is not Quality.FRESH:
        return _known(current, reason if entered is current else f"held at {current}: {_why(quality)}")
    return _step_down(state, risk, policy, (entered, reason))


def _step_down(state: ZoneState, risk: AccountRisk, policy: ZonePolicy, entered: tuple[Zone, str]) -> ZoneState:
    """Fresh data that is no worse than the current zone: stay, count, or leave."""
    current = state.last_known
    if entered[0] is current:
        return _known(*entered)
    holding, reason = _worst(risk, policy, policy.exit_buffer)
    if severity(holding) >= severity(current):
        return _known(current, reason)
    clear = state.clear_cycles + 1
    if clear < policy.dwell_cycles:
        return ZoneState(current, current, clear, 0, f"all bars cleared for {clear} of {policy.dwell_cycles} cycles")
    return _known(holding, reason)


def _step_blind(
    state: ZoneState, risk: AccountRisk | None, quality: DataQuality, policy: ZonePolicy, *, certain: bool
) -> ZoneState:
    """No believable data: raise if even that is bad, and turn unknown when it lasts."""
    last, reason = state.last_known, f"{state.last_known} as last known: {_why(quality)}"
    if risk is not None:
        entered, bar = entered_zone(risk, policy)
        if severity(entered) > severity(last):
            last, reason = entered, bar
    blind = state.blind_cycles + 1
    if certain or blind >= policy.blind_cycles or state.zone is Zone.UNKNOWN:
        return ZoneState(Zone.UNKNOWN, last, 0, blind, f"{_why(quality)} (last known: {last})")
    return ZoneState(last, last, 0, blind, reason)


def _known(zone: Zone, reason: str) -> ZoneState:
    return ZoneState(zone, zone, 0, 0, reason)


def _why(quality: DataQuality) -> str:
    """The reasons of a quality in one line."""
    return "; ".join(quality.reasons) or f"data is {quality.quality}"
