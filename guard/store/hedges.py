"""Statements over the hedges that the guard opened: what still stands of each, and how it ended."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

from sqlalchemy import Connection, insert, select, update

from guard.ports.errors import StoreError
from guard.ports.records import HedgeRecord
from guard.store.tables import HedgeRow, table

_hedges: Final = table(HedgeRow)


def add_hedge(connection: Connection, hedge: HedgeRecord) -> None:
    """Remember a hedge; one that is known stays as it is, so that a recovery may add it again."""
    known = select(_hedges.c.hedge_id).where(_hedges.c.hedge_id == hedge.hedge_id)
    if connection.execute(known).first() is None:
        connection.execute(insert(_hedges), asdict(hedge))


def update_hedge(connection: Connection, hedge: HedgeRecord) -> None:
    """Store what stands of a hedge now."""
    this = (_hedges.c.hedge_id == hedge.hedge_id) & (_hedges.c.account_id == hedge.account_id)
    if connection.execute(update(_hedges).where(this).values(**asdict(hedge))).rowcount == 0:
        raise StoreError(
            f"no hedge of account {hedge.account_id!r} has the id {hedge.hedge_id!r}", fix="nothing was changed"
        )


def open_hedges(connection: Connection, account_id: str | None) -> list[HedgeRecord]:
    """Hedges that are not closed, oldest first; of one account, or of all."""
    statement = select(_hedges).where(_hedges.c.closed_at.is_(None)).order_by(_hedges.c.opened_at, _hedges.c.hedge_id)
    if account_id is not None:
        statement = statement.where(_hedges.c.account_id == account_id)
    return [HedgeRecord(**row) for row in connection.execute(statement).mappings()]
