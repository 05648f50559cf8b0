"""The first marks of each hour, for whoever measures how a book moves: a few seeks instead of thousands of rows."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import BigInteger, Connection, bindparam, select, type_coerce

from guard.risk.quality import Quality
from guard.store.columns import EPOCH
from guard.store.tables import PositionRow, SnapshotRow, table

_snapshots: Final = table(SnapshotRow)
_positions: Final = table(PositionRow)

_HOUR_US: Final = 3_600_000_000
_MICROSECOND: Final = timedelta(microseconds=1)
_at: Final = type_coerce(_snapshots.c.at, BigInteger)
# Made once: making a statement takes longer than answering it.
_FIRST: Final = (
    select(_at, _snapshots.c.seq, _snapshots.c.quality)
    .where(
        (_snapshots.c.account_id == bindparam("account"))
        & (_at >= bindparam("start"))
        & ((_snapshots.c.quality == Quality.FRESH.value) | (_snapshots.c.quality == Quality.DISPUTED.value))
    )
    .order_by(_at, _snapshots.c.seq)
    .limit(1)
)
_FIRST_FRESH: Final = (
    select(_at, _snapshots.c.seq)
    .where(
        (_snapshots.c.account_id == bindparam("account"))
        & (_at >= bindparam("start"))
        & (_at < bindparam("end"))
        & (_snapshots.c.quality == Quality.FRESH.value)
    )
    .order_by(_at, _snapshots.c.seq)
    .limit(1)
)
_MARKS: Final = select(_positions.c.snapshot_seq, _positions.c.symbol, _positions.c.mark_price)


def hourly_marks(connection: Connection, account_id: str, since: datetime) -> list[tuple[datetime, dict[str, float]]]:
    """Time and marks by symbol of the first whole snapshot of each clock hour (UTC) since then; oldest first.

    One that the venue's own figures contradict stands only for an hour without another.
    """
    found: dict[int, int] = {}
    start = (since - EPOCH) // _MICROSECOND
    while (row := connection.execute(_FIRST, {"account": account_id, "start": start}).first()) is not None:
        at_us, seq, quality = row
        end = (at_us // _HOUR_US + 1) * _HOUR_US
        if quality != Quality.FRESH.value:
            fresh = {"account": account_id, "start": at_us, "end": end}
            at_us, seq = connection.execute(_FIRST_FRESH, fresh).first() or (at_us, seq)
        found[seq] = at_us
        start = end
    marks: defaultdict[int, dict[str, float]] = defaultdict(dict)
    for seq, symbol, mark in connection.execute(_MARKS.where(_positions.c.snapshot_seq.in_(found))):
        marks[seq][symbol] = mark
    return [(EPOCH + timedelta(microseconds=at_us), marks[seq]) for seq, at_us in found.items()]
