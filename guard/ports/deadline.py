"""A time limit that does not count the time spent waiting for one's turn.

An account that waits for a shared request budget is not an account that does not answer. Whoever makes others wait says
so with `not_counted`; every `Deadline` of the running task stands still meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from types import TracebackType

_RUNNING: ContextVar[tuple[Deadline, ...]] = ContextVar("deadlines", default=())


class Deadline:
    """As `asyncio.timeout(seconds)`; tasks started inside share it."""

    def __init__(self, seconds: float) -> None:
        self._left_s = seconds
        self._timeout = asyncio.timeout(seconds)
        self._waiting = 0
        self._is_open = False
        self._token: Token[tuple[Deadline, ...]] | None = None

    async def __aenter__(self) -> None:
        await self._timeout.__aenter__()
        self._is_open = True
        self._token = _RUNNING.set((*_RUNNING.get(), self))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_open = False
        if self._token is not None:
            _RUNNING.reset(self._token)
        await self._timeout.__aexit__(kind, error, trace)

    def stand_still(self) -> None:
        """Count no time until `go_on` was called as often."""
        self._waiting += 1
        when = self._timeout.when()
        if self._waiting == 1 and self._is_open and when is not None and not self._timeout.expired():
            self._left_s = when - asyncio.get_running_loop().time()
            self._timeout.reschedule(None)

    def go_on(self) -> None:
        """Count time again, with what was left."""
        self._waiting -= 1
        if self._waiting == 0 and self._is_open and not self._timeout.expired():
            self._timeout.reschedule(asyncio.get_running_loop().time() + self._left_s)


@contextmanager
def not_counted() -> Iterator[None]:
    """Let the deadlines of the running task stand still."""
    deadlines = _RUNNING.get()
    for deadline in deadlines:
        deadline.stand_still()
    try:
        yield
    finally:
        for deadline in deadlines:
            deadline.go_on()
