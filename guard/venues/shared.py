"""A value that is read once and shared until it is too old. Knows nothing of what it is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from guard.ports.clock import Clock
from guard.ports.errors import VenueError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Dated(Generic[T]):
    """A value with the wall time (UTC) and the stopwatch time in seconds at which it was received."""

    value: T
    at: datetime
    monotonic_s: float


class Shared(Generic[T]):
    """Keeps one value and reads it anew when it is older than `refresh_s`; concurrent askers wait for one read.

    When a new read fails, the old value stands in for it until it is `usable_s` old: figures that change once in
    months must not blind the guard for a hiccup. Its time goes with it, so nobody takes it for new. It stands in as
    well while somebody else reads: that one may wait for the request budget, and an order or a riskier account must not
    wait behind it.
    """

    def __init__(self, clock: Clock, refresh_s: float, usable_s: float | None = None) -> None:
        self._clock = clock
        self._refresh_s = refresh_s
        self._usable_s = refresh_s if usable_s is None else usable_s
        self._dated: Dated[T] | None = None
        self._reading = asyncio.Lock()

    @property
    def last(self) -> Dated[T] | None:
        """What was read last, however old."""
        return self._dated

    @property
    def fresh(self) -> Dated[T] | None:
        """What was read last, unless it is due to be read anew."""
        return self._younger_than(self._refresh_s)

    def reject(self, dated: Dated[T]) -> None:
        """`dated` has proved wrong: read anew at the next asking, unless somebody has done so already."""
        if self._dated is dated:
            self._dated = None

    async def get(
        self, read: Callable[[], Awaitable[T]], *, within_s: float | None = None, insist: bool = False
    ) -> Dated[T]:
        """The value, read by `read` if there is none or it is too old.

        Args:
            read: how to read it.
            within_s: accept a value of at most this age in seconds, instead of `refresh_s`.
            insist: let no older value stand in when the new read fails.

        Raises:
            VenueError: it could not be read, and there is no value that may stand in.
        """
        limit_s = self._refresh_s if within_s is None else within_s
        fresh = self._younger_than(limit_s)
        if fresh is not None:
            return fresh
        usable = self._younger_than(self._usable_s)
        if self._reading.locked() and usable is not None and within_s is None and not insist:
            return usable
        async with self._reading:
            fresh = self._younger_than(limit_s)
            if fresh is not None:
                return fresh
            try:
                value = await read()
            except VenueError:
                stand_in = None if insist else self._younger_than(self._usable_s)
                if stand_in is None:
                    raise
                return stand_in
            self._dated = Dated(value, self._clock.now(), self._clock.monotonic())
            return self._dated

    def _younger_than(self, limit_s: float) -> Dated[T] | None:
        dated = self._dated
        if dated is None or self._clock.monotonic() - dated.monotonic_s > limit_s:
            return None
        return dated
