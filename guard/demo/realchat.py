"""The same messages in a real chat, for who wants to feel them on a phone.

Set `GUARD_DEMO_TELEGRAM_TOKEN` (a bot's token from @BotFather) and `GUARD_DEMO_TELEGRAM_CHAT` (the id of a chat that
the bot may write to: write to the bot first, @userinfobot tells your id). Both are read from the environment only. A
Telegram that cannot be reached is reported and never stops the demonstration.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import structlog
from pydantic import SecretStr

from guard.alerts.sinks.telegram import TelegramSink
from guard.app.settings import Telegram
from guard.bot.standalone import standalone_sender
from guard.ports.errors import GuardError, InputError
from guard.ports.sending import SendError

log = structlog.get_logger(__name__)

TOKEN_VARIABLE = "GUARD_DEMO_TELEGRAM_TOKEN"  # noqa: S105  # the variable's name
CHAT_VARIABLE = "GUARD_DEMO_TELEGRAM_CHAT"
SEND_TIMEOUT_S = 15.0
LAST_WAIT_S = 4.0
WAITING_MAX = 200


@dataclass(frozen=True, slots=True)
class RealChat:
    """Which chat, and the bot that writes there."""

    token: SecretStr
    chat_id: int
    base_url: str = field(default_factory=lambda: Telegram().base_url)


def real_chat(environ: Mapping[str, str]) -> RealChat | None:
    """The chat that the environment names; None when it names none.

    Raises:
        InputError: only one of the two variables is set, or the chat is no number.
    """
    token, chat = environ.get(TOKEN_VARIABLE, "").strip(), environ.get(CHAT_VARIABLE, "").strip()
    if not token and not chat:
        return None
    if not token or not chat:
        missing = CHAT_VARIABLE if token else TOKEN_VARIABLE
        raise InputError(f"{missing} is not set", fix=f"set both {TOKEN_VARIABLE} and {CHAT_VARIABLE}, or neither")
    if not chat.removeprefix("-").isdecimal():
        raise InputError(f"{CHAT_VARIABLE} was {chat}, must be a chat's number", fix="@userinfobot tells yours")
    return RealChat(SecretStr(token), int(chat))


@dataclass(slots=True)
class Echo:
    """Sends messages on, one after the other, beside everything else.

    `delivered` counts; `problems` holds one line for each message that did not arrive.
    """

    chat: RealChat
    delivered: int = 0
    problems: list[str] = field(default_factory=list)
    _waiting: asyncio.Queue[str] = field(default_factory=lambda: asyncio.Queue(WAITING_MAX))
    _task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to send."""
        self._task = asyncio.create_task(self._run(), name="echo")

    def send(self, html: str) -> None:
        """Put a message in line; over the limit it is dropped and that is said."""
        try:
            self._waiting.put_nowait(html)
        except asyncio.QueueFull:
            self.problems.append(f"more than {WAITING_MAX} messages were waiting for Telegram")

    async def stop(self) -> None:
        """Give the last messages a moment, then end."""
        if self._task is None:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WAIT_S):
                await self._waiting.join()
        if left := self._waiting.qsize():
            self.problems.append(f"{left} messages were still waiting for Telegram at the end")
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        try:
            async with standalone_sender(self.chat.token, self.chat.base_url) as sender:
                if sender is None:
                    return
                sink = TelegramSink(sender)
                while True:
                    await self._pass_on(sink, await self._waiting.get())
        except GuardError as error:
            self._failed(error)
            while True:  # nothing can be sent: whoever waits for the line to empty must not wait
                await self._waiting.get()
                self._waiting.task_done()

    async def _pass_on(self, sink: TelegramSink, html: str) -> None:
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await sink.deliver(f"telegram:{self.chat.chat_id}", html)
            self.delivered += 1
        except SendError as error:
            self._failed(error)
        except TimeoutError:
            self._failed(GuardError(f"Telegram did not answer within {SEND_TIMEOUT_S:g} s"))
        finally:
            self._waiting.task_done()

    def _failed(self, error: GuardError) -> None:
        log.warning("not passed on to Telegram", error=str(error))
        self.problems.append(str(error))
