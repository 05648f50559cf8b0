"""From a verdict to what is recorded and sent: alerts, their messages, each in its reader's language. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from guard.alerts.announce import Announcement, messages_of
from guard.alerts.buttons import about_buttons, alert_buttons
from guard.alerts.engine import gravity, is_grave
from guard.alerts.markup import plain_text, safe
from guard.alerts.outages import Waiting
from guard.alerts.render import NOTHING_MORE, More, positions_gone, render_dispute, render_zone
from guard.alerts.routing import heard, hushed
from guard.alerts.rule_texts import alone_lines, render_rule, render_together, render_unanswered
from guard.alerts.rules import (
    DISPUTE_PRIORITY,
    EMPTIED_PRIORITY,
    GRAVE_PRIORITY,
    SIGHT,
    Rule,
    fingerprint,
    zone_priority,
)
from guard.alerts.verdict import Due, Telling, Verdict
from guard.language.speech import ENGLISH, Speech
from guard.ports.alerting import AlertState
from guard.ports.clock import Ids
from guard.ports.recipients import Recipient
from guard.ports.records import AlertReason, AlertRecord, OutboxMessage, Reading, Snapshot
from guard.risk.zones import Zone

_UNTOLD: Final = "not told by itself"


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is told. `everybody` hears of the account; `further` were asked for help and are told that it is over.

    `alone`: the alerts, by fingerprint, with which is said that nobody else is there to tell.
    """

    everybody: Sequence[Recipient]
    further: Sequence[Recipient] = ()
    alone: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class _Written:
    """What messages are written from."""

    reading: Reading
    earlier: Snapshot | Reading | None
    more: More


def announce_verdict(
    verdict: Verdict,
    reading: Reading,
    *,
    earlier: Snapshot | Reading | None,
    audience: Audience,
    ids: Ids,
    together: Sequence[Waiting] = (),
    more: More = NOTHING_MORE,
) -> Announcement:
    """What one look makes to be recorded and sent.

    Args:
        verdict: what was decided.
        reading: the cycle's result.
        earlier: the last snapshot or reading with figures, for comparison in the text.
        audience: who is told.
        ids: source of identifiers.
        together: accounts that are told of in one message about blindness, this one included.
        more: what a message about the zone is written with besides.
    """
    told = Announcement()
    for telling in verdict.tellings:
        told += _announce(telling, _Written(reading, earlier, more), audience, ids, together)
    return told + Announcement(tuple(_record(due, reading, _recorded_text(due), ids) for due in verdict.recorded))


def announce_unanswered(
    states: Sequence[AlertState],
    reading: Reading,
    *,
    earlier: Snapshot | Reading | None,
    recipients: Sequence[Recipient],
    asked: Sequence[str],
    ids: Ids,
    more: More = NOTHING_MORE,
) -> Announcement:
    """The message that nobody has acknowledged, for whoever comes next.

    Args:
        states: alerts of the account that are escalated now, the one that leads first.
        reading: the cycle's result.
        earlier: as in `announce_verdict`.
        recipients: whoever comes next.
        asked: names of whoever was told first.
        ids: source of identifiers.
        more: as in `announce_verdict`.
    """
    lead = states[0]
    since = min((state.unanswered_since for state in states if state.unanswered_since), default=reading.at)

    def render(speech: Speech) -> str:
        message = _rendered(speech, AlertReason.REPEAT, lead, Zone.SAFE, _Written(reading, earlier, more))
        return render_unanswered(speech, reading.account, since, reading.at, asked, message)

    due = Due(lead, lead, AlertReason.REPEAT, None)
    alert = _record(due, reading, plain_text(render(ENGLISH)), ids)
    event = f"unanswered|{lead.escalated}|{since.isoformat()}"
    buttons = alert_buttons(reading.account_id, gravity(lead.level))
    messages = messages_of(alert, render, GRAVE_PRIORITY, recipients, ids, event, grave=True, buttons=buttons)
    return Announcement((alert,), messages)


def announce_emptied(
    reading: Reading, *, earlier: Snapshot | Reading | None, recipients: Sequence[Recipient], ids: Ids
) -> Announcement:
    """Positions that vanish between two safe cycles: an empty account is safe, and so is a liquidated one.

    Out of an alarm the change of zone, due now or after its dwell, tells the same.
    """
    if reading.risk is None or not positions_gone(reading.risk, Zone.SAFE, earlier):
        return Announcement()

    def render(speech: Speech) -> str:
        return render_zone(speech, AlertReason.FIRST, reading, Zone.SAFE, earlier)

    alert = AlertRecord(
        alert_id=ids.new("alert"),
        account_id=reading.account_id,
        rule=Rule.EMPTIED,
        fingerprint=fingerprint(reading.account_id, Rule.EMPTIED),
        zone=reading.zone,
        reason=AlertReason.FIRST,
        at=reading.at,
        text=plain_text(render(ENGLISH)),
    )
    buttons = about_buttons(reading.account_id)
    return Announcement((alert,), messages_of(alert, render, EMPTIED_PRIORITY, recipients, ids, buttons=buttons))


def untold(announcement: Announcement) -> Announcement:
    """What is recorded of it where nobody is told."""
    return Announcement(tuple(replace(alert, text=f"{_UNTOLD}: {alert.text}") for alert in announcement.alerts))


def was_told(alert: AlertRecord) -> bool:
    """Whether an alert had a message of its own: it may have been muted, or stand in the message of another one."""
    return not alert.text.startswith((f"{_UNTOLD}:", f"resolved, {_UNTOLD}:"))


def _announce(
    telling: Telling, written: _Written, audience: Audience, ids: Ids, together: Sequence[Waiting]
) -> Announcement:
    lead, reading = telling.dues[0], written.reading
    is_joint = telling.is_blindness and len(together) > 1
    is_alone = any(due.state.fingerprint in audience.alone for due in (*telling.dues, *telling.also))

    def render(speech: Speech) -> str:
        if is_joint:
            again = telling.reason is AlertReason.REPEAT
            return render_together(speech, together, reading, over=lead.is_good, again=again)
        message = _rendered(speech, telling.reason, lead.state, telling.before, written)
        also = [speech.text("Also: {what}", what=safe(speech.sentence(due.state.headline))) for due in telling.also]
        *lines, moment = message.split("\n")
        return "\n".join([*lines, *also, *alone_lines(speech, is_alone=is_alone), moment])

    text = plain_text(render(ENGLISH))
    alerts = tuple(_record(due, reading, text, ids) for due in telling.dues)
    recipients = heard(audience.everybody, telling.reason)
    if lead.is_good and _was_grave(telling):
        recipients += audience.further
    about = about_buttons(reading.account_id)
    messages = messages_of(
        alerts[0],
        render,
        _priority(telling, written),
        recipients,
        ids,
        grave=lead.is_good and _was_grave(telling),
        buttons=about if lead.is_good else alert_buttons(reading.account_id, telling.rank),
        collapses=not is_joint and not _tells_more(telling),
    )
    return Announcement(alerts, _hushed(messages, telling, recipients, reading.at))


def _hushed(
    messages: tuple[OutboxMessage, ...], telling: Telling, recipients: Sequence[Recipient], now: datetime
) -> tuple[OutboxMessage, ...]:
    """A reminder of a calm account that is not seen can wait for the morning."""
    calm = telling.reason is AlertReason.REPEAT and not is_grave(telling.dues[0].state.level, _known(telling))
    loudness = zone_priority(Zone.WARNING, Zone.WARNING) if calm else None
    return hushed(messages, recipients, now, loudness=loudness, always=telling.hushed)


def _known(telling: Telling) -> Zone:
    condition = telling.dues[0].condition
    return condition.known if condition is not None else Zone.SAFE


def _was_grave(telling: Telling) -> bool:
    """Whether people were told of danger before."""
    return any(due.before is not None and is_grave(due.before.told_level) for due in telling.dues)


def _tells_more(telling: Telling) -> bool:
    """Whether it is the only message about something else, too: a newer one about the zone would not say that."""
    return any(due.reason is not AlertReason.REPEAT for due in telling.also)


def _priority(telling: Telling, written: _Written) -> int:
    """How urgent; good news ranks with the zone that is reached."""
    lead, reading = telling.dues[0], written.reading
    is_empty = reading.risk is not None and positions_gone(reading.risk, telling.before, written.earlier)
    if telling.is_sight and is_empty:  # safe like a closed account, or like a liquidated one
        return EMPTIED_PRIORITY
    if telling.is_sight:
        shown = _shown(lead.state, lead.reason, reading)
        besides = [zone_priority(due.state.level, due.state.level) for due in telling.also]
        return max(zone_priority(reading.zone_state.last_known, shown), *besides, 0)
    if lead.rule is Rule.DISPUTED:
        return DISPUTE_PRIORITY
    return zone_priority(lead.state.level, lead.state.level)


def _shown(state: AlertState, reason: AlertReason, reading: Reading) -> Zone:
    """The zone that a message shows: what can be seen of an account that is not seen may have become worse."""
    unseen_worse = reason in {AlertReason.FIRST, AlertReason.WORSE} and state.rule == Rule.ZONE
    return state.level if unseen_worse and reading.zone is Zone.UNKNOWN else reading.zone


def _rendered(
    speech: Speech,
    reason: AlertReason,
    state: AlertState,
    before: Zone,
    written: _Written,
) -> str:
    reading = written.reading
    if state.rule in SIGHT:
        shown = replace(reading, zone=_shown(state, reason, reading))
        if reason is AlertReason.REPEAT:  # nothing was before: it goes on
            before = reading.zone_state.last_known
        return render_zone(speech, reason, shown, before, written.earlier, written.more)
    if state.rule == Rule.DISPUTED:
        return render_dispute(speech, reason, reading)
    return render_rule(speech, reason, state, reading)


def _record(due: Due, reading: Reading, text: str, ids: Ids) -> AlertRecord:
    return AlertRecord(
        alert_id=ids.new("alert"),
        account_id=reading.account_id,
        rule=due.state.rule,
        fingerprint=due.state.fingerprint,
        zone=_shown(due.state, due.reason, reading) if due.rule in SIGHT else due.state.level,
        reason=due.reason,
        at=reading.at,
        text=text,
    )


def _recorded_text(due: Due) -> str:
    """An alert without a message of its own."""
    if due.is_good and due.reason is AlertReason.RESOLVED:
        return f"resolved, {_UNTOLD}: {due.state.headline}"
    return f"{_UNTOLD}: {due.state.headline}"
