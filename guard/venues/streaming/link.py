"""One connection that is kept up: dialled, watched over, given up when it is silent, dialled again.

Owns liveness and the pauses between dials. Knows nothing of what is said; `Link`'s two kinds are `marks.py` and
`account.py`.
"""

from __future__ import annotations

import asyncio
import zlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from guard.ports.errors import RateLimited, VenueError
from guard.venues.errors import answer_of, classify
from guard.venues.hub import VenueSite
from guard.venues.streaming.plan import StreamBounds, Watcher

log = structlog.get_logger(__name__)

_BANNED = 418
_PAUSE_AFTER_BAN_S = 120.0
_PAUSE_AFTER_LIMIT_S = 5.0


@dataclass(frozen=True, slots=True)
class LinkState:
    """A link for people and machines: `why` says why it is not healthy, empty otherwise."""

    name: str
    healthy: bool
    why: str
    falls: int


class Link(ABC):
    """Base of the two kinds of link. `run` dials until it is cancelled.

    Args:
        name: for people, such as `binanceusdm marks`.
        site: clock, pauses and connections.
        bounds: times.
        secrets: what must not appear in a log.
    """

    def __init__(self, name: str, site: VenueSite, bounds: StreamBounds, secrets: Sequence[str] = ()) -> None:
        self.name = name
        self.falls = 0
        self._site = site
        self._clock = site.clock
        self._bounds = bounds
        self._secrets = tuple(secrets)
        self._fallen = asyncio.Event()
        self._why = "not connected yet"
        self._is_up = False
        self._heard_s = self._connected_s = self._clock.monotonic()
        self._told_healthy: bool | None = None
        self._watchers: set[asyncio.Task[Any]] = set()

    @abstractmethod
    def open_exchange(self) -> Any:
        """A new ccxt.pro exchange that tells this link."""

    @abstractmethod
    def watchers(self, exchange: Any) -> Sequence[Watcher]:
        """What to subscribe to, once `exchange` is there."""

    @abstractmethod
    def take(self, message: object) -> bool:
        """Read a message; False leaves it to ccxt."""

    def complaint(self) -> str:
        """Why the link is not healthy; empty when it is."""
        if not self._is_up:
            return self._why
        silent_s = self._clock.monotonic() - self._heard_s
        return f"nothing heard for {silent_s:.0f} s" if silent_s > self._bounds.silent_after_s else ""

    @property
    def state(self) -> LinkState:
        """The link now."""
        why = self.complaint()
        return LinkState(self.name, not why, why, self.falls)

    async def run(self) -> None:
        """Keep the link up until cancelled."""
        failures = 0
        while True:
            await self._until_allowed()
            began_s = self._clock.monotonic()
            await self._session()
            self.falls += 1
            lasted_s = self._clock.monotonic() - began_s
            failures = 0 if lasted_s >= self._bounds.steady_s else failures + 1
            await self._clock.sleep(self._backoff_s(failures))

    def connected(self) -> None:
        """See `Receiver`."""
        self._heard_s = self._connected_s = self._clock.monotonic()
        self._is_up = True

    def heard(self) -> None:
        """See `Receiver`."""
        self._heard_s = self._clock.monotonic()

    def lost(self, error: object) -> None:
        """See `Receiver`: the session ends, and another is dialled."""
        if self._fallen.is_set():
            return
        self._why = self._described(error)
        self._is_up = False
        self._fallen.set()

    def check(self) -> None:
        """Look whether the link is silent; tell people when its health has changed."""
        why = self.complaint()
        # A new connection has the same time to speak as an old one.
        if why and self._is_up and self._clock.monotonic() - self._connected_s > self._bounds.silent_after_s:
            self.lost(why)
        healthy = not why
        if healthy == self._told_healthy or (self._told_healthy is None and not healthy and not self.falls):
            return
        self._told_healthy = healthy
        if healthy:
            log.info("stream is up", stream=self.name)
        else:
            log.warning("stream is down, polling instead", stream=self.name, reason=why)

    def subscribe(self, watchers: Sequence[Watcher]) -> None:
        """Let more be subscribed in the present session."""
        for watcher in watchers:
            task = asyncio.ensure_future(self._watched(watcher))
            self._watchers.add(task)
            task.add_done_callback(self._unwatched)

    async def _watched(self, watcher: Watcher) -> None:
        await watcher
        # Whatever resolved it was none of ours; the subscription stands.

    def _unwatched(self, task: asyncio.Task[Any]) -> None:
        self._watchers.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.lost(task.exception())

    async def _session(self) -> None:
        """One connection from dial to fall."""
        self._fallen.clear()
        self._heard_s = self._clock.monotonic()
        exchange = self.open_exchange()
        try:
            self.subscribe(self.watchers(exchange))
            await self._fallen.wait()
        finally:
            self._is_up = False
            watchers = list(self._watchers)
            for task in watchers:
                task.cancel()
            await asyncio.gather(*watchers, return_exceptions=True)
            await exchange.close()

    async def _until_allowed(self) -> None:
        while (left_s := self._site.pause_left_s()) > 0:
            await self._clock.sleep(left_s)

    def _backoff_s(self, failures: int) -> float:
        """Doubling, and spread by name: after an outage of the venue not everybody dials at the same moment."""
        longest_s = self._bounds.backoff_first_s * 2.0 ** min(max(failures - 1, 0), 16)
        share = zlib.crc32(self.name.encode()) / 0xFFFFFFFF
        return min(longest_s, self._bounds.backoff_max_s) * (0.75 + 0.5 * share)

    def _described(self, error: object) -> str:
        """What happened, on one line without secrets; obeys a venue that asks for silence."""
        if not isinstance(error, Exception):
            return str(error)
        found = (
            error
            if isinstance(error, VenueError)
            else classify(error, self.name, secrets=self._secrets, timeout_s=self._site.timeout_s)
        )
        if isinstance(found, RateLimited):
            answer = answer_of(error)
            default_s = _PAUSE_AFTER_BAN_S if answer and answer.status == _BANNED else _PAUSE_AFTER_LIMIT_S
            self._site.pause(found.retry_after_s or default_s)
        return found.message
