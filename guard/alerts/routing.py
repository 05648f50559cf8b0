"""How a message reaches whom: quiet hours, and who is reminded. Pure.

Quiet hours take the sound, never the message. They never take the sound of danger or worse, nor that of an account that
is not seen: nobody knows that it is no danger. A reminder that a calm account is still not seen is silent in them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from guard.alerts.second import reached
from guard.language.speech import speech_of
from guard.ports.recipients import Recipient
from guard.ports.records import AlertReason, OutboxMessage

LOUD_PRIORITY: Final = 40
"""From here on (an account that is not seen, a leg that is gone, danger) a message is heard in quiet hours too."""


def is_quiet(recipient: Recipient, now: datetime) -> bool:
    """Whether it is in the person's quiet hours; they may go over midnight."""
    begin, end = recipient.quiet_from, recipient.quiet_to
    if begin is None or end is None or begin == end:
        return False
    local = now.astimezone(speech_of(recipient.language, recipient.timezone).zone).time()
    return begin <= local < end if begin < end else local >= begin or local < end


def hushed(
    messages: Iterable[OutboxMessage],
    recipients: Sequence[Recipient],
    now: datetime,
    *,
    loudness: int | None = None,
    always: bool = False,
) -> tuple[OutboxMessage, ...]:
    """Messages, without a sound where it is quiet.

    Args:
        messages: as they are.
        recipients: who reads them.
        now: the cycle's time.
        loudness: how urgent they are to an ear; by default their priority.
        always: without a sound for everybody.
    """
    by_destination = {recipient.destination: recipient for recipient in reversed(recipients)}

    def silent(message: OutboxMessage) -> bool:
        recipient = by_destination.get(message.destination)
        loud = (message.priority if loudness is None else loudness) >= LOUD_PRIORITY
        return always or (not loud and recipient is not None and is_quiet(recipient, now))

    return tuple(replace(message, silent=True) if silent(message) else message for message in messages)


def heard(recipients: Sequence[Recipient], reason: AlertReason) -> list[Recipient]:
    """Who is told: everybody; reminders go to second channels only where no chat lives."""
    return reached(recipients, grave=False) if reason is AlertReason.REPEAT else list(recipients)
