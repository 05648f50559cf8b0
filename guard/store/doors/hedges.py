"""Hedges that the guard opened, as methods of the store."""

from __future__ import annotations

from guard.ports.records import HedgeRecord
from guard.store import hedges
from guard.store.doors.door import Door


class HedgeDoor(Door):
    """Questions and changes over hedges."""

    async def add_hedge(self, hedge: HedgeRecord) -> None:
        """Remember a hedge; nothing happens to one that is known."""
        await self._write(hedges.add_hedge, hedge)

    async def update_hedge(self, hedge: HedgeRecord) -> None:
        """Store what stands of a hedge now. StoreError: it is not known."""
        await self._write(hedges.update_hedge, hedge)

    async def open_hedges(self, account_id: str | None = None) -> list[HedgeRecord]:
        """Hedges that are not closed, oldest first; of one account, or of all."""
        return await self._read(hedges.open_hedges, account_id)
