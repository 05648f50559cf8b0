"""What looking asks for, answered from the store."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import structlog

from guard.app.desks.backstage import Answers
from guard.bot.desk import PictureWish
from guard.charts.picture import Picture
from guard.ports.history import AccountHistory
from guard.ports.records import AccountRecord, Snapshot, UserRecord
from guard.risk.quality import Quality
from guard.risk.zones import Zone

log = structlog.get_logger(__name__)


class ViewingAnswers(Answers):
    """Answers `guard.bot.desks.viewing.ViewingDesk`: what a person may see is decided here, by owner and role."""

    def now(self) -> datetime:
        """The current time, UTC."""
        return self._stage.clock.now()

    async def redeem(self, code: str, chat_id: int, chat_user_id: int, title: str) -> UserRecord | None:
        """Link a chat by a one-time code; None when the code is wrong, used or expired."""
        user = await self._stage.store.redeem_link_code(code, chat_id, chat_user_id, title, self._stage.clock.now())
        log.info("link code used" if user else "link code refused", chat_id=chat_id, user=user.name if user else None)
        return user

    async def spoil(self, code: str) -> None:
        """Make a code worthless."""
        await self._stage.store.void_link_code(code)

    async def person(self, chat_user_id: int) -> UserRecord | None:
        """The linked person behind a chat service's user id."""
        return await self._stage.store.person(chat_user_id)

    async def statuses(self, user_id: str) -> list[Snapshot]:
        """The latest snapshot of each account that the person owns, the worst first as the bot shows them."""
        owned = await self._stage.store.accounts_of(user_id)
        hedges = await self._stage.store.open_hedges() if owned else []
        return [
            replace(
                await self._latest(account),
                hedges=tuple(hedge for hedge in hedges if hedge.account_id == account.account_id),
            )
            for account in owned
        ]

    async def history(self, user_id: str, account_id: str, since: datetime) -> AccountHistory | None:
        """What became of one of the person's accounts; None when it is not theirs."""
        account = await self._owned(user_id, account_id)
        return None if account is None else await self._stage.past.history(account, since)

    async def picture(self, user_id: str, wish: PictureWish) -> bytes | None:
        """The picture of one of the person's accounts, or of all where the wish names none; None: not theirs."""
        owned = await self._stage.store.accounts_of(user_id)
        if wish.account_id is not None:
            owned = [account for account in owned if account.account_id == wish.account_id]
        elif wish.kind != "distance":
            return None
        return await self._stage.studio.draw(await self._composed(owned, wish)) if owned else None

    async def _composed(self, accounts: list[AccountRecord], wish: PictureWish) -> Picture:
        """What the picture shows; only distances know more than one account."""
        account, past, speech = accounts[0], self._stage.past, wish.speech
        match wish.kind:
            case "history":
                return await past.history_picture(account, wish.since, speech)
            case "stress":
                return past.stress(account, self._stage.book_of(account.account_id), speech)
            case "exposure":
                return past.exposure(await self._latest(account), speech)
            case "distance" if wish.account_id is not None:
                book = self._stage.book_of(account.account_id)
                return past.pools(await self._latest(account), account, book, speech)
            case "distance":
                return past.distances([await self._latest(each) for each in accounts], accounts, speech)

    async def _latest(self, account: AccountRecord) -> Snapshot:
        latest = await self._stage.store.latest_snapshot(account.account_id)
        return latest or never_read(account, self._stage.clock.now())

    async def _owned(self, user_id: str, account_id: str) -> AccountRecord | None:
        """The account, if it is the person's."""
        owned = await self._stage.store.accounts_of(user_id)
        return next((account for account in owned if account.account_id == account_id), None)

    async def moved(self, chat_id: int, new_chat_id: int) -> None:
        """Let links and waiting messages follow a chat."""
        await self._stage.store.move_chat(chat_id, new_chat_id)

    async def refused(self, chat_id: int, chat_user_id: int, what: str) -> None:
        """Record that somebody was refused."""
        await self._stage.store.record_refusal(self._stage.clock.now(), chat_id, chat_user_id, what)


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
