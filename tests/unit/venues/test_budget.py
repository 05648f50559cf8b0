"""The request budget: a rolling minute, in order, on the injected clock."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from guard.venues.budget import RequestBudget


async def test_what_fits_passes_at_once(clock: Any) -> None:
    """Up to the limit, it included."""
    budget = RequestBudget(clock, 100)
    for weight in (40, 40, 5, 5, 10):
        await budget.spend(weight)
    assert clock.slept == []


async def test_what_does_not_fit_waits_for_the_oldest_to_expire(clock: Any) -> None:
    """Not for a fixed window: the minute rolls."""
    budget = RequestBudget(clock, 100)
    await budget.spend(60)
    clock.seconds += 20
    await budget.spend(30)
    await budget.spend(50)
    assert clock.slept == [40.0]
    await budget.spend(20)
    assert clock.slept == [40.0]
    await budget.spend(10)
    assert clock.slept == [40.0, 20.0]


@pytest.mark.parametrize("seed", range(20))
async def test_no_minute_ever_holds_more_than_the_limit(clock: Any, seed: int) -> None:
    """For any weights and pauses."""
    import random

    chance = random.Random(seed)
    budget = RequestBudget(clock, 100)
    log: list[tuple[float, float]] = []
    for _ in range(200):
        clock.seconds += chance.choice([0, 0, 0.5, 7])
        weight = chance.choice([1, 5, 40])
        await budget.spend(weight)
        log.append((clock.seconds, weight))
    for start, _ in log:
        assert sum(weight for at, weight in log if start <= at < start + 60) <= 100


async def test_more_than_the_whole_budget_passes_alone(clock: Any) -> None:
    """It could never fit."""
    budget = RequestBudget(clock, 10)
    await budget.spend(40)
    await budget.spend(40)
    assert clock.slept == [60.0]


async def test_requests_pass_in_their_order(clock: Any) -> None:
    """A small one does not overtake a large one for ever."""
    budget, passed = RequestBudget(clock, 100), []

    async def spend(weight: float) -> None:
        await budget.spend(weight)
        passed.append(weight)

    await asyncio.gather(*(spend(weight) for weight in (90, 40, 1, 2)))
    assert passed == [90, 40, 1, 2]


async def test_who_gives_up_waiting_has_spent_nothing(clock: Any) -> None:
    """A cancelled request leaves its place."""
    budget = RequestBudget(clock, 100)
    await budget.spend(90)
    waits = asyncio.Event()

    async def hang(_: float) -> None:
        waits.set()
        await asyncio.Event().wait()

    clock.sleep = hang
    task = asyncio.create_task(budget.spend(40))
    await waits.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await budget.spend(10)
