"""The queue of updates that a bot fetches by long polling.

Owns update ids, what is confirmed by an offset, which kinds are wanted, and the rule that only the youngest poller
is served. Waits on events of the loop, never on a clock of its own.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Collection

from guard.sandbox.telegram.answers import Json, polling_conflict

FIRST_UPDATE_ID = 700_000_001
UPDATES_MAX = 10_000
LONG_POLL_MAX_S = 50


class UpdateQueue:
    """Pending updates of one bot."""

    def __init__(self) -> None:
        self._pending: deque[Json] = deque(maxlen=UPDATES_MAX)
        self._next_id = FIRST_UPDATE_ID
        self._allowed: Collection[str] | None = None
        self._wake = asyncio.Event()
        self._poller: object | None = None
        self._listening = asyncio.Event()

    def __len__(self) -> int:
        return len(self._pending)

    @property
    def polled(self) -> bool:
        """Whether a long poll is waiting right now."""
        return self._poller is not None

    async def until_polled(self, timeout_s: float) -> None:
        """Return once the bot listens.

        Raises:
            TimeoutError: it does not within `timeout_s` seconds.
        """
        async with asyncio.timeout(timeout_s):
            await self._listening.wait()

    def put(self, kind: str, payload: Json) -> None:
        """Add an update, unless the bot said that it does not want this kind."""
        if self._allowed and kind not in self._allowed:
            return
        self._pending.append({"update_id": self._next_id, kind: payload})
        self._next_id += 1
        self._signal()

    def drop(self) -> None:
        """Forget everything that was not fetched."""
        self._pending.clear()

    def allow(self, kinds: Collection[str]) -> None:
        """From now on only these kinds; empty = all."""
        self._allowed = kinds or None

    async def take(self, offset: int, limit: int, timeout_s: float) -> list[Json]:
        """Updates from `offset` on (older ones are confirmed and forgotten), waiting up to `timeout_s` for the first.

        Raises:
            ApiError: 409 when another call takes over while this one waits.
        """
        self._confirm(offset)
        me = self._poller = object()
        self._listening.set()
        self._signal()
        try:
            async with asyncio.timeout(timeout_s):
                while not self._pending and self._poller is me:
                    await self._wake.wait()
        except TimeoutError:
            pass  # a long poll ends empty-handed: that is an answer, not an error
        finally:
            taken_over = self._poller is not me
            if not taken_over:
                self._poller = None
                self._listening.clear()
        if taken_over:
            raise polling_conflict()
        return list(self._pending)[:limit]

    def _confirm(self, offset: int) -> None:
        if offset < 0:  # only the newest -offset updates remain
            while len(self._pending) > -offset:
                self._pending.popleft()
            return
        while self._pending and self._pending[0]["update_id"] < offset:
            self._pending.popleft()

    def _signal(self) -> None:
        self._wake.set()
        self._wake = asyncio.Event()
