"""The daily line and the summary after an absence: when they are due, of whom they tell, and to whom they go.

Everything that must survive a crash is in the outbox: a message is named by the day or by the absence that it tells of,
so that however often this is begun anew, it is written once. Wording is `guard.alerts.watching`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import structlog

from guard.alerts.watching import (
    AccountDay,
    away_messages,
    daily_messages,
    render_away,
    render_daily,
    unseen_s,
    worst_of,
)
from guard.app.health import UNDELIVERED_AFTER_S, overdue_s
from guard.app.hearing import Hearing
from guard.app.settings import Settings
from guard.language.speech import Speech
from guard.ports.clock import Clock, Ids
from guard.ports.errors import GuardError
from guard.ports.recipients import Recipient
from guard.ports.records import AccountRecord, OutboxMessage
from guard.risk.zones import Zone
from guard.store.store import Store

log = structlog.get_logger(__name__)

DAY: Final = timedelta(days=1)
_NOBODY: Final = "nobody"
_FAR: Final = datetime(9000, 1, 1, tzinfo=UTC)
_PENDING_MAX: Final = 10_000


@dataclass(frozen=True, slots=True)
class _Owner:
    """One owner (or nobody), what is theirs, and where they read."""

    name: str
    accounts: tuple[AccountRecord, ...]
    chats: frozenset[str]
    recipients: tuple[Recipient, ...]


class StillWatching:
    """Writes what owners are told when nothing happens.

    Args:
        store: memory.
        clock: time.
        ids: identifiers.
        settings: when, and what a pause between two readings is.
        hearing: who hears besides the chats.
        wake_outbox: called after something was written.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ids: Ids,
        settings: Settings,
        *,
        hearing: Hearing,
        wake_outbox: Callable[[], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._settings = settings
        self._hearing = hearing
        self._wake_outbox = wake_outbox
        self._pause_s = overdue_s(Zone.SAFE, settings.schedule)
        self._told: date | None = None
        self._absence: tuple[datetime, datetime] | None = None

    async def begin(self) -> None:
        """Find out whether the guard was away, and tell it. To be called before the first cycle of this life."""
        try:
            last, now = await self._store.last_cycle_at(), self._clock.now()
        except GuardError as error:
            log.error("not known whether the guard was away", error=str(error))
            return
        if last is not None and (now - last).total_seconds() > self._pause_s:
            log.warning("the guard was away", since=last.isoformat(), seconds=round((now - last).total_seconds()))
            self._absence = (last, now)
            await self.look()

    async def look(self) -> None:
        """Tell what is due; what cannot be written now is tried again at the next look."""
        try:
            await self._tell_absence()
            await self._tell_day()
        except GuardError as error:
            log.error("not told that the guard watches, trying again", error=str(error))

    async def _tell_absence(self) -> None:
        if self._absence is None:
            return
        last, now = self._absence
        for owner in await self._owners(last):
            days = [await self._day_of(account, last - DAY, last) for account in owner.accounts]
            render = _away(days, last, now)
            await self._write(away_messages(owner.name, last, render, owner.recipients, now, self._ids))
        self._absence = None

    async def _tell_day(self) -> None:
        """The line of today, from its time on; a guard that was away at that time tells it when it is back."""
        now = self._clock.now()
        due = due_moment(self._settings.alerts.daily_at, now)
        if due is None or now < due or self._told == due.date():
            return
        late = now - timedelta(seconds=UNDELIVERED_AFTER_S)
        pending = await self._store.due_messages(_FAR, _PENDING_MAX)
        lost = [message for message in pending if message.created_at < late]
        lost += await self._store.dead_messages(now - DAY)
        # Who has come since is told from tomorrow on.
        for owner in await self._owners(due):
            days = [await self._day_of(account, now - DAY, now) for account in owner.accounts]
            render = _daily(days, sum(_is_of(owner, message) for message in lost), now)
            await self._write(daily_messages(owner.name, due.date(), render, owner.recipients, now, self._ids))
        self._told = due.date()

    async def _owners(self, before: datetime) -> list[_Owner]:
        """Owners of accounts that were there before a moment; accounts without one are nobody's."""
        owned: dict[str | None, list[AccountRecord]] = {}
        for account in await self._store.accounts():
            if account.created_at < before:
                owned.setdefault(account.owner, []).append(account)
        owners = []
        for user_id, accounts in owned.items():
            chats = await self._store.chats_of(user_id) if user_id is not None else []
            alive = await self._store.recipients_of(user_id) if user_id is not None else []
            recipients = self._hearing.with_chats(alive)
            every = frozenset(f"telegram:{chat.chat_id}" for chat in chats)
            owners.append(_Owner(user_id or _NOBODY, tuple(accounts), every, tuple(recipients)))
        return owners

    async def _day_of(self, account: AccountRecord, since: datetime, until: datetime) -> AccountDay:
        since = max(since, account.created_at)
        levels = await self._store.levels(account.account_id, since)
        newest = await self._store.latest_snapshot(account.account_id)
        ratio, distance = worst_of(levels)
        return AccountDay(
            account=account.name,
            zone=newest.zone if newest else None,
            risk_ratio=newest.risk_ratio if newest else None,
            distance=newest.distance if newest else None,
            worst_ratio=ratio,
            least_distance=distance,
            unseen_s=unseen_s(levels, since, until, self._pause_s),
        )

    async def _write(self, messages: Sequence[OutboxMessage]) -> None:
        for message in messages:
            await self._store.add_message(message)
        self._wake_outbox()


def _away(days: Sequence[AccountDay], last: datetime, now: datetime) -> Callable[[Speech], str]:
    return lambda speech: render_away(speech, days, last, now)


def _daily(days: Sequence[AccountDay], undelivered: int, now: datetime) -> Callable[[Speech], str]:
    return lambda speech: render_daily(speech, days, undelivered, now)


def due_moment(daily_at: str, now: datetime) -> datetime | None:
    """When today's line is due, UTC; None when there is none."""
    if not daily_at:
        return None
    return datetime.combine(now.astimezone(UTC).date(), time.fromisoformat(daily_at), UTC)


def _is_of(owner: _Owner, message: OutboxMessage) -> bool:
    """Whether a message was for an owner, or about an account of theirs."""
    return message.destination in owner.chats or any(
        message.account_id == account.account_id for account in owner.accounts
    )
