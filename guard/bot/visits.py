"""What arrives from Telegram, as plain values: somebody said something, or tapped a button.

The border where the library's objects end. Owns which updates count at all and how a command is read from a text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime

from telegram import Chat, Message, Update, User

# What the bot asks Telegram for. Edited messages are not in it: correcting a typo must not run a command again.
WANTED_UPDATES = ("message", "callback_query", "my_chat_member")

_COMMAND = re.compile(r"/(?P<name>[A-Za-z0-9_]{1,64})(?:@(?P<bot>[A-Za-z0-9_]+))?(?:\s+(?P<argument>.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Visit:
    """Who came, and where. `user_id` is the person, `chat_id` the room; in a private chat both are equal.

    `topic_id` is the topic of a group in which it happened; None in a private chat, and in a group without topics.
    `language` is what the person's own client is set to: for words to somebody of whom nothing else is known.
    """

    user_id: int
    chat_id: int
    title: str
    private: bool
    topic_id: int | None = field(default=None, kw_only=True)
    language: str = field(default="en", kw_only=True)


@dataclass(frozen=True, slots=True)
class Said(Visit):
    """A message; `text` is empty for anything but text. `at`: when it was sent, by the service's clock."""

    text: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tapped(Visit):
    """A tap on a button; `message_id` is None when the message can no longer be edited.

    `html` is the message under the button, or the words under a picture.
    """

    query_id: str
    data: str
    message_id: int | None
    html: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """A command as typed: name in lower case, the rest of the text, and whether it names this bot."""

    name: str
    argument: str
    addressed: bool


def read_visit(update: Update) -> Said | Tapped | None:
    """The visit in an update; None for what nobody in particular sent (channels, service notices)."""
    message = update.message
    if message is not None and message.from_user is not None:
        sender = message.from_user
        if sender.is_bot:
            return None  # our own notes (a message was pinned), and admins who hide behind the group
        if message.text is None and message.chat.type != Chat.PRIVATE:
            return None  # joins, pins and pictures in a group are not for us
        return Said(
            user_id=sender.id,
            chat_id=message.chat.id,
            title=message.chat.title or sender.full_name,
            private=message.chat.type == Chat.PRIVATE,
            topic_id=_topic(message),
            language=_language(sender),
            text=message.text or "",
            at=message.date,
        )
    if update.callback_query is not None:
        query = update.callback_query
        place = query.message
        touched = place if isinstance(place, Message) and place.is_accessible else None
        return Tapped(
            user_id=query.from_user.id,
            chat_id=place.chat.id if place is not None else query.from_user.id,
            title=query.from_user.full_name,
            private=place is None or place.chat.type == Chat.PRIVATE,
            query_id=query.id,
            data=query.data or "",
            topic_id=None if touched is None else _topic(touched),
            language=_language(query.from_user),
            message_id=None if touched is None else touched.message_id,
            html="" if touched is None else _words(touched),
        )
    return None


def _topic(message: Message) -> int | None:
    """The topic; a thread that is only a row of replies is none."""
    return message.message_thread_id if message.is_topic_message else None


def _language(person: User) -> str:
    """The client's language without its region: `ja` of `ja-JP`."""
    return (person.language_code or "en").partition("-")[0].lower()


def _words(message: Message) -> str:
    return (message.text_html if message.text is not None else message.caption_html) or ""


def read_command(text: str, bot_username: str) -> Command | None:
    """The command at the start of a text; None when there is none or it is for another bot."""
    found = _COMMAND.fullmatch(text.strip())
    if found is None:
        return None
    bot = found["bot"]
    if bot is not None and bot.lower() != bot_username.lower():
        return None
    return Command(found["name"].lower(), (found["argument"] or "").strip(), addressed=bot is not None)
