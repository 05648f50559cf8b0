"""Between readings: what a tick does, what it must not do, and how a burst is dealt with. On virtual time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from guard.ports.errors import VenueUnavailable
from guard.ports.venue import AccountSpec
from guard.risk.assess import assess
from guard.risk.quality import Quality
from guard.risk.zones import Zone
from guard.sim.virtual_time import run_virtual
from guard.venues.streaming.board import Mark
from tests.harness.cycle_world import BTC, World, book
from tests.unit.app.live_scene import Scene, played


def test_tick_into_danger_is_told_once_and_the_account_is_read() -> None:
    """Recorded with its alert like any zone change; no order is decided; the next reading comes at once."""

    async def story(scene: Scene) -> None:
        await scene.tick(31_000.0)
        await scene.tick(30_990.0)
        await scene.tick(31_000.0)

    scene = played(story)
    first, danger = scene.world.memory.records
    assert (first.reading.zone, danger.reading.zone) == (Zone.SAFE, Zone.DANGER)
    assert danger.change is not None
    assert (danger.change.before, danger.change.after) == (Zone.SAFE, Zone.DANGER)
    assert [message.destination for message in danger.messages] == ["telegram:7", "console"]
    assert scene.hastened == ["account-1"]
    assert [reading.zone for reading in scene.told] == [Zone.DANGER]
    assert scene.world.protector.decided == scene.world.protector.carried == 1  # the private reading's
    assert scene.world.watch.confirmed_cycles == 0


def test_reading_after_the_tick_says_nothing_twice_and_decides() -> None:
    """The cycle that the tick brought forward confirms danger: no second alert, and the gate sees one confirmation."""

    async def story(scene: Scene) -> None:
        await scene.tick(31_000.0)
        await scene.read(31_000.0)

    scene = played(story)
    assert len(scene.world.memory.records) == 3
    assert scene.world.memory.records[2].change is None
    assert scene.world.memory.records[2].messages == ()
    assert scene.world.protector.decided == 2
    assert scene.world.watch.confirmed_cycles == 1


def test_ticks_leave_no_zone_and_burn_no_dwell() -> None:
    """A hundred calm ticks in warning change nothing; two calm readings, as `dwell_cycles` asks, do."""

    async def story(scene: Scene) -> None:
        await scene.tick(32_000.0)
        for step in range(100):
            await scene.tick(43_000.0 + step)
        assert scene.world.watch.last is not None
        assert scene.world.watch.last.zone is Zone.WARNING
        assert scene.world.watch.last.zone_state.clear_cycles == 0
        assert len(scene.world.memory.records) == 2
        assert (await scene.read(43_000.0)).zone is Zone.WARNING
        await scene.tick(43_100.0)
        assert (await scene.read(43_000.0)).zone is Zone.SAFE

    played(story)


def test_nothing_is_written_while_the_zone_stays() -> None:
    """Ticks without a change leave the figures in memory only."""

    async def story(scene: Scene) -> None:
        for price in (40_100.0, 39_900.0, 40_000.5):
            await scene.tick(price)

    scene = played(story)
    assert len(scene.world.memory.records) == 1
    assert scene.live.assessments == 3
    assert scene.hastened == []
    assert scene.world.watch.live is not None
    assert scene.world.watch.live.margin_level == pytest.approx(10_000.5 / 4_000.05)


def test_distance_between_readings_is_of_the_newest_mark() -> None:
    """It is solved for who asks, and says what a reading at that price would."""

    async def story(scene: Scene) -> None:
        await scene.tick(39_000.0)

    scene = played(story)
    live = scene.world.watch.live
    assert live is not None
    assert live.distance == assess(book(39_000.0).book).distance


def test_account_without_positions_has_no_ticks() -> None:
    """It is read and listened to, and nothing is assessed or read anew for its sake."""

    async def story(scene: Scene) -> None:
        held = book(40_000.0, scene.clock.now())
        await scene.world.turn(replace(held, book=replace(held.book, positions=())))
        scene.live.after_reading(scene.world.watch)
        await scene.clock.sleep(1)

    scene = played(story)
    assert (scene.live.broken, scene.live.assessments, scene.hastened) == ("", 0, [])


def test_burst_is_one_assessment_of_the_newest_mark() -> None:
    """Fifty ticks in a row cost one assessment, and it sees the last of them."""

    async def story(scene: Scene) -> None:
        await scene.clock.sleep(0.001)
        for price in range(39_000, 39_050):
            scene.streams.marks.put({BTC: float(price)}, "stream")
        await scene.clock.sleep(0.01)

    scene = played(story)
    assert scene.live.assessments == 1
    assert scene.world.watch.live is not None
    assert scene.world.watch.live.margin_level == pytest.approx(9_049.0 / 3_904.9)


def test_steady_rain_is_bounded_per_account_and_the_last_mark_is_seen() -> None:
    """A thousand ticks in ten seconds: about five assessments a second, and none is owed at the end."""

    async def story(scene: Scene) -> None:
        for step in range(1_000):
            await scene.tick(39_000.0 + step, wait_s=0.009)
        await scene.clock.sleep(1)

    scene = played(story)
    assert 50 <= scene.live.assessments <= 57
    assert scene.world.watch.live is not None
    assert scene.world.watch.live.margin_level == pytest.approx(9_999.0 / 3_999.9)


def test_duplicate_ticks_cost_nothing() -> None:
    """The same price again is no news."""

    async def story(scene: Scene) -> None:
        for _ in range(10):
            await scene.tick(39_000.0)

    assert played(story).live.assessments == 1


def test_stale_stays_stale() -> None:
    """Ticks go on, readings do not: after `stale_after_s` no tick does anything any more."""

    async def story(scene: Scene) -> None:
        await scene.clock.sleep(61)
        await scene.tick(31_000.0)

    scene = played(story)
    assert len(scene.world.memory.records) == 1
    assert scene.hastened == []
    assert scene.world.watch.last is not None
    assert scene.world.watch.last.at == scene.world.memory.records[0].reading.at


def test_ticks_do_not_refresh_the_age_of_a_reading() -> None:
    """What a tick worsened keeps the time and quality of its private reading."""

    async def story(scene: Scene) -> None:
        await scene.clock.sleep(30)
        await scene.tick(31_000.0)

    scene = played(story)
    last, recorded = scene.world.watch.last, scene.world.memory.records[1].reading
    assert last is not None
    assert (last.zone, last.at) == (Zone.DANGER, scene.world.memory.records[0].reading.at)
    assert scene.world.watch.last_good is not None
    assert scene.world.watch.last_good.zone is Zone.SAFE
    assert recorded.fetched is not None
    assert recorded.at - min(recorded.fetched.parts.values()) > timedelta(seconds=30)
    assert recorded.quality.quality is Quality.FRESH


def test_failed_reading_has_no_ticks() -> None:
    """After a reading that failed nothing is believed until the next good one; that one sees the newest marks."""

    async def story(scene: Scene) -> None:
        await scene.world.turn(VenueUnavailable("no answer"))
        scene.live.after_reading(scene.world.watch)
        await scene.tick(31_000.0)
        assert scene.live.assessments == 0
        await scene.read(40_000.0)
        await scene.tick(31_001.0)

    scene = played(story)
    assert scene.told[-1].zone is Zone.DANGER


def test_marks_that_came_during_a_reading_are_applied_after_it() -> None:
    """A tick while the account is being dealt with waits; it is not lost."""

    async def story(scene: Scene) -> None:
        async with scene.world.watch.turn:
            await scene.tick(31_000.0)
            assert scene.told == []
        scene.live.after_reading(scene.world.watch)
        await scene.clock.sleep(0.1)

    assert [reading.zone for reading in played(story).told] == [Zone.DANGER]


def test_store_that_fails_is_told_directly_once() -> None:
    """A tick into danger with a broken store: people are told on another way, and the reading records later."""

    async def story(scene: Scene) -> None:
        scene.world.memory.broken = True
        await scene.tick(31_000.0)
        await scene.tick(30_900.0)
        scene.world.memory.broken = False
        await scene.read(31_000.0)

    scene = played(story)
    assert [zone for zone, _ in scene.world.told] == [Zone.DANGER]
    change = scene.world.memory.records[-1].change
    assert change is not None
    assert (change.before, change.after) == (Zone.SAFE, Zone.DANGER)


def test_riskiest_goes_first() -> None:
    """Of two accounts with the same symbol, the one nearer to liquidation is assessed first."""

    async def whole() -> list[str]:
        scene = Scene()
        await scene.begin()
        other = World(book(40_000.0, scene.clock.now()), clock=scene.clock)
        other.watch.record = type(other.watch.record)(
            "account-2", AccountSpec("calm", "file"), None, "observe", scene.clock.now()
        )
        rich = book(40_000.0, scene.clock.now())
        wallet = type(rich.book.collateral[0])("USDT", 60_000.0)
        names = {slot: getattr(rich.book, slot) for slot in rich.book.__slots__} | {"collateral": (wallet,)}
        scene.live.follow(other.watch)
        await other.turn(type(rich)(type(rich.book)(**names), rich.parts, position_mode_proven=True))
        scene.live.after_reading(other.watch)
        await scene.read(40_000.0)
        order: list[str] = []
        for watch in (other.watch, scene.world.watch):
            watch.policy = _Noting(watch.record.name, order, watch.policy)  # type: ignore[assignment]  # a spy
        await scene.tick(39_500.0)
        await scene.live.stop()
        return order

    order = run_virtual(whole(), limit_s=60)
    assert list(dict.fromkeys(order)) == ["main", "calm"]


class _Noting:
    """A policy that notes when it is asked."""

    def __init__(self, name: str, order: list[str], policy: object) -> None:
        self._name = name
        self._order = order
        self._policy = policy

    def __getattr__(self, item: str) -> object:
        self._order.append(self._name)
        return getattr(self._policy, item)


def test_defect_in_one_assessment_stops_nobody() -> None:
    """The worker goes on after an error of ours; the account is read at once."""

    async def story(scene: Scene) -> None:
        policy, scene.world.watch.policy = scene.world.watch.policy, None  # type: ignore[assignment]  # a defect
        await scene.tick(39_000.0)
        assert "main" in scene.live.broken
        assert scene.hastened == ["account-1"]
        scene.world.watch.policy = policy
        await scene.tick(31_000.0)

    assert [reading.zone for reading in played(story).told] == [Zone.DANGER]


def test_events_bring_readings_forward_and_holdings_are_told() -> None:
    """News of an account has it read; the streams know what it holds and whether it is calm; forgetting ends that."""

    async def story(scene: Scene) -> None:
        scene.live.on_event("account-1")
        assert scene.hastened == ["account-1"]
        assert scene.streams.held == {"account-1": (frozenset({BTC}), False)}
        await scene.read(32_000.0)
        assert scene.streams.held == {"account-1": (frozenset({BTC}), True)}
        await scene.live.forget("account-1")
        assert scene.streams.held == {}
        await scene.tick(31_000.0)
        scene.live.after_reading(scene.world.watch)

    assert played(story).live.assessments == 0


def test_account_that_cannot_be_listened_to_is_polled_only() -> None:
    """A venue without streams, or a base URL that is none: no ticks, no failure."""

    async def whole() -> int:
        scene = Scene()
        scene.streams.refuses = True
        await scene.begin()
        await scene.tick(31_000.0)
        await scene.live.stop()
        await asyncio.sleep(0)
        return scene.live.assessments

    assert run_virtual(whole(), limit_s=60) == 0


def test_a_book_on_which_orders_were_sent_has_no_ticks() -> None:
    """What they closed is still in it: a tick would tell a danger that is gone."""

    async def story(scene: Scene) -> None:
        scene.world.watch.acted = True
        await scene.tick(31_000.0)
        assert scene.told == []
        await scene.read(40_000.0)
        assert not scene.world.watch.acted
        await scene.tick(30_990.0)

    assert [reading.zone for reading in played(story).told] == [Zone.DANGER]


def test_a_mark_from_before_the_clock_was_set_back_is_nobodys() -> None:
    """It looks newer than every book until the clock has caught up, and is not."""

    async def story(scene: Scene) -> None:
        late = Mark(31_000.0, scene.clock.now() + timedelta(hours=1), scene.clock.monotonic(), "stream")
        scene.streams.marks._marks[BTC] = late
        scene.live.after_reading(scene.world.watch)
        await scene.clock.sleep(1.0)

    assert played(story).told == []


def test_defect_that_stays_has_the_account_read_once_and_not_for_ever() -> None:
    """Not with every tick, nor with every reading that follows."""

    async def story(scene: Scene) -> None:
        policy, scene.world.watch.policy = scene.world.watch.policy, None  # type: ignore[assignment]  # a defect
        for step in range(5):
            await scene.tick(39_000.0 + step)
        scene.world.watch.policy = policy
        await scene.read(40_000.0)
        scene.world.watch.policy = None  # type: ignore[assignment]  # the same defect
        await scene.tick(38_000.0)
        assert scene.hastened == ["account-1"]
        scene.world.watch.policy = policy
        await scene.read(40_000.0)
        await scene.tick(31_000.0)

    assert [reading.zone for reading in played(story).told] == [Zone.DANGER]
