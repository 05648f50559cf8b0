"""What is told of an account's past: levels over time, and the best and the worst of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from guard.ports.records import AlertRecord, IntentRecord, Snapshot, ZoneChange


class Level(NamedTuple):
    """A snapshot reduced to what is drawn of it: a week may hold 200,000. `at_s` in Unix seconds.

    Otherwise as in `guard.ports.records.Snapshot`; `zone` and `quality` are the words.
    """

    at_s: float
    zone: str
    quality: str
    currency: str | None
    equity: float | None
    risk_ratio: float | None
    distance: float | None


def level_of(snapshot: Snapshot) -> Level:
    """A snapshot as a level."""
    return Level(
        snapshot.at.timestamp(),
        snapshot.zone.value,
        snapshot.quality,
        snapshot.currency,
        snapshot.equity,
        snapshot.risk_ratio,
        snapshot.distance,
    )


@dataclass(frozen=True, slots=True)
class Extreme:
    """A figure and when it was. For a risk ratio, `value` None means that there was no equity left."""

    value: float | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Extremes:
    """The worst and the best of a time; None where no believable figure was read.

    `equity_*` are of the pool in `currency`; of readings in which another pool was the worst one, `other_pools` tells
    the currencies. `blind_s` is for how long nothing believable was known.
    """

    readings: int
    first_at: datetime | None
    blind_s: float
    worst_ratio: Extreme | None = None
    best_ratio: Extreme | None = None
    nearest: Extreme | None = None
    currency: str = ""
    lowest_equity: Extreme | None = None
    highest_equity: Extreme | None = None
    other_pools: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AccountHistory:
    """What became of an account since a time: flips, alerts and actions, oldest first, and the extremes."""

    account: str
    since: datetime
    until: datetime
    changes: tuple[ZoneChange, ...]
    alerts: tuple[AlertRecord, ...]
    intents: tuple[IntentRecord, ...]
    extremes: Extremes
