"""Fetching updates for ever: connect, poll, and on any failure say so, wait, and connect again.

Owns the connection's state and the backoff. Deliberately not the library's `Updater`: that one ends for good, without
a word, when the token is refused while it runs, does not report time-outs, and asks again and again for an answer
that it cannot read. Here every setback has a state and a reason that `/healthz` can show, and fetching goes on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NoReturn

import structlog
from telegram import Bot, Update
from telegram.error import BadRequest, Conflict, InvalidToken, RetryAfter, TelegramError

from guard.bot.connection import Pace
from guard.bot.failures import UNREADABLE, describe, wait_asked_s
from guard.bot.visits import WANTED_UPDATES
from guard.ports.clock import Clock

log = structlog.get_logger("guard.bot")


class BotState(StrEnum):
    """Whether people can reach the bot."""

    STARTING = "starting"
    RUNNING = "running"
    UNREACHABLE = "unreachable"
    BAD_TOKEN = "bad_token"  # noqa: S105  # a state, not a secret
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class BotHealth:
    """The state, since when, and why in one line (empty when all is well)."""

    state: BotState
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Setback:
    """Why fetching stopped. `drop` when the waiting updates themselves are the trouble."""

    state: BotState
    reason: str
    wait_s: float = 0.0
    drop: bool = False


def setback_of(error: Exception, token: str, pace: Pace) -> Setback:
    """What a failure while fetching means. Pure."""
    text = describe(error, token)
    match error:
        case InvalidToken():
            reason = "Telegram rejected the token; check telegram.token_file and telegram.base_url and restart"
            return Setback(BotState.BAD_TOKEN, reason, pace.bad_token_retry_s)
        case RetryAfter():
            return Setback(BotState.UNREACHABLE, f"Telegram asks to slow down ({text})", wait_asked_s(error))
        case Conflict():
            reason = f"another program uses this bot's token; stop it, or give this guard a bot of its own ({text})"
            return Setback(BotState.UNREACHABLE, reason)
        case TelegramError():
            return Setback(BotState.UNREACHABLE, f"Telegram cannot be reached ({text})")
        case _:
            reason = f"Telegram's updates could not be understood ({type(error).__name__} {text}); they are dropped"
            return Setback(BotState.UNREACHABLE, reason, drop=True)


class Poller:
    """Fetches updates and hands each to `take`."""

    def __init__(
        self,
        bot: Bot,
        clock: Clock,
        pace: Pace,
        menu: Callable[[], Awaitable[None]],
        take: Callable[[Update], Awaitable[None]],
        on_change: Callable[[BotHealth], None],
    ) -> None:
        self._bot = bot
        self._clock = clock
        self._pace = pace
        self._menu = menu
        self._take = take
        self._on_change = on_change
        self._offset = 0
        self._drop = True  # what was sent before the start is not executed
        self._menu_set = False
        self._setbacks = 0
        self._connected_at: float | None = None
        self._good_at = clock.monotonic()

    async def run(self) -> NoReturn:
        """Connect and fetch until cancelled."""
        while True:
            setback = await self._until_setback()
            await self._clock.sleep(self._note(setback))

    async def _until_setback(self) -> Setback:
        try:
            await self._connect()
            while True:
                await self._fetch(self._pace.poll_s)
        except TelegramError as error:
            return setback_of(error, self._bot.token, self._pace)
        except UNREADABLE as error:
            return setback_of(error, self._bot.token, self._pace)

    async def _connect(self) -> None:
        """(1) is the token good, (2) nothing else receives our updates, (3) they can be fetched, (4) the menu."""
        await self._bot.initialize()
        away_s = self._clock.monotonic() - self._good_at
        drop = self._drop or away_s >= self._pace.drop_after_s
        await self._bot.delete_webhook(drop_pending_updates=drop)
        self._drop = False
        await self._fetch(0)
        self._connected_at = self._clock.monotonic()
        log.info("chat.connected", bot=self._bot.username, dropped_waiting_updates=drop)
        self._on_change(BotHealth(BotState.RUNNING, "", self._clock.now()))
        await self._set_menu()

    async def _fetch(self, poll_s: int) -> None:
        updates = await self._bot.get_updates(
            offset=self._offset or None, timeout=poll_s, allowed_updates=WANTED_UPDATES
        )
        self._good_at = self._clock.monotonic()
        for update in updates:
            self._offset = update.update_id + 1
            await self._take(update)

    async def _set_menu(self) -> None:
        if self._menu_set:
            return
        try:
            await self._menu()
        except BadRequest as error:  # a bot without a menu still answers
            log.warning("chat.menu_rejected", error=describe(error, self._bot.token))
        self._menu_set = True

    def _note(self, setback: Setback) -> float:
        """Report a setback; the seconds to wait before the next attempt."""
        now = self._clock.monotonic()
        if self._connected_at is not None and now - self._connected_at >= self._pace.steady_s:
            self._setbacks = 0
        self._connected_at = None
        self._setbacks += 1
        self._drop = self._drop or setback.drop
        backoff_s = min(self._pace.retry_first_s * 2.0 ** min(self._setbacks - 1, 16), self._pace.retry_max_s)
        wait_s = max(backoff_s, setback.wait_s)
        log.warning("chat.setback", state=setback.state, reason=setback.reason, next_attempt_in_s=wait_s)
        self._on_change(BotHealth(setback.state, setback.reason, self._clock.now()))
        return wait_s
