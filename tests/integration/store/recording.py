"""A process that records cycles until it is killed; prints the number of each one that was acknowledged.

Run by `test_crash.py` with the database's url and the number to begin with.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta

from guard.ports.records import (
    AlertReason,
    AlertRecord,
    CycleRecord,
    IntentRecord,
    OrderJournalState,
    OrderRecord,
    OutboxMessage,
    Reading,
)
from guard.ports.venue import FetchedBook
from guard.risk.book import Book
from guard.risk.quality import DataQuality, Quality
from guard.risk.report import AccountRisk, PoolRisk, PositionRisk
from guard.risk.zones import Zone, ZoneState
from guard.store.store import Store
from guard.store.vault import Vault

START = datetime(2026, 1, 5, tzinfo=UTC)
LEGS = 20


class NoIds:
    """Nothing is named here."""

    def new(self, kind: str) -> str:
        """Never used."""
        raise NotImplementedError(kind)

    def code(self, length: int) -> str:
        """Never used."""
        raise NotImplementedError(length)


def leg(number: int) -> PositionRisk:
    """One of twenty legs."""
    return PositionRisk(f"C{number}/USDT:USDT", "long", 1.5, 100.0, 101.0, 151.5, 1.5, 7.5, 0.6, 0.0, 80.0)


def cycle(number: int) -> CycleRecord:
    """A cycle with one of everything, all named by `number`."""
    at, account = START + timedelta(seconds=number), "id-alice"
    pool = PoolRisk(
        "USDT", "cross", None, 1e4, 30.0, 1e4, 1e4, 150.0, 12.0, 0.0, 9e3, 0.1, 4.0, 3.0, 3e3, 3e3, -0.3, None,
        tuple(leg(number) for number in range(LEGS)),
    )  # fmt: skip
    risk = AccountRisk("alice", "binanceusdm", "binance-usdm", at, 0.1, 4.0, (pool,))
    fetched = FetchedBook(Book("alice", "binanceusdm", "binance-usdm", at), {"marks": at})
    state = ZoneState(clear_cycles=number)
    fresh = DataQuality(Quality.FRESH)
    alert = AlertRecord(f"a{number}", account, "zone", "zone:alice", Zone.WATCH, AlertReason.FIRST, at, "text")
    order = OrderRecord(
        f"o{number}", f"i{number}", account, 0, f"c{number}", "reduce", "BTC/USDT:USDT", "sell", "long", "1", "100",
        reduce_only=True, state=OrderJournalState.SUBMITTING, updated_at=at,
    )  # fmt: skip
    return CycleRecord(
        reading=Reading(account, "alice", at, fresh, state, Zone.SAFE, "clear", risk, fetched, None, 1.0),
        alerts=(alert,),
        messages=(OutboxMessage(f"m{number}", f"m{number}", "telegram:7", "text", at, alert_id=f"a{number}"),),
        intent=IntentRecord(f"i{number}", account, at, "open", Zone.DANGER, "reason", "{}", 0.8),
        orders=(order,),
    )


async def main(url: str, first: int) -> None:
    """Record for ever."""
    store = await Store.open(url, Vault.of(url), NoIds())
    number = first
    while True:
        await store.record_cycle(cycle(number))
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
        number += 1


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
