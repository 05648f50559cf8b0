"""What a person asked, and what a command or a button is: the words between the door and the answers.

Knows nothing of Telegram's classes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from guard.bot.desk import Desk
from guard.bot.replies import Reply
from guard.language.speech import ENGLISH, Speech
from guard.ports.records import Role, UserRecord


@dataclass(frozen=True, slots=True)
class Ask:
    """A command of a known person, and how they read. `private`: nobody else reads the answer.

    `topic_id` and `title` are of the group where it was typed; a private chat has no topic.
    """

    person: UserRecord
    chat_id: int
    chat_user_id: int
    argument: str
    speech: Speech = ENGLISH
    private: bool = True
    topic_id: int | None = None
    title: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """One command: `usage` is what help shows, `summary` what it does in a few words.

    `least` is the least role, on some account, for which the menu shows it; what a person may do with one account is
    decided by the desk, on every message and every tap. `private`: answered in a private chat only. What needs more
    than a viewer acts: it is private too, unless `in_groups`.
    """

    name: str
    usage: str
    summary: str
    answer: Callable[[Desk, Ask], Awaitable[Reply]]
    least: Role = "viewer"
    private: bool = False
    in_groups: bool = False

    @property
    def acts(self) -> bool:
        """Whether it is answered in private only, and never late."""
        return (self.private or self.least != "viewer") and not self.in_groups


@dataclass(frozen=True, slots=True)
class Tap:
    """A tap of a known person on a button whose data was `action:argument`. `html` is the message under the button.

    `html` is the words under a picture, and empty when the message can no longer be read.
    """

    person: UserRecord
    chat_id: int
    chat_user_id: int
    message_id: int
    argument: str
    speech: Speech = ENGLISH
    private: bool = True
    html: str = ""


@dataclass(frozen=True, slots=True)
class TapAnswer:
    """What a tap leads to: a short notice (at most 200 characters), the message drawn anew, a further message.

    `alert` shows the notice as a window. `refused` says for the log what was refused, when something was. `done`: the
    notice tells what was done, and is told also where the message cannot be drawn anew.
    """

    notice: str = ""
    redraw: Reply | None = None
    send: Reply | None = None
    alert: bool = False
    refused: str = ""
    done: bool = False


@dataclass(frozen=True, slots=True)
class TapAction:
    """What the buttons of one action do; `private`: refused kindly outside a private chat."""

    action: str
    answer: Callable[[Desk, Tap], Awaitable[TapAnswer]]
    private: bool = False
