"""A Telegram on loopback: a Bot API server that real client libraries talk to, and the people at the other end.

`TelegramSandbox` serves the Bot API over HTTP; `Person` is the in-process side: what somebody with a phone does and
sees. Knows nothing of the guard.
"""

from __future__ import annotations

from guard.sandbox.telegram.chats import Button, Chat, Message, User
from guard.sandbox.telegram.person import Person
from guard.sandbox.telegram.server import DEFAULT_TOKEN, TelegramSandbox
from guard.sandbox.telegram.trouble import FaultKind, FloodLimits
from guard.sandbox.telegram.world import Tap

__all__ = [
    "DEFAULT_TOKEN",
    "Button",
    "Chat",
    "FaultKind",
    "FloodLimits",
    "Message",
    "Person",
    "Tap",
    "TelegramSandbox",
    "User",
]
