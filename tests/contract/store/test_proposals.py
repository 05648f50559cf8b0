"""Plans that wait for consent: each nonce is used once, in time, by whom it is for; it is not what is stored."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from guard.ports.records import AccountRecord, ProposalRecord
from guard.ports.venue import AccountSpec
from guard.store.proposals import nonce_hash
from guard.store.store import Store

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
NONCE = "a-secret-of-a-button"


@pytest.fixture
async def proposal(store: Store) -> ProposalRecord:
    """A stored proposal for mia on account-1, good for a minute."""
    mia = (await store.add_user("mia", NOW)).user_id
    await store.add_account(AccountRecord("account-1", AccountSpec("main", "file"), None, "confirm", NOW))
    made = ProposalRecord("p-1", nonce_hash(NONCE), "account-1", mia, "{}", NOW, NOW + timedelta(seconds=60))
    await store.add_proposal(made)
    return made


async def test_it_is_used_once(store: Store, proposal: ProposalRecord) -> None:
    """Of many at once one finds it unused; it stays known with who used it, when, and what became of it."""
    mia = str(proposal.user_id)
    taken = await asyncio.gather(*(store.take_proposal(NONCE, mia, NOW, "account-1") for _ in range(5)))
    assert [each for each in taken if each is not None] == [replace(proposal, used_at=NOW, used_by=mia)]
    await store.settle_proposal("p-1", "intent i-1")
    known = await store.proposal_of(NONCE)
    assert known == replace(proposal, used_at=NOW, used_by=mia, outcome="intent i-1")


@pytest.mark.parametrize(
    ("nonce", "user", "after_s", "account"),
    [
        ("another", "mia", 0, "account-1"),
        (NONCE, "eve", 0, "account-1"),
        (NONCE, "mia", 60, "account-1"),
        (NONCE, "mia", 0, "account-2"),
    ],
)
async def test_it_is_bound(
    store: Store, proposal: ProposalRecord, nonce: str, user: str, after_s: int, account: str
) -> None:
    """To its nonce, its person, its time and its account; a wrong try leaves it as it was."""
    tapped_by = str(proposal.user_id) if user == "mia" else (await store.add_user(user, NOW)).user_id
    assert await store.take_proposal(nonce, tapped_by, NOW + timedelta(seconds=after_s), account) is None
    assert await store.proposal_of(NONCE) == proposal


async def test_old_ones_are_forgotten(store: Store, proposal: ProposalRecord) -> None:
    """What was done stays in the journal."""
    assert await store.forget_proposals(NOW) == 0
    assert await store.forget_proposals(NOW + timedelta(seconds=1)) == 1
    assert await store.proposal_of(NONCE) is None
