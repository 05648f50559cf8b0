"""What somebody else did to an account is told by the cycle that finds it: once, and not when the guard did it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from guard.ports.alerting import RuleSetting
from guard.ports.errors import VenueUnavailable
from guard.ports.records import (
    AlertRecord,
    IntentRecord,
    KnownModes,
    OrderJournalState,
    OrderRecord,
    PositionSnapshot,
    Snapshot,
)
from guard.ports.venue import FetchedBook
from guard.risk.book import Collateral, VenueFigures, VenueReported
from guard.risk.quality import Quality
from guard.risk.zones import Zone
from tests.harness.cycle_world import BTC, NOW, World, book


def held(contracts: float, mark: float = 40_000.0) -> FetchedBook:
    """The usual book with another size; 0 is flat."""
    made = book(mark)
    legs = tuple(replace(leg, contracts=contracts) for leg in made.book.positions) if contracts else ()
    return replace(made, book=replace(made.book, positions=legs))


def rules(world: World) -> list[str]:
    """The rules of every alert so far."""
    return [alert.rule for record in world.memory.records for alert in record.alerts]


async def test_a_leg_that_shrank_is_told_once() -> None:
    """With both sizes, in the record of the cycle that saw it."""
    world = World(held(1.0))
    await world.turn()
    await world.turn(held(0.6))
    await world.turn(held(0.6))
    assert rules(world) == ["position"]
    record = world.memory.records[1]
    assert "from 1 to 0.6 contracts" in record.messages[0].html
    assert [message.destination for message in record.messages] == ["telegram:7", "console"]


def order(filled: str, *, minutes: float = 0.0) -> OrderRecord:
    """An order of the guard that closed some of the long."""
    return OrderRecord(
        order_id="o",
        intent_id="i",
        account_id="account-1",
        step=0,
        client_order_id="g0",
        remedy="reduce",
        symbol=BTC,
        side="sell",
        leg="long",
        contracts="0.4",
        limit_price="39000",
        reduce_only=True,
        state=OrderJournalState.VERIFIED,
        updated_at=NOW + timedelta(minutes=minutes),
        filled=filled,
    )


@pytest.mark.parametrize(("filled", "minutes", "told"), [("0.4", 0.0, False), ("0.1", 0.0, True), ("0.4", -5.0, True)])
async def test_what_the_guard_closed_itself_is_no_news(filled: str, minutes: float, told: bool) -> None:
    """As far as its orders filled since the last reading."""
    world = World(held(1.0))
    await world.turn()
    world.memory.decided = [IntentRecord("i", "account-1", NOW, "done", Zone.DANGER, "why", "{}", 0.8)]
    world.memory.orders = [order(filled, minutes=minutes)]
    await world.turn(held(0.6))
    assert ("position" in rules(world)) is told


async def test_a_blind_cycle_in_between_hides_nothing() -> None:
    """Compared with the last whole reading."""
    world = World(held(1.0))
    await world.turn()
    await world.turn(VenueUnavailable("no answer"))
    await world.turn(held(0.6))
    assert "position" in rules(world)


async def test_a_reading_with_holes_is_compared_with_nothing() -> None:
    """A leg that was not read has not vanished."""
    world = World(held(1.0))
    await world.turn()
    await world.turn(replace(held(0.0), missing=("positions of USDC",)))
    assert "position" not in rules(world)
    await world.turn(held(1.0))
    assert "position" not in rules(world)


async def test_what_could_not_be_recorded_is_told_later() -> None:
    """The reading that was not recorded is no baseline."""
    world = World(held(1.0))
    await world.turn()
    world.memory.broken = True
    await world.turn(held(0.6))
    world.memory.broken = False
    await world.turn(held(0.6))
    assert rules(world).count("position") == 1


async def test_after_a_restart_the_last_snapshot_is_what_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """What happened while the guard was away is told at its first reading."""
    world = World(held(0.6))
    leg = PositionSnapshot(BTC, "long", 1.0, 40_000.0, 40_000.0, 40_000.0, 0.0, 400.0, None)
    none = (None,) * 10
    snapshot = Snapshot("account-1", "main", NOW - timedelta(hours=1), Zone.SAFE, "", "fresh", NOW, *none, None, (leg,))

    async def latest(_: str, *, whole: bool = False) -> Snapshot:
        assert whole
        return snapshot

    monkeypatch.setattr(world.memory, "latest_snapshot", latest)
    await world.turn()
    assert rules(world) == ["position"]


async def test_modes_are_stored_and_compared_at_the_next_start() -> None:
    """First seen: stored. Another one: told and stored."""
    world = World(held(1.0))
    await world.turn()
    await world.turn()
    known = KnownModes("one_way", "binance-usdm", ("USDT",))
    assert [record.modes for record in world.memory.records] == [known, None]
    restarted = World(held(1.0))
    restarted.watch.record = replace(restarted.watch.record, modes=replace(known, position_mode="hedge"))
    await restarted.turn()
    assert rules(restarted) == ["mode"]
    assert restarted.memory.records[0].modes == known


async def test_money_that_left_is_told() -> None:
    """By its currency."""
    world = World(held(1.0))
    await world.turn()
    poorer = held(1.0)
    poorer = replace(poorer, book=replace(poorer.book, collateral=(Collateral("USDT", 8_500.0),)))
    await world.turn(poorer)
    assert "money" in rules(world)


async def test_a_place_in_the_queue_is_told_once_in_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes and goes with every tick."""
    world = World(held(1.0))
    await world.turn()
    ahead = replace(held(1.0), adl={(BTC, "long"): 1.0})
    await world.turn(ahead)
    assert rules(world) == ["adl"]
    last = world.memory.records[1].alerts[0]

    async def last_alert(fingerprint: str) -> object:
        return last if fingerprint == last.fingerprint else None

    monkeypatch.setattr(world.memory, "last_alert", last_alert)
    await world.turn(held(1.0))
    await world.turn(ahead)
    assert rules(world) == ["adl"]


async def test_figures_that_disagree_are_read_once_more() -> None:
    """A fill between two requests looks like a dispute; the second reading is of one moment."""
    world = World(held(1.0))
    await world.turn()
    apart = held(1.0)
    figures = VenueFigures(equity=5_000.0, maintenance_margin=400.0)
    apart = replace(
        apart, book=replace(apart.book, venue_reported=VenueReported(equity=5_000.0, pools={"USDT": figures}))
    )
    world.answers = [apart, held(1.0)]
    reading = await world.turn()
    assert reading.quality.quality is Quality.FRESH
    world.answers = [apart, apart]
    assert (await world.turn()).quality.quality is Quality.DISPUTED
    assert world.answers == []
    world.answers = [apart]
    assert (await world.turn()).quality.quality is Quality.DISPUTED


async def test_an_order_that_a_crash_left_open_is_no_news() -> None:
    """Until it is looked up nobody knows that it filled; it may have closed what is missing."""
    world = World(held(1.0))
    await world.turn()
    world.memory.decided = [IntentRecord("i", "account-1", NOW, "open", Zone.DANGER, "why", "{}", 0.8)]
    world.memory.orders = [replace(order("0", minutes=-1.0), state=OrderJournalState.SUBMITTING)]
    await world.turn(held(0.6))
    assert rules(world) == []
    await world.turn(held(0.1))
    assert rules(world) == ["position"]


async def test_a_tick_is_no_baseline() -> None:
    """Its book is the last reading's, whatever the time: what the guard closed in between is still the guard's."""
    world = World(held(1.0))
    reading = await world.turn()
    world.memory.decided = [IntentRecord("i", "account-1", NOW, "done", Zone.DANGER, "why", "{}", 0.8)]
    world.memory.orders = [order("0.4", minutes=1.0)]
    await world.clock.sleep(120.0)
    assert reading.fetched is not None
    world.watch.policy = replace(world.watch.policy, stale_after_s=600.0)
    worse = await world.cycle.worsen(world.watch, held(1.0, 31_000.0), 0.0)
    assert worse is not None
    assert world.watch.settled is not None
    assert world.watch.settled.at == NOW
    await world.turn(held(0.6, 31_000.0))
    assert "position" not in rules(world)


async def test_a_book_from_before_orders_of_the_guard_is_no_baseline() -> None:
    """It was fetched while they were sent, and judged after them: the legs that they closed are not missing from it."""
    world = World(held(1.0))
    await world.turn()
    world.memory.decided = [IntentRecord("i", "account-1", NOW, "done", Zone.DANGER, "why", "{}", 0.8)]
    world.memory.orders = [order("0.4", minutes=0.1)]
    await world.clock.sleep(20.0)
    world.watch.acted_s = world.clock.monotonic() + 0.1
    await world.turn(held(1.0))
    await world.clock.sleep(1.0)
    await world.turn(held(0.6))
    assert "position" not in rules(world)
    await world.turn(held(0.5))
    assert "position" in rules(world)


async def test_positions_that_were_not_read_have_not_vanished() -> None:
    """That all its positions are gone is said of a whole reading only, and is said then."""
    world = World(held(0.1))
    await world.turn()
    await world.turn(replace(held(0.0), missing=("positions of USDC",)))
    assert rules(world) == []
    await world.turn(held(0.0))
    assert rules(world) == ["emptied"]


async def test_a_mode_that_follows_from_what_is_held_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some venues keep a mode for each symbol: with every leg it comes and goes, and is not told each time."""
    hedged = replace(held(1.0), book=replace(held(1.0).book, position_mode="hedge"))
    world = World(held(1.0))

    async def last(fingerprint: str) -> AlertRecord | None:
        told = [alert for record in world.memory.records for alert in record.alerts]
        return next((alert for alert in reversed(told) if alert.fingerprint == fingerprint), None)

    monkeypatch.setattr(world.memory, "last_alert", last)
    for _ in range(3):
        await world.turn(held(1.0))
        await world.turn(hedged)
    assert rules(world) == ["mode", "mode"]  # to the one and back


async def test_a_leg_that_is_traded_all_day_is_told_once_in_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that closes by market orders would else ring at every reading."""
    world = World(held(1.0))
    await world.turn()
    told: dict[str, AlertRecord] = {}

    async def last_alert(fingerprint: str) -> AlertRecord | None:
        return told.get(fingerprint)

    monkeypatch.setattr(world.memory, "last_alert", last_alert)
    for number, size in enumerate((0.9, 0.8, 0.7, 0.6)):
        await world.clock.sleep(10 * 60 if number == 3 else 3 * 60)
        made = held(size)
        await world.turn(replace(made, parts=dict.fromkeys(made.parts, world.clock.now())))
        told |= {alert.fingerprint: alert for alert in world.memory.records[-1].alerts}
    assert rules(world) == ["position", "position"]


async def test_legs_need_not_be_told() -> None:
    """A person may switch them off; everything else still is told."""
    world = World(held(1.0))
    world.memory.settings = [RuleSetting("account-1", "position", None, None, NOW)]
    await world.turn()
    smaller = held(0.5)
    await world.turn(replace(smaller, book=replace(smaller.book, position_mode="hedge")))
    assert rules(world) == ["mode"]
