"""Real ccxt.pro at a venue's dialect of the sandbox, on loopback; what the streams tell is kept for the test."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from guard.app.clock import SystemClock
from guard.ports.venue import AccountSpec, Credentials
from guard.sandbox.dialects.table import DIALECTS, dialect_of
from guard.sandbox.engine.engine import Engine
from guard.sandbox.engine.sides import Side
from guard.sandbox.server import SandboxAccount, SandboxServer
from guard.venues.entry import VenueEntry
from guard.venues.hub import VenueHub
from guard.venues.registry import VENUES, entry_of, open_account
from guard.venues.streaming.board import MarkBoard
from guard.venues.streaming.hub import StreamHub
from guard.venues.streaming.plan import StreamBounds
from tests.contract.venues.harness import Harness

QUICK = StreamBounds(
    silent_after_s=2.5, calm_s=0.5, urgent_s=0.2, check_s=0.1, backoff_first_s=0.1, backoff_max_s=0.4, close_s=1.0
)
_FOLDER = Path(__file__).parents[2] / "contract" / "venues"


def harness_of(venue: str) -> type[Harness]:
    """What the contract suite knows of a venue."""
    found: type[Harness] = importlib.import_module(f"tests.contract.venues.harness_{venue}").HARNESS
    return found


# The dialect serves no listen key of portfolio margin: marks only.
MARKS_ONLY = frozenset({"binancepm"})


def streamed_venues() -> list[str]:
    """Venues with a plan, a dialect and a harness."""
    known = {path.stem.removeprefix("harness_") for path in _FOLDER.glob("harness_*.py")}
    listed = sorted(known & set(VENUES) & set(DIALECTS))
    return [venue for venue in listed if (entry := entry_of(venue)) is not None and entry.streams is not None]


class Stage:
    """A venue, its accounts, and everything that streams have said."""

    def __init__(self, kind: type[Harness], server: SandboxServer) -> None:
        self.clock = SystemClock()
        self.hub = VenueHub(self.clock, requests_per_minute=10**6)
        self.server = server
        # Only what knows the venue's names is used: no proxy, and the real clock.
        self.harness = kind(server, cast("Any", SimpleNamespace()), cast("Any", self.clock), self.hub)
        self.streams = StreamHub(self.hub, entry_of, self.clock, QUICK)
        self.streams.listener = self
        self.opened: list[Any] = []
        self.specs: dict[str, AccountSpec] = {}
        self.marks: list[dict[str, float]] = []
        self.events: list[str] = []
        self._said = asyncio.Event()
        self._last_event_s = 0.0

    @property
    def btc(self) -> str:
        """The engine's name of the contract that is held."""
        return self.harness.engine_symbol("BTCUSDT")

    @property
    def symbol(self) -> str:
        """Its unified symbol, as the venue's adapter calls it."""
        return self.harness.symbol("BTCUSDT")

    def on_marks(self, board: MarkBoard, symbols: frozenset[str]) -> None:
        """Keep what changed."""
        self.marks.append({name: mark.price for name in symbols if (mark := board.mark(name)) is not None})
        self._said.set()

    def on_event(self, account_id: str) -> None:
        """Keep whose news it was."""
        self.events.append(account_id)
        self._last_event_s = self.clock.monotonic()
        self._said.set()

    async def account(self, name: str = "alice", *, hold: bool = True) -> SandboxAccount:
        """A sandbox account with one BTC, read once, listened to, and all streams up."""
        made = self.harness.account(name, self.harness.holding("BTCUSDT", "1", "43500"))
        spec = AccountSpec(
            name, self.harness.venue, Credentials(**self.harness.credentials(made)), base_url=self.server.base_url
        )
        self.specs[name] = spec
        opened = await open_account(spec, self.clock, self.hub)
        self.opened.append(opened)
        book = (await opened.fetch_book()).book
        assert [leg.symbol for leg in book.positions] == [self.symbol]
        assert self.streams.follow(name, spec)
        if hold:
            self.streams.hold(name, frozenset({self.symbol}), urgent=False)
        return made

    def listen_to_nothing(self) -> None:
        """As if the venue had no streams."""

        def entry(venue: str) -> VenueEntry | None:
            found = entry_of(venue)
            assert found is not None
            return replace(found, streams=replace(found.streams, watch_marks=None, watch_account=None))

        self.streams = StreamHub(self.hub, entry, self.clock, QUICK)
        self.streams.listener = self

    async def account_spec_only(self, name: str) -> None:
        """An account that is listened to without having been read."""
        made = self.harness.account(name)
        key = Credentials(**self.harness.credentials(made))
        self.streams.follow(name, AccountSpec(name, self.harness.venue, key, base_url=self.server.base_url))

    async def until(self, what: str, happened: Callable[[], bool], limit_s: float = 15.0) -> None:
        """Wait until something is so; looked at whenever a stream speaks, and a few times a second."""
        try:
            async with asyncio.timeout(limit_s):
                while not happened():
                    self._said.clear()
                    try:
                        async with asyncio.timeout(0.05):
                            await self._said.wait()
                    except TimeoutError:
                        continue
        except TimeoutError:
            pytest.fail(f"{what} did not happen within {limit_s} s: {self.streams.states()}, {self.marks[-3:]}")

    async def until_up(self) -> None:
        """Every stream stands and speaks, and the account's own channels are heard by the venue."""
        await self.until("streams that are up", lambda: all(state.healthy for state in self.streams.states()))
        await asyncio.wait_for(self.server.served.streams.until_listened(), 10)

    async def until_quiet(self) -> None:
        """The snapshots with which some venues begin each channel are through: nothing for a second."""
        self._last_event_s = self.clock.monotonic()
        await self.until("quiet", lambda: self.clock.monotonic() - self._last_event_s > 1)

    def trade(self, account: SandboxAccount) -> None:
        """The owner buys half a BTC at the venue's own site, at whatever price is asked."""
        self.harness.rest(account, "BTCUSDT", Side.BUY, "0.5", "43000")

    def told(self, price: float) -> bool:
        """Whether the latest mark is this price."""
        return bool(self.marks) and self.marks[-1].get(self.symbol) == pytest.approx(price, rel=1e-6)

    async def close(self) -> None:
        """Everything."""
        await self.streams.close()
        for each in self.opened:
            await each.close()
        await self.hub.close()


@asynccontextmanager
async def staged(venue: str) -> AsyncIterator[Stage]:
    """One venue; its prices stand still until they are set."""
    dialect = dialect_of(venue)
    start_ms = int(SystemClock().now().timestamp() * 1000)
    engine = Engine(start_ms=start_ms, instruments=dialect.instruments(), rule=dialect.rule)
    server = SandboxServer(engine, SystemClock(), seed=1, tick_s=0.05, dialect=dialect)
    server.served.lift_limits()
    await server.start()
    stage = Stage(harness_of(venue), server)
    try:
        yield stage
    finally:
        await stage.close()
        await server.stop()


@pytest.fixture(params=sorted(set(streamed_venues()) - MARKS_ONLY))
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    """Each venue that is streamed."""
    async with staged(request.param) as made:
        yield made


@pytest.fixture(params=streamed_venues())
async def any_stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    """Each venue that is streamed, those included whose dialect streams no account."""
    async with staged(request.param) as made:
        yield made


@pytest.fixture
async def binance() -> AsyncIterator[Stage]:
    """Binance USD-M."""
    async with staged("binanceusdm") as made:
        yield made
