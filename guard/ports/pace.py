"""Keeping to a chat service's limits: whoever sends takes a turn first, the most urgent one before the others.

One `Pacer` is shared by all who send to one service: alerts, answers, pictures, the live messages. Urgencies are the
priorities of `guard.ports.records.OutboxMessage`. Knows neither what is sent nor by which library.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final

from guard.ports.clock import Clock

GRAVE: Final = 50
"""As urgent as danger: has a part of every limit for itself."""
ANSWER: Final = 45
"""Of an answer to a person who looks at the screen."""
PICTURE: Final = 5
LIVE: Final = -10
"""Of a message that is edited in place: after everything else, and never the last that a chat takes now."""

# Somewhat longer than the service's own: on the way to it messages come closer together.
_SECOND_S: Final = 1.1
_MINUTE_S: Final = 61.0
_CHATS_KEPT: Final = 4096
_SLACK: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Limits:
    """What a service takes; the defaults stay below what Telegram says, since its clock and the network are not ours.

    Source: core.telegram.org/bots/faq, "My bot is hitting limits": about 30 messages a second over all chats, one a
    second in one chat (short bursts pass), 20 a minute in one group. Edits count as messages (tdlib/td, issue 2592).

    Args:
        per_second: messages in any second over all chats.
        kept_per_second: how many of these only grave ones may use.
        live_per_second: how many live messages may use: an alert does not wait until they are all up to date.
        chat_burst: messages that one chat takes at once; it takes another one each second.
        group_per_minute: messages in any minute in one group.
        kept_per_minute: how many of these only grave ones may use.
        at_once: requests under way.
    """

    per_second: int = 28
    kept_per_second: int = 4
    live_per_second: int = 12
    chat_burst: float = 3
    group_per_minute: int = 19
    kept_per_minute: int = 4
    at_once: int = 32

    @classmethod
    def only_at_once(cls, at_once: int) -> Limits:
        """No limit but that of requests under way."""
        return cls(10**9, 0, 10**9, math.inf, 10**9, 0, at_once)


@dataclass(slots=True, eq=False)
class _Chat:
    """What one chat has been sent. `room` is how many it takes now, as of `at`."""

    room: float
    at: float
    held_until: float = -math.inf
    refused_until: float = -math.inf
    sent: deque[float] = field(default_factory=deque)


@dataclass(slots=True, eq=False)
class _Ticket:
    """Somebody waits."""

    chat_id: int
    urgency: int
    number: int
    takes_slot: bool
    granted: asyncio.Future[None]


@dataclass(slots=True, eq=False)
class _Held:
    """A turn that was taken on behalf of what runs in it; the first message to its chat uses it up."""

    chat_id: int
    used: bool = False


_HELD: ContextVar[_Held | None] = ContextVar("turn", default=None)


class Pacer:
    """Grants turns.

    Args:
        clock: time.
        limits: what the service takes.
    """

    def __init__(self, clock: Clock, limits: Limits | None = None) -> None:
        self._clock = clock
        self._limits = limits or Limits()
        self._chats: dict[int, _Chat] = {}
        self._sent: deque[float] = deque()
        self._held_until = -math.inf
        self._busy = 0
        self._waiting: list[_Ticket] = []
        self._tickets = 0
        self._stirred = asyncio.Event()
        self._driver: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._waiting)

    @asynccontextmanager
    async def turn(self, chat_id: int, urgency: int) -> AsyncIterator[None]:
        """Wait until one message may go to the chat, then let it go inside.

        A turn inside a turn: the first one to the same chat is the outer one itself. A further one waits for the
        limits like any other, but goes first, so that what was begun is ended.
        """
        outer = _HELD.get()
        if outer is not None and outer.chat_id == chat_id and not outer.used:
            outer.used = True
            yield
            return
        await self._wait(chat_id, urgency if outer is None else GRAVE * 2, takes_slot=outer is None)
        token = _HELD.set(_Held(chat_id, used=outer is not None))
        try:
            yield
        finally:
            _HELD.reset(token)
            if outer is None:
                self._busy -= 1
                self._grant()

    def hasten(self, chat_id: int, urgency: int) -> None:
        """Who waits for this chat is at least so urgent now."""
        raised = [ticket for ticket in self._waiting if ticket.chat_id == chat_id and ticket.urgency < urgency]
        for ticket in raised:
            ticket.urgency = urgency
        if raised:
            self._grant()
            self._stirred.set()

    def refused(self, chat_id: int, retry_after_s: float) -> None:
        """The service asks to wait. It does not say for which chat: two that it names at the same time mean all."""
        now = self._now()
        until = now + retry_after_s
        chat = self._chat(chat_id, now)
        chat.room, chat.at = 0.0, now
        chat.held_until = max(chat.held_until, until)
        if any(other.refused_until > now for other in self._chats.values() if other is not chat):
            self._held_until = max(self._held_until, until)
        chat.refused_until = max(chat.refused_until, until)

    def idle_for(self, chat_id: int) -> bool:
        """Whether nobody waits who is more urgent than a live message, neither here nor for the whole service."""
        now = self._now()
        waits = any(ticket.urgency > LIVE for ticket in self._waiting)
        return not waits and self._free_at(chat_id, LIVE, now) <= now + _SLACK

    def is_free(self, chat_id: int, urgency: int) -> bool:
        """Whether a message of this urgency would go at once: none that goes first waits, and no limit is reached."""
        now = self._now()
        free_at = max(self._common_at(urgency, now, takes_slot=True), self._free_at(chat_id, urgency, now))
        waits = any(ticket.urgency >= urgency for ticket in self._waiting)
        return not waits and free_at <= now + _SLACK

    async def _wait(self, chat_id: int, urgency: int, *, takes_slot: bool) -> None:
        self._tickets += 1
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        ticket = _Ticket(chat_id, urgency, self._tickets, takes_slot, granted)
        self._waiting.append(ticket)
        self._grant()
        if granted.done():
            return
        self._stirred.set()
        if self._driver is None:
            self._driver = asyncio.create_task(self._drive(), name="pacer")
        try:
            await granted
        except asyncio.CancelledError:
            if ticket in self._waiting:
                self._waiting.remove(ticket)
            elif takes_slot:
                self._busy -= 1
            self._stirred.set()
            raise

    async def _drive(self) -> None:
        """Grant as time goes on, for as long as anybody waits."""
        try:
            while self._waiting:
                free_at = self._grant()
                if self._waiting:
                    self._stirred.clear()
                    await self._until(free_at)
        finally:
            self._driver = None

    async def _until(self, moment: float) -> None:
        """Return at a moment, or when the world has changed."""
        tasks: list[asyncio.Task[object]] = [asyncio.create_task(self._stirred.wait())]
        if math.isfinite(moment):
            tasks.append(asyncio.create_task(self._clock.sleep(max(0.0, moment - self._now()))))
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _grant(self) -> float:
        """Let all go who may; the moment at which the next one may (infinity: when another one has ended)."""
        next_at = math.inf
        now = self._now()
        self._waiting.sort(key=lambda ticket: (-ticket.urgency, ticket.number))
        left: list[_Ticket] = []
        for place, ticket in enumerate(self._waiting):
            common_at = self._common_at(ticket.urgency, now, takes_slot=ticket.takes_slot)
            free_at = max(common_at, self._free_at(ticket.chat_id, ticket.urgency, now))
            if free_at <= now + _SLACK:
                self._spend(ticket, now)
                ticket.granted.set_result(None)
                continue
            next_at = min(next_at, free_at)
            left.append(ticket)
            if common_at > now + _SLACK and ticket.takes_slot:  # then none that is less urgent may go either
                left += self._waiting[place + 1 :]
                break
        self._waiting = left
        return next_at

    def _spend(self, ticket: _Ticket, now: float) -> None:
        chat = self._chat(ticket.chat_id, now)
        chat.room -= 1
        self._sent.append(now)
        if ticket.chat_id < 0:
            chat.sent.append(now)
        self._busy += ticket.takes_slot

    def _common_at(self, urgency: int, now: float, *, takes_slot: bool) -> float:
        """When the service as a whole takes one more of this urgency."""
        if takes_slot and self._busy >= self._limits.at_once:
            return math.inf
        limits = self._limits
        most = limits.per_second - (0 if urgency >= GRAVE else limits.kept_per_second)
        if urgency <= LIVE:
            most = min(most, limits.live_per_second)
        return max(self._held_until, _window_at(self._sent, most, _SECOND_S, now))

    def _free_at(self, chat_id: int, urgency: int, now: float) -> float:
        """When the chat takes one more of this urgency."""
        chat = self._chat(chat_id, now)
        needed = 1 if urgency > LIVE else min(2.0, self._limits.chat_burst)
        free_at = max(chat.held_until, now + max(0.0, needed - chat.room))
        if chat_id < 0:
            kept = 0 if urgency >= GRAVE else self._limits.kept_per_minute
            free_at = max(free_at, _window_at(chat.sent, self._limits.group_per_minute - kept, _MINUTE_S, now))
        return free_at

    def _chat(self, chat_id: int, now: float) -> _Chat:
        """The chat's account, brought up to date."""
        chat = self._chats.get(chat_id)
        if chat is None:
            self._forget(now)
            chat = self._chats[chat_id] = _Chat(self._limits.chat_burst, now)
        chat.room = min(self._limits.chat_burst, chat.room + now - chat.at)
        chat.at = now
        return chat

    def _forget(self, now: float) -> None:
        """Keep no account of chats that have been left alone for a minute."""
        if len(self._chats) >= _CHATS_KEPT:
            known = self._chats.items()
            self._chats = {key: chat for key, chat in known if chat.at > now - 60 or chat.held_until > now}

    def _now(self) -> float:
        return self._clock.monotonic()


def _window_at(sent: deque[float], limit: int, seconds: float, now: float) -> float:
    """When one more fits into a sliding window; forgets what has left it."""
    while sent and sent[0] <= now - seconds + _SLACK:
        sent.popleft()
    return sent[len(sent) - limit] + seconds if len(sent) >= limit else now
