"""Hours of own volatility in a cycle: asked for once, kept in memory, told with each reading, free where not wanted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from guard.app.acting_why import reason_at
from guard.ports.errors import VenueUnavailable
from guard.risk.zones import Zone
from tests.harness.cycle_world import BTC, NOW, StillClock, World, book

HOUR = timedelta(hours=1)


def world(hours: int, move: float = 0.01) -> World:
    """An account that goes by hours, with marks of so many hours until now: up and down by `move` in turn."""
    made = World(book(40_000.0))
    made.memory.marks = [
        (NOW - (hours - index) * HOUR, {BTC: 40_000.0 * (1.0 + move * (index % 2))}) for index in range(hours)
    ]
    made.watch.protect = replace(made.watch.protect, act_at_hours=6.0, target_hours=100.0)
    return made


async def test_a_reading_tells_its_hours() -> None:
    """From the store at first, from memory afterwards: it is asked once."""
    here = world(30)
    readings = [await here.turn() for _ in range(3)]
    for reading in readings:
        assert reading.own_hours is not None
        # 10,000 less 400 of requirement; 1 % of 39,600 an hour.
        assert reading.own_hours.hours == pytest.approx((9_600.0 / 396.0) ** 2, rel=0.02)
    assert here.memory.marks_asked == 1
    assert here.watch.marks is not None
    assert len(here.watch.marks.at_s) == 31
    target = here.watch.target_at(readings[-1])
    (level,) = target.pools
    assert level.distance == pytest.approx(0.1, rel=0.02)


async def test_the_unknown_is_said_once_and_known_once() -> None:
    """Five hours are too few; the levels configured in other units hold then. A day later the hours are there."""
    here = world(5)
    with capture_logs() as logs:
        for _ in range(3):
            reading = await here.turn()
        assert reading.own_hours is not None
        assert reading.own_hours.hours is None
        assert here.watch.target_at(reading) == here.watch.protect.target
        for hour in range(24):
            await here.clock.sleep(3600.0)
            at = here.clock.now()
            reading = await here.turn(book(40_000.0 * (1.0 + 0.01 * (hour % 2)), at))
    said = [(line["event"], line.get("history_h")) for line in logs if "own volatility" in line["event"]]
    assert said == [
        ("hours of own volatility are not known yet: they call for nothing", 5.0),
        ("hours of own volatility are known", None),
    ]
    assert reading.own_hours is not None
    assert reading.own_hours.hours is not None


async def test_a_clock_that_was_set_back_does_not_stop_the_samples() -> None:
    """What was kept in a time that is still to come is forgotten, in memory and of the store; the rest stays."""
    here = world(30)
    here.memory.marks.append((NOW + 400 * 24 * HOUR, {BTC: 40_000.0}))
    assert isinstance(here.clock, StillClock)
    here.clock.at = NOW + 300 * 24 * HOUR
    assert (await here.turn(book(40_000.0, here.clock.now()))).own_hours is not None
    here.clock.at = NOW
    reading = await here.turn(book(40_000.0))
    assert reading.own_hours is not None
    assert reading.own_hours.hours == pytest.approx((9_600.0 / 396.0) ** 2, rel=0.02)
    assert here.watch.marks is not None
    assert here.watch.marks.at_s[-1] == NOW.timestamp()


async def test_nobody_asks_nobody_pays() -> None:
    """Without the settings nothing is read, kept or told; a reading that failed is none."""
    here = world(30)
    here.watch.protect = replace(here.watch.protect, act_at_hours=None, target_hours=None)
    assert (await here.turn()).own_hours is None
    assert (here.memory.marks_asked, here.watch.marks) == (0, None)
    asked = world(30)
    assert (await asked.turn(VenueUnavailable("no answer"))).own_hours is None
    assert asked.watch.marks is None


async def test_a_store_that_is_busy_is_asked_again() -> None:
    """Until it answers nothing is known; watching goes on."""
    here = world(30)
    here.memory.broken = True
    reading = await here.turn()
    assert (reading.own_hours, here.watch.marks) == (None, None)
    assert reading.zone is Zone.SAFE
    here.memory.broken = False
    assert (await here.turn()).own_hours is not None


async def test_few_hours_count_as_confirmation_and_are_the_reason() -> None:
    """In a safe zone: cycle by cycle, with the figures; the reason of a zone that calls for action stands first."""
    here = world(30, move=0.2)
    for cycle in (1, 2):
        reading = await here.turn()
        assert here.watch.confirmed_cycles == cycle
    assert reading.zone is Zone.SAFE
    why = "liquidation is 1.7 h of this book's own volatility away, at or below 6 h"
    assert reason_at(here.watch, reading) == why
    graver = replace(reading, zone=Zone.DANGER, reason="risk ratio 80 % is at or above 75 %")
    assert reason_at(here.watch, graver) == f"{graver.reason}; {why}"
    here.watch.protect = replace(here.watch.protect, act_at_hours=1.0)
    assert reason_at(here.watch, reading) == reading.reason
