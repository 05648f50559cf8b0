"""Chats that shut the bot out or let it in again: remembered at once, and told on the other channels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

import structlog

from guard.alerts.announce import CONSOLE
from guard.alerts.outbox_ledger import gone_key
from guard.alerts.rules import GRAVE_PRIORITY
from guard.language.speech import ENGLISH
from guard.ports.clock import Clock, Ids
from guard.ports.errors import GuardError
from guard.ports.records import GroupRecord, OutboxMessage, UserRecord

log = structlog.get_logger(__name__)


class ReachabilityStore(Protocol):
    """What is asked and remembered."""

    async def person(self, chat_user_id: int) -> UserRecord | None:
        """The user that a person of the chat service is."""
        ...

    async def users(self) -> list[UserRecord]:
        """All users."""
        ...

    async def groups_of(self, user_id: str) -> list[GroupRecord]:
        """Groups that hear a person's alerts."""
        ...

    async def mark_chat_dead(self, chat_id: int, at: datetime) -> None:
        """Nothing arrives there any more."""
        ...

    async def mark_group_dead(self, chat_id: int, at: datetime, topic_id: int | None = None) -> None:
        """The same of a group."""
        ...

    async def mark_chat_alive(self, chat_id: int) -> None:
        """Messages arrive there again."""
        ...

    async def add_message(self, message: OutboxMessage) -> object:
        """Put a message into the outbox."""
        ...


class Reachability:
    """Follows changes.

    Args:
        store: memory.
        clock: time.
        ids: identifiers of messages.
        second: destinations of second channels, told besides the console.
        wake: called after something was put into the outbox.
    """

    def __init__(
        self, store: ReachabilityStore, clock: Clock, ids: Ids, second: Sequence[str], wake: Callable[[], None]
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._second = tuple(second)
        self._wake = wake

    async def changed(self, chat_id: int, reachable: bool) -> None:  # noqa: FBT001  # a callback
        """The bot may, or may not, write in a chat from now on; a store that fails is logged."""
        try:
            if not await self._is_linked(chat_id):
                return  # strangers come and go
            log.warning("chat reachable again" if reachable else "chat shut the bot out", chat_id=chat_id)
            if reachable:
                await self._store.mark_chat_alive(chat_id)
            else:
                await self._shut_out(chat_id)
        except GuardError as error:  # the next message to the chat finds out by itself
            log.warning("change of a chat not stored", chat_id=chat_id, error=str(error))

    async def _is_linked(self, chat_id: int) -> bool:
        if chat_id > 0:  # a private chat has the id of its person
            return await self._store.person(chat_id) is not None
        for user in await self._store.users():
            if any(group.chat_id == chat_id for group in await self._store.groups_of(user.user_id)):
                return True
        return False

    async def _shut_out(self, chat_id: int) -> None:
        now, destination = self._clock.now(), f"telegram:{chat_id}"
        for other in (CONSOLE, *self._second):
            await self._store.add_message(
                OutboxMessage(
                    message_id=self._ids.new("message"),
                    dedupe_key=f"{gone_key(destination, now)}|{other}",
                    destination=other,
                    html=_text(destination, now),
                    created_at=now,
                    priority=GRAVE_PRIORITY,
                )
            )
        await self._store.mark_chat_dead(chat_id, now)
        if chat_id < 0:
            await self._store.mark_group_dead(chat_id, now)
        self._wake()


def _text(destination: str, now: datetime) -> str:
    shut = ENGLISH.text(
        "Telegram {destination} accepts nothing any more: the bot was blocked or removed there.",
        destination=destination,
    )
    then = ENGLISH.text("Alerts go to the other channels. They come back there when the bot is let in again.")
    return f"📭 {shut}\n{then}\n{ENGLISH.moment(now)}"
