"""Making proposals: a one-use secret for a button, of which the store keeps the hash only."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Final

from guard.ports.clock import Ids
from guard.ports.records import ProposalRecord
from guard.protect.consent import Request, dump_request
from guard.store.proposals import nonce_hash
from guard.store.store import Store

NONCE_BYTES: Final = 18
"""144 bits, 24 characters: a button may send 64 bytes."""


async def propose(
    store: Store, ids: Ids, request: Request, *, account_id: str, user_id: str, now: datetime, valid_s: float
) -> str:
    """Store a proposal for one person and return the nonce of its button.

    Raises:
        StoreError: it was not stored; there must be no button.
    """
    nonce = secrets.token_urlsafe(NONCE_BYTES)
    proposal = ProposalRecord(
        proposal_id=ids.new("proposal"),
        nonce_hash=nonce_hash(nonce),
        account_id=account_id,
        user_id=user_id,
        request=dump_request(request),
        created_at=now,
        expires_at=now + timedelta(seconds=valid_s),
    )
    await store.add_proposal(proposal)
    return nonce
