"""Turns that are brought forward: at once, once, never too close, never beside one that runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest

from guard.app.clock import SystemClock
from guard.app.scheduler import Scheduler
from guard.app.settings import Schedule
from guard.risk.zones import Zone

LONG = Schedule(calm_s=3_600)


class Turns:
    """Counts turns; each waits until it is let go."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.running = 0
        self.most_at_once = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self._began = asyncio.Event()

    async def turn(self, account_id: str) -> Zone:
        """One turn."""
        self.times.append(asyncio.get_running_loop().time())
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        self._began.set()
        await self.gate.wait()
        self.running -= 1
        return Zone.SAFE

    async def until(self, count: int) -> None:
        """Wait until so many turns have begun."""
        async with asyncio.timeout(5):
            while len(self.times) < count:
                self._began.clear()
                await self._began.wait()


@asynccontextmanager
async def scheduled(min_gap_s: float) -> AsyncIterator[tuple[Scheduler, Turns]]:
    """One account whose next turn is an hour away."""
    turns = Turns()
    scheduler = Scheduler(turns.turn, LONG, SystemClock(), min_gap_s)
    scheduler.start()
    scheduler.watch("a")
    await turns.until(1)
    try:
        yield scheduler, turns
    finally:
        turns.gate.set()
        scheduler.stop()
        await asyncio.sleep(0)


async def test_hastened_turn_comes_after_the_gap_and_once() -> None:
    """However many ask: one more turn, not sooner than the gap after the last."""
    async with scheduled(0.2) as (scheduler, turns):
        for _ in range(20):
            scheduler.hasten("a")
        await turns.until(2)
        assert turns.times[1] - turns.times[0] >= 0.15
        planned = scheduler._scheduler.get_job("a").next_run_time
        assert (planned - SystemClock().now()).total_seconds() > 3_000
        assert len(turns.times) == 2


async def test_hastened_turn_can_be_given_a_little_time() -> None:
    """Not before it, and not at the pause of a calm account either."""
    async with scheduled(0.01) as (scheduler, turns):
        scheduler.hasten("a", after_s=0.2)
        await turns.until(2)
        assert turns.times[1] - turns.times[0] >= 0.15


async def test_turn_that_runs_is_followed_by_one_more() -> None:
    """News that come while an account is read are read after it, never beside it."""
    async with scheduled(0.01) as (scheduler, turns):
        turns.gate.clear()
        await asyncio.sleep(0)
        scheduler.hasten("a")
        await turns.until(2)
        for _ in range(20):
            scheduler.hasten("a")
        assert len(turns.times) == 2
        turns.gate.set()
        await turns.until(3)
        assert turns.most_at_once == 1


async def test_a_busy_event_loop_leaves_out_no_turn_that_was_asked_for() -> None:
    """The turn is due again before its end has been noticed: it comes all the same, not after the pause of an hour."""
    async with scheduled(0.01) as (scheduler, turns):
        turns.gate.clear()
        scheduler.hasten("a")
        await turns.until(2)
        scheduler.hasten("a")
        turns.gate.set()
        asyncio.get_running_loop().call_soon(time.sleep, 0.02)
        await turns.until(3)
        assert turns.most_at_once == 1


async def test_a_turn_that_lasts_beyond_its_pause_is_not_joined_by_another() -> None:
    """However many pauses it lasts: one turn at a time."""
    turns = Turns()
    turns.gate.clear()
    scheduler = Scheduler(turns.turn, Schedule(calm_s=0.05), SystemClock(), 0.01)
    scheduler.start()
    scheduler.watch("a")
    await turns.until(1)
    await asyncio.sleep(0.2)
    assert len(turns.times) == 1
    turns.gate.set()
    await turns.until(2)
    assert turns.most_at_once == 1
    scheduler.stop()


async def test_housekeeping_does_not_overlap() -> None:
    """What takes longer than its pause is not begun beside itself."""
    async with scheduled(0.01) as (scheduler, turns):
        begun = 0

        async def work() -> None:
            nonlocal begun
            begun += 1
            await asyncio.sleep(60)

        scheduler.every(0.03, work, "slow")
        await asyncio.sleep(0.2)
        assert (begun, len(turns.times)) == (1, 1)


async def test_nothing_is_brought_forward_after_the_end() -> None:
    """What ends while the guard stops may still ask for it."""
    async with scheduled(0.01) as (scheduler, turns):
        scheduler.stop()
        await asyncio.sleep(0)
        scheduler.hasten("a")
        assert len(turns.times) == 1


async def test_forgotten_and_unknown_accounts_are_not_hastened() -> None:
    """An event that comes late for an account that is gone does nothing."""
    async with scheduled(0.01) as (scheduler, turns):
        scheduler.hasten("b")
        scheduler.forget("a")
        scheduler.hasten("a")
        assert len(turns.times) == 1


class ShiftedClock(SystemClock):
    """The machine's clock, set to another time now and then."""

    def __init__(self) -> None:
        self.shift = timedelta()

    def now(self) -> datetime:
        """Wall time as it was set."""
        return super().now() + self.shift


async def test_a_clock_that_is_set_back_stops_nobody() -> None:
    """The next turn comes sooner by as much; else nobody would be read for as long as the clock went back."""
    clock, turns = ShiftedClock(), Turns()
    scheduler = Scheduler(turns.turn, LONG, clock)
    scheduler.start()
    scheduler.watch("a")
    await turns.until(1)
    clock.shift = -timedelta(seconds=LONG.calm_s)
    try:
        await turns.until(2)
        assert scheduler._began["a"] <= clock.now()
    finally:
        scheduler.stop()
        await asyncio.sleep(0)


async def test_a_turn_and_other_work_that_the_stop_breaks_off_are_no_errors(caplog: pytest.LogCaptureFixture) -> None:
    """APScheduler would log each with a traceback; whoever cancels for another reason is told."""
    begun = asyncio.Event()

    async def work() -> None:
        begun.set()
        await asyncio.Event().wait()

    async with scheduled(0) as (scheduler, turns):
        turns.gate.clear()
        scheduler.hasten("a")
        scheduler.every(0.01, work, "work")
        await turns.until(2)
        await begun.wait()
        scheduler.stop()
        turns.gate.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []
