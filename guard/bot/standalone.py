"""The bot's sending half alone, for commands that send a message and end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import SecretStr
from telegram import Bot
from telegram.error import TelegramError

from guard.bot.app import _check, _request, file_url
from guard.bot.failures import classify
from guard.bot.polling import Pace
from guard.bot.sender import TelegramSender


class StandaloneSender(TelegramSender):
    """A sender that can also say whose it is."""

    def __init__(self, bot: Bot) -> None:
        super().__init__(bot)
        self._own = bot

    async def whoami(self) -> str:
        """The bot's user name.

        Raises:
            SendError: the token is not accepted, or Telegram does not answer.
        """
        try:
            return f"@{(await self._own.get_me()).username}"
        except TelegramError as error:
            raise classify(error, self._own.token) from error


@asynccontextmanager
async def standalone_sender(token: SecretStr | None, base_url: str) -> AsyncIterator[StandaloneSender | None]:
    """A sender without polling; None when Telegram is off. Connections are closed at the end.

    Raises:
        InputError: the token or the address has an impossible form.
    """
    if token is None:
        yield None
        return
    _check(token.get_secret_value(), base_url)
    request = _request(base_url, Pace(), 4)
    bot = Bot(token.get_secret_value(), base_url=base_url, base_file_url=file_url(base_url), request=request)
    try:
        yield StandaloneSender(bot)
    finally:
        await request.shutdown()
