"""Sending a message to a person: what a channel can do, and how it can fail.

Every failure of a channel's library is classified once, at the border, into exactly one of these:

SendError             a message was not (certainly) delivered
├── SendRetry         network, server error, told to slow down: the same message may be sent again later
├── SendRejected      this message will never be accepted as it is: try plain text once, then it is dead
├── ChatGone          this destination accepts nothing any more: blocked, deleted, not found
│   └── TopicGone     ... but only this topic of the group
└── ChatMoved         the destination has a new address: send there from now on
"""

from __future__ import annotations

from typing import Protocol

from guard.ports.errors import GuardError

Buttons = tuple[tuple[tuple[str, str], ...], ...]
"""Rows of (label, data) under a message."""


class SendError(GuardError):
    """A message was not, or not certainly, delivered."""


class SendRetry(SendError):
    """Sending the same message again later may succeed.

    `retry_after_s` is how long the channel asks to wait (None: it did not say). `may_have_arrived` is true when the
    answer was lost after the request was out: a repeat may show the message twice, and should be marked as a repeat.
    """

    def __init__(
        self, message: str, *, fix: str = "", retry_after_s: float | None = None, may_have_arrived: bool = False
    ) -> None:
        super().__init__(message, fix=fix)
        self.retry_after_s = retry_after_s
        self.may_have_arrived = may_have_arrived


class SendRejected(SendError):
    """The channel refuses this message as it is (markup, length): never retried unchanged."""


class ChatGone(SendError):
    """The destination accepts nothing any more: the person blocked the bot, left, or the chat does not exist."""


class TopicGone(ChatGone):
    """A topic of a group was deleted or closed; the group itself may still accept messages."""


class ChatMoved(SendError):
    """The chat continues under `new_chat_id`; the old one accepts nothing any more."""

    def __init__(self, message: str, *, new_chat_id: int, fix: str = "") -> None:
        super().__init__(message, fix=fix)
        self.new_chat_id = new_chat_id


class ChatSender(Protocol):
    """A chat service as a sink needs it. Every method returns the message's id and raises a `SendError`.

    `silent` makes no sound at the receiver; `buttons` stand under the message; `topic_id` names a topic of a group.
    """

    async def send_text(
        self, chat_id: int, html: str, *, silent: bool = False, buttons: Buttons = (), topic_id: int | None = None
    ) -> str:
        """Send a text with Telegram's HTML markup."""
        ...

    async def send_plain(
        self, chat_id: int, text: str, *, silent: bool = False, buttons: Buttons = (), topic_id: int | None = None
    ) -> str:
        """Send a text as it is, no markup; a text over the service's limit is shortened visibly, never refused."""
        ...

    async def send_photo(self, chat_id: int, png: bytes, caption_html: str) -> str:
        """Send a PNG picture with a caption (may be empty) in the same markup."""
        ...


class LiveSender(Protocol):
    """A chat service as the message that is edited in place needs it. Every method raises a `SendError`."""

    async def post_live(self, chat_id: int, html: str, buttons: Buttons = ()) -> str:
        """Send it without a sound; the message's id."""
        ...

    async def edit_live(self, chat_id: int, message_id: str, html: str, buttons: Buttons = ()) -> None:
        """Replace it in place; by the same is no error. `SendRejected`: it is not there any more."""
        ...

    async def pin(self, chat_id: int, message_id: str) -> None:
        """Put it at the top of the chat, without a sound."""
        ...


class Sink(Protocol):
    """A channel of delivery. `scheme` is the part of a destination before the colon (`telegram`, `console`)."""

    scheme: str

    async def deliver(self, destination: str, html: str, *, silent: bool = False, buttons: Buttons = ()) -> str:
        """Deliver one message to a full destination such as `telegram:1234`, or `telegram:-1001234/5` for a topic.

        `silent`: without a sound at the receiver, where the channel can do so. `buttons`: under the message, where it
        has any.

        Returns:
            A receipt: the channel's own id of the message.

        Raises:
            SendError: it was not, or not certainly, delivered.
        """
        ...
