"""Zones: from an assessment to a level of alarm, with hysteresis and dwell. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Zone(StrEnum):
    """Ordered safe < watch < warning < danger < liquidation; `unknown` stands outside the order and is an alarm."""

    SAFE = "safe"
    WATCH = "watch"
    WARNING = "warning"
    DANGER = "danger"
    LIQUIDATION = "liquidation"
    UNKNOWN = "unknown"


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
