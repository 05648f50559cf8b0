"""What is added to a message because of how it was delivered: that it is a repeat, and what it stands for. Pure."""

from __future__ import annotations

from datetime import datetime

from guard.alerts.markup import plain_text, safe
from guard.alerts.outbox_queue import Parcel, may_have_arrived
from guard.alerts.routing import LOUD_PRIORITY
from guard.language.speech import Speech
from guard.ports.records import QUIET_PRIORITY

_HEADLINE_CHARS = 120


def worded(parcel: Parcel, speech: Speech) -> str:
    """The message with its notes, as the person there reads."""
    html = parcel.message.html
    if may_have_arrived(parcel.message):
        html = "🔁 " + speech.text("Repeated, it may have reached you already:") + "\n" + html
    note = replaced_note(parcel, speech)
    return f"{html}\n\n{note}" if note else html


def needs_words(parcel: Parcel) -> bool:
    """Whether anything is added at all."""
    return bool(parcel.replaced) or may_have_arrived(parcel.message)


def is_silent(parcel: Parcel) -> bool:
    """Without a sound, as it was written; but not where it stands for an alarm that nobody has heard yet.

    A reminder at night makes none because the alarm did. What was graver than the present is over: that can wait.
    """
    message = parcel.message
    if message.priority <= QUIET_PRIORITY:
        return True
    if not message.silent:
        return False
    unheard = (each for each in parcel.replaced if not each.silent and not may_have_arrived(each))
    return not any(LOUD_PRIORITY <= each.priority <= message.priority for each in unheard)


def replaced_note(parcel: Parcel, speech: Speech) -> str:
    """How many older messages were not sent, since when, and the gravest of them if it was graver than this one."""
    unsent = [message for message in parcel.replaced if not may_have_arrived(message)]
    if not unsent:
        return ""
    when = _when(unsent[0].created_at, parcel.message.created_at, speech)
    lines = [
        "⏭ "
        + speech.plural(
            "{count} older message about this was not sent, of {when}.",
            "{count} older messages about this were not sent, the first of {when}.",
            len(unsent),
            when=when,
        )
    ]
    gravest = max(reversed(unsent), key=lambda message: message.priority)
    if gravest.priority > parcel.message.priority:
        headline = safe(plain_text(gravest.html).strip().partition("\n")[0], _HEADLINE_CHARS)
        lines.append(speech.text("The gravest of them said: {headline}", headline=headline))
    return "\n".join(lines)


def _when(at: datetime, now: datetime, speech: Speech) -> str:
    """The time of day, with the day when it was another one."""
    same_day = at.astimezone(speech.zone).date() == now.astimezone(speech.zone).date()
    return speech.clock_time(at) if same_day else speech.moment(at)
