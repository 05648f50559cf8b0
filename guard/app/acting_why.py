"""Why protection acts: the zone's own reason, or what is too near where bars of distance or hours are set."""

from __future__ import annotations

from dataclasses import replace

from guard.alerts.announce import Announcement
from guard.alerts.notices import protection_notice
from guard.app.cycle import Recipients
from guard.app.decision import Decision
from guard.app.watch import Watch, nearness_of
from guard.ports.clock import Ids
from guard.ports.records import Reading
from guard.protect.gate import calls_for_action, nearness
from guard.protect.texts import acting_text


def nearness_at(watch: Watch, reading: Reading) -> str:
    """By which bars liquidation is too near at a reading, in words; empty = by none."""
    return nearness(*nearness_of(reading), watch.protect)


def reason_at(watch: Watch, reading: Reading) -> str:
    """Why to act at a reading: its zone's reason where that calls for it, and what is too near."""
    near = nearness_at(watch, reading)
    if near and not calls_for_action(reading.zone, watch.protect.act_in):
        return near
    return "; ".join(filter(None, [reading.reason, near]))


async def with_reason_told(
    watch: Watch, reading: Reading, decision: Decision, recipients: Recipients, ids: Ids
) -> Decision:
    """The decision with a message why the guard begins to act.

    None where the zone calls for it: that was told as a zone.
    """
    intent = decision.intent
    if intent is None or calls_for_action(reading.zone, watch.protect.act_in):
        return decision
    text = acting_text(watch.record.name, intent.reason)
    key, to = f"why:{intent.intent_id}", await recipients(watch)
    told: Announcement = protection_notice(intent.account_id, key, text, reading.zone, reading.at, to, ids)
    return replace(decision, announcement=decision.announcement + told)
