"""The open hedges of an account, looked at in every cycle: kept up to date, and what happened to them told at once.

Call it with a complete book and only while no intent of the account is open: its orders would explain the legs.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from guard.ports.records import AccountRecord, HedgeRecord
from guard.protect.hedges import compare_hedges, watched
from guard.protect.journal import JournalPort
from guard.protect.outcome import Announcement, Kind, Notify
from guard.risk.book import Book
from guard.risk.zones import Zone


async def watch_hedges(
    journal: JournalPort,
    notify: Notify,
    account: AccountRecord,
    book: Book,
    *,
    zone: Zone,
    now: datetime,
    betas: Mapping[str, float] | None = None,
) -> tuple[HedgeRecord, ...]:
    """Compare the account's hedges with its book, tell what nobody ordered, note how long the account is safe.

    People are told before the record is changed: a crash in between tells them again, under the same key.

    Returns:
        The hedges that stand, oldest first; `guard.protect.hedges.is_due` says which are to be taken off.
    """
    hedges = await journal.open_hedges(account.account_id)
    if not hedges:
        return ()
    now_standing = {hedge.hedge_id: hedge for hedge in hedges}
    for news in compare_hedges(hedges, book, now, betas):
        kind = Kind.NAKED if news.grave else Kind.HEDGE
        await notify(Announcement(kind, account.account_id, news.key, f"{account.name}: {news.text}"))
        now_standing[news.hedge.hedge_id] = news.hedge
    for before in hedges:
        hedge = now_standing[before.hedge_id]
        if hedge.closed_at is None:
            hedge = now_standing[before.hedge_id] = watched(hedge, zone, now)
        if hedge != before:
            await journal.update_hedge(hedge)
    return tuple(hedge for hedge in now_standing.values() if hedge.closed_at is None)
