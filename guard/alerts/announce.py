"""Alerts with their messages: one for each recipient, in the way that each reads. Pure.

The cycle stores the answer in the same transaction as the event itself. One event makes one message, also when it
moves several alerts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from guard.alerts.buttons import for_viewer
from guard.alerts.delivery import scheme_of
from guard.alerts.rulebook import RULES
from guard.alerts.rules import GRAVE_PRIORITY, SIGHT
from guard.alerts.second import reached
from guard.language.speech import Speech, speech_of
from guard.ports.buttons import Buttons
from guard.ports.clock import Ids
from guard.ports.recipients import Recipient
from guard.ports.records import AlertRecord, OutboxMessage

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
    collapses: bool = True,
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
        collapses: whether a newer message about the same may be sent instead while this one waits.
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
            collapse_key=story_of(alert) if collapses else None,
            buttons=_buttons_for(recipient, buttons),
        )
        for recipient in one_of_each(told)
    )


def _buttons_for(recipient: Recipient, buttons: Callable[[Speech], Buttons] | None) -> Buttons:
    if buttons is None or not can_tap(recipient):
        return ()
    made = buttons(speech_for(recipient))
    return for_viewer(made) if recipient.looks_only else made


def story_of(alert: AlertRecord) -> str | None:
    """What a newer message would make this one needless for; None: an event, which is told whatever follows.

    Zone and blindness of an account are one story: whoever was not reached wants to know how it is now.
    """
    spec = RULES.get(alert.rule)
    if spec is None or not spec.lasting:
        return None
    return f"{alert.account_id}/sight" if spec.rule in SIGHT else alert.fingerprint


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
