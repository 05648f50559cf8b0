"""What one more account costs: memory beside its own book, and how many cycles one core does in a second.

Memory is traced (`tracemalloc`), the venue in another process lists 600 contracts as a real one does. A book is what a
reading leaves behind; its own size is that of a deep copy. Throughput is counted in CPU seconds of this process, many
accounts at once, in turns with bare ccxt making the same calls for the same accounts.
"""

from __future__ import annotations

import asyncio
import copy
import gc
import logging
import sys
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from guard.app.clock import SystemClock
from guard.ports.venue import AccountSpec, Credentials, FetchedBook, VenueAccount
from guard.venues.hub import VenueHub
from guard.venues.registry import open_account
from tests.benchmarks.result import Result, at_least, at_most
from tests.harness.bench_world import cycling, unified_ccxt, venue_process

ACCOUNTS = 40
AT_ONCE = 10
ROUNDS = 8
KIB = 1024


def run() -> Iterator[Result]:
    """KiB an account, and the ratio of throughputs."""
    logging.disable(logging.CRITICAL)
    try:
        yield at_most("one more account, beside its own book", asyncio.run(_memory_kib()), "KiB", 20)
        ours, theirs = asyncio.run(_throughput())
    finally:
        logging.disable(logging.NOTSET)
    yield at_least("cycles a second of one core, 20 positions, against bare ccxt", ours / theirs, "x", 0.85)
    yield at_least("cycles a second of one core, 20 positions", ours, "1/s", 50)


async def _memory_kib() -> float:
    clock = SystemClock()
    with venue_process(listed=600) as said:
        hub = VenueHub(clock, requests_per_minute=10**6)

        def spec(number: int) -> AccountSpec:
            return AccountSpec(
                f"a{number}", "binanceusdm", Credentials(said["api_key"], said["secret"]), said["base_url"]
            )

        first = await open_account(spec(0), clock, hub)
        await first.fetch_book()
        tracemalloc.start()
        before = _traced()
        opened: list[VenueAccount] = []
        books: list[FetchedBook] = []
        for number in range(1, ACCOUNTS + 1):
            opened.append(await open_account(spec(number), clock, hub))
            books.append(await opened[-1].fetch_book())
        after = _traced()
        copies = [copy.deepcopy(book) for book in books]
        own = _traced() - after
        tracemalloc.stop()
        for account in (first, *opened):
            await account.close()
        await hub.close()
        assert len(copies) == ACCOUNTS
        return (after - before - own) / ACCOUNTS / KIB


def _traced() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


async def _throughput() -> tuple[float, float]:
    """Cycles a CPU second: ours, and bare ccxt's; medians of rounds in turns."""
    async with cycling(AT_ONCE) as world, unified_ccxt(world.specs) as calls:
        turns: list[list[Callable[[], Awaitable[Any]]]] = [world.cycles, calls]
        rates: list[list[float]] = [[], []]
        for round_ in range(ROUNDS + 1):
            for which, work in enumerate(turns):
                began = time.process_time()
                await asyncio.gather(*(each() for each in work))
                rate = len(work) / (time.process_time() - began)
                if round_:
                    rates[which].append(rate)
    ours, theirs = (sorted(each)[len(each) // 2] for each in rates)
    return ours, theirs


if __name__ == "__main__":
    for result in run():
        sys.stdout.write(result.line() + "\n")
