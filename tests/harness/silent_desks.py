"""Desks that know nothing, for tests of what stands before them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time
from typing import TypeVar

from guard.bot.desks.alerting import AlertBoard, Answered, RuleLine
from guard.bot.desks.measuring import FreshRead, HeldAccount
from guard.bot.desks.upkeep import Drill, LogView, ServiceState
from guard.ports.errors import NotAllowed

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


class SilentAlerting:
    """No account is anybody's to see."""

    async def alert_boards(self, user_id: str, since: datetime) -> list[AlertBoard]:
        """None."""
        del user_id, since
        return []

    async def acknowledge(self, user_id: str, account_id: str, rank: int | None = None) -> Answered:
        """Not theirs."""
        raise NotAllowed("operator")

    async def snooze(self, user_id: str, account_id: str, until: datetime, rank: int | None = None) -> Answered:
        """Not theirs."""
        raise NotAllowed("operator")

    async def rules(self, user_id: str, account_id: str) -> list[RuleLine]:
        """Not theirs."""
        raise NotAllowed("viewer")

    async def set_rule(self, user_id: str, account_id: str, rule: str, value: str) -> RuleLine:
        """Not theirs."""
        raise NotAllowed("owner")

    async def set_quiet(self, user_id: str, quiet_from: time | None, quiet_to: time | None) -> None:
        """Forgotten at once."""

    async def quiet_hours(self, user_id: str) -> tuple[time, time] | None:
        """None."""
        del user_id
        return None

    async def begin_maintenance(self, user_id: str, account_id: str | None, until: datetime, reason: str) -> None:
        """Not theirs."""
        raise NotAllowed("owner")

    async def end_maintenance(self, user_id: str, account_id: str | None) -> int:
        """Not theirs."""
        raise NotAllowed("owner")


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
