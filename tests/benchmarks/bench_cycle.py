"""What a cycle costs beside ccxt: CPU of this process, the venue in another one, all in turns in one run.

Two yardsticks: the unified calls that a program makes for the same knowledge (fetch_balance, fetch_positions,
fetch_open_orders with and without conditional orders), and the bare requests that our adapter makes of ccxt, whose
answers nobody has parsed yet.
"""

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
from urllib.parse import urlsplit

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
from guard.venues.account import CcxtAccount
from guard.venues.binance.reader import FuturesReader
from guard.venues.hub import VenueHub
from guard.venues.registry import open_account
from tests.benchmarks.result import Result, at_most

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
    async with _world() as (cycle, watch, reader), _unified(watch.record.spec) as unified_calls:

        async def one_cycle() -> object:
            reader.forget_orders()
            reading = await cycle.run(watch)
            assert reading.risk is not None, reading.error
            assert len(reading.risk.pools[0].positions) == 20
            return reading

        for work in (one_cycle, unified_calls, reader.ccxt_calls):
            await work()
        for _ in range(ROUNDS):
            cycle_s.append(await _cpu_s(one_cycle))
            unified_s.append(await _cpu_s(unified_calls))
            bare_s.append(await _cpu_s(reader.ccxt_calls))
    return cycle_s, unified_s, bare_s


async def _cpu_s(work: Callable[[], Awaitable[object]]) -> float:
    began = time.process_time()
    for _ in range(TURNS):
        await work()
    return time.process_time() - began


@asynccontextmanager
async def _unified(spec: AccountSpec) -> AsyncIterator[Callable[[], Awaitable[object]]]:
    """What a program without our adapter asks of ccxt for the same knowledge."""
    from ccxt.async_support.binanceusdm import binanceusdm

    exchange = binanceusdm(
        {
            "apiKey": spec.credentials.api_key,
            "secret": spec.credentials.secret,
            "enableRateLimit": False,
            "options": {"fetchCurrencies": False, "fetchOpenOrders": {"warnWithoutSymbol": False}},
        }
    )
    for name, address in exchange.urls["api"].items():
        if isinstance(address, str):
            exchange.urls["api"][name] = f"{spec.base_url}{urlsplit(address).path}"

    async def calls() -> object:
        return await asyncio.gather(
            exchange.fetch_balance(),
            exchange.fetch_positions(),
            exchange.fetch_open_orders(),
            exchange.fetch_open_orders(params={"trigger": True}),
        )

    await exchange.load_markets()
    try:
        yield calls
    finally:
        await exchange.close()


@asynccontextmanager
async def _world() -> AsyncIterator[tuple[Cycle, Watch, FuturesReader]]:
    command = [sys.executable, "-m", "tests.harness.venue_process"]
    venue = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: ASYNC220, S603
    assert venue.stdout is not None
    said = json.loads(venue.stdout.readline())
    clock, ids = SystemClock(), RandomIds()
    spec = AccountSpec("bench", "binanceusdm", Credentials(said["api_key"], said["secret"]), said["base_url"])
    record = AccountRecord(ids.new("account"), spec, None, "observe", clock.now())
    hub = VenueHub(clock, requests_per_minute=1_000_000)
    account = await open_account(spec, clock, hub)
    assert isinstance(account, CcxtAccount)
    reader = account.reader
    assert isinstance(reader, FuturesReader)

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
            yield cycle, watch_of(record, Settings()), reader
        finally:
            await account.close()
            await hub.close()
            await store.close()
            venue.communicate("", timeout=10)
