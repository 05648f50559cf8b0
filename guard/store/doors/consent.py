"""Plans that wait for consent, as methods of the store."""

from __future__ import annotations

from datetime import datetime

from guard.ports.records import ProposalRecord
from guard.store import proposals
from guard.store.doors.door import Door


class ConsentDoor(Door):
    """Questions and changes over proposals."""

    async def add_proposal(self, proposal: ProposalRecord) -> None:
        """Remember a plan that waits for consent."""
        await self._write(proposals.add_proposal, proposal)

    async def take_proposal(
        self, nonce: str, user_id: str, now: datetime, account_id: str | None = None
    ) -> ProposalRecord | None:
        """Use a nonce up, once; None when it is unknown, used, over, or somebody else's."""
        return await self._write(proposals.take_proposal, nonce, account_id, user_id, now)

    async def proposal_of(self, nonce: str) -> ProposalRecord | None:
        """The proposal behind a nonce, whatever became of it."""
        return await self._read(proposals.proposal_of, nonce)

    async def settle_proposal(self, proposal_id: str, outcome: str) -> None:
        """Say what became of a proposal."""
        await self._write(proposals.settle_proposal, proposal_id, outcome)

    async def forget_proposals(self, before: datetime) -> int:
        """Forget what was proposed before then; returns how many. What was done is in the journal."""
        return await self._write(proposals.forget_proposals, before)
