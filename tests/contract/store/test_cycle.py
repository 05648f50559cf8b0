"""What a cycle leaves behind: all of it or nothing."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from guard.ports.errors import StoreError
from guard.ports.records import BEGUN, CycleRecord, PositionSnapshot, Snapshot
from guard.risk.quality import DataQuality, Quality
from guard.risk.zones import Zone, ZoneState
from guard.store.store import Store


@pytest.fixture
async def store(store: Store, make: Any) -> Store:
    """A store that knows alice."""
    await store.add_account(make.account("alice"))
    return store


async def test_a_snapshot_tells_what_was_read(store: Store, make: Any) -> None:
    """Figures of the pool, the account's ratios, the oldest part's time, the legs in order."""
    short = make.leg("ETH/USDT:USDT", side="short", liquidation_price=None)
    reading = make.reading(risk=make.risk(make.pool(make.leg(), short)))
    await store.record_cycle(CycleRecord(reading))
    expected = Snapshot(
        account_id="id-alice",
        account="alice",
        at=make.start,
        zone=Zone.WATCH,
        reason="distance 7.7 %",
        quality="fresh",
        data_at=make.at(-2),
        currency="USDT",
        equity=1030895.56,
        unrealized_pnl=-504547.45,
        initial_margin=420940.38,
        maintenance_margin=427713.32,
        available_margin=609955.18,
        risk_ratio=0.414895,
        margin_level=2.4490,
        distance=0.076942,
        effective_leverage=8.1665,
        error=None,
        positions=tuple(
            PositionSnapshot(
                symbol=leg.symbol,
                side=leg.side,
                contracts=leg.contracts,
                entry_price=leg.entry_price,
                mark_price=leg.mark_price,
                notional=leg.notional,
                unrealized_pnl=leg.unrealized_pnl,
                maintenance_margin=leg.maintenance_margin,
                liquidation_price=leg.liquidation_price,
                currency="USDT",
            )
            for leg in (make.leg(), short)
        ),
    )
    assert await store.latest_snapshot("id-alice") == expected


async def test_the_zone_state_is_remembered(store: Store, make: Any) -> None:
    """The next cycle, or the next process, goes on where this one was."""
    state = ZoneState(Zone.UNKNOWN, Zone.DANGER, clear_cycles=1, blind_cycles=3, reason="no data for 90 s")
    await store.record_cycle(CycleRecord(make.reading(zone_state=state)))
    assert await store.zone_state("id-alice") == state


async def test_a_blind_cycle_has_no_figures(store: Store, make: Any) -> None:
    """When the venue was not read, no figure is invented and none is carried over."""
    await store.record_cycle(make.cycle())
    blind = make.reading(
        seconds=30,
        quality=DataQuality(Quality.MISSING, ("timeout",)),
        zone=Zone.UNKNOWN,
        risk=None,
        fetched=None,
        error="the venue did not answer within 20 s",
    )
    await store.record_cycle(CycleRecord(blind))
    snapshot = await store.latest_snapshot("id-alice")
    assert snapshot is not None
    figures = (
        snapshot.data_at,
        snapshot.currency,
        snapshot.equity,
        snapshot.unrealized_pnl,
        snapshot.initial_margin,
        snapshot.maintenance_margin,
        snapshot.available_margin,
        snapshot.risk_ratio,
        snapshot.margin_level,
        snapshot.distance,
        snapshot.effective_leverage,
    )
    assert figures == (None,) * 11
    assert snapshot.positions == ()
    assert (snapshot.quality, snapshot.error) == ("missing", "the venue did not answer within 20 s")


async def test_an_empty_account_has_no_pool(store: Store, make: Any) -> None:
    """An account without collateral and positions is safe, and has no currency."""
    await store.record_cycle(CycleRecord(make.reading(risk=make.risk(risk_ratio=0.0, margin_level=None))))
    snapshot = await store.latest_snapshot("id-alice")
    assert snapshot is not None
    assert (snapshot.risk_ratio, snapshot.currency, snapshot.equity) == (0.0, None, None)


@pytest.mark.parametrize(
    ("ratios", "worst"),
    [
        ([(0.1, 10.0), (0.9, 20.0), (0.5, 30.0)], 1),
        ([(0.9, 10.0), (None, -5.0)], 1),
        ([(None, -5.0), (None, -7.0)], 1),
        ([(0.0, 10.0)], 0),
        ([(0.5, 10.0), (0.5, 9.0)], 1),
    ],
)
async def test_money_is_of_the_worst_pool(
    store: Store, make: Any, ratios: list[tuple[float | None, float]], worst: int
) -> None:
    """No equity left is worse than any ratio; equal ratios: the one with less equity."""
    pools = [
        make.pool(currency=f"C{number}", risk_ratio=ratio, equity=equity)
        for number, (ratio, equity) in enumerate(ratios)
    ]
    await store.record_cycle(CycleRecord(make.reading(risk=make.risk(*pools))))
    snapshot = await store.latest_snapshot("id-alice")
    assert snapshot is not None
    assert (snapshot.currency, snapshot.equity) == (f"C{worst}", ratios[worst][1])


def everything(make: Any) -> CycleRecord:
    """A cycle with one of each."""
    record: CycleRecord = make.cycle(
        change=make.change(),
        alerts=(make.alert(),),
        messages=(make.message(alert_id="alert-1", account_id="id-alice"), make.message("message-2")),
        intent=make.intent(),
        orders=(make.order("order-1"), make.order("order-2", step=1)),
    )
    return record


async def test_a_cycle_is_stored_whole(store: Store, make: Any) -> None:
    """Snapshot, change, alert, messages, intent and orders come back as they were given."""
    cycle = everything(make)
    await store.record_cycle(cycle)
    assert await store.zone_changes("id-alice", make.start) == [cycle.change]
    assert await store.alerts(make.start) == list(cycle.alerts)
    assert await store.due_messages(make.start, 10) == list(cycle.messages)
    assert await store.intents(make.start) == [cycle.intent]
    assert await store.orders_of("intent-1") == list(cycle.orders)
    assert await store.last_cycle_at() == make.start


BREAKAGES: list[Callable[[CycleRecord], CycleRecord]] = [
    lambda cycle: replace(cycle, orders=(cycle.orders[0], replace(cycle.orders[1], client_order_id="client order-1"))),
    lambda cycle: replace(cycle, orders=(replace(cycle.orders[0], average_price=math.nan),)),
    lambda cycle: replace(cycle, messages=(replace(cycle.messages[0], alert_id="no such alert"),)),
    lambda cycle: replace(
        cycle, messages=(replace(cycle.messages[0], created_at=cycle.reading.at.replace(tzinfo=None)),)
    ),
    lambda cycle: replace(cycle, alerts=(cycle.alerts[0], cycle.alerts[0])),
]


@pytest.mark.parametrize("breakage", BREAKAGES, ids=["order", "figure", "reference", "time", "alert"])
async def test_a_cycle_is_stored_whole_or_not_at_all(
    store: Store, make: Any, url: str, breakage: Callable[[CycleRecord], CycleRecord]
) -> None:
    """When the last insert fails, nothing of the cycle remains; the next cycle is stored."""
    before = await store.zone_state("id-alice")
    with pytest.raises(StoreError):
        await store.record_cycle(breakage(everything(make)))
    assert await store.zone_state("id-alice") == before
    assert await store.last_cycle_at() is None
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as other:
        for table in ("snapshots", "snapshot_positions", "zone_changes", "alerts", "outbox", "intents", "orders"):
            assert other.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table  # noqa: S608  # fixed names
    await store.record_cycle(everything(make))
    assert await store.latest_snapshot("id-alice") is not None


@pytest.mark.parametrize("figure", [math.nan, math.inf, -math.inf])
async def test_a_figure_that_is_no_number_is_refused(store: Store, make: Any, figure: float) -> None:
    """SQLite would keep NaN as "no value": silently wrong."""
    reading = make.reading(risk=make.risk(make.pool(make.leg(mark_price=figure))))
    with pytest.raises(StoreError, match="must be finite"):
        await store.record_cycle(CycleRecord(reading))


async def test_a_cycle_of_a_removed_account_is_refused(store: Store, make: Any) -> None:
    """An account that was removed beside the service is not brought back by its last cycle."""
    await store.remove_account("alice")
    with pytest.raises(StoreError, match="no account has the id 'id-alice'; it was removed meanwhile"):
        await store.record_cycle(make.cycle())


async def test_an_announcement_outside_a_cycle_is_whole(store: Store, make: Any) -> None:
    """What protection has to tell is in the outbox with its alert, or not at all."""
    broken = make.message("message-2", alert_id="no such alert")
    with pytest.raises(StoreError):
        await store.record_announcement([make.alert()], [broken])
    assert await store.alerts(make.start) == []
    message = make.message(alert_id="alert-1")
    await store.record_announcement([make.alert()], [message])
    assert await store.alerts(make.start) == [make.alert()]
    assert await store.due_messages(make.start, 9) == [message]


async def test_messages_that_go_at_once_are_stored_as_begun(store: Store, make: Any) -> None:
    """Where nothing else is pending, and only what is really new; the others wait like any message."""
    await store.add_message(make.message("older", destination="telegram:2", dedupe_key="a"))
    await store.add_message(make.message("known", destination="telegram:3", dedupe_key="same"))
    await store.mark_delivered("known", make.start, "receipt")
    messages = (
        make.message("one", destination="telegram:1", dedupe_key="b"),
        make.message("behind", destination="telegram:2", dedupe_key="c"),
        make.message("again", destination="telegram:3", dedupe_key="same"),
        make.message("other", destination="telegram:4", dedupe_key="d"),
    )
    going = frozenset({"one", "behind", "again"})
    record = CycleRecord(make.reading(), messages=messages, going=going)
    assert await store.record_cycle(record) == {"one"}
    pending = {message.message_id: message.last_error for message in await store.due_messages(make.at(99), 9)}
    assert pending == {"older": None, "one": BEGUN, "behind": None, "other": None}
