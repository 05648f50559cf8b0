"""What a cycle costs beside the ccxt calls that it makes: CPU of this process, the venue in another one."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from guard.app.clock import RandomIds, SystemClock
from guard.app.cycle import Cycle
from guard.app.once import NoProtection
from guard.app.settings import Settings
from guard.app.watch import Watch, watch_of
from guard.ports.records import AccountRecord, Reading
from guard.ports.venue import AccountSpec, Credentials, VenueAccount
from guard.store.migrate import upgrade
from guard.store.store import Store
from guard.store.vault import Vault
from guard.venues.binanceusdm.account import BinanceUsdmAccount
from guard.venues.hub import VenueHub
from guard.venues.registry import open_account
from tests.benchmarks.result import Result, at_most

ROUNDS = 12
TURNS = 5


def run() -> Iterator[Result]:
    """The ratio of CPU: cycles to bare ccxt calls, in turns; and both in milliseconds."""
    logging.disable(logging.CRITICAL)
    try:
        cycle_s, bare_s = asyncio.run(_measure())
    finally:
        logging.disable(logging.NOTSET)
    ratios = sorted(cycle / bare for cycle, bare in zip(cycle_s, bare_s, strict=True))
    yield at_most(
        "cycle of a 20-position account, CPU against its bare ccxt calls", ratios[len(ratios) // 2], "x", 1.25
    )
    yield at_most("cycle of a 20-position account, CPU", sorted(cycle_s)[ROUNDS // 2] / TURNS * 1000, "ms", 100)


async def _measure() -> tuple[list[float], list[float]]:
    cycle_s: list[float] = []
    bare_s: list[float] = []
    async with _world() as (cycle, watch, account):

        async def one_cycle() -> object:
            account.forget_orders()
            reading = await cycle.run(watch)
            assert reading.risk is not None, reading.error
            assert len(reading.risk.pools[0].positions) == 20
            return reading

        await one_cycle()
        await account.ccxt_calls()
        for _ in range(ROUNDS):
            cycle_s.append(await _cpu_s(one_cycle))
            bare_s.append(await _cpu_s(account.ccxt_calls))
    return cycle_s, bare_s


async def _cpu_s(work: Callable[[], Awaitable[object]]) -> float:
    began = time.process_time()
    for _ in range(TURNS):
        await work()
    return time.process_time() - began


@asynccontextmanager
async def _world() -> AsyncIterator[tuple[Cycle, Watch, BinanceUsdmAccount]]:
    command = [sys.executable, "-m", "tests.harness.venue_process"]
    venue = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: ASYNC220, S603
    assert venue.stdout is not None
    said = json.loads(venue.stdout.readline())
    clock, ids = SystemClock(), RandomIds()
    spec = AccountSpec("bench", "binanceusdm", Credentials(said["api_key"], said["secret"]), said["base_url"])
    record = AccountRecord(ids.new("account"), spec, None, "observe", clock.now())
    hub = VenueHub(clock, requests_per_minute=1_000_000)
    account = await open_account(spec, clock, hub)
    assert isinstance(account, BinanceUsdmAccount)

    async def opener(_: AccountSpec) -> VenueAccount:
        return account

    async def tell(_: Watch, reading: Reading, why: str) -> None:
        raise AssertionError(f"not recorded: {why}: {reading}")

    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'guard.db'}"
        upgrade(url)
        store = await Store.open(url, Vault.of(url), ids)
        await store.add_account(record)
        cycle = Cycle(
            store=store,
            clock=clock,
            ids=ids,
            opener=opener,
            protector=NoProtection(),
            wake_outbox=lambda: None,
            tell_directly=tell,
            timeout_s=20,
            console=False,
        )
        try:
            yield cycle, watch_of(record, Settings()), account
        finally:
            await account.close()
            await hub.close()
            await store.close()
            venue.communicate("", timeout=10)
