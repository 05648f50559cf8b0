"""What an intent did to hedges, kept: those that it opened, those that it took off, those that it cut by reducing.

May be done again after a crash: every record is computed from the journal and the book, not from what it was before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from guard.ports.records import HedgeRecord, IntentRecord, OrderRecord
from guard.protect.hedges import opened_hedges, trimmed, unwound_hedges
from guard.protect.intents import remembered
from guard.protect.journal import JournalPort
from guard.protect.legs import legs_of
from guard.risk.book import Book


async def keep_hedges(
    journal: JournalPort, intent: IntentRecord, orders: Sequence[OrderRecord], book: Book | None, at: datetime
) -> None:
    """Record what the orders of an intent did to the account's hedges; `book` None: what it holds is not known yet."""
    memory = remembered(intent)
    known = {hedge.hedge_id: hedge for hedge in await journal.open_hedges(intent.account_id)}
    for hedge in opened_hedges(orders, memory.hedges, at):
        if hedge.hedge_id not in known:
            await journal.add_hedge(hedge)
            known[hedge.hedge_id] = hedge
        elif known[hedge.hedge_id].contracts != hedge.contracts:
            await _update(journal, known, replace(known[hedge.hedge_id], contracts=hedge.contracts))
    before = [replace(known[each], contracts=str(size)) for each, size in memory.unwinds.items() if each in known]
    for hedge in unwound_hedges(before, orders, at):
        await _update(journal, known, hedge)
    if book is None:
        return
    standing = [hedge for hedge in known.values() if hedge.closed_at is None]
    for hedge in trimmed(standing, legs_of(book), at, "its leg was reduced"):
        await _update(journal, known, hedge)


async def _update(journal: JournalPort, known: dict[str, HedgeRecord], hedge: HedgeRecord) -> None:
    if known[hedge.hedge_id] != hedge:
        await journal.update_hedge(hedge)
        known[hedge.hedge_id] = hedge
