"""Desks that know nothing, for tests of what stands before them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from guard.bot.desks.measuring import FreshRead, HeldAccount
from guard.bot.desks.upkeep import Drill, LogView, ServiceState

T = TypeVar("T")


class SilentMeasuring:
    """No account is anybody's to see."""

    async def held(self, user_id: str, account_id: str) -> HeldAccount | None:
        """Not theirs."""
        del user_id, account_id
        return None

    async def read_now(self, user_id: str, account_id: str) -> FreshRead | None:
        """Not theirs."""
        del user_id, account_id
        return None

    async def computed(self, work: Callable[[], T]) -> T:
        """At once."""
        return work()


class SilentUpkeep:
    """No account is anybody's to see."""

    async def service_state(self, user_id: str) -> ServiceState | None:
        """Not theirs."""
        del user_id
        return None

    async def log_of(self, user_id: str, account_id: str | None, limit: int) -> LogView | None:
        """Not theirs."""
        del user_id, account_id, limit
        return None

    async def drill(self, user_id: str, chat_id: int, topic_id: int | None, *, everywhere: bool) -> Drill:
        """Not theirs."""
        del user_id, chat_id, topic_id, everywhere
        return Drill("not_owner")
