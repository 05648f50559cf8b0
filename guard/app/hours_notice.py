"""Told once that hours of own volatility call for nothing, and once that they do again: no protection ends unheard.

A new leg begins a book that has no history. Whoever relies on `act_at_hours` must hear that it does not count for a
day, and what decides meanwhile.
"""

from __future__ import annotations

import math

from guard.alerts.announce import Announcement
from guard.alerts.notices import protection_notice
from guard.app.cycle import Recipients
from guard.app.decision import NOTHING
from guard.app.watch import Watch
from guard.ports.clock import Ids
from guard.ports.records import Reading
from guard.risk.own_volatility import LEAST_H, PoolHours


async def hours_notice(watch: Watch, reading: Reading, recipients: Recipients, ids: Ids) -> Announcement:
    """What is to be told of it at a reading; nothing where nobody counts on hours, or that was told."""
    bar, own = watch.protect.act_at_hours, reading.own_hours
    if bar is None or own is None or watch.record.mode == "observe":
        return NOTHING.announcement
    unknown = own.unknown
    if watch.hours_told is (unknown is None):
        return NOTHING.announcement
    watch.hours_told = unknown is None
    name = watch.record.name
    text = hours_known_text(name, bar) if unknown is None else hours_unknown_text(name, unknown)
    key, to = f"hours:{reading.at.isoformat()}", await recipients(watch)
    return protection_notice(reading.account_id, key, text, reading.zone, reading.at, to, ids)


def is_blind_for_hours(watch: Watch, reading: Reading) -> bool:
    """Whether hours of own volatility matter and are not known: a hedge that is new may be why, and stays."""
    return watch.protect.counts_hours and (reading.own_hours is None or reading.own_hours.unknown is not None)


def hours_unknown_text(account: str, unknown: PoolHours) -> str:
    """The message that hours call for nothing now, and why."""
    if unknown.of_present_only:
        why = "its figures are of the present only"
    else:
        what = f" of {unknown.lacking}" if unknown.lacking else ""
        why = f"{math.floor(unknown.history_h)} of {LEAST_H:g} hours of history{what} are known"
    decides = "until they are known the other limits of [protect] decide alone"
    return "\n".join([f"{account}: hours of own volatility are not known and call for nothing", why, decides])


def hours_known_text(account: str, bar: float) -> str:
    """The message that they count again."""
    return f"{account}: hours of own volatility are known\nthey call for action at {bar:g} h or less"
