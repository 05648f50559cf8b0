"""The bot's sending half alone, for commands that send a message and end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import SecretStr

from guard.bot.connection import Connection, Pace
from guard.bot.sender import TelegramSender


@asynccontextmanager
async def standalone_sender(token: SecretStr | None, base_url: str) -> AsyncIterator[TelegramSender | None]:
    """A sender without polling; None when Telegram is off. Connections are closed at the end.

    Raises:
        InputError: the token or the address has an impossible form.
    """
    if token is None:
        yield None
        return
    connection = Connection(token.get_secret_value(), base_url, Pace())
    try:
        yield TelegramSender(connection.bot)
    finally:
        await connection.close()
