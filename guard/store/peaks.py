"""The highest equity of each hour, for whoever compares with the last day: a few rows instead of thousands."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import BigInteger, Connection, func, select, type_coerce

from guard.store.columns import EPOCH
from guard.store.tables import AlertRow, SnapshotRow, table

_snapshots: Final = table(SnapshotRow)
_alerts: Final = table(AlertRow)

_HOUR_US: Final = 3_600_000_000


def equity_peaks(
    connection: Connection, account_id: str, since: datetime, unless: str
) -> list[tuple[datetime, float, str]]:
    """Hour, highest equity and its currency since then, and since the last alert of the rule `unless`; oldest first.

    That rule is the one of money that came or went: what was there before it is not what the account lost.
    """
    moved = select(func.max(_alerts.c.at)).where((_alerts.c.account_id == account_id) & (_alerts.c.rule == unless))
    last = connection.execute(moved).scalar()
    start = max(since, last) if last is not None else since
    hour = type_coerce(_snapshots.c.at, BigInteger) // _HOUR_US
    statement = (
        select(hour.label("hour"), func.max(_snapshots.c.equity).label("equity"), _snapshots.c.currency)
        .where((_snapshots.c.account_id == account_id) & (_snapshots.c.at > start) & _snapshots.c.equity.is_not(None))
        .group_by(hour, _snapshots.c.currency)
        .order_by(hour)
    )
    return [
        (EPOCH + timedelta(hours=int(row.hour)), float(row.equity), str(row.currency))
        for row in connection.execute(statement)
    ]
