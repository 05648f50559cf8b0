"""A reading out of turn: the scheduler brings an account's cycle forward, and who asked waits for its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from guard.ports.records import Reading


class FreshReadings:
    """Waits for the next reading of an account.

    Args:
        hasten: has the account's cycle run as soon as may be.
    """

    def __init__(self, hasten: Callable[[str], None]) -> None:
        self._hasten = hasten
        self._waiting: dict[str, set[asyncio.Future[Reading]]] = {}

    async def wait_for(self, account_id: str, patience_s: float) -> Reading | None:
        """The reading of the cycle that ends next; None when none ends within `patience_s` seconds."""
        waiter: asyncio.Future[Reading] = asyncio.get_running_loop().create_future()
        waiters = self._waiting.setdefault(account_id, set())
        waiters.add(waiter)
        self._hasten(account_id)
        try:
            async with asyncio.timeout(patience_s):
                return await waiter
        except TimeoutError:
            return None
        finally:
            waiters.discard(waiter)
            if not waiters:
                self._waiting.pop(account_id, None)

    def came(self, reading: Reading) -> None:
        """A cycle has ended with this."""
        for waiter in self._waiting.pop(reading.account_id, ()):
            if not waiter.done():
                waiter.set_result(reading)
