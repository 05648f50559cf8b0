"""Statements over the log of what people asked for: written once, never changed."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, insert, select

from guard.ports.alerting import AuditRecord
from guard.store.tables import AuditRow, table

_audit: Final = table(AuditRow)


def record_audit(connection: Connection, record: AuditRecord) -> None:
    """Add an entry."""
    row = {
        "at": record.at,
        "user_id": record.user_id,
        "account_id": record.account_id,
        "what": record.what,
        "detail": record.detail,
    }
    connection.execute(insert(_audit), row)


def audit(connection: Connection, since: datetime, limit: int, account_id: str | None) -> list[AuditRecord]:
    """The newest `limit` entries since then, oldest first."""
    statement = select(_audit).where(_audit.c.at >= since).order_by(_audit.c.seq.desc()).limit(limit)
    if account_id is not None:
        statement = statement.where(_audit.c.account_id == account_id)
    found = [
        AuditRecord(row["at"], row["user_id"], row["account_id"], row["what"], row["detail"])
        for row in connection.execute(statement).mappings()
    ]
    return found[::-1]
