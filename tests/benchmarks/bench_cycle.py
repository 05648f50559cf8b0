"""What a cycle costs beside ccxt: CPU of this process, the venue in another one, all in turns in one run.

Two yardsticks: the unified calls that a program makes for the same knowledge (fetch_balance, fetch_positions,
fetch_open_orders with and without conditional orders), and the bare requests that our adapter makes of ccxt, whose
answers nobody has parsed yet.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator

from tests.benchmarks.result import Result, at_most
from tests.harness.bench_world import cycling, unified_ccxt

ROUNDS = 12
TURNS = 5


def run() -> Iterator[Result]:
    """The ratios of CPU, and the cycle in milliseconds."""
    logging.disable(logging.CRITICAL)
    try:
        cycle_s, unified_s, bare_s = asyncio.run(_measure())
    finally:
        logging.disable(logging.NOTSET)
    name = "cycle of a 20-position account, CPU"
    yield at_most(f"{name} against ccxt's unified calls for the same", _median_ratio(cycle_s, unified_s), "x", 1.25)
    yield at_most(f"{name} against the bare requests that it makes", _median_ratio(cycle_s, bare_s), "x", 1.25)
    yield at_most(name, sorted(cycle_s)[ROUNDS // 2] / TURNS * 1000, "ms", 10)


def _median_ratio(ours: list[float], theirs: list[float]) -> float:
    return sorted(our / their for our, their in zip(ours, theirs, strict=True))[ROUNDS // 2]


async def _measure() -> tuple[list[float], list[float], list[float]]:
    cycle_s: list[float] = []
    unified_s: list[float] = []
    bare_s: list[float] = []
    async with cycling(1) as world, unified_ccxt(world.specs) as (unified_calls,):
        (one_cycle,), (bare_requests,) = world.cycles, world.bare_requests
        for work in (one_cycle, unified_calls, bare_requests):
            await work()
        for _ in range(ROUNDS):
            cycle_s.append(await _cpu_s(one_cycle))
            unified_s.append(await _cpu_s(unified_calls))
            bare_s.append(await _cpu_s(bare_requests))
    return cycle_s, unified_s, bare_s


async def _cpu_s(work: Callable[[], Awaitable[object]]) -> float:
    """CPU seconds of this process for some turns of `work`."""
    before = time.process_time()
    for _ in range(TURNS):
        await work()
    return time.process_time() - before
