"""The doorkeeper's memory has a limit."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

import pytest

from guard.bot import auth
from guard.bot.auth import Doorkeeper
from guard.bot.desk import Desk
from guard.bot.visits import Visit
from guard.ports.records import UserRecord

NOW = datetime(2026, 11, 21, tzinfo=UTC)


class EmptyDesk:
    """Knows nobody; of the many things that a desk is asked, a door asks these."""

    def now(self) -> datetime:
        """Always the same moment."""
        return NOW

    async def redeem(self, code: str, chat_id: int, chat_user_id: int, title: str) -> UserRecord | None:
        """No code is valid."""
        return None

    async def person(self, chat_user_id: int) -> UserRecord | None:
        """Nobody is linked."""
        return None

    async def refused(self, chat_id: int, chat_user_id: int, what: str) -> None:
        """Not kept."""


def door() -> Doorkeeper:
    """A door in front of an empty room."""
    return Doorkeeper(cast("Desk", EmptyDesk()))


def visit(user_id: int) -> Visit:
    """Somebody in a private chat."""
    return Visit(user_id, user_id, "x", private=True)


async def test_strangers_are_forgotten_over_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A crowd cannot fill the memory; the longest unseen is forgotten first."""
    monkeypatch.setattr(auth, "STRANGERS_MAX", 3)
    keeper = door()
    for user_id in (1, 2, 3, 1, 4):
        await keeper.refuse(visit(user_id), "x")
    assert list(keeper._strangers) == [3, 1, 4]
    assert not await keeper.refuse(visit(1), "x")
    assert await keeper.refuse(visit(2), "x")


async def test_nobody_is_admitted_by_default() -> None:
    """An empty desk means an empty room."""
    assert await door().admit(visit(1)) is None
