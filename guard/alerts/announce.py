"""From what happened to what is recorded and sent: alerts with their messages, one for each recipient. Pure.

The cycle stores the answer in the same transaction as the event itself. One event makes one message, also when it
moves several alerts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from guard.alerts.delivery import scheme_of
from guard.alerts.markup import plain_text
from guard.alerts.render import positions_gone, render_dispute, render_zone
from guard.alerts.rules import (
    DISPUTE_PRIORITY,
    EMPTIED_PRIORITY,
    GRAVE_PRIORITY,
    Rule,
    decide_dispute_alert,
    decide_zone_alert,
    fingerprint,
    has_worsened_unseen,
    zone_alerts,
    zone_priority,
)
from guard.alerts.second import reached
from guard.language.speech import ENGLISH, Speech, speech_of
from guard.ports.buttons import Buttons
from guard.ports.clock import Ids
from guard.ports.recipients import Recipient
from guard.ports.records import (
    AlertReason,
    AlertRecord,
    OutboxMessage,
    Reading,
    Snapshot,
)
from guard.risk.zones import Zone, ZoneState

_GRAVE: Final = frozenset({Zone.DANGER, Zone.LIQUIDATION})

CONSOLE: Final = "console"
"""The destination that always exists; messages without a recipient go there rather than nowhere."""

Render = Callable[[Speech], str]
"""A message in one person's way of reading, as chat markup."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """Alerts to record and messages to send; both may be empty."""

    alerts: tuple[AlertRecord, ...] = ()
    messages: tuple[OutboxMessage, ...] = ()

    def __add__(self, other: Announcement) -> Announcement:
        return Announcement(self.alerts + other.alerts, self.messages + other.messages)


def announce_reading(
    reading: Reading,
    before: ZoneState,
    *,
    earlier: Snapshot | Reading | None,
    last_dispute: AlertRecord | None,
    recipients: Sequence[Recipient],
    ids: Ids,
) -> Announcement:
    """What one cycle's reading makes worth telling.

    Args:
        reading: the cycle's result, its zone state included.
        before: the zone state before this cycle.
        earlier: the last snapshot or reading with figures, for comparison in the text.
        last_dispute: the last alert with the fingerprint of `Rule.DISPUTED`; None = never.
        recipients: who is told; without any, the console.
        ids: source of identifiers.
    """
    zone = _announce_zone(reading, before, earlier, recipients, ids)
    dispute = _announce_dispute(reading, last_dispute, recipients, ids)
    # The zone's message already says what is wrong with the data: the dispute is recorded, not sent once more.
    return zone + (Announcement(dispute.alerts) if zone.messages else dispute)


def _announce_zone(
    reading: Reading,
    before: ZoneState,
    earlier: Snapshot | Reading | None,
    recipients: Sequence[Recipient],
    ids: Ids,
) -> Announcement:
    if has_worsened_unseen(before, reading.zone_state):
        return _announce_unseen(reading, before, earlier, recipients, ids)
    reason = decide_zone_alert(before.zone, reading.zone, before.last_known)
    if reason is AlertReason.NONE:
        return _announce_emptied(reading, before, earlier, recipients, ids)

    def render(speech: Speech) -> str:
        return render_zone(speech, reason, reading, before.zone, earlier)

    alerts = tuple(
        _alert(reading.account_id, rule, change, reading.zone, reading.at, render, ids)
        for rule, change in zone_alerts(before.zone, reading.zone, before.last_known)
    )
    priority = zone_priority(_level_before(before), reading.zone)
    was_grave = _level_before(before) in _GRAVE
    return Announcement(alerts, messages_of(alerts[0], render, priority, recipients, ids, grave=was_grave))


def _announce_unseen(
    reading: Reading, before: ZoneState, earlier: Snapshot | Reading | None, recipients: Sequence[Recipient], ids: Ids
) -> Announcement:
    """An account that stays unknown, and looks worse: told with what can be seen and what cannot."""
    level = reading.zone_state.last_known
    reason = AlertReason.FIRST if before.last_known is Zone.SAFE else AlertReason.WORSE
    seen = replace(reading, zone=level)

    def render(speech: Speech) -> str:
        return render_zone(speech, reason, seen, before.last_known, earlier)

    alert = _alert(reading.account_id, Rule.ZONE, reason, level, reading.at, render, ids)
    return Announcement((alert,), messages_of(alert, render, zone_priority(before.last_known, level), recipients, ids))


def _announce_emptied(
    reading: Reading, before: ZoneState, earlier: Snapshot | Reading | None, recipients: Sequence[Recipient], ids: Ids
) -> Announcement:
    """Positions that vanish between two safe cycles: an empty account is safe, and so is a liquidated one.

    Out of an alarm the change of zone, due now or after its dwell, tells the same.
    """
    if before.zone is not Zone.SAFE or reading.risk is None or not positions_gone(reading.risk, before.zone, earlier):
        return Announcement()

    def render(speech: Speech) -> str:
        return render_zone(speech, AlertReason.FIRST, reading, before.zone, earlier)

    alert = _alert(reading.account_id, Rule.EMPTIED, AlertReason.FIRST, reading.zone, reading.at, render, ids)
    return Announcement((alert,), messages_of(alert, render, EMPTIED_PRIORITY, recipients, ids))


def _level_before(before: ZoneState) -> Zone:
    return before.last_known if before.zone is Zone.UNKNOWN else before.zone


def _announce_dispute(
    reading: Reading, last: AlertRecord | None, recipients: Sequence[Recipient], ids: Ids
) -> Announcement:
    reason = decide_dispute_alert(last, reading.quality.quality, reading.at)
    if reason is AlertReason.NONE:
        return Announcement()

    def render(speech: Speech) -> str:
        return render_dispute(speech, reason, reading)

    alert = _alert(reading.account_id, Rule.DISPUTED, reason, reading.zone, reading.at, render, ids)
    return Announcement((alert,), messages_of(alert, render, DISPUTE_PRIORITY, recipients, ids))


def _alert(
    account_id: str, rule: Rule, reason: AlertReason, zone: Zone, at: datetime, render: Render, ids: Ids
) -> AlertRecord:
    return AlertRecord(
        alert_id=ids.new("alert"),
        account_id=account_id,
        rule=rule,
        fingerprint=fingerprint(account_id, rule),
        zone=zone,
        reason=reason,
        at=at,
        text=plain_text(render(ENGLISH)),
    )


def messages_of(
    alert: AlertRecord,
    render: Render,
    priority: int,
    recipients: Sequence[Recipient],
    ids: Ids,
    event: str | None = None,
    *,
    grave: bool = False,
    buttons: Callable[[Speech], Buttons] | None = None,
) -> tuple[OutboxMessage, ...]:
    """One message a destination; the same event, written twice, keeps its dedupe keys.

    Rendered once for each way of reading, however many people share it.

    Args:
        alert: what it is about.
        render: the message in a person's way of reading.
        priority: how urgent, higher first.
        recipients: who is told; without any, the console.
        ids: source of identifiers.
        event: names what happens only once; by default an event is named by its reason and moment.
        grave: second channels get it although it is less urgent than danger.
        buttons: what can be tapped, in a private chat; in a group nothing can be done.
    """
    told = reached(recipients, grave=grave or priority >= GRAVE_PRIORITY)
    name = event or f"{alert.reason}|{alert.at.isoformat()}"
    texts = Texts(render)
    return tuple(
        OutboxMessage(
            message_id=ids.new("message"),
            dedupe_key=f"{alert.fingerprint}|{name}|{recipient.destination}",
            destination=recipient.destination,
            html=texts.of(recipient),
            created_at=alert.at,
            priority=priority,
            alert_id=alert.alert_id,
            account_id=alert.account_id,
            buttons=buttons(speech_for(recipient)) if buttons is not None and can_tap(recipient) else (),
        )
        for recipient in one_of_each(told)
    )


def can_tap(recipient: Recipient) -> bool:
    """Whether buttons make sense: a person in a private chat."""
    return recipient.user_id is not None and not recipient.group and scheme_of(recipient.destination) == "telegram"


def speech_for(recipient: Recipient) -> Speech:
    """How somebody reads."""
    return speech_of(recipient.language, recipient.timezone)


class Texts:
    """One message in every way of reading that was asked for, each made once."""

    def __init__(self, render: Render) -> None:
        self._render = render
        self._made: dict[tuple[str, str], str] = {}

    def of(self, recipient: Recipient) -> str:
        """The message as this recipient reads it."""
        way = (recipient.language, recipient.timezone)
        if way not in self._made:
            self._made[way] = self._render(speech_for(recipient))
        return self._made[way]


def one_of_each(recipients: Sequence[Recipient]) -> tuple[Recipient, ...]:
    """One for each destination, the first; the console when there is none."""
    first: dict[str, Recipient] = {}
    for recipient in recipients or (Recipient(CONSOLE),):
        first.setdefault(recipient.destination, recipient)
    return tuple(first.values())
