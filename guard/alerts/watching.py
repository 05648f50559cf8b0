"""That the guard watches, said when nothing happens: once a day, and after it was away. Pure, English.

Silence has two meanings, all is well or nobody looks; these messages tell them apart for a person, as the heartbeat
does for a machine.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from guard.alerts.announce import CONSOLE
from guard.alerts.figures import duration, percent, utc_time
from guard.alerts.markup import bold, safe
from guard.alerts.render import ZONE_MARKS
from guard.alerts.second import reached
from guard.ports.clock import Ids
from guard.ports.history import Level
from guard.ports.records import QUIET_PRIORITY, OutboxMessage
from guard.risk.quality import Quality
from guard.risk.zones import Zone, severity

AWAY_PRIORITY: Final = 25
"""Between a warning (30) and a watch (20): worth a sound, no alarm."""

_BELIEVED: Final = frozenset({Quality.FRESH.value, Quality.DISPUTED.value})


@dataclass(frozen=True, slots=True)
class AccountDay:
    """An account now and in the last day. Fractions as in `guard.ports.records.Snapshot`; `zone` None = never read.

    `worst_ratio` is the highest risk_ratio and `least_distance` the smallest distance of the day, None = none was
    known; `unseen_s` is how long there was no believable reading.
    """

    account: str
    zone: Zone | None
    risk_ratio: float | None
    distance: float | None
    worst_ratio: float | None
    least_distance: float | None
    unseen_s: float


def unseen_s(levels: Sequence[Level], since: datetime, until: datetime, pause_s: float) -> float:
    """Seconds of a time without believable readings.

    Args:
        levels: readings of that time, oldest first.
        since: its beginning.
        until: its end.
        pause_s: pauses between two readings up to this long are none.
    """
    seen = [level.at_s for level in levels if level.quality in _BELIEVED]
    moments = [since.timestamp(), *seen, until.timestamp()]
    pauses = (after - before for before, after in itertools.pairwise(moments))
    return sum(pause for pause in pauses if pause > pause_s)


def worst_of(levels: Iterable[Level]) -> tuple[float | None, float | None]:
    """The highest risk_ratio and the smallest distance that were known; None where none was."""
    known = list(levels)
    ratios = (level.risk_ratio for level in known if level.risk_ratio is not None)
    distances = (level.distance for level in known if level.distance is not None)
    return max(ratios, default=None), min(distances, default=None)


def render_daily(days: Sequence[AccountDay], undelivered: int, at: datetime) -> str:
    """The daily line of one owner: each account in one line, and what did not arrive.

    Args:
        days: the owner's accounts.
        undelivered: messages of the last day that wait or were given up.
        at: now.
    """
    zones = [day.zone or Zone.UNKNOWN for day in days] or [Zone.UNKNOWN]
    worst = Zone.UNKNOWN if Zone.UNKNOWN in zones else max(zones, key=severity)
    count = f"{len(days)} account{'s' * (len(days) != 1)}"
    lines = [f"{ZONE_MARKS[worst]} <b>Still watching</b> · {count}", *(_day_line(day) for day in days)]
    if undelivered:
        lines.append(f"⚠️ Messages not delivered in 24 h: {undelivered}")
    return "\n".join([*lines, utc_time(at)])


def _day_line(day: AccountDay) -> str:
    """`alice: safe · risk ratio 41.5 % (24 h: up to 52.0 %) · distance 12.0 % (24 h: down to 7.7 %)`."""
    parts = ["not read yet" if day.zone is None else day.zone.value]
    parts += _figure("risk ratio", day.risk_ratio, "up to", day.worst_ratio)
    parts += _figure("distance", day.distance, "down to", day.least_distance)
    if day.unseen_s > 0:
        parts.append(f"without data {day.unseen_s / 3600:.1f} h of 24 h")
    return f"{bold(day.account)}: {' · '.join(parts)}"


def _figure(name: str, now: float | None, word: str, extreme: float | None) -> list[str]:
    if now is None and extreme is None:
        return []
    shown = "unknown" if now is None else percent(now)
    return [f"{name} {shown}" + (f" (24 h: {word} {percent(extreme)})" if extreme is not None else "")]


def render_away(days: Sequence[AccountDay], last: datetime, now: datetime) -> str:
    """That the guard did not watch for a while, and where the owner's accounts stood before.

    Args:
        days: the owner's accounts as they were last known.
        last: when any account was last read.
        now: since when the guard watches again.
    """
    ago = duration((now - last).total_seconds())
    return "\n".join(
        [
            f"💤 <b>The guard was away</b> from {utc_time(last)} to {utc_time(now)} ({ago})",
            "What happened in between was not watched. All accounts are read now; what changed is told.",
            *(f"Before: {_before_line(day)}" for day in days),
        ]
    )


def _before_line(day: AccountDay) -> str:
    if day.zone is None:
        return f"{bold(day.account)}: not read yet"
    ratio = "" if day.risk_ratio is None else f", risk ratio {percent(day.risk_ratio)}"
    distance = "" if day.distance is None else f", distance {percent(day.distance)}"
    return f"{bold(day.account)}: {safe(day.zone.value)}{ratio}{distance}"


def daily_messages(
    owner: str, day: date, html: str, recipients: Sequence[str], at: datetime, ids: Ids
) -> list[OutboxMessage]:
    """The daily line, one for each destination; written twice for the same day, it is sent once, without a sound."""
    return _messages(f"daily|{owner}|{day.isoformat()}", html, QUIET_PRIORITY, recipients, at, ids)


def away_messages(
    owner: str, last: datetime, html: str, recipients: Sequence[str], at: datetime, ids: Ids
) -> list[OutboxMessage]:
    """The absence that began at `last`, one for each destination; however often it is found, it is told once."""
    return _messages(f"away|{owner}|{last.isoformat()}", html, AWAY_PRIORITY, recipients, at, ids)


def _messages(
    event: str, html: str, priority: int, recipients: Sequence[str], at: datetime, ids: Ids
) -> list[OutboxMessage]:
    return [
        OutboxMessage(
            message_id=ids.new("message"),
            dedupe_key=f"{event}|{destination}",
            destination=destination,
            html=html,
            created_at=at,
            priority=priority,
        )
        for destination in dict.fromkeys(reached(recipients, grave=False) or (CONSOLE,))
    ]
