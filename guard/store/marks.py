"""The first marks of each hour, for whoever measures how a book moves: a few seeks instead of thousands of rows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, select

from guard.risk.quality import Quality
from guard.store.columns import EPOCH
from guard.store.tables import PositionRow, SnapshotRow, table

_snapshots: Final = table(SnapshotRow)
_positions: Final = table(PositionRow)

_HOUR: Final = timedelta(hours=1)
_WHOLE: Final = (Quality.FRESH.value, Quality.DISPUTED.value)


def hourly_marks(connection: Connection, account_id: str, since: datetime) -> list[tuple[datetime, dict[str, float]]]:
    """Time and marks by symbol of the first whole snapshot of each clock hour (UTC) since then; oldest first."""
    found: list[tuple[datetime, int]] = []
    start = since
    columns = select(_snapshots.c.at, _snapshots.c.seq)
    while True:
        wanted = (_snapshots.c.account_id == account_id) & (_snapshots.c.at >= start)
        first = columns.where(wanted & _snapshots.c.quality.in_(_WHOLE)).order_by(_snapshots.c.at, _snapshots.c.seq)
        row = connection.execute(first.limit(1)).first()
        if row is None:
            break
        found.append((row.at, row.seq))
        start = row.at - (row.at - EPOCH) % _HOUR + _HOUR
    return [(at, _marks(connection, seq)) for at, seq in found]


def _marks(connection: Connection, seq: int) -> dict[str, float]:
    wanted = select(_positions.c.symbol, _positions.c.mark_price).where(_positions.c.snapshot_seq == seq)
    return {str(row.symbol): float(row.mark_price) for row in connection.execute(wanted)}
