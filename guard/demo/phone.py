"""The person's phone: every message of the bot, with the moment at which the chat service received it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from guard.alerts.markup import plain_text
from guard.ports.clock import Clock
from guard.sandbox.telegram import Person, TelegramSandbox
from guard.sandbox.telegram.world import Call

_WAIT_S = 3600.0


@dataclass(frozen=True, slots=True)
class Received:
    """A message as it arrived: chat markup, the text that a person reads, and when."""

    html: str
    text: str
    at: datetime


class Phone:
    """Watches what the bot sends to one person from now on.

    Args:
        chat: the loopback chat service.
        person: whose phone it is.
        clock: time of arrival; never early, late by what this process needs to wake up.
        ring: called with each message.
        written: called with what the person writes.
    """

    def __init__(
        self,
        chat: TelegramSandbox,
        person: Person,
        clock: Clock,
        ring: Callable[[Received], None],
        written: Callable[[str], None],
    ) -> None:
        self.received: list[Received] = []
        self._world = chat.world
        self._person = person
        self._clock = clock
        self._ring = ring
        self._written = written
        self._read = len(self._world.calls)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to watch."""
        self._task = asyncio.create_task(self._watch(), name="phone")

    async def stop(self) -> None:
        """Watch no more; what arrived until now is still taken in."""
        if self._task is None:
            return
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        self._take()

    async def write(self, text: str) -> None:
        """The person writes to the bot."""
        self._written(text)
        await self._person.send(text)

    async def ask(self, text: str, timeout_s: float) -> None:
        """The person writes to the bot, and waits for an answer.

        Raises:
            TimeoutError: there was none.
        """
        self._written(text)
        await self._person.ask(text, timeout_s=timeout_s)

    async def _watch(self) -> None:
        while True:
            with suppress(TimeoutError):
                await self._world.until(lambda: len(self._world.calls) > self._read or None, _WAIT_S)
            self._take()

    def _take(self) -> None:
        for html in self._fresh():
            message = Received(html, plain_text(html).strip(), self._clock.now())
            self.received.append(message)
            self._ring(message)

    def _fresh(self) -> Iterator[str]:
        """Texts of the calls not yet looked at that put a message into the person's chat."""
        calls = list(islice(self._world.calls, self._read, None))
        self._read += len(calls)
        return (str(call.parameters["text"]) for call in calls if self._is_mine(call))

    def _is_mine(self, call: Call) -> bool:
        accepted = call.method == "sendmessage" and call.status == 200
        return accepted and str(call.parameters.get("chat_id")) == str(self._person.user_id)
