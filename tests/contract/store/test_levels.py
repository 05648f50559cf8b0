"""Levels: what charts need of many snapshots, whole and in order, however many pages it takes."""

from __future__ import annotations

from typing import Any

import pytest

from guard.ports.history import level_of
from guard.ports.records import CycleRecord
from guard.store import store as store_module
from guard.store.store import Store


@pytest.fixture
async def store(store: Store, make: Any) -> Store:
    """A store that knows alice and bob."""
    await store.add_account(make.account("alice"))
    await store.add_account(make.account("bob"))
    return store


async def test_levels_are_the_snapshots_in_short(store: Store, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same as every snapshot reduced by itself, over several pages and equal times; each account its own."""
    monkeypatch.setattr(store_module, "_LEVELS_AT_ONCE", 2)
    for second in (0, 1, 2, 2, 2, 3, 4):
        await store.record_cycle(make.cycle("alice", second))
    blind = make.reading("alice", 5, risk=None, fetched=None, error="down")
    await store.record_cycle(CycleRecord(blind))
    await store.record_cycle(make.cycle("bob", 3))
    snapshots = await store.snapshots("id-alice", make.at(1), 100)
    levels = await store.levels("id-alice", make.at(1))
    assert len(levels) == 7
    assert levels == [level_of(snapshot) for snapshot in snapshots]
    assert levels[-1].equity is None
    assert await store.levels("id-alice", make.at(1), 3) == levels[-3:]
    assert await store.levels("id-alice", make.at(6)) == []
    assert await store.levels("id-nobody", make.start) == []
