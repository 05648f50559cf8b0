"""Made-up runs: what a demonstration records, without playing it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from guard.demo.recording import Done, Recording, Seen, Told
from guard.demo.scenes import SCENES
from guard.demo.stage import Moment, Sight
from guard.risk.zones import Zone

MakeRecording = Callable[..., Recording]


def sight(equity: float, risk_ratio: float | None = 0.1, zone: Zone = Zone.SAFE, died_s: float | None = None) -> Sight:
    """An account at a moment."""
    return Sight(equity=equity, risk_ratio=risk_ratio, distance=0.2, zone=zone, liquidated_s=died_s)


def order(scene_s: float, contracts: float = 2.0, base: str = "BTC") -> Done:
    """An order of the guard."""
    return Done(
        scene_s=scene_s,
        at="2026-01-02T03:04:05+00:00",
        remedy="reduce",
        symbol=f"{base}/USDT:USDT",
        leg="long",
        side="sell",
        contracts=contracts,
        price=40_000.0 if contracts else None,
        state="verified" if contracts else "failed",
    )


def alert(scene_s: float, zone: Zone, latency_ms: float | None = 10.0, rule: str = "zone") -> Told:
    """A message of the guard."""
    return Told(scene_s, zone, rule, f"{zone.upper()} · guarded", latency_ms)


@pytest.fixture
def saved() -> Recording:
    """A crash: the unguarded account dies, the guarded one acts before and lives. One moment every 100 s from 1650."""
    recording = Recording(SCENES["flash-crash"], speed=100.0)
    begin = recording.scene.begin_s
    for step in range(11):
        at = begin + step * 100.0
        dead = begin + 700.0 if step >= 7 else None
        marks = dict.fromkeys(recording.scene.symbols, 100.0 - 3 * step)
        lives = sight(500_000 - 30_000.0 * step, 0.1 + 0.05 * min(step, 5))
        other = sight(5_000.0 if dead else 500_000 - 60_000.0 * step, None if dead else 0.1 + 0.1 * step, died_s=dead)
        recording.moments.append(Moment(at, marks, lives, other))
    zones = [Zone.SAFE, Zone.SAFE, Zone.WATCH, Zone.WARNING, Zone.DANGER, Zone.DANGER, *[Zone.SAFE] * 5]
    recording.seen = [Seen(begin + step * 100.0 + 10, zone) for step, zone in enumerate(zones)]
    recording.told = [
        alert(begin + 210, Zone.WATCH, 10.0),
        alert(begin + 310, Zone.WARNING, 30.0),
        alert(begin + 410, Zone.DANGER, 20.0),
        alert(begin + 520, Zone.DANGER, None, "protection"),
        alert(begin + 610, Zone.SAFE, 40.0),
    ]
    recording.done = [order(begin + 500.0), order(begin + 505.0, 3.0, "ETH"), order(begin + 506.0, 0.0)]
    recording.cost = 123.456
    return recording


@pytest.fixture
def flapped() -> Callable[[Sequence[Zone]], Recording]:
    """A run in which nobody dies and the bars that are reached are these, one moment after the other."""

    def make(zones: Sequence[Zone]) -> Recording:
        recording = Recording(SCENES["flapping"], speed=100.0)
        begin = recording.scene.begin_s
        for step, zone in enumerate(zones):
            marks = dict.fromkeys(recording.scene.symbols, 100.0 + step)
            moment = Moment(begin + step * 10.0, marks, sight(500_000, zone=zone), sight(500_000, zone=zone))
            recording.moments.append(moment)
            recording.seen.append(Seen(begin + step * 10.0, zone))
        return recording

    return make
