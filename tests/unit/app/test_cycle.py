"""The cycle when things fail around it: nothing is silent, nothing is told twice, nothing acts unrecorded."""

from __future__ import annotations

from dataclasses import replace

import pytest

from guard.ports.errors import AccountGone, CredentialsRejected, VenueUnavailable
from guard.ports.records import AlertReason, CycleRecord
from guard.ports.venue import FetchedBook
from guard.risk.book import Book, Collateral, Position, VenueFigures, VenueReported
from guard.risk.quality import Quality
from guard.risk.zones import Zone
from tests.harness.cycle_world import BTC, NOW, World, book


async def test_zone_change_is_recorded_with_its_alert_and_messages() -> None:
    """Snapshot, change, alert and a message for each recipient are one record; the outbox is woken."""
    world = World(book(32_000.0))
    reading = await world.turn()
    record = world.memory.records[0]
    assert reading.zone is Zone.WARNING
    assert record.change is not None
    assert (record.change.before, record.change.after) == (Zone.SAFE, Zone.WARNING)
    assert [message.destination for message in record.messages] == ["telegram:7", "console"]
    assert {message.alert_id for message in record.messages} == {record.alerts[0].alert_id}
    assert world.woken == 1
    await world.turn()
    assert world.memory.records[1].change is None
    assert world.memory.records[1].messages == ()


async def test_store_that_does_not_record_is_told_directly_once_and_nothing_acts() -> None:
    """The zone is told on another way, once for each zone; protection carries nothing out; recording goes on later."""
    world = World(book(40_000.0))
    await world.turn()
    assert world.protector.carried == 1
    world.memory.broken = True
    for _ in range(3):
        await world.turn(book(32_000.0))
    assert [zone for zone, _ in world.told] == [Zone.WARNING]
    assert "locked" in world.told[0][1]
    await world.turn(book(31_000.0))
    assert [zone for zone, _ in world.told] == [Zone.WARNING, Zone.DANGER]
    assert world.protector.carried == 1
    world.memory.broken = False
    await world.turn(book(31_000.0))
    change = world.memory.records[-1].change
    assert change is not None
    assert (change.before, change.after) == (Zone.SAFE, Zone.DANGER)
    assert world.watch.unrecorded is None


async def test_a_store_that_fails_now_and_then_rings_at_the_pace_of_the_level() -> None:
    """Danger that cannot be recorded is repeated every 5 minutes, whether or not the store works in between."""
    world = World(book(40_000.0))
    clock = world.clock
    for minute in range(11):
        for broken in (True, False) if minute < 6 else (True, True):
            world.memory.broken = broken
            await world.turn(book(31_000.0, clock.now()))
            await clock.sleep(30)
    assert [zone for zone, _ in world.told] == [Zone.DANGER] * 3
    world.memory.broken = False
    await world.turn(book(40_000.0, clock.now()))
    await world.turn(book(40_000.0, clock.now()))
    world.memory.broken = True
    await world.turn(book(31_000.0, clock.now()))
    assert len(world.told) == 4  # people were told in between that it was over


async def test_venue_that_fails_is_blind_after_two_cycles_and_a_rejected_key_at_once() -> None:
    """A hiccup is not an alarm; two in a row are; a key that is refused does not wait."""
    world = World(book(40_000.0))
    await world.turn()
    first = await world.turn(VenueUnavailable("no answer"))
    second = await world.turn()
    assert (first.zone, second.zone) == (Zone.SAFE, Zone.UNKNOWN)
    assert "no answer" in second.reason
    rejected = World(CredentialsRejected("key refused"))
    assert (await rejected.turn()).zone is Zone.UNKNOWN


async def test_defect_is_a_blind_cycle_that_is_told() -> None:
    """An error nobody foresaw ends no watch and is not silent; the next good cycle goes on."""
    world = World(book(40_000.0))
    await world.turn()
    reading = await world.turn(ZeroDivisionError("oops"))
    assert reading.risk is None
    assert "ZeroDivisionError" in world.told[0][1] or "oops" in world.told[0][1]
    assert (await world.turn(book(40_000.0))).zone is Zone.SAFE


@pytest.mark.parametrize("mark", [40_000.0, 32_000.0])
async def test_book_that_cannot_be_assessed_is_incomplete_and_names_what_is_missing(mark: float) -> None:
    """No tiers for a held symbol: INCOMPLETE, blind after two cycles, the symbol named; the level never falls."""
    world = World(book(mark))
    before = (await world.turn()).zone
    bare = book(mark)
    broken = FetchedBook(
        Book(**{name: getattr(bare.book, name) for name in bare.book.__slots__} | {"tiers": {}}),
        bare.parts,
        missing=(f"tiers of {BTC}",),
        position_mode_proven=True,
    )
    first = await world.turn(broken)
    second = await world.turn()
    assert first.quality.quality.value == "incomplete"
    assert (first.zone, second.zone) == (before, Zone.UNKNOWN)
    assert BTC in second.reason


async def test_broker_account_is_judged_by_the_brokers_levels() -> None:
    """Under `margin-level` the broker's own levels come first: 45 % is its warning zone."""
    leg = Position(BTC, "long", 1.0, 1.0, "linear", "USDT", 40_000.0, 40_000.0, 2.0)
    made = Book(
        account="main",
        venue="file",
        model="margin-level",
        as_of=NOW,
        collateral=(Collateral("USDT", 18_000.0),),  # used margin 20,000 at 2x
        positions=(leg,),
        parameters={"*": {"safe_level": 1.2, "warning_level": 0.95, "danger_level": 0.6, "stop_out_level": 0.5}},
    )
    world = World(FetchedBook(made, {"balances": NOW, "positions": NOW}, position_mode_proven=True))
    reading = await world.turn()
    assert reading.risk is not None
    assert reading.risk.margin_level == pytest.approx(0.9)
    assert "margin_level" in reading.reason
    assert reading.zone is Zone.WARNING


async def test_riskier_accounts_are_read_with_more_urgency() -> None:
    """Where a venue's budget is short, danger passes first; an account that is not seen is read like one in danger."""
    world = World(book(40_000.0))
    for answer in (book(40_000.0), book(31_000.0), VenueUnavailable("no answer"), VenueUnavailable("no answer"), None):
        await world.turn(answer)
    assert world.urgencies == [0, 0, 3, 3, 3]


async def test_an_account_that_stays_unknown_does_not_fall_in_silence() -> None:
    """What can be seen of an incomplete book is told when it becomes worse than anything told, once for each level."""
    world = World(replace(book(40_000.0), missing=("tiers of FOO/USDT:USDT",)))
    for mark in (40_000.0, 40_000.0, 40_000.0, 32_000.0, 32_000.0, 31_000.0, 31_000.0, 40_000.0):
        reading = await world.turn(replace(book(mark), missing=("tiers of FOO/USDT:USDT",)))
    assert reading.zone is Zone.UNKNOWN
    told = [(alert.rule, alert.zone) for record in world.memory.records for alert in record.alerts]
    assert told == [("blind", Zone.UNKNOWN), ("zone", Zone.WARNING), ("zone", Zone.DANGER)]
    html = world.memory.records[5].messages[0].html
    assert "DANGER" in html
    assert "tiers of FOO/USDT:USDT is missing" in html
    await world.turn(book(40_000.0))
    await world.turn(book(40_000.0))
    assert world.memory.records[-1].reading.zone is Zone.SAFE
    assert world.memory.records[-1].alerts[0].reason is AlertReason.RESOLVED


async def test_a_second_look_that_fails_does_not_hide_what_was_seen() -> None:
    """A disputed book in danger is told as such, though the venue does not answer when it is read once more."""
    world = World(book(40_000.0))
    await world.turn()
    doubtful = book(31_000.0)
    reported = VenueReported(pools={"USDT": VenueFigures(maintenance_margin=9_000.0)})
    doubtful = replace(doubtful, book=replace(doubtful.book, venue_reported=reported))
    world.answers = [doubtful, VenueUnavailable("no answer")]
    reading = await world.turn()
    assert world.answers == []
    assert reading.quality.quality is Quality.DISPUTED
    assert reading.zone in {Zone.DANGER, Zone.LIQUIDATION}


async def test_an_account_that_is_removed_while_it_is_read_ends_in_silence() -> None:
    """Its owner removed it: no message that it cannot be recorded."""
    world = World(book(40_000.0))
    await world.turn()

    async def gone(record: CycleRecord) -> frozenset[str]:
        raise AccountGone("no account has that id")

    world.memory.record_cycle = gone  # type: ignore[method-assign]  # the row is no longer there
    await world.turn(book(31_000.0))
    assert world.told == []
