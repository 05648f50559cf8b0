"""Whoever counts on hours of own volatility hears when they call for nothing, once, and when they do again."""

from __future__ import annotations

from dataclasses import replace

from guard.app.hours_notice import hours_notice, is_blind_for_hours
from guard.app.watch import Watch
from guard.ports.recipients import Recipient
from guard.ports.records import Mode, Reading
from guard.risk.own_volatility import OwnHours, PoolHours
from guard.sim.seeded import SeededIds
from tests.harness.cycle_world import BTC, World, book

KNOWN, NEW = PoolHours(50.0, 10.0, 0.01, 100.0), PoolHours(None, history_h=3.5, lacking=BTC)


async def _alice(_watch: Watch) -> list[Recipient]:
    return [Recipient("telegram:1", user_id="alice")]


async def told(world: World, reading: Reading, *pools: PoolHours | None) -> list[str]:
    """What a person reads after readings whose only pool is each of these in turn."""
    ids = SeededIds(1)
    found = []
    for pool in pools:
        here = replace(reading, own_hours=None if pool is None else OwnHours((pool,)))
        found += [each.html for each in (await hours_notice(world.watch, here, _alice, ids)).messages]
    return found


async def world_in(mode: Mode, bar: float | None = 6.0) -> tuple[World, Reading]:
    """An account in a mode, and a reading of it."""
    here = World(book(40_000.0))
    here.watch.record = replace(here.watch.record, mode=mode)
    here.watch.protect = replace(here.watch.protect, act_at_hours=bar)
    return here, await here.turn()


async def test_what_ends_without_a_word_is_told_once() -> None:
    """A new leg has no history: once when hours stop to count, once when they do again, nothing in between."""
    here, reading = await world_in("auto")
    first, last = await told(here, reading, KNOWN, NEW, NEW, None, NEW, KNOWN, KNOWN)
    assert "hours of own volatility are not known and call for nothing" in first
    assert f"3 of 24 hours of history of {BTC} are known" in first
    assert "hours of own volatility are known" in last
    assert "6 h or less" in last


async def test_nobody_hears_of_what_nobody_counts_on() -> None:
    """Neither where hours call for nothing anyway nor in mode observe; once the account is armed it is told."""
    here, reading = await world_in("auto", bar=None)
    assert await told(here, reading, NEW) == []
    here, reading = await world_in("observe")
    assert await told(here, reading, NEW) == []
    here.watch.record = replace(here.watch.record, mode="auto")
    assert len(await told(here, reading, NEW)) == 1


async def test_what_is_not_known_takes_no_hedge_off() -> None:
    """A hedge on a new symbol has no history for a day: whether the account does without it cannot be told."""
    here, reading = await world_in("auto")
    assert is_blind_for_hours(here.watch, replace(reading, own_hours=OwnHours((NEW,))))
    assert is_blind_for_hours(here.watch, replace(reading, own_hours=None))
    assert not is_blind_for_hours(here.watch, replace(reading, own_hours=OwnHours((KNOWN,))))
    here.watch.protect = replace(here.watch.protect, act_at_hours=None)
    assert not is_blind_for_hours(here.watch, replace(reading, own_hours=None))
