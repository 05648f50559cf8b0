"""Which messages go to second channels (`guard.alerts.sinks.apprise`) besides a person's chats. Pure.

1. As urgent as danger or worse: always. A phone whose Telegram is muted, or whose network blocks it, still rings.
2. What leads out of danger: too, or whoever was woken there would never read that it is over.
3. Everything else only where no chat lives: nobody wants each message twice, and nobody wants none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from guard.alerts.delivery import scheme_of
from guard.ports.recipients import Recipient

SECOND_SCHEME: Final = "apprise"
_CONSOLE_SCHEME: Final = "console"
_NO_CHAT: Final = frozenset({SECOND_SCHEME, _CONSOLE_SCHEME})


def reached(recipients: Sequence[Recipient], *, grave: bool) -> list[Recipient]:
    """Who of the recipients gets a message.

    Args:
        recipients: everybody who hears of an account: chats, second channels, console.
        grave: whether it is as urgent as danger, or leads out of it.
    """
    has_chat = any(scheme_of(recipient.destination) not in _NO_CHAT for recipient in recipients)
    if grave or not has_chat:
        return list(recipients)
    return [recipient for recipient in recipients if scheme_of(recipient.destination) != SECOND_SCHEME]
