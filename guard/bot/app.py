"""The chat bot as the service runs it: start, stop, health. Telegram is a door, not the brain.

`start` returns at once and never fails because of Telegram: connecting, and connecting again, goes on in the
background. `stop` ends within 3 s whatever Telegram does.
"""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import replace
from urllib.parse import urlsplit

import structlog
from telegram import Bot, BotCommand
from telegram.request import HTTPXRequest

from guard.bot.commands import COMMANDS
from guard.bot.desk import Desk
from guard.bot.dispatch import Dispatch
from guard.bot.polling import BotHealth, BotState, Pace, Poller
from guard.bot.reception import Reception
from guard.bot.sender import TelegramSender
from guard.ports.clock import Clock
from guard.ports.errors import InputError

log = structlog.get_logger("guard.bot")

REAL_BASE_URL = "https://api.telegram.org/bot"
STOP_GRACE_S = 1.0
CONNECTIONS_MAX = 64

_TOKEN_FORM = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{1,100}")

# The token is part of every address, and these loggers print addresses (or pages that repeat them). What goes wrong is
# logged by us, without the token.
_TALKATIVE_LOGGERS = {"httpx": logging.WARNING, "httpcore": logging.WARNING, "telegram": logging.CRITICAL}


class ChatBot:
    """The bot of one guard. `sender` works from construction until `stop`, whatever the state of fetching."""

    def __init__(
        self, token: str, desk: Desk, clock: Clock, *, base_url: str = REAL_BASE_URL, pace: Pace | None = None
    ) -> None:
        """Prepare; nothing is contacted before `start`.

        Args:
            token: the bot's token as @BotFather gives it.
            desk: the rest of the guard.
            clock: time.
            base_url: Bot API root such as `http://127.0.0.1:8081/bot`.
            pace: time limits and backoff.

        Raises:
            InputError: `token` or `base_url` has an impossible form.
        """
        _check(token, base_url)
        for name, level in _TALKATIVE_LOGGERS.items():
            logging.getLogger(name).setLevel(level)
        self._clock = clock
        pace = pace or Pace()
        # Two connection pools: a poll that hangs must not keep an alert waiting.
        self._requests = (_request(base_url, pace, CONNECTIONS_MAX), _request(base_url, pace, 2))
        bot = Bot(
            token,
            base_url=base_url,
            base_file_url=file_url(base_url),
            request=self._requests[0],
            get_updates_request=self._requests[1],
        )
        self.sender = TelegramSender(bot)
        reception = Reception(desk, self.sender, clock, lambda: bot.username)
        self._dispatch = Dispatch(reception.serve, reception.apologize)
        menu = [BotCommand(command.name, command.summary) for command in COMMANDS]
        self._poller = Poller(bot, clock, pace, menu, self._dispatch.put, self._set_health)
        self._task: asyncio.Task[None] | None = None
        self._health = BotHealth(BotState.STARTING, "not connected yet", clock.now())
        self._changed = asyncio.Event()

    @property
    def health(self) -> BotHealth:
        """The present state, for `/healthz`."""
        return self._health

    async def start(self) -> None:
        """Begin to connect in the background."""
        if self._task is None:
            self._task = asyncio.create_task(self._poller.run(), name="chat-poller")
            self._task.add_done_callback(self._poller_ended)

    async def stop(self) -> None:
        """End within 3 s: no new updates, a moment for running answers, connections closed."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._dispatch.close(STOP_GRACE_S)
        for request in self._requests:
            await request.shutdown()
        self._set_health(BotHealth(BotState.STOPPED, "stopped", self._clock.now()))

    async def wait_for(self, *states: BotState, timeout_s: float) -> BotHealth:
        """The health once its state is one of `states`.

        Raises:
            TimeoutError: it is not so within `timeout_s` seconds.
        """
        async with asyncio.timeout(timeout_s):
            while self._health.state not in states:
                await self._changed.wait()
        return self._health

    def _set_health(self, health: BotHealth) -> None:
        if health.state is self._health.state:  # another reason, but not well since the same time
            health = replace(health, since=self._health.since)
        self._health = health
        self._changed.set()
        self._changed = asyncio.Event()

    def _poller_ended(self, task: asyncio.Task[None]) -> None:
        """A poller ends by being cancelled; anything else is a defect of ours, and must be seen."""
        if task.cancelled():
            return
        error = task.exception()
        log.critical("chat.poller_died", exc_info=error)
        reason = f"the bot stopped because of a defect ({type(error).__name__}); restart the guard"
        self._set_health(BotHealth(BotState.UNREACHABLE, reason, self._clock.now()))


def file_url(base_url: str) -> str:
    """Where files are loaded from: `https://host/bot` becomes `https://host/file/bot`."""
    root, _, last = base_url.rpartition("/")
    return f"{root}/file/{last}"


def _check(token: str, base_url: str) -> None:
    if not _TOKEN_FORM.fullmatch(token):
        raise InputError(
            "the Telegram token has not the form 123456789:letters-and-digits",
            fix="copy it again from @BotFather into telegram.token_file",
        )
    address = urlsplit(base_url)
    if address.scheme not in {"http", "https"} or not address.hostname or not address.path.strip("/"):
        raise InputError(
            f"telegram.base_url was {base_url}, must be a Bot API root such as {REAL_BASE_URL}",
            fix="remove it to use Telegram itself",
        )


def _request(base_url: str, pace: Pace, connections_max: int) -> HTTPXRequest:
    loopback = urlsplit(base_url).hostname in {"127.0.0.1", "::1", "localhost"}
    return HTTPXRequest(
        connection_pool_size=connections_max,
        connect_timeout=pace.connect_s,
        read_timeout=pace.answer_s,
        write_timeout=pace.answer_s,
        media_write_timeout=pace.answer_s * 2,
        pool_timeout=pace.answer_s,
        # A proxy of the environment leads to the internet, not to this machine.
        httpx_kwargs={"trust_env": False} if loopback else None,
    )
