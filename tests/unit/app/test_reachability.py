"""A chat that shuts the bot out is dead at once and told elsewhere; let in again, it is alive."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from guard.app.reachability import Reachability
from guard.ports.records import GroupRecord, OutboxMessage, UserRecord
from guard.sim.seeded import SeededIds
from guard.sim.virtual_time import START, VirtualClock, VirtualTimeLoop

ANNA = UserRecord("user-1", "anna", START)
DESK = GroupRecord(-5, None, "user-1", None, "Desk", datetime(2026, 1, 1, tzinfo=UTC))


class Memory:
    """One person in chat 1, who has a group."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.messages: dict[str, OutboxMessage] = {}

    async def person(self, chat_user_id: int) -> UserRecord | None:
        """Anna."""
        return ANNA if chat_user_id == 1 else None

    async def users(self) -> list[UserRecord]:
        """Anna."""
        return [ANNA]

    async def groups_of(self, user_id: str) -> list[GroupRecord]:
        """Hers."""
        assert user_id == "user-1"
        return [DESK]

    async def mark_chat_dead(self, chat_id: int, at: datetime) -> None:
        """Noted."""
        self.calls.append(("chat dead", chat_id, at == START))

    async def mark_group_dead(self, chat_id: int, at: datetime, topic_id: int | None = None) -> None:
        """Noted."""
        self.calls.append(("group dead", chat_id, at == START, topic_id))

    async def mark_chat_alive(self, chat_id: int) -> None:
        """Noted."""
        self.calls.append(("alive", chat_id))

    async def add_message(self, message: OutboxMessage) -> None:
        """Once each."""
        self.messages.setdefault(message.dedupe_key, message)


async def _changes(*changes: tuple[int, bool]) -> Memory:
    loop = VirtualTimeLoop()
    memory = Memory()
    woken: list[None] = []
    watch = Reachability(memory, VirtualClock(loop), SeededIds(1), ["apprise:1"], lambda: woken.append(None))
    for chat_id, reachable in changes:
        await watch.changed(chat_id, reachable)
    loop.close()
    assert bool(woken) == bool(memory.messages)
    return memory


async def test_a_private_chat() -> None:
    """Blocked twice on one day: told once on each other channel."""
    memory = await _changes((1, False), (1, True), (1, False))
    assert memory.calls == [("chat dead", 1, True), ("alive", 1), ("chat dead", 1, True)]
    assert [message.destination for message in memory.messages.values()] == ["console", "apprise:1"]
    assert "telegram:1 accepts nothing any more" in next(iter(memory.messages.values())).html


async def test_a_group() -> None:
    """With all its topics."""
    memory = await _changes((-5, False))
    assert memory.calls == [("chat dead", -5, True), ("group dead", -5, True, None)]


async def test_strangers_come_and_go() -> None:
    """Who is not linked is nobody's channel."""
    memory = await _changes((2, False), (-6, False), (2, True))
    assert (memory.calls, memory.messages) == ([], {})
