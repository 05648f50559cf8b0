"""That the guard watches, said when nothing happens: once a day, and after it was away. Pure.

Silence has two meanings, all is well or nobody looks; these messages tell them apart for a person, as the heartbeat
does for a machine.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from guard.alerts.announce import Render, Texts, one_of_each
from guard.alerts.markup import bold
from guard.alerts.render import ZONE_MARKS
from guard.alerts.second import reached
from guard.language.speech import Speech
from guard.language.words import zone_word
from guard.ports.clock import Ids
from guard.ports.history import Level
from guard.ports.recipients import Recipient
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


def render_daily(speech: Speech, days: Sequence[AccountDay], undelivered: int, at: datetime) -> str:
    """The daily line of one owner: each account in one line, and what did not arrive.

    Args:
        speech: how the reader reads.
        days: the owner's accounts.
        undelivered: messages of the last day that wait or were given up.
        at: now.
    """
    zones = [day.zone or Zone.UNKNOWN for day in days] or [Zone.UNKNOWN]
    worst = Zone.UNKNOWN if Zone.UNKNOWN in zones else max(zones, key=severity)
    count = speech.plural("{count} account", "{count} accounts", len(days))
    head = f"{ZONE_MARKS[worst]} <b>{speech.text('Still watching')}</b> · {count}"
    lines = [head, *(_day_line(speech, day) for day in days)]
    if undelivered:
        lines.append("⚠️ " + speech.text("Messages not delivered in 24 h: {count}", count=undelivered))
    return "\n".join([*lines, speech.moment(at)])


def _day_line(speech: Speech, day: AccountDay) -> str:
    """`alice: safe · risk ratio 41.5 % (24 h: up to 52.0 %) · distance 12.0 % (24 h: down to 7.7 %)`."""
    parts = [speech.text("not read yet") if day.zone is None else zone_word(speech, day.zone)]
    if day.risk_ratio is not None or day.worst_ratio is not None:
        ratio = speech.text("risk ratio {figure}", figure=_known(speech, day.risk_ratio))
        most = day.worst_ratio
        up_to = "" if most is None else " " + speech.text("(24 h: up to {figure})", figure=speech.percent(most))
        parts.append(ratio + up_to)
    if day.distance is not None or day.least_distance is not None:
        distance = speech.text("distance {figure}", figure=_known(speech, day.distance))
        least = day.least_distance
        down = "" if least is None else " " + speech.text("(24 h: down to {figure})", figure=speech.percent(least))
        parts.append(distance + down)
    if day.unseen_s > 0:
        parts.append(speech.text("without data {hours} h of 24 h", hours=speech.number(day.unseen_s / 3600, 1)))
    return f"{bold(day.account)}: {' · '.join(parts)}"


def _known(speech: Speech, figure: float | None) -> str:
    return speech.text("unknown") if figure is None else speech.percent(figure)


def render_away(speech: Speech, days: Sequence[AccountDay], last: datetime, now: datetime) -> str:
    """That the guard did not watch for a while, and where the owner's accounts stood before.

    Args:
        speech: how the reader reads.
        days: the owner's accounts as they were last known.
        last: when any account was last read.
        now: since when the guard watches again.
    """
    away = speech.text("The guard was away")
    span = speech.text(
        "from {start} to {end} ({length})",
        start=speech.moment(last),
        end=speech.moment(now),
        length=speech.duration((now - last).total_seconds()),
    )
    return "\n".join(
        [
            f"💤 <b>{away}</b> {span}",
            speech.text("What happened in between was not watched. All accounts are read now; what changed is told."),
            *(speech.text("Before: {state}", state=_before_line(speech, day)) for day in days),
        ]
    )


def _before_line(speech: Speech, day: AccountDay) -> str:
    if day.zone is None:
        return f"{bold(day.account)}: {speech.text('not read yet')}"
    parts = [zone_word(speech, day.zone)]
    if day.risk_ratio is not None:
        parts.append(speech.text("risk ratio {figure}", figure=speech.percent(day.risk_ratio)))
    if day.distance is not None:
        parts.append(speech.text("distance {figure}", figure=speech.percent(day.distance)))
    return f"{bold(day.account)}: {', '.join(parts)}"


def daily_messages(
    owner: str, day: date, render: Render, recipients: Sequence[Recipient], at: datetime, ids: Ids
) -> list[OutboxMessage]:
    """The daily line, one for each destination; written twice for the same day, it is sent once, without a sound."""
    return _messages(f"daily|{owner}|{day.isoformat()}", render, QUIET_PRIORITY, recipients, at, ids)


def away_messages(
    owner: str, last: datetime, render: Render, recipients: Sequence[Recipient], at: datetime, ids: Ids
) -> list[OutboxMessage]:
    """The absence that began at `last`, one for each destination; however often it is found, it is told once."""
    return _messages(f"away|{owner}|{last.isoformat()}", render, AWAY_PRIORITY, recipients, at, ids)


def _messages(
    event: str, render: Render, priority: int, recipients: Sequence[Recipient], at: datetime, ids: Ids
) -> list[OutboxMessage]:
    texts = Texts(render)
    return [
        OutboxMessage(
            message_id=ids.new("message"),
            dedupe_key=f"{event}|{recipient.destination}",
            destination=recipient.destination,
            html=texts.of(recipient),
            created_at=at,
            priority=priority,
        )
        for recipient in one_of_each(reached(recipients, grave=False))
    ]
