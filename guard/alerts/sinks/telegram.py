"""Messages to Telegram chats, through a `ChatSender`. Knows Telegram's limits, not its library."""

from __future__ import annotations

from typing import Final

import structlog

from guard.alerts.markup import plain_text, shorten
from guard.ports.sending import ChatSender, SendRejected

log = structlog.get_logger(__name__)

TEXT_LIMIT: Final = 4096
"""Most characters of a message after its markup is parsed (Bot API, sendMessage)."""


class TelegramSink:
    """Delivers to `telegram:<chat id>`: shortened to the limit, as plain text when the markup is refused.

    Args:
        sender: the chat service.
    """

    scheme = "telegram"

    def __init__(self, sender: ChatSender) -> None:
        self._sender = sender

    async def deliver(self, destination: str, html: str, *, silent: bool = False) -> str:
        """Deliver one message.

        Returns:
            Telegram's id of the message.

        Raises:
            SendRejected: the destination names no chat, or neither markup nor plain text was accepted.
            SendError: as classified by the sender.
        """
        chat_id = _chat_id(destination)
        try:
            return await self._sender.send_text(chat_id, shorten(html, TEXT_LIMIT), silent=silent)
        except SendRejected as error:
            log.warning("message refused, sending it as plain text", to=destination, error=str(error))
            return await self._sender.send_plain(chat_id, plain_text(html), silent=silent)


def _chat_id(destination: str) -> int:
    chat = destination.partition(":")[2]
    if not chat.removeprefix("-").isdecimal():
        raise SendRejected(f"`{destination}` names no Telegram chat; expected telegram:<chat id>")
    return int(chat)
