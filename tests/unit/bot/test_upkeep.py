"""`/log`, `/health`, `/test`: what is typed, and what the desk is asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import pytest

from guard.bot.asking import Ask
from guard.bot.commands.upkeep import health, log, ring
from guard.bot.desk import Desk
from guard.bot.desks.upkeep import Drill, LogView
from guard.bot.limits import plain
from guard.ports.records import UserRecord
from tests.harness.held_books import NOON, HeldDesk, held, pair

ANNA = UserRecord("anna", "Anna", NOON)


@dataclass
class LogDesk(HeldDesk):
    """Keeps what it was asked."""

    asked: list[tuple[str | None, int]] = field(default_factory=list)
    drills: list[tuple[int, int | None, bool]] = field(default_factory=list)

    async def log_of(self, user_id: str, account_id: str | None, limit: int) -> LogView | None:
        """An empty log of one account."""
        self.asked.append((account_id, limit))
        return LogView(NOON, accounts={"account-alice": "alice"}) if user_id == "anna" else None

    async def drill(self, user_id: str, chat_id: int, topic_id: int | None, *, everywhere: bool) -> Drill:
        """Sent."""
        del user_id
        self.drills.append((chat_id, topic_id, everywhere))
        return Drill("sent")


@pytest.fixture
def desk() -> LogDesk:
    """Alice, and an account that is called like a number."""
    return LogDesk([held(pair()), held(pair(account="7"))])


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("", (None, 10)),
        ("20", (None, 20)),
        ("alice", ("account-alice", 10)),
        ("ali 5", ("account-alice", 5)),
        ("alice 50", ("account-alice", 50)),
        ("7 3", ("account-7", 3)),
    ],
)
async def test_a_log_of_all_or_of_one(desk: LogDesk, typed: str, asked: tuple[str | None, int]) -> None:
    """An account, a number, both or none."""
    reply = await log(cast("Desk", desk), Ask(ANNA, 1, 1, typed))
    assert reply.html == "Nothing happened since 11-21 12:00 UTC."
    assert desk.asked == [asked]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("0", "I show 1 to 50 entries, not 0.\nExample: /log main 20"),
        ("alice 51", "I show 1 to 50 entries, not 51.\nExample: /log main 20"),
        ("alice many", "I do not understand many here.\nExample: /log main 20"),
        ("alice 5 5", "I do not understand 5 here.\nExample: /log main 20"),
        ("nobody", "You have no account nobody.\nYours: 7, alice"),
    ],
)
async def test_bad_arguments_of_a_log(desk: LogDesk, typed: str, words: str) -> None:
    """One line, an example, and nothing is looked up."""
    assert plain((await log(cast("Desk", desk), Ask(ANNA, 1, 1, typed))).html) == words
    assert desk.asked == []


async def test_nobody_sees_anything_without_an_account() -> None:
    """Neither the log nor the state of the service."""
    for command in (log, health):
        reply = await command(cast("Desk", HeldDesk()), Ask(ANNA, 1, 1, ""))
        assert reply.html.startswith("No account is assigned to you yet")


async def test_a_drill_rings_where_it_was_asked_for(desk: LogDesk) -> None:
    """This chat or topic; the second channels when they are asked for; nothing after a typo."""
    await ring(cast("Desk", desk), Ask(ANNA, 5, 1, ""))
    await ring(cast("Desk", desk), Ask(ANNA, -100, 1, "ALL", topic_id=3))
    assert desk.drills == [(5, None, False), (-100, 3, True)]
    reply = await ring(cast("Desk", desk), Ask(ANNA, 5, 1, "everybody"))
    assert plain(reply.html) == "I do not understand everybody here.\nExample: /test all"
    assert len(desk.drills) == 2
