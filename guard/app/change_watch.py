"""Finding what changed in an account without the guard, cycle by cycle.

Compares each whole reading with the last whole one that was recorded; after a restart, with the last snapshot and with
the modes that are stored. Asks the store only when something may have to be told. What is a change, and how it is
worded, belongs to `guard.alerts`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from guard.alerts.change_notices import change_fingerprint
from guard.alerts.changes import (
    Change,
    ChangeBars,
    ChangeKind,
    LegKey,
    adl_changes,
    book_changes,
    explained_by_orders,
    leg_changes,
    leg_sizes,
    lost_legs,
    mode_changes,
)
from guard.ports.records import AccountRecord, AlertRecord, IntentRecord, KnownModes, OrderRecord, Reading, Snapshot
from guard.protect.journal import UNCERTAIN
from guard.risk.book import Book
from guard.risk.quality import Quality

# A place in a queue, a price at a bar, or a mode that follows from what is held comes and goes: told at most once in
# this time.
_HOLD: Final = timedelta(hours=6)
_HELD: Final = frozenset({ChangeKind.ADL, ChangeKind.DEPEG, ChangeKind.POSITION_MODE, ChangeKind.ACCOUNT_MODE})
# Whoever trades by market orders makes a leg smaller many times an hour: told once for a leg in this time.
_LEG_HOLD: Final = timedelta(minutes=15)
_LEGS: Final = frozenset({ChangeKind.LEG_GONE, ChangeKind.LEG_SHRUNK})
# An intent may have been decided this long before its last order filled.
_INTENT_LASTS: Final = timedelta(hours=1)


class ChangeStore(Protocol):
    """What is asked when something changed."""

    async def latest_snapshot(self, account_id: str, *, whole: bool = False) -> Snapshot | None:
        """What was known after the last cycle, before a restart; `whole`: the last with nothing missing or torn."""
        ...

    async def last_alert(self, fingerprint: str) -> AlertRecord | None:
        """The newest alert of a condition."""
        ...

    async def intents(self, since: datetime, account_id: str | None = None) -> list[IntentRecord]:
        """What the guard decided to do."""
        ...

    async def orders_of(self, intent_id: str) -> list[OrderRecord]:
        """What became of it."""
        ...


@dataclass(frozen=True, slots=True)
class Settled:
    """The last whole reading that was recorded."""

    book: Book
    adl: Mapping[LegKey, float]
    at: datetime


def is_whole(reading: Reading) -> bool:
    """Whether a reading can be compared with another: nothing missing, nothing torn."""
    return reading.fetched is not None and reading.quality.quality in {Quality.FRESH, Quality.DISPUTED}


def settled(reading: Reading) -> Settled | None:
    """What the next reading is compared with; None when this one is not whole."""
    if reading.fetched is None or not is_whole(reading):
        return None
    return Settled(reading.fetched.book, reading.fetched.adl, reading.at)


def modes_of(book: Book) -> KnownModes:
    """The modes that a book was read in."""
    settles = {leg.settle for leg in book.positions} | {item.asset for item in book.collateral if item.balance}
    return KnownModes(book.position_mode, book.model, tuple(sorted(settles)))


async def changes_of(
    record: AccountRecord, before: Settled | None, reading: Reading, store: ChangeStore, bars: ChangeBars
) -> tuple[Change, ...]:
    """What changed since the last whole reading, without the guard.

    Args:
        record: whose account, with the modes that are stored.
        before: the last whole reading; None after a start.
        reading: the cycle's result.
        store: memory.
        bars: from where on a change is told.
    """
    if reading.fetched is None or not is_whole(reading):
        return ()
    book = reading.fetched.book
    found: list[Change] = []
    if before is None:
        snapshot = await store.latest_snapshot(record.account_id, whole=True)
        if snapshot is not None:
            sizes = _snapshot_sizes(snapshot)
            found += await _lost(record, sizes, book, {}, snapshot.at, store)
        if record.modes is not None:
            found += mode_changes(record.modes.position_mode, record.modes.model, book.position_mode, book.model)
    else:
        explained = explained_by_orders(before.book, book)
        found += await _lost(record, leg_sizes(before.book), book, explained, before.at, store)
        found += book_changes(before.book, book, bars)
    found += adl_changes(before.adl if before else {}, reading.fetched.adl, bars.adl)
    wanted = [change for change in found if bars.legs or change.kind not in _LEGS]
    return tuple([change for change in wanted if await _is_due(record, change, reading.at, store)])


def _snapshot_sizes(snapshot: Snapshot) -> dict[LegKey, float]:
    sizes: defaultdict[LegKey, float] = defaultdict(float)
    for leg in snapshot.positions:
        sizes[leg.symbol, leg.side] += leg.contracts
    return dict(sizes)


async def _lost(
    record: AccountRecord,
    before: Mapping[LegKey, float],
    book: Book,
    explained: Mapping[LegKey, float],
    since: datetime,
    store: ChangeStore,
) -> list[Change]:
    """Legs that vanished or shrank, less what resting orders and the guard's own orders did."""
    after = leg_sizes(book)
    if not lost_legs(before, after):
        return []
    own = await _own_fills(record.account_id, since, store)
    known = {key: explained.get(key, 0.0) + own.get(key, 0.0) for key in before}
    return list(leg_changes(before, after, known))


async def _own_fills(account_id: str, since: datetime, store: ChangeStore) -> dict[LegKey, float]:
    """Contracts by leg that orders of the guard filled since, or may have filled: after a crash nobody knows yet."""
    filled: defaultdict[LegKey, float] = defaultdict(float)
    for intent in await store.intents(since - _INTENT_LASTS, account_id):
        for order in await store.orders_of(intent.intent_id):
            if order.reduce_only and order.state in UNCERTAIN:
                filled[order.symbol, order.leg] += float(order.contracts)
            elif order.reduce_only and order.updated_at >= since:
                filled[order.symbol, order.leg] += float(order.filled)
    return dict(filled)


async def _is_due(record: AccountRecord, change: Change, now: datetime, store: ChangeStore) -> bool:
    hold = _HOLD if change.kind in _HELD else _LEG_HOLD if change.kind in _LEGS else None
    if hold is None:
        return True
    last = await store.last_alert(change_fingerprint(record.account_id, change))
    return last is None or now - last.at >= hold
