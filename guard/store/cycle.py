"""What one cycle leaves behind, in one transaction. The hot path: a few prepared statements, rows as plain dicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, bindparam, insert, update

from guard.ports.records import AlertRecord, CycleRecord, OutboxMessage, Reading, ZoneChange
from guard.risk.report import AccountRisk, PoolRisk, PositionRisk
from guard.store import alert_states, journal, outbox
from guard.store.accounts import no_account, set_modes, watch
from guard.store.tables import AlertRow, PositionRow, SnapshotRow, WatchStateRow, ZoneChangeRow, table

_snapshots: Final = table(SnapshotRow)
_watch: Final = table(WatchStateRow)

_ADD_SNAPSHOT: Final = insert(_snapshots)
_ADD_POSITIONS: Final = insert(table(PositionRow))
_ADD_CHANGE: Final = insert(table(ZoneChangeRow))
_ADD_ALERTS: Final = insert(table(AlertRow))
# The parameter may not be named like a column.
_SET_WATCH: Final = update(_watch).where(_watch.c.account_id == bindparam("of_account"))


def record_cycle(connection: Connection, cycle: CycleRecord) -> frozenset[str]:
    """Store a cycle whole; returns the ids of its messages that are stored as begun.

    1. The zone state; an account that was removed meanwhile stops here.
    2. The snapshot and its positions.
    3. The zone change, alerts, their messages, where alerts stand now.
    4. The intent with its orders.
    """
    reading = cycle.reading
    state = {"of_account": reading.account_id, "last_cycle_at": reading.at, **watch(reading.zone_state)}
    if connection.execute(_SET_WATCH, state).rowcount == 0:
        raise no_account(reading.account_id)
    seq = connection.execute(_ADD_SNAPSHOT, _snapshot_row(reading)).inserted_primary_key
    positions = [] if reading.risk is None else _position_rows(seq[0] if seq else None, reading.risk)
    if positions:
        connection.execute(_ADD_POSITIONS, positions)
    if cycle.change is not None:
        connection.execute(_ADD_CHANGE, _change_row(cycle.change))
    if cycle.modes is not None:
        set_modes(connection, reading.account_id, cycle.modes)
    _add_alerts(connection, cycle.alerts)
    begun = outbox.add_going(connection, cycle.messages, cycle.going)
    alert_states.save_cycle_states(connection, cycle.states, reading.at)
    if cycle.intent is not None:
        journal.add_intent(connection, cycle.intent, cycle.orders)
    return begun


def record_announcement(
    connection: Connection, alerts: Sequence[AlertRecord], messages: Sequence[OutboxMessage]
) -> None:
    """Store alerts and their messages."""
    _add_alerts(connection, alerts)
    outbox.add_messages(connection, messages)


def _add_alerts(connection: Connection, alerts: Sequence[AlertRecord]) -> None:
    if alerts:
        connection.execute(_ADD_ALERTS, [_alert_row(alert) for alert in alerts])


def worst_pool(risk: AccountRisk) -> PoolRisk | None:
    """The pool nearest to liquidation: no equity left (None) before any ratio, then the highest ratio.

    Between pools of equal rank the one with less equity. None when the account has no pool.
    """
    return max(
        risk.pools,
        key=lambda pool: (pool.risk_ratio is None, pool.risk_ratio or 0.0, -pool.equity),
        default=None,
    )


def _snapshot_row(reading: Reading) -> dict[str, object]:
    risk = reading.risk
    pool = None if risk is None else worst_pool(risk)
    parts = () if reading.fetched is None else reading.fetched.parts.values()
    return {
        "account_id": reading.account_id,
        "at": reading.at,
        "zone": reading.zone.value,
        "reason": reading.reason,
        "quality": reading.quality.quality.value,
        "data_at": min(parts, default=None),
        "currency": pool and pool.currency,
        "equity": pool and pool.equity,
        "unrealized_pnl": pool and pool.unrealized_pnl,
        "initial_margin": pool and pool.initial_margin,
        "maintenance_margin": pool and pool.maintenance_margin,
        "available_margin": pool and pool.available_margin,
        "risk_ratio": risk and risk.risk_ratio,
        "margin_level": risk and risk.margin_level,
        "distance": risk and risk.distance,
        "effective_leverage": pool and pool.effective_leverage,
        "error": reading.error,
    }


def _position_rows(seq: int | None, risk: AccountRisk) -> list[dict[str, object]]:
    legs: list[tuple[PositionRisk, str]] = [(leg, pool.currency) for pool in risk.pools for leg in pool.positions]
    return [
        {
            "snapshot_seq": seq,
            "ordinal": ordinal,
            "symbol": leg.symbol,
            "side": leg.side,
            "contracts": leg.contracts,
            "entry_price": leg.entry_price,
            "mark_price": leg.mark_price,
            "notional": leg.notional,
            "unrealized_pnl": leg.unrealized_pnl,
            "maintenance_margin": leg.maintenance_margin,
            "liquidation_price": leg.liquidation_price,
            "currency": currency,
        }
        for ordinal, (leg, currency) in enumerate(legs)
    ]


def _change_row(change: ZoneChange) -> dict[str, object]:
    return {
        "change_id": change.change_id,
        "account_id": change.account_id,
        "at": change.at,
        "before": change.before.value,
        "after": change.after.value,
        "reason": change.reason,
    }


def _alert_row(alert: AlertRecord) -> dict[str, object]:
    return {
        "alert_id": alert.alert_id,
        "account_id": alert.account_id,
        "rule": alert.rule,
        "fingerprint": alert.fingerprint,
        "zone": alert.zone.value,
        "reason": alert.reason.value,
        "at": alert.at,
        "text": alert.text,
    }
