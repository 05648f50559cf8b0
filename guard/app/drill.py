"""A drill: one real message through every channel, to learn before the alarm whether it would arrive."""

from __future__ import annotations

from typing import TextIO

from guard.alerts.announce import CONSOLE
from guard.alerts.notices import render_drill
from guard.alerts.sinks.console import ConsoleSink
from guard.alerts.sinks.telegram import TelegramSink
from guard.app.opening import Opened
from guard.bot.standalone import standalone_sender
from guard.ports.sending import SendError, Sink


async def send_drill(opened: Opened, console: TextIO) -> list[tuple[str, str | None]]:
    """Send a drill to the console and to every linked chat.

    Returns:
        Each destination with the failure in one line, None = delivered.
    """
    destinations = [CONSOLE]
    for user in await opened.store.users():
        chats = await opened.store.chats_of(user.user_id)
        destinations += [f"telegram:{chat.chat_id}" for chat in chats if chat.dead_since is None]
    html = render_drill(opened.clock.now())
    telegram = opened.settings.telegram
    async with standalone_sender(telegram.token(), telegram.base_url) as sender:
        sinks: dict[str, Sink] = {"console": ConsoleSink(console)}
        if sender is not None:
            sinks["telegram"] = TelegramSink(sender)
        return [(destination, await _send(sinks, destination, html)) for destination in dict.fromkeys(destinations)]


async def _send(sinks: dict[str, Sink], destination: str, html: str) -> str | None:
    sink = sinks.get(destination.partition(":")[0])
    if sink is None:
        return "Telegram is off: set telegram.token_file"
    try:
        await sink.deliver(destination, html)
    except SendError as error:
        return str(error)
    return None
