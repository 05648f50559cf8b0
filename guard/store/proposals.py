"""Statements over plans that wait for a person's consent: each may be used once, in time."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from guard.ports.records import ProposalRecord
from guard.store.tables import ProposalRow, table

_proposals: Final = table(ProposalRow)


def nonce_hash(nonce: str) -> str:
    """What is kept of a nonce: a copied database confirms nothing."""
    return hashlib.sha256(nonce.encode()).hexdigest()


def add_proposal(connection: Connection, proposal: ProposalRecord) -> None:
    """Remember a plan that waits."""
    connection.execute(insert(_proposals), asdict(proposal))


def take_proposal(
    connection: Connection, nonce: str, account_id: str | None, user_id: str, now: datetime
) -> ProposalRecord | None:
    """Use a nonce up: the proposal as it is afterwards; None when it is unknown, used, over, or somebody else's.

    One statement decides: of two taps at once one finds it used.
    """
    this = (
        (_proposals.c.nonce_hash == nonce_hash(nonce))
        & _proposals.c.used_at.is_(None)
        & (_proposals.c.expires_at > now)
        & (_proposals.c.user_id.is_(None) | (_proposals.c.user_id == user_id))
    )
    if account_id is not None:
        this &= _proposals.c.account_id == account_id
    if connection.execute(update(_proposals).where(this).values(used_at=now, used_by=user_id)).rowcount == 0:
        return None
    return proposal_of(connection, nonce)


def proposal_of(connection: Connection, nonce: str) -> ProposalRecord | None:
    """The proposal behind a nonce, whatever became of it."""
    this = _proposals.c.nonce_hash == nonce_hash(nonce)
    row = connection.execute(select(_proposals).where(this)).mappings().first()
    return None if row is None else ProposalRecord(**row)


def settle_proposal(connection: Connection, proposal_id: str, outcome: str) -> None:
    """Say what became of a proposal."""
    connection.execute(update(_proposals).where(_proposals.c.proposal_id == proposal_id).values(outcome=outcome))


def forget_proposals(connection: Connection, before: datetime) -> int:
    """Forget what was proposed before then; returns how many."""
    return connection.execute(delete(_proposals).where(_proposals.c.created_at < before)).rowcount
