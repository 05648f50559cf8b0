"""The request budget: how much weight may be asked of a venue in a minute, shared by all accounts behind one address.

Stands in for ccxt's own throttle, which keeps one budget for each account, lives on the wall clock, and either lets one
request through at a time or walks a list of the last minute's requests for each.
"""

from __future__ import annotations

import asyncio
from collections import deque

from guard.ports.clock import Clock

_WINDOW_S = 60.0


class RequestBudget:
    """A rolling minute: at most `per_minute` of weight in any 60 s; who comes too early waits, in order."""

    def __init__(self, clock: Clock, per_minute: float) -> None:
        self._clock = clock
        self._per_minute = per_minute
        self._spent: deque[tuple[float, float]] = deque()
        self._used = 0.0
        self._turn = asyncio.Lock()

    async def spend(self, weight: float) -> None:
        """Return when `weight` fits into the last minute, and count it.

        A weight larger than the whole budget passes when nothing else was spent: it could never fit.
        """
        async with self._turn:
            while not self._fits(weight):
                await self._clock.sleep(self._spent[0][0] + _WINDOW_S - self._clock.monotonic())
            self._spent.append((self._clock.monotonic(), weight))
            self._used += weight

    def _fits(self, weight: float) -> bool:
        expired_s = self._clock.monotonic() - _WINDOW_S
        while self._spent and self._spent[0][0] <= expired_s:
            self._used -= self._spent.popleft()[1]
        return not self._spent or self._used + weight <= self._per_minute
