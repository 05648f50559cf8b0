"""What became of a message, in the store: delivered, postponed or dead, and who is told when it is lost.

Owns the order of the writes. A chat that has moved is followed; a destination that accepts nothing is remembered as
dead and told elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

import structlog

from guard.alerts.announce import CONSOLE
from guard.alerts.backoff import RetryPolicy, is_given_up, pause_s
from guard.alerts.delivery import Delivered, Outcome, Postponed, Undeliverable, telegram_address
from guard.alerts.outbox_queue import Parcel, may_have_arrived
from guard.alerts.render import render_undelivered
from guard.language.speech import ENGLISH
from guard.ports.clock import Clock, Ids
from guard.ports.errors import StoreError
from guard.ports.records import BEGUN, MAYBE, OutboxMessage

log = structlog.get_logger(__name__)

_UNDELIVERED: Final = "undelivered|"


class OutboxStore(Protocol):
    """What the outbox needs of the store. Every method may raise a `StoreError`, and has then written nothing."""

    async def add_message(self, message: OutboxMessage) -> object:
        """Add a message; a known `dedupe_key` makes this a no-op."""
        ...

    async def due_messages(self, now: datetime, limit: int) -> list[OutboxMessage]:
        """Pending messages with no `next_attempt_at` after `now`, the most urgent first, then the oldest."""
        ...

    async def mark_begun(self, message_id: str, note: str) -> object:
        """It is about to be sent; `note` is its error for as long as nothing more is heard."""
        ...

    async def mark_delivered(
        self, message_id: str, at: datetime, receipt: str, superseding: Sequence[str] = ()
    ) -> object:
        """It arrived; those that it supersedes never will."""
        ...

    async def mark_retry(self, message_id: str, at: datetime, error: str, next_attempt_at: datetime) -> object:
        """One more attempt failed; the next is not before `next_attempt_at`."""
        ...

    async def mark_dead(self, message_id: str, at: datetime, error: str, superseding: Sequence[str] = ()) -> object:
        """It will never arrive, nor those that it supersedes."""
        ...

    async def mark_chat_dead(self, chat_id: int, at: datetime) -> object:
        """Nothing can be sent to this chat any more."""
        ...

    async def mark_group_dead(self, chat_id: int, at: datetime, topic_id: int | None = None) -> object:
        """Nothing can be sent to this group, or this topic of it, any more."""
        ...

    async def move_chat(self, chat_id: int, new_chat_id: int) -> object:
        """The chat has a new id: its links and its waiting messages follow; repeated, it changes nothing."""
        ...


class Ledger:
    """Records outcomes.

    Args:
        store: where messages wait.
        clock: time.
        ids: identifiers of its own notices.
        chance: numbers in [0, 1) that spread repeats.
        retry: how patiently messages are repeated.
        second: destinations that are told, besides the console, when another one accepts nothing.
    """

    def __init__(
        self,
        store: OutboxStore,
        clock: Clock,
        ids: Ids,
        *,
        chance: Callable[[], float],
        retry: RetryPolicy,
        second: Sequence[str],
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._chance = chance
        self._retry = retry
        self._second = tuple(second)
        self.delivered = 0
        self.postponed = 0
        self.superseded = 0
        self.dead = 0

    def judged(self, message: OutboxMessage, outcome: Outcome) -> Outcome:
        """The outcome, or that the message is given up with it."""
        if isinstance(outcome, Postponed) and is_given_up(message, outcome, self._clock.now(), self._retry):
            error = f"given up after {message.attempts + 1} attempts: {outcome.error}"
            return Undeliverable(error, moved_to=outcome.moved_to)
        return outcome

    async def begin(self, message: OutboxMessage) -> None:
        """An attempt is about to be made: if this process ends before its answer, the next one knows of it.

        Raises:
            StoreError: nothing was written.
        """
        await self._store.mark_begun(message.message_id, BEGUN)

    async def undo(self, message: OutboxMessage) -> None:
        """It was recorded as begun and is not sent by this process.

        Raises:
            StoreError: nothing was written; its repeat will say that it may have arrived.
        """
        await self._store.mark_begun(message.message_id, "")

    async def record(self, parcel: Parcel, outcome: Outcome, hold: Callable[[OutboxMessage, float], None]) -> None:
        """Store what became of a message.

        A chat's move is stored after the mark of a message that goes on: in between, another lane would find it still
        pending at the new address, and send it again.

        Args:
            parcel: the message, and what it supersedes.
            outcome: how the attempt ended.
            hold: told for how many seconds a postponed message must wait, before anything is stored.

        Raises:
            StoreError: not, or not wholly, stored; repeated, nothing is done twice.
        """
        now, message = self._clock.now(), parcel.message
        older = [each.message_id for each in parcel.replaced]
        match outcome:
            case Delivered():
                await self._store.mark_delivered(message.message_id, now, outcome.receipt, older)
                self.delivered += 1
                log.info(
                    "delivered",
                    message=message.message_id,
                    to=message.destination,
                    attempts=message.attempts + 1,
                    superseding=len(older),
                )
                await self._follow(message, outcome)
            case Postponed():
                await self._postpone(message, outcome, now, hold)
                await self._follow(message, outcome)
                return
            case Undeliverable():
                if not outcome.chat_gone:  # a milder past would belie the present; what was graver nobody has heard
                    older = [each.message_id for each in parcel.replaced if each.priority <= message.priority]
                await self._bury(await self._follow(message, outcome), older, outcome, now)
        self.superseded += len(older)

    async def _follow(self, message: OutboxMessage, outcome: Outcome) -> OutboxMessage:
        """Store where the chat went; the message at its new address. What fails here, the next message does anew."""
        old, new = telegram_address(message.destination), telegram_address(outcome.moved_to or "")
        if outcome.moved_to is None or old is None or new is None:
            return message
        try:
            await self._store.move_chat(old.chat_id, new.chat_id)
        except StoreError as error:
            log.warning("chat has moved, which is not stored yet", old=message.destination, error=str(error))
            return message
        log.warning("chat has moved", old=message.destination, new=outcome.moved_to)
        return replace(message, destination=outcome.moved_to)

    async def _postpone(
        self, message: OutboxMessage, outcome: Postponed, now: datetime, hold: Callable[[OutboxMessage, float], None]
    ) -> None:
        wait_s = pause_s(message.attempts + 1, outcome.retry_after_s, self._retry, self._chance())
        # Held in memory first: also when the store fails now, the channel is not asked again too early.
        hold(message, wait_s)
        # What may have arrived once stays so, whatever became of the repeats.
        uncertain = outcome.may_have_arrived or may_have_arrived(message)
        error = MAYBE + outcome.error if uncertain else outcome.error
        await self._store.mark_retry(message.message_id, now, error, now + timedelta(seconds=wait_s))
        self.postponed += 1
        level = log.error if outcome.defect else log.warning
        level("not delivered yet", to=message.destination, error=outcome.error, again_in_s=round(wait_s, 1))

    async def _bury(self, message: OutboxMessage, older: Sequence[str], outcome: Undeliverable, now: datetime) -> None:
        """Notice first, mark last: a crash in between repeats a no-op instead of losing the notice."""
        for notice in self._notices(message, outcome, now):
            await self._store.add_message(notice)
        if outcome.chat_gone:
            await self._mark_gone(message.destination, outcome, now)
        await self._store.mark_dead(message.message_id, now, outcome.error, older)
        self.dead += 1
        log.error("undelivered", message=message.message_id, to=message.destination, error=outcome.error)

    async def _mark_gone(self, destination: str, outcome: Undeliverable, now: datetime) -> None:
        """Remember that nothing arrives there: a private chat, a group with all its topics, or one topic."""
        address = telegram_address(destination)
        if address is None:
            return
        if address.chat_id < 0:
            await self._store.mark_group_dead(address.chat_id, now, address.topic_id if outcome.topic_only else None)
        if not outcome.topic_only:
            await self._store.mark_chat_dead(address.chat_id, now)

    def _notices(self, message: OutboxMessage, outcome: Undeliverable, now: datetime) -> list[OutboxMessage]:
        """Who is told that a message is lost: the console each time, the second channels once a day.

        A lost notice is told on the console alone: channels that are all dead must not write about each other for ever.
        """
        if message.destination == CONSOLE:
            return []
        told = {CONSOLE: f"{_UNDELIVERED}{message.message_id}"}
        if not message.dedupe_key.startswith(_UNDELIVERED):
            day = gone_key(message.destination, now)
            told |= {other: f"{day}|{other}" for other in self._second if other != message.destination}
        html = render_undelivered(ENGLISH, message.destination, outcome.error, message.html, now)
        return [
            OutboxMessage(
                message_id=self._ids.new("message"),
                dedupe_key=key,
                destination=destination,
                html=html,
                created_at=now,
                priority=message.priority,
                alert_id=message.alert_id,
                account_id=message.account_id,
            )
            for destination, key in told.items()
        ]


def gone_key(destination: str, now: datetime) -> str:
    """Begins the dedupe keys of what is told on other channels about a destination: once a day."""
    return f"{_UNDELIVERED}{destination}|{now.astimezone(UTC):%Y-%m-%d}"
