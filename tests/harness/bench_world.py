"""What benchmarks of the cycle run in: a venue in another process, a real database, and bare ccxt beside them."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from guard.app.clock import RandomIds, SystemClock
from guard.app.cycle import Cycle
from guard.app.handover import Unattended
from guard.app.hearing import Hearing
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

Work = Callable[[], Awaitable[Any]]


@contextmanager
def venue_process(listed: int = 0) -> Iterator[dict[str, str]]:
    """A sandbox venue in a process of its own, listing at least `listed` contracts: base_url, api_key, secret."""
    command = [sys.executable, "-m", "tests.harness.venue_process", str(listed)]
    venue = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603 - ours
    try:
        assert venue.stdout is not None
        said: dict[str, str] = json.loads(venue.stdout.readline())
        yield said
    finally:
        venue.communicate("", timeout=10)


@dataclass(frozen=True)
class CyclingWorld:
    """Cycles of several accounts, each of which reads everything anew."""

    cycle: Cycle
    watches: Sequence[Watch]
    readers: Sequence[FuturesReader]

    @property
    def specs(self) -> list[AccountSpec]:
        """The accounts."""
        return [watch.record.spec for watch in self.watches]

    @property
    def cycles(self) -> list[Work]:
        """One cycle of each account."""
        return [partial(self.turn, number) for number in range(len(self.watches))]

    @property
    def bare_requests(self) -> list[Work]:
        """The requests that a cycle makes of ccxt, answers thrown away."""
        return [reader.ccxt_calls for reader in self.readers]

    async def turn(self, number: int) -> Reading:
        """One cycle of one account, with the lists of orders read anew."""
        self.readers[number].forget_orders()
        reading = await self.cycle.run(self.watches[number])
        assert reading.risk is not None, reading.error
        assert len(reading.risk.pools[0].positions) == 20
        return reading


@asynccontextmanager
async def cycling(accounts: int) -> AsyncIterator[CyclingWorld]:
    """Accounts with 20 positions each, on a real database and a venue in another process."""
    clock, ids = SystemClock(), RandomIds()
    async with AsyncExitStack() as held:
        said = held.enter_context(venue_process())
        folder = Path(held.enter_context(tempfile.TemporaryDirectory()))
        hub = VenueHub(clock, requests_per_minute=10**6)
        held.push_async_callback(hub.close)
        url = f"sqlite:///{folder / 'guard.db'}"
        upgrade(url)
        store = await Store.open(url, Vault.of(url), ids)
        held.push_async_callback(store.close)
        opened: dict[str, CcxtAccount] = {}
        watches = []
        for number in range(accounts):
            key = Credentials(said["api_key"], said["secret"])
            spec = AccountSpec(f"bench{number}", "binanceusdm", key, said["base_url"])
            record = AccountRecord(ids.new("account"), spec, None, "observe", clock.now())
            await store.add_account(record)
            watches.append(watch_of(record, Settings()))
            account = await open_account(spec, clock, hub)
            assert isinstance(account, CcxtAccount)
            held.push_async_callback(account.close)
            opened[spec.name] = account

        async def opener(spec: AccountSpec) -> VenueAccount:
            return opened[spec.name]

        async def tell(_: Watch, reading: Reading, why: str) -> None:
            raise AssertionError(f"not recorded: {why}: {reading}")

        cycle = Cycle(
            store=store,
            clock=clock,
            ids=ids,
            opener=opener,
            protector=NoProtection(),
            handover=Unattended(),
            tell_directly=tell,
            timeout_s=20,
            hearing=Hearing(console=False),
        )
        readers = [account.reader for account in opened.values()]
        assert all(isinstance(reader, FuturesReader) for reader in readers)
        yield CyclingWorld(cycle, watches, [reader for reader in readers if isinstance(reader, FuturesReader)])


@asynccontextmanager
async def unified_ccxt(specs: Sequence[AccountSpec]) -> AsyncIterator[list[Work]]:
    """What a program without our adapter asks of ccxt for the same knowledge, once for each account."""
    from ccxt.async_support.binanceusdm import binanceusdm

    async with AsyncExitStack() as held:
        works: list[Work] = []
        for spec in specs:
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
            held.push_async_callback(exchange.close)
            await exchange.load_markets()
            works.append(partial(_unified_calls, exchange))
        yield works


async def _unified_calls(exchange: Any) -> object:
    return await asyncio.gather(
        exchange.fetch_balance(),
        exchange.fetch_positions(),
        exchange.fetch_open_orders(),
        exchange.fetch_open_orders(params={"trigger": True}),
    )
