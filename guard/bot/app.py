"""The chat bot as the service runs it: start, stop, health. Telegram is a door, not the brain.

`start` returns at once and never fails because of Telegram: connecting, and connecting again, goes on in the
background. `stop` ends within 3 s whatever Telegram does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog
from telegram import Update

from guard.bot.connection import REAL_BASE_URL, Connection, Pace
from guard.bot.desk import Desk
from guard.bot.dispatch import Dispatch
from guard.bot.membership import read_membership
from guard.bot.menus import Menus
from guard.bot.polling import BotHealth, BotState, Poller
from guard.bot.reception import Reception
from guard.bot.sender import TelegramSender
from guard.language.speech import prepare
from guard.ports.clock import Clock
from guard.ports.pace import Pacer

log = structlog.get_logger("guard.bot")

STOP_GRACE_S = 1.0


class ChatBot:
    """The bot of one guard. `sender` works from construction until `stop`, whatever the state of fetching.

    `pacer` keeps all that it sends within Telegram's limits; who sends through `sender` shares it.
    """

    def __init__(
        self,
        token: str,
        desk: Desk,
        clock: Clock,
        *,
        base_url: str = REAL_BASE_URL,
        pace: Pace | None = None,
        membership: Callable[[int, bool], Awaitable[None]] | None = None,
    ) -> None:
        """Prepare; nothing is contacted before `start`.

        Args:
            token: the bot's token as @BotFather gives it.
            desk: the rest of the guard.
            clock: time.
            base_url: Bot API root such as `http://127.0.0.1:8081/bot`.
            pace: time limits and backoff.
            membership: told the id of a chat that shuts the bot out (false) or lets it in again (true).

        Raises:
            InputError: `token` or `base_url` has an impossible form.
        """
        prepare()
        self._clock = clock
        pace = pace or Pace()
        self._connection = Connection(token, base_url, pace)
        bot = self._connection.bot
        self.pacer = Pacer(clock)
        self.sender = TelegramSender(bot, self.pacer)
        self._membership = membership
        menus = Menus(bot, desk)
        reception = Reception(desk, self.sender, menus, clock, lambda: bot.username)
        self._dispatch = Dispatch(reception.serve, reception.apologize)
        self._poller = Poller(bot, clock, pace, menus.set_default, self._take, self._set_health)
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
        await self._connection.close()
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

    async def _take(self, update: Update) -> None:
        """Hand an update to who deals with it."""
        change = read_membership(update)
        if change is None:
            await self._dispatch.put(update)
        elif self._membership is not None:
            await self._membership(change.chat_id, change.reachable)

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
