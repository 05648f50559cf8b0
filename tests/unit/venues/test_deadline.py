"""A time limit that stands still while its task waits for its turn."""

from __future__ import annotations

import asyncio

import pytest

from guard.ports.deadline import Deadline, not_counted
from guard.sim.virtual_time import VirtualTimeLoop


def run(work: object) -> float:
    """Run on virtual time; returns how many seconds it took."""
    loop = VirtualTimeLoop()
    try:
        began = loop.time()
        loop.run_until_complete(work)  # type: ignore[arg-type]  # a coroutine of a test
        return loop.time() - began
    finally:
        loop.close()


def test_it_ends_what_takes_too_long() -> None:
    """As `asyncio.timeout`."""

    async def work() -> None:
        with pytest.raises(TimeoutError):
            async with Deadline(5):
                await asyncio.sleep(60)

    assert run(work()) == pytest.approx(5)


def test_waiting_for_a_turn_is_not_counted() -> None:
    """However long; what was left before is left after."""

    async def patient() -> None:
        async with Deadline(5):
            await asyncio.sleep(3)
            with not_counted():
                await asyncio.sleep(100)
            await asyncio.sleep(60)

    async def work() -> None:
        with pytest.raises(TimeoutError):
            await patient()

    assert run(work()) == pytest.approx(105)


def test_tasks_started_inside_share_it() -> None:
    """It goes on when the last of them has had its turn; an outer deadline stands still with it."""

    async def wait(seconds: float) -> None:
        with not_counted():
            await asyncio.sleep(seconds)

    async def work() -> None:
        async with Deadline(2), Deadline(1):
            await asyncio.gather(wait(10), wait(20), wait(5))
            await asyncio.sleep(0.5)

    assert run(work()) == pytest.approx(20.5)


def test_a_task_that_outlives_it_harms_nobody() -> None:
    """It was started inside and waits on outside."""

    async def wait() -> None:
        with not_counted():
            await asyncio.sleep(10)

    async def work() -> None:
        async with Deadline(1):
            task = asyncio.create_task(wait())
            await asyncio.sleep(0.1)
        await task

    assert run(work()) == pytest.approx(10)


def test_nothing_stands_still_without_one() -> None:
    """Waiting is allowed everywhere."""

    async def work() -> None:
        with not_counted():
            await asyncio.sleep(1)

    assert run(work()) == pytest.approx(1)
