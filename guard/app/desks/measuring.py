"""What the commands that compute ask for, answered from the running service's last book."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

from guard.app.desks.backstage import Answers, Backstage
from guard.app.desks.rights import allowed
from guard.app.desks.viewing import never_read
from guard.bot.desks.measuring import Absence, FreshRead, HeldAccount, HeldBook
from guard.ports.records import AccountRecord, Reading
from guard.risk.levels import policy_for
from guard.risk.zones import ZonePolicy

T = TypeVar("T")

PATIENCE_S: Final = 5.0
"""How long a person waits for a reading of their own."""
READ_GAP_S: Final = 5.0
"""Between two readings of one account that people ask for: a venue's budget is for watching first."""


class MeasuringAnswers(Answers):
    """Answers `guard.bot.desks.measuring.MeasuringDesk`."""

    def __init__(self, stage: Backstage) -> None:
        super().__init__(stage)
        self._one_at_a_time = asyncio.Semaphore(1)
        self._asked_s: dict[str, float] = {}

    async def held(self, user_id: str, account_id: str) -> HeldAccount | None:
        """An account with the book of its last good reading; None when it is not one that the person may see."""
        account = await self._seen(user_id, account_id)
        if account is None:
            return None
        latest = await self._stage.store.latest_snapshot(account_id) or never_read(account, self._stage.clock.now())
        watch = self._stage.watch_of(account_id)
        if watch is None:
            return HeldAccount(latest, None, Absence.NOT_WATCHED)
        good = watch.last_good
        if good is None:
            return HeldAccount(latest, None, Absence.NOT_YET if watch.last is None else Absence.BLIND)
        held = _held_book(good, watch.policy.zones, counts_hours=watch.protect.counts_hours)
        return HeldAccount(latest, held, acted=watch.acted)

    async def read_now(self, user_id: str, account_id: str) -> FreshRead | None:
        """Have an account read at once, and wait for it; None when it is not one that the person may see."""
        if await self._seen(user_id, account_id) is None:
            return None
        if self._stage.watch_of(account_id) is None:
            return FreshRead.NOT_WATCHED
        now_s = self._stage.clock.monotonic()
        asked_s = self._asked_s.get(account_id)
        if asked_s is not None and now_s - asked_s < READ_GAP_S:
            return FreshRead.TOO_SOON
        self._asked_s[account_id] = now_s
        reading = await self._stage.read_now(account_id, PATIENCE_S)
        if reading is None:
            return FreshRead.SILENT
        return FreshRead.FAILED if reading.risk is None else FreshRead.DONE

    async def computed(self, work: Callable[[], T]) -> T:
        """What `work` returns, computed in a thread: one piece of work at a time, whoever asks."""
        async with self._one_at_a_time:
            return await asyncio.to_thread(work)

    async def _seen(self, user_id: str, account_id: str) -> AccountRecord | None:
        accounts = await allowed(self._stage.store, user_id)
        return next((account for account in accounts if account.account_id == account_id), None)


def _held_book(reading: Reading, policy: ZonePolicy, *, counts_hours: bool) -> HeldBook | None:
    """The book of a good reading, with the bars that hold for it."""
    fetched, risk = reading.fetched, reading.risk
    if fetched is None or risk is None:
        return None
    read_at = min(fetched.parts.values(), default=reading.at)
    bars = policy_for(fetched.book, policy)
    return HeldBook(fetched.book, risk, read_at, bars, counts_hours=counts_hours, own=reading.own_hours)
