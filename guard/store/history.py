"""Statements over what was: snapshots, zone changes, alerts; and forgetting what is old."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import BigInteger, ColumnElement, Connection, RowMapping, delete, func, select, type_coerce

from guard.ports.history import Level
from guard.ports.records import AlertReason, AlertRecord, PositionSnapshot, Snapshot, ZoneChange
from guard.risk.quality import Quality
from guard.risk.zones import Zone
from guard.store.columns import EPOCH
from guard.store.tables import (
    AccountRow,
    AlertRow,
    PositionRow,
    SnapshotRow,
    WatchStateRow,
    ZoneChangeRow,
    table,
)

_accounts: Final = table(AccountRow)
_watch: Final = table(WatchStateRow)
_snapshots: Final = table(SnapshotRow)
_positions: Final = table(PositionRow)
_changes: Final = table(ZoneChangeRow)
_alerts: Final = table(AlertRow)

_WITH_NAME: Final = select(_snapshots, _accounts.c.name.label("account")).join(
    _accounts, _accounts.c.account_id == _snapshots.c.account_id
)
# Times as the integers that they are stored as: of a week's 200,000 nobody needs a datetime.
_LEVELS: Final = select(
    _snapshots.c.seq,
    type_coerce(_snapshots.c.at, BigInteger),
    _snapshots.c.zone,
    _snapshots.c.quality,
    _snapshots.c.currency,
    _snapshots.c.equity,
    _snapshots.c.risk_ratio,
    _snapshots.c.distance,
)
_WHOLE: Final = (Quality.FRESH.value, Quality.DISPUTED.value)
_NEWEST_FIRST: Final = (_snapshots.c.at.desc(), _snapshots.c.seq.desc())


def latest_snapshot(connection: Connection, account_id: str) -> Snapshot | None:
    """The newest snapshot of an account, with its positions."""
    return _newest(connection, _snapshots.c.account_id == account_id)


def latest_whole_snapshot(connection: Connection, account_id: str) -> Snapshot | None:
    """The newest one of which nothing was missing, stale or torn: what a leg can have vanished from."""
    return _newest(connection, (_snapshots.c.account_id == account_id) & _snapshots.c.quality.in_(_WHOLE))


def snapshot_near(connection: Connection, account_id: str, at: datetime, within: timedelta) -> Snapshot | None:
    """The snapshot with figures that is nearest to a moment and no farther from it; without positions."""
    known = (_snapshots.c.account_id == account_id) & _snapshots.c.equity.is_not(None)
    before = known & _snapshots.c.at.between(at - within, at)
    after = known & _snapshots.c.at.between(at, at + within)
    oldest_first = (_snapshots.c.at, _snapshots.c.seq)
    found = [
        _snapshot(row, ())
        for wanted, order in ((before, _NEWEST_FIRST), (after, oldest_first))
        if (row := connection.execute(_WITH_NAME.where(wanted).order_by(*order).limit(1)).mappings().first())
    ]
    return min(found, key=lambda snapshot: abs(snapshot.at - at), default=None)


def _newest(connection: Connection, wanted: ColumnElement[bool]) -> Snapshot | None:
    row = connection.execute(_WITH_NAME.where(wanted).order_by(*_NEWEST_FIRST).limit(1)).mappings().first()
    if row is None:
        return None
    legs = select(_positions).where(_positions.c.snapshot_seq == row["seq"]).order_by(_positions.c.ordinal)
    return _snapshot(row, tuple(_position(leg) for leg in connection.execute(legs).mappings()))


def snapshots(connection: Connection, account_id: str, since: datetime, limit: int) -> list[Snapshot]:
    """The newest `limit` snapshots since then, oldest first, without positions."""
    wanted = (_snapshots.c.account_id == account_id) & (_snapshots.c.at >= since)
    rows = connection.execute(_WITH_NAME.where(wanted).order_by(*_NEWEST_FIRST).limit(limit)).mappings().all()
    return [_snapshot(row, ()) for row in reversed(rows)]


def levels_page(
    connection: Connection, account_id: str, since: datetime, after: tuple[datetime, int] | None, limit: int
) -> tuple[list[Level], tuple[datetime, int] | None]:
    """The oldest `limit` levels since then that come after a place in the order, and the place of the last of them."""
    wanted = (_snapshots.c.account_id == account_id) & (_snapshots.c.at >= since)
    if after is not None:
        at, seq = after
        wanted &= (_snapshots.c.at > at) | ((_snapshots.c.at == at) & (_snapshots.c.seq > seq))
        wanted &= _snapshots.c.at >= at  # the same once more, in a form that an index serves
    rows = connection.execute(_LEVELS.where(wanted).order_by(_snapshots.c.at, _snapshots.c.seq).limit(limit)).all()
    levels = [Level._make((row[1] / 1e6, *row[2:])) for row in rows]
    last = (EPOCH + timedelta(microseconds=rows[-1][1]), int(rows[-1][0])) if len(rows) == limit else None
    return levels, last


def first_equity_since(connection: Connection, account_id: str, since: datetime) -> tuple[float, str] | None:
    """Equity at the first snapshot since then that has one, and its currency."""
    wanted = (_snapshots.c.account_id == account_id) & (_snapshots.c.at >= since) & _snapshots.c.equity.is_not(None)
    columns = select(_snapshots.c.equity, _snapshots.c.currency)
    row = connection.execute(columns.where(wanted).order_by(_snapshots.c.at, _snapshots.c.seq).limit(1)).first()
    return None if row is None else (float(row.equity), str(row.currency))


def zone_changes(connection: Connection, account_id: str, since: datetime) -> list[ZoneChange]:
    """The flips of an account since then, oldest first."""
    wanted = (_changes.c.account_id == account_id) & (_changes.c.at >= since)
    statement = select(_changes).where(wanted).order_by(_changes.c.at, _changes.c.seq)
    return [_change(row) for row in connection.execute(statement).mappings()]


def alerts(connection: Connection, since: datetime, account_id: str | None) -> list[AlertRecord]:
    """Alerts decided since then, oldest first."""
    statement = select(_alerts).where(_alerts.c.at >= since).order_by(_alerts.c.at, _alerts.c.seq)
    if account_id is not None:
        statement = statement.where(_alerts.c.account_id == account_id)
    return [_alert(row) for row in connection.execute(statement).mappings()]


def last_alert(connection: Connection, fingerprint: str) -> AlertRecord | None:
    """The newest alert of a condition."""
    statement = (
        select(_alerts)
        .where(_alerts.c.fingerprint == fingerprint)
        .order_by(_alerts.c.at.desc(), _alerts.c.seq.desc())
        .limit(1)
    )
    row = connection.execute(statement).mappings().first()
    return None if row is None else _alert(row)


def last_cycle_at(connection: Connection) -> datetime | None:
    """When the newest recorded cycle of any account was."""
    at: datetime | None = connection.execute(select(func.max(_watch.c.last_cycle_at))).scalar()
    return at


def prune_batch(connection: Connection, before: datetime, limit: int) -> int:
    """Forget up to `limit` snapshots older than that, never the newest of an account; returns how many."""
    same = _snapshots.alias("same")
    newest = select(func.max(same.c.at)).where(same.c.account_id == _accounts.c.account_id).scalar_subquery()
    old = (
        select(_snapshots.c.seq)
        .join(_accounts, _accounts.c.account_id == _snapshots.c.account_id)
        .where((_snapshots.c.at < before) & (_snapshots.c.at < newest))
        .limit(limit)
    )
    return _forget(connection, list(connection.execute(old).scalars()))


def forget_batch(connection: Connection, account_id: str, limit: int) -> int:
    """Forget up to `limit` snapshots of an account; returns how many."""
    old = select(_snapshots.c.seq).where(_snapshots.c.account_id == account_id).limit(limit)
    return _forget(connection, list(connection.execute(old).scalars()))


def _forget(connection: Connection, seqs: list[int]) -> int:
    """Remove snapshots; their positions go with them."""
    if seqs:
        connection.execute(delete(_snapshots).where(_snapshots.c.seq.in_(seqs)))
    return len(seqs)


def _snapshot(row: RowMapping, positions: tuple[PositionSnapshot, ...]) -> Snapshot:
    return Snapshot(
        account_id=row["account_id"],
        account=row["account"],
        at=row["at"],
        zone=Zone(row["zone"]),
        reason=row["reason"],
        quality=row["quality"],
        data_at=row["data_at"],
        currency=row["currency"],
        equity=row["equity"],
        unrealized_pnl=row["unrealized_pnl"],
        initial_margin=row["initial_margin"],
        maintenance_margin=row["maintenance_margin"],
        available_margin=row["available_margin"],
        risk_ratio=row["risk_ratio"],
        margin_level=row["margin_level"],
        distance=row["distance"],
        effective_leverage=row["effective_leverage"],
        error=row["error"],
        positions=positions,
    )


def _position(row: RowMapping) -> PositionSnapshot:
    return PositionSnapshot(
        symbol=row["symbol"],
        side=row["side"],
        contracts=row["contracts"],
        entry_price=row["entry_price"],
        mark_price=row["mark_price"],
        notional=row["notional"],
        unrealized_pnl=row["unrealized_pnl"],
        maintenance_margin=row["maintenance_margin"],
        liquidation_price=row["liquidation_price"],
        currency=row["currency"],
    )


def _change(row: RowMapping) -> ZoneChange:
    return ZoneChange(
        change_id=row["change_id"],
        account_id=row["account_id"],
        at=row["at"],
        before=Zone(row["before"]),
        after=Zone(row["after"]),
        reason=row["reason"],
    )


def _alert(row: RowMapping) -> AlertRecord:
    return AlertRecord(
        alert_id=row["alert_id"],
        account_id=row["account_id"],
        rule=row["rule"],
        fingerprint=row["fingerprint"],
        zone=Zone(row["zone"]),
        reason=AlertReason(row["reason"]),
        at=row["at"],
        text=row["text"],
    )
