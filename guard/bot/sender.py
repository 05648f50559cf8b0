"""Sending through Telegram: implements `guard.ports.sending.ChatSender`, and what the chat's own answers need.

Owns the calls and their translation into `SendError`. Retries nothing: whoever calls decides, knowing why.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.constants import ParseMode
from telegram.error import TelegramError

from guard.bot.failures import UNREADABLE, classify, unreadable
from guard.bot.limits import CAPTION_MAX, plain, shortened, size
from guard.bot.replies import Reply
from guard.ports.pace import ANSWER, GRAVE, LIVE, PICTURE, Pacer
from guard.ports.sending import Buttons, SendRejected, SendRetry

T = TypeVar("T")

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


class TelegramSender:
    """Messages out. Works whether or not updates are being received.

    Args:
        bot: the library's client.
        pacer: what keeps all messages of this process within Telegram's limits; None: nothing does.
    """

    def __init__(self, bot: Bot, pacer: Pacer | None = None) -> None:
        self._bot = bot
        self._pacer = pacer

    async def send_text(
        self, chat_id: int, html: str, *, silent: bool = False, buttons: Buttons = (), topic_id: int | None = None
    ) -> str:
        """Send Telegram HTML.

        Raises:
            SendError: see `guard.bot.failures.classify`.
        """
        return await self._send(chat_id, html, GRAVE, silent=silent, buttons=buttons, topic_id=topic_id)

    async def send_plain(
        self, chat_id: int, text: str, *, silent: bool = False, buttons: Buttons = (), topic_id: int | None = None
    ) -> str:
        """Send a text as it is; over the limit it is shortened, and says so.

        Raises:
            SendError: see `guard.bot.failures.classify`.
        """
        message = await self._paced(
            chat_id,
            GRAVE,
            lambda: self._bot.send_message(
                chat_id,
                shortened(text),
                disable_notification=silent,
                message_thread_id=topic_id,
                reply_markup=_keyboard(buttons),
                link_preview_options=_NO_PREVIEW,
            ),
        )
        return str(message.message_id)

    async def send_photo(self, chat_id: int, png: bytes, caption_html: str, *, topic_id: int | None = None) -> str:
        """Send a picture; what is too long for a caption (1,024 characters) follows it as a message.

        Raises:
            SendError: see `guard.bot.failures.classify`.
        """
        fits = size(plain(caption_html)) <= CAPTION_MAX
        message = await self._paced(
            chat_id,
            PICTURE,
            lambda: self._bot.send_photo(
                chat_id,
                png,
                caption=caption_html if fits else None,
                parse_mode=ParseMode.HTML,
                filename="guard.png",
                message_thread_id=topic_id,
            ),
        )
        if not fits:
            await self._send(chat_id, caption_html, ANSWER, topic_id=topic_id)
        return str(message.message_id)

    async def show(self, chat_id: int, reply: Reply, *, topic_id: int | None = None) -> str:
        """Send an answer with its buttons, or its picture; `topic_id`: into that topic of a group.

        Raises:
            SendError: see `guard.bot.failures.classify`.
        """
        if reply.png is not None:
            return await self.send_photo(chat_id, reply.png, reply.html, topic_id=topic_id)
        return await self._send(chat_id, reply.html, ANSWER, buttons=_rows(reply), topic_id=topic_id)

    async def redraw(self, chat_id: int, message_id: int, reply: Reply) -> None:
        """Replace a message in place; replacing it by the same is no error.

        Raises:
            SendError: see `guard.bot.failures.classify`.
        """
        await self._edit(chat_id, message_id, reply.html, ANSWER, _rows(reply))

    # The live message

    async def post_live(self, chat_id: int, html: str, buttons: Buttons = ()) -> str:
        """Send the message that will be edited in place, without a sound.

        Raises:
            SendError: see `guard.bot.failures.classify`.
        """
        return await self._send(chat_id, html, LIVE, silent=True, buttons=buttons)

    async def edit_live(self, chat_id: int, message_id: str, html: str, buttons: Buttons = ()) -> None:
        """Replace it in place; replacing it by the same is no error.

        Raises:
            SendRejected: it is not there any more, or cannot be edited.
            SendError: see `guard.bot.failures.classify`.
        """
        await self._edit(chat_id, int(message_id), html, LIVE, buttons)

    async def pin(self, chat_id: int, message_id: str) -> None:
        """Put a message at the top of its chat, without a sound.

        Raises:
            SendError: see `guard.bot.failures.classify`.
        """
        await self._paced(
            chat_id,
            LIVE,
            lambda: self._bot.pin_chat_message(chat_id, int(message_id), disable_notification=True),
        )

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

    async def _send(
        self,
        chat_id: int,
        html: str,
        urgency: int,
        *,
        silent: bool = False,
        buttons: Buttons = (),
        topic_id: int | None = None,
    ) -> str:
        message = await self._paced(
            chat_id,
            urgency,
            lambda: self._bot.send_message(
                chat_id,
                html,
                parse_mode=ParseMode.HTML,
                disable_notification=silent,
                message_thread_id=topic_id,
                reply_markup=_keyboard(buttons),
                link_preview_options=_NO_PREVIEW,
            ),
        )
        return str(message.message_id)

    async def _edit(self, chat_id: int, message_id: int, html: str, urgency: int, buttons: Buttons) -> None:
        try:
            await self._paced(
                chat_id,
                urgency,
                lambda: self._bot.edit_message_text(
                    html,
                    chat_id,
                    message_id,
                    parse_mode=ParseMode.HTML,
                    reply_markup=_keyboard(buttons),
                    link_preview_options=_NO_PREVIEW,
                ),
            )
        except SendRejected as error:
            if "message is not modified" not in error.message.lower():
                raise

    async def _paced(self, chat_id: int, urgency: int, call: Callable[[], Awaitable[T]]) -> T:
        """The result of a call that counts as a message, made when its turn has come."""
        if self._pacer is None:
            return await self._ask(call())
        async with self._pacer.turn(chat_id, urgency):
            try:
                return await self._ask(call())
            except SendRetry as error:
                if error.retry_after_s is not None:
                    self._pacer.refused(chat_id, error.retry_after_s)
                raise

    async def _ask(self, call: Awaitable[T]) -> T:
        """The result of one call, or its failure as a `SendError`."""
        try:
            return await call
        except TelegramError as error:
            raise classify(error, self._bot.token) from error
        except UNREADABLE as error:
            raise unreadable(error, self._bot.token) from error


def _rows(reply: Reply) -> Buttons:
    return tuple(tuple((button.label, button.data) for button in row) for row in reply.buttons)


def _keyboard(buttons: Buttons) -> InlineKeyboardMarkup | None:
    if not buttons:
        return None
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(label, callback_data=data) for label, data in row] for row in buttons]
    )
