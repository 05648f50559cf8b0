"""What the chat bot asks for, answered from the store."""

from __future__ import annotations

from datetime import datetime

import structlog

from guard.app.past import BookOf, Past
from guard.bot.desk import PictureWish
from guard.charts.picture import Picture
from guard.charts.studio import Studio
from guard.ports.clock import Clock
from guard.ports.history import AccountHistory
from guard.ports.records import AccountRecord, Snapshot, UserRecord
from guard.risk.quality import Quality
from guard.risk.zones import Zone
from guard.store.store import Store

log = structlog.get_logger(__name__)


class StoreDesk:
    """`guard.bot.desk.Desk` over the store: what a person may see is decided here, by who owns which account.

    Args:
        store: the memory.
        clock: time.
        past: looks back.
        studio: draws.
        book_of: the last good book of an account.
    """

    def __init__(self, store: Store, clock: Clock, past: Past, studio: Studio, book_of: BookOf) -> None:
        self._store = store
        self._clock = clock
        self._past = past
        self._studio = studio
        self._book_of = book_of

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
        return [await self._latest(account) for account in await self._store.accounts_of(user_id)]

    async def history(self, user_id: str, account_id: str, since: datetime) -> AccountHistory | None:
        """What became of one of the person's accounts; None when it is not theirs."""
        account = await self._owned(user_id, account_id)
        return None if account is None else await self._past.history(account, since)

    async def picture(self, user_id: str, wish: PictureWish) -> bytes | None:
        """The picture of one of the person's accounts, or of all where the wish names none; None: not theirs."""
        owned = await self._store.accounts_of(user_id)
        if wish.account_id is not None:
            owned = [account for account in owned if account.account_id == wish.account_id]
        elif wish.kind != "distance":
            return None
        return await self._studio.draw(await self._composed(owned, wish)) if owned else None

    async def _composed(self, accounts: list[AccountRecord], wish: PictureWish) -> Picture:
        """What the picture shows; only distances know more than one account."""
        account = accounts[0]
        match wish.kind:
            case "history":
                return await self._past.history_picture(account, wish.since)
            case "stress":
                return self._past.stress(account, self._book_of(account.account_id))
            case "exposure":
                return self._past.exposure(await self._latest(account))
            case "distance" if wish.account_id is not None:
                return self._past.pools(await self._latest(account), account, self._book_of(account.account_id))
            case "distance":
                return self._past.distances([await self._latest(each) for each in accounts], accounts)

    async def _latest(self, account: AccountRecord) -> Snapshot:
        latest = await self._store.latest_snapshot(account.account_id)
        return latest or never_read(account, self._clock.now())

    async def _owned(self, user_id: str, account_id: str) -> AccountRecord | None:
        """The account, if it is the person's."""
        owned = await self._store.accounts_of(user_id)
        return next((account for account in owned if account.account_id == account_id), None)

    async def moved(self, chat_id: int, new_chat_id: int) -> None:
        """Let links and waiting messages follow a chat."""
        await self._store.move_chat(chat_id, new_chat_id)

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
