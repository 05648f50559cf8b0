"""Hedges: what still stands of each, and how it ended."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from guard.ports.errors import StoreError
from guard.ports.records import HedgeRecord
from guard.store.store import Store


async def test_hedges_are_kept_until_they_are_closed(store: Store, make: Any) -> None:
    """Of one account or all, oldest first; added again it is the same one, of nobody it cannot be changed."""
    for name in ("alice", "bob"):
        await store.add_account(make.account(name))
    first = HedgeRecord("h1", "id-alice", "i1", "BTC/USDT:USDT", "short", "0.500", "ETH/USDT:USDT", "long", make.at(2))
    second = replace(first, hedge_id="h2", account_id="id-bob", opened_at=make.at(1), safe_since=make.at(5))
    for hedge in (first, second, replace(first, contracts="9")):
        await store.add_hedge(hedge)
    assert await store.open_hedges() == [second, first]
    assert await store.open_hedges("id-alice") == [first]
    await store.update_hedge(replace(first, contracts="0", closed_at=make.at(9), close_reason="unwound"))
    assert await store.open_hedges("id-alice") == []
    with pytest.raises(StoreError, match="no hedge of account"):
        await store.update_hedge(replace(second, account_id="id-alice"))
    await store.remove_account("bob")
    assert await store.open_hedges() == []
