"""Statements over the journal of protection: intents and their orders.

Which state may follow which is known in `guard.protect.journal`; here it is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, cast

from sqlalchemy import Connection, RowMapping, Select, func, insert, select, update

from guard.ports.errors import StoreError
from guard.ports.records import IntentOrigin, IntentRecord, IntentState, OrderJournalState, OrderRecord
from guard.risk.zones import Zone
from guard.store.tables import IntentRow, OrderRow, table

_intents: Final = table(IntentRow)
_orders: Final = table(OrderRow)

# A refused intent and a dry run trade nothing; an open one counts with what it may still trade.
_TRADES: Final = ("open", "done", "failed")


def add_intent(connection: Connection, intent: IntentRecord, orders: Sequence[OrderRecord]) -> None:
    """Store an intent with its first orders."""
    connection.execute(insert(_intents), _intent_row(intent))
    if orders:
        connection.execute(insert(_orders), [_order_row(order) for order in orders])


def update_intent(connection: Connection, intent: IntentRecord) -> None:
    """Store what became of an intent."""
    this = (_intents.c.intent_id == intent.intent_id) & (_intents.c.account_id == intent.account_id)
    if connection.execute(update(_intents).where(this).values(**_intent_row(intent))).rowcount == 0:
        raise StoreError(
            f"no intent of account {intent.account_id!r} has the id {intent.intent_id!r}", fix="nothing was changed"
        )


def save_order(connection: Connection, order: OrderRecord) -> None:
    """Store an order as it stands now, new or known.

    What names an order for ever (intent, account, step, client order id) cannot change: a retry under another client
    order id would be a second order.
    """
    row = _order_row(order)
    same = (
        (_orders.c.order_id == order.order_id)
        & (_orders.c.intent_id == order.intent_id)
        & (_orders.c.account_id == order.account_id)
        & (_orders.c.step == order.step)
        & (_orders.c.client_order_id == order.client_order_id)
    )
    if connection.execute(update(_orders).where(same).values(**row)).rowcount:
        return
    if connection.execute(select(_orders.c.order_id).where(_orders.c.order_id == order.order_id)).first() is not None:
        raise StoreError(
            f"order {order.order_id!r} is in the journal with another intent, step or client order id than "
            f"{order.client_order_id!r}",
            fix="nothing was changed",
        )
    connection.execute(insert(_orders), row)


def open_intents(connection: Connection, account_id: str | None) -> list[IntentRecord]:
    """Intents that are not ended, oldest first."""
    return _read(connection, select(_intents).where(_intents.c.state == "open"), account_id)


def intents(connection: Connection, since: datetime, account_id: str | None) -> list[IntentRecord]:
    """Intents decided since then, oldest first."""
    return _read(connection, select(_intents).where(_intents.c.at >= since), account_id)


def orders_of(connection: Connection, intent_id: str) -> list[OrderRecord]:
    """The orders of an intent by step, those of one step in the order in which they were first stored."""
    statement = select(_orders).where(_orders.c.intent_id == intent_id).order_by(_orders.c.step, _orders.c.seq)
    return [_order(row) for row in connection.execute(statement).mappings()]


def notional_traded_since(connection: Connection, account_id: str, since: datetime) -> float:
    """Notional of the intents that traded since then or may still trade, in quote currency.

    One that was decided before and ended after counts in full: when it traded is not known that finely.
    """
    lately = (_intents.c.at >= since) | (_intents.c.finished_at >= since) | (_intents.c.state == "open")
    counted = (_intents.c.account_id == account_id) & lately & _intents.c.state.in_(_TRADES)
    total = select(func.coalesce(func.sum(_intents.c.notional), 0.0)).where(counted)
    return float(connection.execute(total).scalar_one())


def _read(connection: Connection, statement: Select[*tuple[object, ...]], account_id: str | None) -> list[IntentRecord]:
    if account_id is not None:
        statement = statement.where(_intents.c.account_id == account_id)
    rows = connection.execute(statement.order_by(_intents.c.at, _intents.c.seq)).mappings()
    return [_intent(row) for row in rows]


def _intent_row(intent: IntentRecord) -> dict[str, object]:
    return {
        "intent_id": intent.intent_id,
        "account_id": intent.account_id,
        "at": intent.at,
        "state": intent.state,
        "zone": intent.zone.value,
        "reason": intent.reason,
        "detail": intent.detail,
        "risk_ratio_before": intent.risk_ratio_before,
        "risk_ratio_after": intent.risk_ratio_after,
        "notional": intent.notional,
        "finished_at": intent.finished_at,
        "origin": intent.origin,
        "requested_by": intent.requested_by,
        "cost_planned": intent.cost_planned,
        "cost_actual": intent.cost_actual,
    }


def _intent(row: RowMapping) -> IntentRecord:
    return IntentRecord(
        intent_id=row["intent_id"],
        account_id=row["account_id"],
        at=row["at"],
        state=cast("IntentState", row["state"]),
        zone=Zone(row["zone"]),
        reason=row["reason"],
        detail=row["detail"],
        risk_ratio_before=row["risk_ratio_before"],
        risk_ratio_after=row["risk_ratio_after"],
        notional=row["notional"],
        finished_at=row["finished_at"],
        origin=cast("IntentOrigin", row["origin"]),
        requested_by=row["requested_by"],
        cost_planned=row["cost_planned"],
        cost_actual=row["cost_actual"],
    )


def _order_row(order: OrderRecord) -> dict[str, object]:
    return {
        "order_id": order.order_id,
        "intent_id": order.intent_id,
        "account_id": order.account_id,
        "step": order.step,
        "client_order_id": order.client_order_id,
        "remedy": order.remedy,
        "symbol": order.symbol,
        "side": order.side,
        "leg": order.leg,
        "contracts": order.contracts,
        "limit_price": order.limit_price,
        "reduce_only": order.reduce_only,
        "state": order.state.value,
        "updated_at": order.updated_at,
        "venue_order_id": order.venue_order_id,
        "filled": order.filled,
        "average_price": order.average_price,
        "error": order.error,
        "mark_price": order.mark_price,
    }


def _order(row: RowMapping) -> OrderRecord:
    return OrderRecord(
        order_id=row["order_id"],
        intent_id=row["intent_id"],
        account_id=row["account_id"],
        step=row["step"],
        client_order_id=row["client_order_id"],
        remedy=row["remedy"],
        symbol=row["symbol"],
        side=row["side"],
        leg=row["leg"],
        contracts=row["contracts"],
        limit_price=row["limit_price"],
        reduce_only=row["reduce_only"],
        state=OrderJournalState(row["state"]),
        updated_at=row["updated_at"],
        venue_order_id=row["venue_order_id"],
        filled=row["filled"],
        average_price=row["average_price"],
        error=row["error"],
        mark_price=row["mark_price"],
    )
