"""A drill: one real message through every channel, to learn before the alarm whether it would arrive."""

from __future__ import annotations

from typing import TextIO

from guard.alerts.announce import Texts, one_of_each
from guard.alerts.delivery import Delivered, attempt
from guard.alerts.notices import render_drill
from guard.alerts.sinks.console import ConsoleSink
from guard.alerts.sinks.telegram import TelegramSink
from guard.app.channels import destinations_of, second_channels
from guard.app.hearing import Hearing
from guard.app.opening import Opened
from guard.bot.standalone import standalone_sender
from guard.ports.sending import Sink
from guard.store.store import Store

TIMEOUT_S = 20.0


async def send_drill(opened: Opened, console: TextIO) -> list[tuple[str, str | None]]:
    """Send a drill to the console and to every linked chat, and to every second channel.

    Returns:
        Each destination with the failure in one line, None = delivered.
    """
    second = second_channels(opened.settings)
    hearing = Hearing.of(opened.settings, destinations_of(second))
    chats = [chat for user in await opened.store.users() for chat in await opened.store.recipients_of(user.user_id)]
    others = [recipient for recipient in hearing.with_chats(chats) if recipient != hearing.terminal]
    now = opened.clock.now()
    texts = Texts(lambda speech: render_drill(speech, now))
    telegram = opened.settings.telegram
    async with standalone_sender(telegram.token(), telegram.base_url) as sender:
        sinks: dict[str, Sink] = {"console": ConsoleSink(console)}
        if second is not None:
            sinks[second.scheme] = second
        if sender is not None:
            sinks["telegram"] = TelegramSink(sender)
        return [
            (recipient.destination, await _send(opened.store, sinks, recipient.destination, texts.of(recipient)))
            for recipient in one_of_each([hearing.terminal, *others])
        ]


async def _send(store: Store, sinks: dict[str, Sink], destination: str, html: str) -> str | None:
    """One drill; a chat that has moved is followed, and its link with it."""
    scheme = destination.partition(":")[0]
    if scheme not in sinks:
        return "Telegram is off: set telegram.token_file"
    outcome = await attempt(destination, html, sinks, TIMEOUT_S)
    if outcome.moved_to is not None:
        await store.move_chat(chat_id_of(destination), chat_id_of(outcome.moved_to))
    return None if isinstance(outcome, Delivered) else outcome.error


def chat_id_of(destination: str) -> int:
    """The id in `telegram:1234`."""
    return int(destination.partition(":")[2])
