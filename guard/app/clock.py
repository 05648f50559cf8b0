"""The real clock and the real source of identifiers: the only place that reads them from the machine."""

from __future__ import annotations

import asyncio
import secrets
import time
import uuid
from datetime import UTC, datetime

# No 0/O and 1/I: a person types these codes.
CODE_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


class SystemClock:
    """`guard.ports.clock.Clock` of this machine."""

    def now(self) -> datetime:
        """Wall time, UTC."""
        return datetime.now(tz=UTC)

    def monotonic(self) -> float:
        """Seconds on the machine's monotonic clock."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Sleep on the event loop."""
        await asyncio.sleep(seconds)


class RandomIds:
    """`guard.ports.clock.Ids` from the system's random source."""

    def new(self, kind: str) -> str:
        """A UUID4 behind its kind."""
        return f"{kind}-{uuid.uuid4().hex}"

    def code(self, length: int) -> str:
        """A secret code from an alphabet without look-alikes."""
        return "".join(secrets.choice(CODE_ALPHABET) for _ in range(length))
