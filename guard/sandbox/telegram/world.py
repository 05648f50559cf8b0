"""The loopback Telegram's state: one bot, its people, chats, updates and taps.

Owns identifiers and who knows whom, and wakes those who wait for a change. Knows nothing of HTTP; time comes from the
given clock.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from guard.ports.clock import Clock
from guard.sandbox.telegram.answers import ApiError, Json, stale_query
from guard.sandbox.telegram.chats import Attachment, Chat, Closed, Keyboard, Message, User
from guard.sandbox.telegram.markup import Entity, command_entities
from guard.sandbox.telegram.trouble import Faults, FloodGate
from guard.sandbox.telegram.updates import UpdateQueue

Found = TypeVar("Found")

CALLS_MAX = 10_000
_SUPERGROUP_BASE = -1_000_000_000_000


@dataclass(frozen=True, slots=True)
class Call:
    """One call that the bot made: method in lower case, parameters as texts, and what came of it (HTTP status)."""

    method: str
    parameters: Json
    status: int


@dataclass(slots=True, eq=False)
class Tap:
    """A person's tap on a button, and the bot's answer to it: a short notice (`text`), or a box (`alert`)."""

    query_id: str
    message: Message
    expired: bool = False
    answered: bool = False
    text: str = ""
    alert: bool = False


class World:
    """Everything that exists behind the Bot API."""

    def __init__(self, clock: Clock, bot: User) -> None:
        self.clock = clock
        self.bot = bot
        self.updates = UpdateQueue()
        self.flood = FloodGate()
        self.faults = Faults()
        self.webhook_url = ""
        self.commands: dict[str, list[Json]] = {}
        self.calls: deque[Call] = deque(maxlen=CALLS_MAX)
        self.chats: dict[int, Chat] = {}
        self.files: dict[str, Attachment] = {}
        self._taps: dict[str, Tap] = {}
        self._changed = asyncio.Event()
        self._next_message_id = 1
        self._next_query_id = 1
        self._next_group_id = 5000
        self._next_topic_id = 2  # 1 is the general topic

    # Time and waiting

    def unix_now(self) -> int:
        """Unix seconds, as dates stand in the Bot API."""
        return int(self.clock.now().timestamp())

    def change(self) -> None:
        """Something that a person may see has changed."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def until(self, look: Callable[[], Found | None], timeout_s: float) -> Found:
        """The first value other than None that `look` gives, looking again after every change.

        Raises:
            TimeoutError: nothing in `timeout_s` seconds.
        """
        async with asyncio.timeout(timeout_s):
            while (found := look()) is None:
                await self._changed.wait()
            return found

    # Chats

    def private_chat(self, owner: User) -> Chat:
        """The chat of a person with the bot, made on first use; its id is the person's id."""
        return self.chats.setdefault(owner.user_id, Chat(owner.user_id, "private", owner.name, owner))

    def group(self, title: str) -> Chat:
        """A new group that the bot is a member of."""
        self._next_group_id += 1
        chat = Chat(-self._next_group_id, "group", title, known=True)
        self.chats[chat.chat_id] = chat
        return chat

    def topic(self, chat: Chat, name: str) -> int:
        """A new topic of a group; its id."""
        topic_id = self._next_topic_id
        self._next_topic_id += 1
        chat.topics[topic_id] = name
        return topic_id

    def close(self, chat: Chat, how: Closed, by: User) -> None:
        """Shut the bot out of a chat, or (empty) let it in again; the bot is told, as the real service does."""
        before, chat.closed = chat.closed, how
        if before == how or how in {"deactivated", "deleted"}:
            return  # nobody tells the bot of an account or a group that is gone
        chat.known = True
        self.updates.put(
            "my_chat_member",
            {
                "chat": chat.body(),
                "from": by.body(),
                "date": self.unix_now(),
                "old_chat_member": self._membership(before),
                "new_chat_member": self._membership(how),
            },
        )

    def _membership(self, closed: Closed) -> Json:
        shut_out: Json = {"status": "kicked", "user": self.bot.body(), "until_date": 0}
        return shut_out if closed else {"status": "member", "user": self.bot.body()}

    def migrate(self, chat: Chat) -> Chat:
        """Turn a group into a supergroup with a new id; the old id answers with where it went."""
        moved = Chat(_SUPERGROUP_BASE + chat.chat_id, "supergroup", chat.title, known=True)
        self.chats[moved.chat_id] = moved
        chat.migrated_to = moved.chat_id
        return moved

    def chat(self, chat_id: int) -> Chat:
        """A chat that the bot may address.

        Raises:
            ApiError: 400, there is none.
        """
        chat = self.chats.get(chat_id)
        if chat is None:
            raise ApiError(400, "chat not found")
        return chat

    # Messages

    def post(
        self,
        chat: Chat,
        sender: User,
        text: str,
        entities: tuple[Entity, ...] = (),
        *,
        buttons: Keyboard = (),
        attachment: Attachment | None = None,
        silent: bool = False,
        topic_id: int | None = None,
    ) -> Message:
        """Put a message into a chat where everybody sees it."""
        message = Message(
            self._next_message_id,
            chat,
            sender,
            self.unix_now(),
            text,
            entities,
            buttons=buttons,
            attachment=attachment,
            silent=silent,
            topic_id=topic_id,
        )
        self._next_message_id += 1
        if attachment is not None:
            self.files[attachment.file_id] = attachment
        chat.add(message)
        self.change()
        return message

    def say(self, chat: Chat, sender: User, text: str) -> Message:
        """A person writes: the bot will find it among its updates."""
        chat.known = True
        message = self.post(chat, sender, text, command_entities(text))
        self.updates.put("message", message.body())
        return message

    def note_pinned(self, message: Message) -> None:
        """The chat notes that the bot has pinned a message; the bot gets that note like any message."""
        body = {
            "message_id": self._next_message_id,
            "from": self.bot.body(),
            "chat": message.chat.body(),
            "date": self.unix_now(),
            "pinned_message": message.body(),
        }
        self._next_message_id += 1
        self.updates.put("message", body)
        self.change()

    # Taps

    def tap(self, message: Message, sender: User, data: str) -> Tap:
        """A person taps a button: the bot gets a callback query."""
        tap = Tap(str(4_000_000_000 + self._next_query_id), message)
        self._next_query_id += 1
        self._taps[tap.query_id] = tap
        self.updates.put(
            "callback_query",
            {
                "id": tap.query_id,
                "from": sender.body(),
                "message": message.body(),
                "chat_instance": str(message.chat.chat_id),
                "data": data,
            },
        )
        return tap

    def answer_tap(self, query_id: str, text: str, *, alert: bool) -> None:
        """The bot answers a tap, once.

        Raises:
            ApiError: 400, unknown, expired or already answered.
        """
        tap = self._taps.pop(query_id, None)
        if tap is None or tap.expired:
            raise stale_query()
        tap.answered, tap.text, tap.alert = True, text, alert
        self.change()
