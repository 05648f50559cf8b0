"""The summary of a run, and the sentence that it comes to. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from guard.demo.recording import Done, Recording, Who
from guard.language.speech import ENGLISH

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one account. Money in USDT; `liquidated_s` in seconds since the story began, None = it lives.

    `highest_risk_ratio` is a fraction, 1 = liquidation.
    """

    final_equity: float
    lowest_equity: float
    highest_risk_ratio: float
    liquidated_s: float | None

    @property
    def liquidated(self) -> bool:
        """Whether it was liquidated."""
        return self.liquidated_s is not None


def fate_of(recording: Recording, who: Who) -> Fate:
    """What became of an account; the recording must hold a moment at least."""
    sights = recording.sights(who)
    last = sights[-1]
    highest = max((sight.risk_ratio for sight in sights if sight.risk_ratio is not None), default=0.0)
    return Fate(
        final_equity=last.equity,
        lowest_equity=min(sight.equity for sight in sights),
        highest_risk_ratio=highest if last.liquidated_s is None else max(1.0, highest),
        liquidated_s=None if last.liquidated_s is None else last.liquidated_s - recording.scene.begin_s,
    )


def percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that at least `share` of all are at or below; None of none."""
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def summary_of(recording: Recording, charts: Sequence[str]) -> Json:
    """The contract of `summary.json`, and some more."""
    latencies = [told.latency_ms for told in recording.told if told.latency_ms is not None]
    return {
        "scenario": recording.scene.name,
        "guarded": _account(recording, "guarded"),
        "unguarded": _account(recording, "unguarded"),
        "zones_seen": [zone.value for zone in recording.zones_seen()],
        "alerts": len(recording.told),
        "actions": [_action(done, recording) for done in recording.done],
        "alert_latency_ms": {"p50": _rounded(percentile(latencies, 0.5)), "p99": _rounded(percentile(latencies, 0.99))},
        "charts": list(charts),
        "story": sentence(recording),
        "time_scale": round(recording.speed, 3),
        "readings": len(recording.seen),
        "plain_alarms": recording.plain_alarms(),
        "blind_s": round(recording.blind_s(), 1),
        "protection_cost": round(recording.cost, 2),
        "told": [
            {
                "scene_s": round(told.scene_s - recording.scene.begin_s, 1),
                "rule": told.rule,
                "zone": told.zone.value,
                "text": told.text,
                "latency_ms": _rounded(told.latency_ms),
            }
            for told in recording.told
        ],
    }


def _account(recording: Recording, who: Who) -> Json:
    fate = fate_of(recording, who)
    return {
        "liquidated": fate.liquidated,
        "final_equity": round(fate.final_equity, 2),
        "lowest_equity": round(fate.lowest_equity, 2),
        "highest_risk_ratio": round(fate.highest_risk_ratio, 6),
        "liquidated_after_s": _rounded(fate.liquidated_s),
    }


def _action(done: Done, recording: Recording) -> Json:
    return {
        "at": done.at,
        "remedy": done.remedy,
        "symbol": done.symbol,
        "leg": done.leg,
        "contracts": done.contracts,
        "price": done.price,
        "state": done.state,
        "side": done.side,
        "scene_s": round(done.scene_s - recording.scene.begin_s, 1),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def sentence(recording: Recording) -> str:
    """The story in a sentence or two, from what happened and not from what should have."""
    guarded, unguarded = fate_of(recording, "guarded"), fate_of(recording, "unguarded")
    parts = [_ends(guarded, unguarded)]
    blind_s = recording.blind_s()
    if blind_s > 0:
        parts.append(
            f"For {ENGLISH.duration(blind_s)} the guard could not see the account: it said so and sent no order."
        )
    acted = [done.scene_s for done in recording.done if done.contracts > 0]
    if acted and unguarded.liquidated_s is not None and not guarded.liquidated:
        before_s = unguarded.liquidated_s - (acted[0] - recording.scene.begin_s)
        parts.append(f"The guard acted {ENGLISH.duration(before_s)} before the other account died.")
    if not acted and not unguarded.liquidated:
        rings = f"A plain threshold alarm would have rung {recording.plain_alarms()} times"
        parts.append(f"{rings}, the guard wrote {len(recording.told)} messages.")
    return " ".join(parts)


def _ends(guarded: Fate, unguarded: Fate) -> str:
    def end(name: str, fate: Fate) -> str:
        left = f"{fate.final_equity:,.0f} USDT"
        if fate.liquidated_s is None:
            return f"the {name} account lives with {left}"
        return f"the {name} account was liquidated after {ENGLISH.duration(fate.liquidated_s)} ({left} left)"

    text = f"{end('unguarded', unguarded)}; {end('guarded', guarded)}."
    return text[0].upper() + text[1:]
