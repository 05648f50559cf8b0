"""The one message of an account in a chat that is edited in place: what it says, and when an edit is due. Pure.

It never replaces an alert: it makes no sound, and is sent after everything else.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from guard.alerts.markup import bold, safe
from guard.alerts.render import ZONE_MARKS, KnownLevels, no_distance_word, risk_ratio_word
from guard.alerts.worst import worst_pool
from guard.language.speech import Speech
from guard.language.words import zone_word
from guard.ports.alerting import LiveMessage
from guard.ports.records import Reading
from guard.risk.zones import Zone

ALARM_EVERY: Final = timedelta(seconds=15)
CALM_EVERY: Final = timedelta(minutes=5)
STAMP_EVERY: Final = timedelta(minutes=30)
"""Figures that do not change at all still get a new time: an old one would look like a guard that has died."""

_CALM: Final = frozenset({Zone.SAFE, Zone.WATCH})


@dataclass(frozen=True, slots=True)
class LiveText:
    """What the message says. `shown` names everything in it but the time of its data: `<zone>|<hash>`."""

    html: str
    shown: str


def render_live(speech: Speech, reading: Reading, known: KnownLevels | None, since: datetime | None) -> LiveText:
    """The status in a few lines.

    Args:
        speech: how the reader reads.
        reading: the last one.
        known: the last figures, for when this reading has none.
        since: since when the account is in its zone; None = not known.
    """
    zone = reading.zone
    lines = [f"📌 {ZONE_MARKS[zone]} <b>{zone_word(speech, zone).upper()}</b> · {bold(reading.account)}"]
    risk = reading.risk
    if risk is None:
        lines.append(speech.text("Not seen: {why}", why=safe(speech.sentence(reading.reason or reading.error or ""))))
        if known is not None:
            ratio = speech.text("unknown") if known.risk_ratio is None else speech.percent(known.risk_ratio)
            far = speech.text("unknown") if known.distance is None else speech.percent(known.distance)
            lines.append(_levels(speech, ratio, far))
    else:
        far = no_distance_word(speech, risk) if risk.distance is None else speech.percent(risk.distance)
        lines.append(_levels(speech, risk_ratio_word(speech, risk), far))
        pool = worst_pool(risk)
        if pool is not None:
            lines.append(speech.text("Equity {money}", money=speech.money(pool.equity, safe(pool.currency))))
    if since is not None:
        lines.append(speech.text("In this zone since {when}", when=speech.moment(since)))
    body = "\n".join(lines)
    seen_at = reading.at - timedelta(seconds=reading.quality.age_s) if risk is not None else known and known.at
    stamp = speech.text("Data of {when}", when=speech.moment(seen_at)) if seen_at else ""
    digest = hashlib.blake2s(body.encode(), digest_size=16).hexdigest()
    return LiveText(f"{body}\n{stamp}".rstrip(), f"{zone.value}|{digest}")


def _levels(speech: Speech, ratio: str, far: str) -> str:
    return speech.text("Risk ratio {ratio} · distance {distance}", ratio=ratio, distance=far)


def edit_due(live: LiveMessage, text: LiveText, zone: Zone) -> datetime:
    """When the message that stands is to be replaced by this text."""
    return live.edited_at + STAMP_EVERY if live.shown == text.shown else edit_possible(live, zone)


def edit_possible(live: LiveMessage, zone: Zone) -> datetime:
    """Before when no text is worth an edit, whatever it says: until then none need be written."""
    same_zone = live.shown.partition("|")[0] == zone.value
    return live.edited_at + (CALM_EVERY if same_zone and zone in _CALM else ALARM_EVERY)
