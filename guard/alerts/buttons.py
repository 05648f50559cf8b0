"""The buttons under an alert: seen, silence for a while, more about it, and what to do. Pure.

What is acknowledged or snoozed are all alerts of the account that are no graver than the message says: whoever taps an
old message has not seen what came after it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from guard.language.speech import Speech
from guard.ports.buttons import ACKNOWLEDGE, DETAILS, PLAN, SNOOZE, Buttons, account_key

SNOOZES_MIN: Final = (15, 60)


def alert_buttons(account_id: str, rank: int) -> Callable[[Speech], Buttons]:
    """The buttons of an alarm.

    Args:
        account_id: whose alarm.
        rank: how grave it is, as of `guard.alerts.engine.gravity`.
    """
    key = account_key(account_id)

    def labelled(speech: Speech) -> Buttons:
        answers = (
            (f"✅ {speech.text('Acknowledge')}", f"{ACKNOWLEDGE}:{key}:{rank}"),
            *((f"🔕 {speech.duration(60 * each)}", f"{SNOOZE}:{key}:{rank}:{each}") for each in SNOOZES_MIN),
        )
        return (answers, about(speech, key))

    return labelled


def for_viewer(buttons: Buttons) -> Buttons:
    """What is left for whoever may look and not answer."""
    rows = (tuple(each for each in row if each[1].partition(":")[0] == DETAILS) for row in buttons)
    return tuple(row for row in rows if row)


def about_buttons(account_id: str) -> Callable[[Speech], Buttons]:
    """The buttons of a message to which there is nothing to answer."""
    key = account_key(account_id)
    return lambda speech: (about(speech, key),)


def about(speech: Speech, key: str) -> tuple[tuple[str, str], ...]:
    """More about the account, and what to do."""
    return ((f"🔎 {speech.text('Details')}", f"{DETAILS}:{key}"), (f"🧭 {speech.text('Plan')}", f"{PLAN}:{key}"))
