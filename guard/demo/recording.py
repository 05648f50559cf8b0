"""What happened, on the scene's time: what is really so, what the guard saw, said and did. Values only."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Literal

from guard.demo.scenes import Scene
from guard.demo.stage import Moment, Sight
from guard.risk.zones import Zone

Who = Literal["guarded", "unguarded"]


@dataclass(frozen=True, slots=True)
class Seen:
    """One reading of the guard at a scenario second."""

    scene_s: float
    zone: Zone


@dataclass(frozen=True, slots=True)
class Told:
    """One alert: its first line, when it was decided (scenario second), and how long it took to the chat service.

    `latency_ms` is None where the message has not arrived, or answers no reading (what protection did).
    """

    scene_s: float
    zone: Zone
    rule: str
    text: str
    latency_ms: float | None


@dataclass(frozen=True, slots=True)
class Done:
    """One order of the guard. Price in quote units, None when nothing filled."""

    scene_s: float
    at: str
    remedy: str
    symbol: str
    leg: str
    side: str
    contracts: float
    price: float | None
    state: str

    @property
    def base(self) -> str:
        """What was traded: `BTC` of `BTC/USDT:USDT`."""
        return self.symbol.partition("/")[0]


@dataclass(slots=True)
class Recording:
    """Everything of one run, in the order in which it happened. `cost` is that of protection, in USDT."""

    scene: Scene
    speed: float
    moments: list[Moment] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    done: list[Done] = field(default_factory=list)
    cost: float = 0.0

    def sights(self, who: Who) -> list[Sight]:
        """One account at every moment."""
        return [moment.guarded if who == "guarded" else moment.unguarded for moment in self.moments]

    def zones_seen(self) -> list[Zone]:
        """Every zone that the guard was in, in the order of first entry."""
        return list(dict.fromkeys(seen.zone for seen in self.seen))

    def zone_spans(self) -> list[tuple[float, float, Zone]]:
        """From when to when (scenario seconds) the guard was in which zone; without gaps, to the last moment."""
        if not self.seen:
            return []
        changes = [(group[0].scene_s, zone) for zone, group in _runs(self.seen)]
        ends = [start for start, _ in changes[1:]] + [self.moments[-1].scene_s if self.moments else 0.0]
        return [(start, max(start, end), zone) for (start, zone), end in zip(changes, ends, strict=True)]

    def blind_s(self) -> float:
        """For how many scenario seconds the guard did not see the account."""
        return sum(end - start for start, end, zone in self.zone_spans() if zone is Zone.UNKNOWN)

    def plain_alarms(self) -> int:
        """How often an alarm without hysteresis would have rung: changes of the zone whose bars are reached."""
        zones = [sight.zone for sight in self.sights("unguarded") if sight.liquidated_s is None]
        return sum(before is not after for before, after in itertools.pairwise(zones))


def _runs(seen: list[Seen]) -> list[tuple[Zone, list[Seen]]]:
    return [(zone, list(group)) for zone, group in itertools.groupby(seen, key=lambda each: each.zone)]
