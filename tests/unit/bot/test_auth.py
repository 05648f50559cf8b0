"""The doorkeeper's memory has a limit."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from guard.bot import auth
from guard.bot.auth import Doorkeeper
from guard.bot.desk import PictureWish
from guard.bot.visits import Visit
from guard.ports.history import AccountHistory
from guard.ports.records import Snapshot, UserRecord

NOW = datetime(2026, 11, 21, tzinfo=UTC)


class EmptyDesk:
    """Knows nobody."""

    def now(self) -> datetime:
        """Always the same moment."""
        return NOW

    async def redeem(self, code: str, chat_id: int, chat_user_id: int, title: str) -> UserRecord | None:
        """No code is valid."""
        return None

    async def person(self, chat_user_id: int) -> UserRecord | None:
        """Nobody is linked."""
        return None

    async def statuses(self, user_id: str) -> list[Snapshot]:
        """There is nothing to see."""
        return []

    async def history(self, user_id: str, account_id: str, since: datetime) -> AccountHistory | None:
        """Nor in the past."""
        return None

    async def picture(self, user_id: str, wish: PictureWish) -> bytes | None:
        """Nor drawn."""
        return None

    async def moved(self, chat_id: int, new_chat_id: int) -> None:
        """Not kept."""

    async def refused(self, chat_id: int, chat_user_id: int, what: str) -> None:
        """Not kept."""


def visit(user_id: int) -> Visit:
    """Somebody in a private chat."""
    return Visit(user_id, user_id, "x", private=True)


async def test_strangers_are_forgotten_over_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A crowd cannot fill the memory; the longest unseen is forgotten first."""
    monkeypatch.setattr(auth, "STRANGERS_MAX", 3)
    door = Doorkeeper(EmptyDesk())
    for user_id in (1, 2, 3, 1, 4):
        await door.refuse(visit(user_id), "x")
    assert list(door._strangers) == [3, 1, 4]
    assert not await door.refuse(visit(1), "x")
    assert await door.refuse(visit(2), "x")


async def test_nobody_is_admitted_by_default() -> None:
    """An empty desk means an empty room."""
    assert await Doorkeeper(EmptyDesk()).admit(visit(1)) is None
