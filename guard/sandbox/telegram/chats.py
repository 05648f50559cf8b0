"""Chats as people see them: messages with their buttons and pictures, private chats and groups.

Owns the state of a chat, its JSON forms, and whether the bot may still write there. Knows nothing of HTTP.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from guard.sandbox.telegram.answers import ApiError, Json, migrated
from guard.sandbox.telegram.markup import Entity

MESSAGES_MAX = 10_000  # a chat keeps its newest messages; older ones are forgotten

ChatType = Literal["private", "group", "supergroup"]
Closed = Literal["", "blocked", "deactivated", "kicked", "deleted"]

_CLOSED_ERRORS: dict[Closed, str] = {
    "blocked": "bot was blocked by the user",
    "deactivated": "user is deactivated",
    "deleted": "the group chat was deleted",
}


@dataclass(frozen=True, slots=True)
class User:
    """A person or a bot."""

    user_id: int
    name: str
    username: str | None = None
    is_bot: bool = False

    def body(self) -> Json:
        """The JSON form."""
        answer: Json = {"id": self.user_id, "is_bot": self.is_bot, "first_name": self.name}
        if self.username:
            answer["username"] = self.username
        if not self.is_bot:
            answer["language_code"] = "en"
        return answer


@dataclass(frozen=True, slots=True)
class Button:
    """An inline button: `data` comes back to the bot when it is tapped."""

    text: str
    data: str | None = None
    url: str | None = None

    def body(self) -> Json:
        """The JSON form."""
        answer: Json = {"text": self.text}
        if self.data is not None:
            answer["callback_data"] = self.data
        if self.url is not None:
            answer["url"] = self.url
        return answer


Keyboard = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A picture or a file that came with a message; `width` and `height` in pixels, 0 for a file."""

    kind: Literal["photo", "document"]
    file_id: str
    content: bytes
    file_name: str
    width: int = 0
    height: int = 0

    def body(self) -> Json:
        """The JSON form of the file."""
        answer: Json = {
            "file_id": self.file_id,
            "file_unique_id": f"u{self.file_id}",
            "file_size": len(self.content),
        }
        if self.kind == "photo":
            return answer | {"width": self.width, "height": self.height}
        return answer | {"file_name": self.file_name}


@dataclass(slots=True, eq=False)
class Message:
    """One message as it stands now. `text` is what a person reads: the text, or the caption under a picture.

    `date` and `edited_at` are Unix seconds. `versions` holds the texts before each edit, oldest first.
    """

    message_id: int
    chat: Chat = field(repr=False)
    sender: User
    date: int
    text: str
    entities: tuple[Entity, ...] = ()
    buttons: Keyboard = ()
    attachment: Attachment | None = None
    silent: bool = False
    pinned: bool = False
    deleted: bool = False
    edited_at: int | None = None
    topic_id: int | None = None
    versions: list[str] = field(default_factory=list)

    @property
    def photo(self) -> bytes | None:
        """The picture's bytes."""
        return self.attachment.content if self.attachment and self.attachment.kind == "photo" else None

    @property
    def document(self) -> bytes | None:
        """The file's bytes."""
        return self.attachment.content if self.attachment and self.attachment.kind == "document" else None

    @property
    def labels(self) -> tuple[str, ...]:
        """The texts of all buttons, in reading order."""
        return tuple(button.text for row in self.buttons for button in row)

    def bold(self) -> list[str]:
        """The stretches of text that are shown bold."""
        raw = self.text.encode("utf-16-le")
        return [
            raw[entity.offset * 2 : (entity.offset + entity.length) * 2].decode("utf-16-le")
            for entity in self.entities
            if entity.type == "bold"
        ]

    def body(self) -> Json:
        """The JSON form."""
        answer: Json = {
            "message_id": self.message_id,
            "from": self.sender.body(),
            "chat": self.chat.body(),
            "date": self.date,
        }
        entities = [entity.body() for entity in self.entities]
        if self.attachment is None:
            answer["text"] = self.text
            if entities:
                answer["entities"] = entities
        else:
            file = self.attachment.body()
            answer[self.attachment.kind] = [file] if self.attachment.kind == "photo" else file
            if self.text:
                answer["caption"] = self.text
            if entities:
                answer["caption_entities"] = entities
        if self.buttons:
            answer["reply_markup"] = {"inline_keyboard": [[button.body() for button in row] for row in self.buttons]}
        if self.edited_at is not None:
            answer["edit_date"] = self.edited_at
        if self.topic_id is not None:
            answer |= {"message_thread_id": self.topic_id, "is_topic_message": True}
        return answer


@dataclass(slots=True, eq=False)
class Chat:
    """A chat with the bot. `known` is false until the bot has met it: before that it is "not found".

    `topics` are the names of a forum's topics by their id; a closed one has the name None.
    """

    chat_id: int
    type: ChatType
    title: str
    owner: User | None = None
    known: bool = False
    closed: Closed = ""
    migrated_to: int | None = None
    messages: list[Message] = field(default_factory=list, repr=False)
    topics: dict[int, str | None] = field(default_factory=dict)

    def check_topic(self, topic_id: int | None) -> None:
        """Refuse when there is no such topic, or nobody may write there any more.

        Raises:
            ApiError: 400.
        """
        if topic_id is None:
            return
        if topic_id not in self.topics:
            raise ApiError(400, "message thread not found")
        if self.topics[topic_id] is None:
            raise ApiError(400, "TOPIC_CLOSED")

    def check_writable(self) -> None:
        """Refuse in the real service's words when the bot cannot write here.

        Raises:
            ApiError: 400 not found or migrated, 403 blocked, kicked, deactivated or deleted.
        """
        if self.migrated_to is not None:
            raise migrated(self.migrated_to)
        if self.closed == "kicked":
            raise ApiError(403, f"bot was kicked from the {self.type} chat")
        if self.closed:
            raise ApiError(403, _CLOSED_ERRORS[self.closed])
        if not self.known:
            raise ApiError(400, "chat not found")

    def add(self, message: Message) -> None:
        """Append a message, forgetting the oldest over the limit."""
        self.messages.append(message)
        del self.messages[:-MESSAGES_MAX]

    def visible(self) -> Iterator[Message]:
        """The messages that were not deleted, oldest first."""
        return (message for message in self.messages if not message.deleted)

    def find(self, message_id: int) -> Message | None:
        """A message by id; None when it is gone."""
        return next((message for message in self.visible() if message.message_id == message_id), None)

    @property
    def pinned(self) -> Message | None:
        """The newest pinned message."""
        return next((message for message in reversed(self.messages) if message.pinned and not message.deleted), None)

    def body(self) -> Json:
        """The JSON form."""
        answer: Json = {"id": self.chat_id, "type": self.type}
        if self.owner is None:
            return answer | {"title": self.title}
        answer["first_name"] = self.owner.name
        if self.owner.username:
            answer["username"] = self.owner.username
        return answer
