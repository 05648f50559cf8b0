"""What the chat bot asks for, answered from the store."""

from __future__ import annotations

from datetime import datetime

import structlog

from guard.ports.clock import Clock
from guard.ports.records import AccountRecord, Snapshot, UserRecord
from guard.risk.quality import Quality
from guard.risk.zones import Zone
from guard.store.store import Store

log = structlog.get_logger(__name__)


class StoreDesk:
    """`guard.bot.desk.Desk` over the store: what a person may see is decided here, by who owns which account."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def now(self) -> datetime:
        """The current time, UTC."""
        return self._clock.now()

    async def redeem(self, code: str, chat_id: int, chat_user_id: int, title: str) -> UserRecord | None:
        """Link a chat by a one-time code; None when the code is wrong, used or expired."""
        user = await self._store.redeem_link_code(code, chat_id, chat_user_id, title, self._clock.now())
        log.info("link code used" if user else "link code refused", chat_id=chat_id, user=user.name if user else None)
        return user

    async def person(self, chat_user_id: int) -> UserRecord | None:
        """The linked person behind a chat service's user id."""
        return await self._store.person(chat_user_id)

    async def statuses(self, user_id: str) -> list[Snapshot]:
        """The latest snapshot of each account that the person owns, the worst first as the bot shows them."""
        snapshots = []
        for account in await self._store.accounts_of(user_id):
            snapshot = await self._store.latest_snapshot(account.account_id)
            snapshots.append(snapshot or never_read(account, self._clock.now()))
        return snapshots

    async def refused(self, chat_id: int, chat_user_id: int, what: str) -> None:
        """Record that somebody was refused."""
        await self._store.record_refusal(self._clock.now(), chat_id, chat_user_id, what)


def never_read(account: AccountRecord, now: datetime) -> Snapshot:
    """What is shown of an account that no cycle has read yet: nothing is left out."""
    return Snapshot(
        account_id=account.account_id,
        account=account.name,
        at=now,
        zone=Zone.UNKNOWN,
        reason="not read yet",
        quality=Quality.MISSING.value,
        data_at=None,
        currency=None,
        equity=None,
        unrealized_pnl=None,
        initial_margin=None,
        maintenance_margin=None,
        available_margin=None,
        risk_ratio=None,
        margin_level=None,
        distance=None,
        effective_leverage=None,
        error="the service has not read this account yet",
    )
