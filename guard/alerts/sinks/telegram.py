"""Messages to Telegram chats, through a `ChatSender`. Knows Telegram's limits, not its library."""

from __future__ import annotations

from typing import Final

import structlog

from guard.alerts.delivery import TelegramAddress, telegram_address
from guard.alerts.markup import plain_text
from guard.alerts.sinks.parts import split
from guard.ports.sending import Buttons, ChatSender, SendRejected, SendRetry

log = structlog.get_logger(__name__)

TEXT_LIMIT: Final = 4096
"""Most characters of a message after its markup is parsed (Bot API, sendMessage)."""

PARTS_MAX: Final = 3
"""What does not fit into so many messages is left out, visibly: a flood helps nobody."""


class TelegramSink:
    """Delivers to `telegram:<chat id>` and `telegram:<chat id>/<topic id>`.

    A long message comes in up to three parts, the buttons under the last one; as plain text when the markup is refused.

    Args:
        sender: the chat service.
    """

    scheme = "telegram"

    def __init__(self, sender: ChatSender) -> None:
        self._sender = sender

    async def deliver(self, destination: str, html: str, *, silent: bool = False, buttons: Buttons = ()) -> str:
        """Deliver one message.

        Returns:
            Telegram's id of the message, or of its last part.

        Raises:
            SendRejected: the destination names no chat, or neither markup nor plain text was accepted.
            SendError: as classified by the sender.
        """
        address = telegram_address(destination)
        if address is None:
            raise SendRejected(
                f"`{destination}` names no Telegram chat; expected telegram:<chat id> or telegram:<chat id>/<topic id>"
            )
        receipt = ""
        parts = split(html, TEXT_LIMIT, PARTS_MAX)
        for part in parts:
            try:
                receipt = await self._send(address, part, silent=silent, buttons=buttons if part is parts[-1] else ())
            except SendRetry as error:
                if not receipt:
                    raise
                # The whole message will be repeated, its first part is there already.
                raise SendRetry(error.message, retry_after_s=error.retry_after_s, may_have_arrived=True) from error
        return receipt

    async def _send(self, address: TelegramAddress, html: str, *, silent: bool, buttons: Buttons) -> str:
        chat_id, topic_id = address
        try:
            return await self._sender.send_text(chat_id, html, silent=silent, buttons=buttons, topic_id=topic_id)
        except SendRejected as error:
            log.warning("message refused, sending it as plain text", to=chat_id, error=str(error))
            kept = () if "button" in error.message.lower() else buttons
            return await self._sender.send_plain(
                chat_id, plain_text(html), silent=silent, buttons=kept, topic_id=topic_id
            )
