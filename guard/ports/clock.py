"""Time, as an argument: nothing below `app/` reads the wall clock or sleeps by itself."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Wall time in UTC, a monotonic stopwatch, and sleeping on that stopwatch."""

    def now(self) -> datetime:
        """The current time, timezone-aware UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back; only differences mean something."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds` (>= 0)."""
        ...


class Ids(Protocol):
    """Where identifiers and one-time codes come from, so that a seeded run repeats itself."""

    def new(self, kind: str) -> str:
        """A fresh unique identifier such as `alert-3f9c...`; `kind` is its prefix."""
        ...

    def code(self, length: int) -> str:
        """A secret one-time code of `length` characters from A-Z and 2-9."""
        ...
