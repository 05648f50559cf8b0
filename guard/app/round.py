"""What a fully good round is: everything that must be so before anybody is told that the guard watches. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from guard.app.health import overdue_s
from guard.app.settings import Schedule
from guard.app.watch import Watch
from guard.web.health import Health


def round_problems(health: Health, watches: Sequence[Watch], schedule: Schedule, now: datetime) -> tuple[str, ...]:
    """Why the last round was not good; empty = it was.

    Good is what `/healthz` calls ok (every account read in time and not blind, every reading recorded, the outbox not
    stuck, the store and Telegram answering), and figures for every account that are no older than its cadence allows:
    an account that is read in time, but only ever without figures, is not watched.

    Args:
        health: the state of the service.
        watches: the watched accounts.
        schedule: how often they are read.
        now: the time.
    """
    return health.problems + tuple(
        problem for watch in watches if (problem := _figures_missing(watch, schedule, now)) is not None
    )


def _figures_missing(watch: Watch, schedule: Schedule, now: datetime) -> str | None:
    name, last, good = watch.record.name, watch.last, watch.last_good
    if good is None or last is None:
        return f"{name}: no figures yet"
    age_s = (now - good.at).total_seconds()
    return None if age_s <= overdue_s(last.zone, schedule) else f"{name}: the last figures are {age_s:.0f} s old"
