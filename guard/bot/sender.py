"""Sending through Telegram: implements `guard.ports.sending.ChatSender`, and what the chat's own answers need.

Owns the calls and their translation into `SendError`. Retries nothing: whoever calls decides, knowing why.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.constants import ParseMode
from telegram.error import TelegramError

from guard.bot.failures import UNREADABLE, classify, unreadable
from guard.bot.limits import shortened
from guard.bot.replies import Reply
from guard.ports.sending import SendRejected

T = TypeVar("T")

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


class TelegramSender:
    """Messages out. Works whether or not updates are being received."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def send_text(self, chat_id: int, html: str, *, silent: bool = False) -> str:
        """Send Telegram HTML.

        Raises:
            SendError: see `guard.bot.failures.classify`.
        """
        message = await self._ask(
            self._bot.send_message(
                chat_id,
                html,
                parse_mode=ParseMode.HTML,
                disable_notification=silent,
                link_preview_options=_NO_PREVIEW,
            )
        )
        return str(message.message_id)

    async def send_plain(self, chat_id: int, text: str, *, silent: bool = False) -> str:
        """Send a text as it is; over the limit it is shortened, and says so.

        Raises:
            SendError: see `guard.bot.failures.classify`.
        """
        message = await self._ask(
            self._bot.send_message(
                chat_id, shortened(text), disable_notification=silent, link_preview_options=_NO_PREVIEW
            )
        )
        return str(message.message_id)

    async def send_photo(self, chat_id: int, png: bytes, caption_html: str, *, topic_id: int | None = None) -> str:
        """Send a picture; a caption over 1,024 characters is refused by Telegram (`SendRejected`).

        Raises:
            SendError: see `guard.bot.failures.classify`.
        """
        message = await self._ask(
            self._bot.send_photo(
                chat_id,
                png,
                caption=caption_html,
                parse_mode=ParseMode.HTML,
                filename="guard.png",
                message_thread_id=topic_id,
            )
        )
        return str(message.message_id)

    async def show(self, chat_id: int, reply: Reply, *, topic_id: int | None = None) -> str:
        """Send an answer with its buttons, or its picture; `topic_id`: into that topic of a group.

        Raises:
            SendError: see `guard.bot.failures.classify`.
        """
        if reply.png is not None:
            return await self.send_photo(chat_id, reply.png, reply.html, topic_id=topic_id)
        message = await self._ask(
            self._bot.send_message(
                chat_id,
                reply.html,
                parse_mode=ParseMode.HTML,
                reply_markup=_keyboard(reply),
                link_preview_options=_NO_PREVIEW,
                message_thread_id=topic_id,
            )
        )
        return str(message.message_id)

    async def redraw(self, chat_id: int, message_id: int, reply: Reply) -> None:
        """Replace a message in place; replacing it by the same is no error.

        Raises:
            SendError: see `guard.bot.failures.classify`.
        """
        try:
            await self._ask(
                self._bot.edit_message_text(
                    reply.html,
                    chat_id,
                    message_id,
                    parse_mode=ParseMode.HTML,
                    reply_markup=_keyboard(reply),
                    link_preview_options=_NO_PREVIEW,
                )
            )
        except SendRejected as error:
            if "message is not modified" not in error.message.lower():
                raise

    async def answer_tap(self, query_id: str, text: str, *, alert: bool = False) -> None:
        """End the waiting that a tap shows, with a short notice (may be empty, at most 200 characters).

        `alert`: as a window that the person closes, not as a line that vanishes.

        Raises:
            SendError: see `guard.bot.failures.classify`.
        """
        await self._ask(self._bot.answer_callback_query(query_id, text or None, show_alert=alert))

    async def whoami(self) -> str:
        """The bot's own name at the service, such as `@my_guard_bot`.

        Raises:
            SendError: the token is not accepted, or Telegram does not answer.
        """
        return f"@{(await self._ask(self._bot.get_me())).username}"

    async def _ask(self, call: Awaitable[T]) -> T:
        """The result of one call, or its failure as a `SendError`."""
        try:
            return await call
        except TelegramError as error:
            raise classify(error, self._bot.token) from error
        except UNREADABLE as error:
            raise unreadable(error, self._bot.token) from error


def _keyboard(reply: Reply) -> InlineKeyboardMarkup | None:
    if not reply.buttons:
        return None
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(button.label, callback_data=button.data) for button in row] for row in reply.buttons]
    )
