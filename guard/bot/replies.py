"""Answers as values: text with markup and buttons, and what a button sends when it is tapped.

Pure; knows nothing of Telegram's classes. What a button sends is at most 64 bytes and names the person who asked, so
that nobody else's tap redraws it.
"""

from __future__ import annotations

from dataclasses import dataclass

from guard.ports.buttons import account_key

__all__ = ["ALL_ACCOUNTS", "STATUS", "Button", "Reply", "TapTarget", "account_key", "read_target"]

STATUS = "status"
ALL_ACCOUNTS = "*"


@dataclass(frozen=True, slots=True)
class Button:
    """An inline button; `data` comes back when it is tapped."""

    label: str
    data: str


@dataclass(frozen=True, slots=True)
class Reply:
    """One message: Telegram HTML within the limits, and rows of buttons; or a PNG with the text as its caption."""

    html: str
    buttons: tuple[tuple[Button, ...], ...] = ()
    png: bytes | None = None


@dataclass(frozen=True, slots=True)
class TapTarget:
    """What a button stands for: `view` (such as `status`) of one account key, asked for by one person."""

    view: str
    owner: int
    account_key: str

    @property
    def data(self) -> str:
        """The text that the button sends."""
        return f"{self.view}:{self.owner}:{self.account_key}"


def read_target(data: str) -> TapTarget | None:
    """What a button stands for; None when it is none of ours (any more): anybody can send anything here."""
    parts = data.split(":")
    if len(parts) != 3 or parts[0] != STATUS or not parts[1].isdecimal() or not parts[1].isascii():
        return None
    return TapTarget(parts[0], int(parts[1]), parts[2])
