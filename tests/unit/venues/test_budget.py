"""The request budget: a rolling minute, in order, on the injected clock."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from guard.venues.budget import RequestBudget, never_waiting


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


async def test_orders_pass_at_once_and_are_counted(clock: Any) -> None:
    """Before those who wait as well; a reading waits the longer for it, and the promise ends with the order."""
    budget = RequestBudget(clock, 100)
    await budget.spend(100)
    clock.seconds += 20
    with never_waiting():
        await budget.spend(30)
    assert clock.slept == []
    await budget.spend(70)
    assert clock.slept == [40.0]
    await budget.spend(10)
    assert clock.slept == [40.0, 20.0]


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


class _Gate:
    """A clock whose sleepers wake when it is moved."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._moved = asyncio.Event()

    def monotonic(self) -> float:
        """Stopwatch."""
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        """Until it was moved that far."""
        until = self.seconds + seconds
        while self.seconds < until:
            self._moved.clear()
            await self._moved.wait()

    async def move(self, seconds: float) -> None:
        """Let time pass, and everybody do what they can."""
        self.seconds += seconds
        self._moved.set()
        for _ in range(50):
            await asyncio.sleep(0)


async def _passed_in_order(asked: list[tuple[str, float, int]], per_minute: float = 10) -> list[str]:
    """Who passes in which order, asking in the given one while the budget is used up by `first`."""
    gate: Any = _Gate()
    budget = RequestBudget(gate, per_minute)
    await budget.spend(per_minute, "first")
    passed: list[str] = []

    async def ask(name: str, weight: float, urgency: int) -> None:
        await budget.spend(weight, name, urgency)
        passed.append(name)

    tasks = [asyncio.create_task(ask(*each)) for each in asked]
    await gate.move(0)
    for _ in range(20):
        await gate.move(60)
    await asyncio.gather(*tasks)
    return passed


async def test_the_riskiest_account_passes_first() -> None:
    """Even when it came last."""
    assert await _passed_in_order([("calm", 10, 0), ("warning", 10, 2), ("danger", 10, 3)]) == [
        "danger",
        "warning",
        "calm",
    ]


async def test_an_account_with_many_requests_does_not_starve_another() -> None:
    """Who has spent least goes first, among equally urgent ones."""
    order = await _passed_in_order([("greedy", 5, 0), ("greedy", 5, 0), ("greedy", 5, 0), ("modest", 5, 0)])
    assert order.index("modest") < 2


async def test_one_who_gives_up_waiting_blocks_nobody() -> None:
    """A cancelled request leaves the queue."""
    gate: Any = _Gate()
    budget = RequestBudget(gate, 10)
    await budget.spend(10)
    given_up = asyncio.create_task(budget.spend(10, "a", 9))
    patient = asyncio.create_task(budget.spend(10, "b"))
    await gate.move(0)
    given_up.cancel()
    await gate.move(60)
    assert patient.done()
    await patient
    assert given_up.cancelled()


async def test_a_rounding_error_is_no_time_to_sleep(clock: Any) -> None:
    """A clock does not get on by 1e-14 s; who sleeps so long would ask for ever."""
    budget = RequestBudget(clock, 1)
    clock.seconds = 60.08
    await budget.spend(1)
    clock.seconds = 60.08 + 60.0 - 1e-14
    await budget.spend(1)
    assert all(slept >= 0.001 for slept in clock.slept)


async def test_an_urgent_request_that_fits_does_not_wait_behind_a_heavy_one(clock: Any) -> None:
    """The heavy one waits for its own weight, not the riskiest account for it; among equals the order holds."""
    budget = RequestBudget(clock, 100)
    await budget.spend(90)
    heavy = asyncio.create_task(budget.spend(50, "calm"))
    light = asyncio.create_task(budget.spend(5, "calm too"))
    await asyncio.sleep(0)
    began_s = clock.seconds
    await budget.spend(5, "in danger", urgency=3)
    assert clock.seconds == began_s
    assert not heavy.done()
    assert not light.done()
    await asyncio.gather(heavy, light)
