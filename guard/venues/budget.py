"""The request budget: how much weight may be asked of a venue in a minute, shared by all accounts behind one address.

Stands in for ccxt's own throttle, which keeps one budget for each account, lives on the wall clock, and either lets one
request through at a time or walks a list of the last minute's requests for each.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from guard.ports.clock import Clock

_WINDOW_S = 60.0
_LEAST_S = 0.001
_NEVER_WAITS: ContextVar[bool] = ContextVar("never_waits", default=False)


_WEIGHT: ContextVar[float | None] = ContextVar("weight", default=None)


@contextmanager
def weighing(weight: float | None) -> Iterator[None]:
    """Let the request of what follows weigh this, whatever ccxt's table says; None = as the table says."""
    token = _WEIGHT.set(weight)
    try:
        yield
    finally:
        _WEIGHT.reset(token)


def weight_of(cost: float | None) -> float:
    """What the request at hand weighs, where ccxt's table says `cost`."""
    own = _WEIGHT.get()
    return own if own is not None else 1.0 if cost is None else cost


@contextmanager
def never_waiting() -> Iterator[None]:
    """Let the requests of what follows pass at once: orders, and finding out what became of them.

    They are counted all the same, because the venue counts them: others wait longer for it.
    """
    token = _NEVER_WAITS.set(True)
    try:
        yield
    finally:
        _NEVER_WAITS.reset(token)


class BudgetUsedUp(Exception):
    """A request waited too long for its turn; it was not sent."""


@dataclass(frozen=True, slots=True, eq=False)
class _Waiter:
    """A request that waits: its weight, whose it is, how urgent, when it came, and what tells it to go."""

    weight: float
    account: str
    urgency: int
    number: int
    granted: asyncio.Event


class RequestBudget:
    """A rolling minute: at most `per_minute` of weight in any 60 s; who comes too early waits, orders excepted.

    When several wait, the most urgent goes first; among equally urgent ones the account that has spent least in the
    last minute, so that one with many requests does not starve the others; then who came first.
    """

    def __init__(self, clock: Clock, per_minute: float) -> None:
        self._clock = clock
        self._per_minute = per_minute
        self._spent: deque[tuple[float, float, str]] = deque()
        self._used = 0.0
        self._used_by: defaultdict[str, float] = defaultdict(float)
        self._waiting: list[_Waiter] = []
        self._numbers = itertools.count()
        self._granting: asyncio.Task[None] | None = None

    async def spend(self, weight: float, account: str = "", urgency: int = 0) -> None:
        """Return when `weight` fits into the last minute, and count it.

        A weight larger than the whole budget passes when nothing else was spent: it could never fit.
        """
        fits = self._fits(weight)
        # Whoever waits first may be too heavy for what is left; a more urgent one that fits need not wait behind it.
        is_first = all(urgency > waiter.urgency for waiter in self._waiting)
        if _NEVER_WAITS.get() or (fits and is_first):
            self._count(weight, account)
            return
        waiter = _Waiter(weight, account, urgency, next(self._numbers), asyncio.Event())
        self._waiting.append(waiter)
        if self._granting is None:
            self._granting = asyncio.create_task(self._grant(), name="request budget")
        try:
            await waiter.granted.wait()
        finally:
            if waiter in self._waiting:
                self._waiting.remove(waiter)

    async def _grant(self) -> None:
        """Let those who wait pass, the first of them as soon as it fits; a more urgent one may come meanwhile."""
        try:
            while self._waiting:
                first = min(self._waiting, key=self._rank)
                if self._fits(first.weight):
                    self._waiting.remove(first)
                    self._count(first.weight, first.account)
                    first.granted.set()
                else:
                    left_s = self._spent[0][0] + _WINDOW_S - self._clock.monotonic()
                    # Never a rounding error's time: a clock may not get on by that.
                    await self._clock.sleep(max(_LEAST_S, left_s))
        finally:
            self._granting = None

    async def close(self) -> None:
        """Let nobody pass any more."""
        granting = self._granting
        if granting is not None:
            granting.cancel()
            await asyncio.gather(granting, return_exceptions=True)

    def _rank(self, waiter: _Waiter) -> tuple[int, float, int]:
        return -waiter.urgency, self._used_by[waiter.account], waiter.number

    def _count(self, weight: float, account: str) -> None:
        self._spent.append((self._clock.monotonic(), weight, account))
        self._used += weight
        self._used_by[account] += weight

    def _fits(self, weight: float) -> bool:
        expired_s = self._clock.monotonic() - _WINDOW_S
        while self._spent and self._spent[0][0] <= expired_s:
            _, gone, account = self._spent.popleft()
            self._used -= gone
            self._used_by[account] -= gone
            if self._used_by[account] <= 0:
                del self._used_by[account]
        return not self._spent or self._used + weight <= self._per_minute
