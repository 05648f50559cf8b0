"""An outbox store in memory that can be made to fail: for simulating deliveries alone, without a database."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from guard.ports.errors import StoreError
from guard.ports.records import SUPERSEDED, OutboxMessage


class MemoryOutbox:
    """The outbox part of the store; methods named in `failing` (or `all`) raise as a locked database does.

    `delay_s` is how long a mark of success takes, `read_delay_s` how long it takes until what was read arrives, in
    seconds of the loop's clock.
    """

    def __init__(self) -> None:
        self.messages: dict[str, OutboxMessage] = {}
        self.delivered: dict[str, str] = {}
        self.dead: dict[str, str] = {}
        self.dead_chats: list[int] = []
        self.dead_groups: list[tuple[int, int | None]] = []
        self.moved_chats: list[tuple[int, int]] = []
        self.failing: set[str] = set()
        self.calls = 0
        self.delay_s = 0.0
        self.read_delay_s = 0.0

    @property
    def pending(self) -> set[str]:
        """Messages that are neither delivered nor dead."""
        return set(self.messages) - set(self.delivered) - set(self.dead)

    async def add_message(self, message: OutboxMessage) -> None:
        """Add a message unless its `dedupe_key` is known."""
        self._called("add_message")
        if all(message.dedupe_key != known.dedupe_key for known in self.messages.values()):
            self.messages[message.message_id] = message

    async def due_messages(self, now: datetime, limit: int) -> list[OutboxMessage]:
        """Pending messages that may go at `now`, the most urgent first, then the oldest."""
        self._called("due_messages")
        pending = self.pending
        due = [
            message
            for message in self.messages.values()
            if message.message_id in pending and (message.next_attempt_at is None or message.next_attempt_at <= now)
        ]
        found = sorted(due, key=lambda message: (-message.priority, message.created_at))[:limit]
        if self.read_delay_s:
            await asyncio.sleep(self.read_delay_s)
        return found

    async def mark_begun(self, message_id: str, note: str) -> None:
        """It is about to be sent."""
        self._called("mark_begun")
        if message_id in self.pending:
            self.messages[message_id] = replace(self.messages[message_id], last_error=note)

    async def mark_delivered(
        self,
        message_id: str,
        at: datetime,  # noqa: ARG002  # as the store's
        receipt: str,
        superseding: Sequence[str] = (),
    ) -> None:
        """It arrived; the first receipt is kept."""
        self._called("mark_delivered")
        await asyncio.sleep(self.delay_s)
        self.delivered.setdefault(message_id, receipt)
        self._supersede(message_id, superseding)

    async def mark_retry(self, message_id: str, at: datetime, error: str, next_attempt_at: datetime) -> None:
        """One more attempt failed."""
        self._called("mark_retry")
        if next_attempt_at < at:
            raise ValueError(f"the next attempt at {next_attempt_at} would be before the failed one at {at}")
        message = self.messages[message_id]
        self.messages[message_id] = replace(
            message, attempts=message.attempts + 1, last_error=error, next_attempt_at=next_attempt_at
        )

    async def mark_dead(
        self,
        message_id: str,
        at: datetime,  # noqa: ARG002  # as the store's
        error: str,
        superseding: Sequence[str] = (),
    ) -> None:
        """It will never arrive."""
        self._called("mark_dead")
        self.dead.setdefault(message_id, error)
        self._supersede(message_id, superseding)

    def _supersede(self, message_id: str, older: Sequence[str]) -> None:
        for each in older:
            if each in self.pending:
                self.dead[each] = f"{SUPERSEDED}{message_id}"

    async def mark_chat_dead(self, chat_id: int, at: datetime) -> None:  # noqa: ARG002  # as the store's
        """Nothing can be sent to this chat any more."""
        self._called("mark_chat_dead")
        self.dead_chats.append(chat_id)

    async def mark_group_dead(self, chat_id: int, at: datetime, topic_id: int | None = None) -> None:  # noqa: ARG002  # as the store's
        """Nothing can be sent to this group, or this topic of it, any more."""
        self._called("mark_group_dead")
        self.dead_groups.append((chat_id, topic_id))

    async def move_chat(self, chat_id: int, new_chat_id: int) -> None:
        """The chat's waiting messages follow it."""
        self._called("move_chat")
        self.moved_chats.append((chat_id, new_chat_id))
        for message_id in self.pending:
            message = self.messages[message_id]
            old, slash, topic = message.destination.partition("/")
            if old == f"telegram:{chat_id}":
                self.messages[message_id] = replace(message, destination=f"telegram:{new_chat_id}{slash}{topic}")

    def _called(self, name: str) -> None:
        self.calls += 1
        if name in self.failing or "all" in self.failing:
            raise StoreError("the database is locked")
