"""What was: snapshots, flips and alerts in order, and forgetting what is old."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from guard.ports.records import CycleRecord, Snapshot
from guard.risk.quality import DataQuality, Quality
from guard.store.store import Store


@pytest.fixture
async def store(store: Store, make: Any) -> Store:
    """A store that knows alice and bob."""
    await store.add_account(make.account("alice"))
    await store.add_account(make.account("bob"))
    return store


def seconds(snapshots: list[Snapshot], make: Any) -> list[float]:
    """When snapshots were taken, in seconds after the start."""
    return [(snapshot.at - make.start).total_seconds() for snapshot in snapshots]


async def test_nothing_is_known_at_first(store: Store, make: Any) -> None:
    """Without a cycle there is no snapshot, flip, alert or last cycle."""
    assert await store.latest_snapshot("id-alice") is None
    assert await store.snapshots("id-alice", make.start, 10) == []
    assert await store.zone_changes("id-alice", make.start) == []
    assert await store.alerts(make.start) == []
    assert await store.last_alert("zone:id-alice") is None
    assert await store.last_cycle_at() is None


async def test_the_snapshot_near_a_moment_has_figures(store: Store, make: Any) -> None:
    """The nearest one that knew something, before or after; none that is too far, or of another account."""
    for second in (0, 60, 100):
        await store.record_cycle(make.cycle(seconds=second))
    await store.record_cycle(CycleRecord(make.reading(seconds=80, risk=None, error="no answer")))
    minute = timedelta(minutes=1)
    for wanted, nearest in ((70, 60), (81, 100), (-30, 0), (159, 100)):
        found = await store.snapshot_near("id-alice", make.at(wanted), minute)
        assert found is not None
        assert found.at == make.at(nearest)
    assert await store.snapshot_near("id-alice", make.at(200), minute) is None
    assert await store.snapshot_near("id-bob", make.at(60), minute) is None


async def test_marks_are_the_first_of_each_hour(store: Store, make: Any) -> None:
    """One sample a clock hour, of a whole reading; none of an hour without one, or of another account."""
    stale = DataQuality(Quality.STALE, ("marks are 90 s old",))
    for second, mark, quality in (
        (0, 100.0, None),
        (60, 101.0, None),
        (3_600, 102.0, stale),
        (3_700, 103.0, None),
        (3 * 3_600, 104.0, None),
    ):
        risk = make.risk(make.pool(make.leg(mark_price=mark), make.leg("ETH/USDT:USDT", mark_price=2 * mark)))
        fields = {"risk": risk} if quality is None else {"risk": risk, "quality": quality}
        await store.record_cycle(CycleRecord(make.reading(seconds=second, **fields)))
    await store.record_cycle(make.cycle("bob", 2 * 3_600))
    btc, eth = "BTC/USDT:USDT", "ETH/USDT:USDT"
    assert await store.hourly_marks("id-alice", make.at(0)) == [
        (make.at(0), {btc: 100.0, eth: 200.0}),
        (make.at(3_700), {btc: 103.0, eth: 206.0}),
        (make.at(3 * 3_600), {btc: 104.0, eth: 208.0}),
    ]
    assert [at for at, _ in await store.hourly_marks("id-alice", make.at(30))] == [
        make.at(60),
        make.at(3_700),
        make.at(3 * 3_600),
    ]


async def test_marks_that_are_disputed_stand_for_an_hour_without_others(store: Store, make: Any) -> None:
    """A sample that the venue's own figures contradict gives way to the next of its hour that they confirm."""
    disputed = DataQuality(Quality.DISPUTED, ("equity",))
    for second, mark, quality in (
        (0, 90.0, disputed),
        (60, 100.0, None),
        (3_600, 91.0, disputed),
        (3_660, 92.0, disputed),
        (2 * 3_600, 102.0, None),
    ):
        risk = make.risk(make.pool(make.leg(mark_price=mark)))
        fields = {"risk": risk} if quality is None else {"risk": risk, "quality": quality}
        await store.record_cycle(CycleRecord(make.reading(seconds=second, **fields)))
    found = await store.hourly_marks("id-alice", make.at(0))
    assert [marks["BTC/USDT:USDT"] for _, marks in found] == [100.0, 91.0, 102.0]


async def test_snapshots_are_the_newest_in_order_of_time(store: Store, make: Any) -> None:
    """The newest `limit` since a time (inclusive), oldest first, each account its own."""
    for second in range(6):
        await store.record_cycle(make.cycle("alice", second))
    await store.record_cycle(make.cycle("bob", 100))
    assert seconds(await store.snapshots("id-alice", make.at(1), 100), make) == [1, 2, 3, 4, 5]
    assert seconds(await store.snapshots("id-alice", make.at(1), 2), make) == [4, 5]
    assert seconds(await store.snapshots("id-alice", make.at(6), 2), make) == []
    assert all(snapshot.positions == () for snapshot in await store.snapshots("id-alice", make.start, 9))
    latest = await store.latest_snapshot("id-alice")
    assert latest is not None
    assert latest.at == make.at(5)
    assert await store.last_cycle_at() == make.at(100)


async def test_of_two_snapshots_at_one_moment_the_later_counts(store: Store, make: Any) -> None:
    """A clock that stands still does not hide what was stored last."""
    await store.record_cycle(CycleRecord(make.reading(reason="first")))
    await store.record_cycle(CycleRecord(make.reading(reason="second")))
    latest = await store.latest_snapshot("id-alice")
    assert latest is not None
    assert latest.reason == "second"
    assert [snapshot.reason for snapshot in await store.snapshots("id-alice", make.start, 9)] == ["first", "second"]


async def test_the_first_equity_skips_blind_cycles(store: Store, make: Any) -> None:
    """A day's equity is the first one known that day."""
    assert await store.first_equity_since("id-alice", make.start) is None
    await store.record_cycle(CycleRecord(make.reading(seconds=0, risk=None, fetched=None, error="blind")))
    assert await store.first_equity_since("id-alice", make.start) is None
    for second, equity in ((1, 900.0), (2, 800.0)):
        reading = make.reading(seconds=second, risk=make.risk(make.pool(equity=equity)))
        await store.record_cycle(CycleRecord(reading))
    assert await store.first_equity_since("id-alice", make.start) == (900.0, "USDT")
    assert await store.first_equity_since("id-alice", make.at(1.5)) == (800.0, "USDT")


async def test_flips_are_in_order_of_time(store: Store, make: Any) -> None:
    """Flips since a time, oldest first, of one account."""
    for second in (2, 1, 3):
        await store.record_cycle(make.cycle(seconds=second, change=make.change(f"change-{second}", seconds=second)))
    await store.record_cycle(make.cycle("bob", 9, change=make.change("bobs", "bob", 9)))
    changes = await store.zone_changes("id-alice", make.at(2))
    assert [change.change_id for change in changes] == ["change-2", "change-3"]


async def test_alerts_of_one_or_all(store: Store, make: Any) -> None:
    """Alerts since a time, oldest first; the last one of a condition."""
    await store.record_cycle(make.cycle(seconds=1, alerts=(make.alert("a1", seconds=1), make.alert("a2", seconds=1))))
    await store.record_cycle(make.cycle("bob", 2, alerts=(make.alert("b1", "bob", 2),)))
    assert [alert.alert_id for alert in await store.alerts(make.start)] == ["a1", "a2", "b1"]
    assert [alert.alert_id for alert in await store.alerts(make.at(2))] == ["b1"]
    assert [alert.alert_id for alert in await store.alerts(make.start, "id-alice")] == ["a1", "a2"]
    last = await store.last_alert("zone:id-alice")
    assert last == make.alert("a2", seconds=1)


async def test_forgetting_keeps_the_newest_of_each_account(
    store: Store, make: Any, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Old snapshots go with their positions, in batches; a blind account keeps what was known last."""
    monkeypatch.setattr("guard.store.store._FORGET_AT_ONCE", 3)
    for second in range(8):
        await store.record_cycle(make.cycle("alice", second))
    for second in range(4):
        await store.record_cycle(make.cycle("bob", second))
    assert await store.prune_snapshots(make.at(6)) == 6 + 3
    assert seconds(await store.snapshots("id-alice", make.start, 99), make) == [6, 7]
    assert seconds(await store.snapshots("id-bob", make.start, 99), make) == [3]
    assert await store.prune_snapshots(make.at(6)) == 0
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as other:
        assert other.execute("SELECT count(*) FROM snapshot_positions").fetchone() == (3,)


async def test_the_last_whole_snapshot_is_what_was_there(store: Store, make: Any) -> None:
    """Readings with holes, and none at all, come after it and hide nothing."""
    await store.record_cycle(make.cycle("alice", 1))
    holes = replace(make.reading(reason="holes"), at=make.at(2), quality=DataQuality(Quality.INCOMPLETE, ("x",)))
    await store.record_cycle(CycleRecord(holes))
    latest, whole = await store.latest_snapshot("id-alice"), await store.latest_snapshot("id-alice", whole=True)
    assert latest is not None
    assert whole is not None
    assert (latest.at, whole.at) == (make.at(2), make.at(1))
    assert whole.positions
