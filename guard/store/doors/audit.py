"""Who had what done, as methods of the store."""

from __future__ import annotations

from datetime import datetime

from guard.ports.alerting import AuditRecord
from guard.store import audit
from guard.store.doors.door import Door


class AuditDoor(Door):
    """Questions and changes over the log of what people asked for."""

    async def record_audit(self, record: AuditRecord) -> None:
        """Remember that somebody had something done."""
        await self._write(audit.record_audit, record)

    async def audit(self, since: datetime, limit: int, account_id: str | None = None) -> list[AuditRecord]:
        """The newest `limit` entries since then, oldest first."""
        return await self._read(audit.audit, since, limit, account_id)
