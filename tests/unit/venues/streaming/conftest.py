"""A site whose ccxt.pro is a stand-in that the test speaks through; on virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from decimal import Decimal
from typing import Any, cast

import pytest

from guard.ports.clock import Clock
from guard.ports.errors import VenueError
from guard.ports.venue import AccountSpec, Instrument
from guard.venues.client import Endpoint, VenueClient
from guard.venues.hub import VenueSite
from guard.venues.markets import Listing, MarketTable
from guard.venues.shared import Shared
from guard.venues.streaming.plan import Event, MarksCall, StreamPlan, Watcher
from guard.venues.streaming.socket import Receiver, SocketMaker

BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"
CALL = Endpoint("marks", "test GET marks", signed=False)


def listing(symbol: str) -> Listing:
    """A linear contract."""
    one = Decimal(1)
    name = symbol.partition(":")[0].replace("/", "")
    return Listing(name, symbol, "USDT", "linear", 1.0, Instrument(symbol, one, one, one, one), 0.001, 0.001)


class Site:
    """What a link asks of a `VenueSite`."""

    venue = "test"
    timeout_s = 5.0

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.markets: Shared[MarketTable] = Shared(clock, 1e9)
        self.paused_until_s = 0.0

    async def open(self) -> None:
        """Have markets."""

        async def read() -> MarketTable:
            return MarketTable.of([listing(BTC), listing(ETH)])

        await self.markets.get(read)

    def pause_left_s(self) -> float:
        """As the real one."""
        return max(0.0, self.paused_until_s - self.clock.monotonic())

    def pause(self, seconds: float) -> None:
        """As the real one."""
        self.paused_until_s = self.clock.monotonic() + seconds


class Exchange:
    """One connection; `fails` is raised by whoever subscribes."""

    def __init__(self, receiver: Receiver, fails: Exception | None) -> None:
        self.receiver = receiver
        self.fails = fails
        self.subscribed: list[str] = []
        self.closed = False

    def set_markets(self, markets: object) -> None:
        """Not needed here."""

    async def watch(self, names: Sequence[str]) -> None:
        """Subscribe, then stay, as ccxt's methods do when nothing resolves them."""
        if self.fails is not None:
            raise self.fails
        self.subscribed += names
        self.receiver.connected()
        await asyncio.Event().wait()

    async def close(self) -> None:
        """Closed."""
        self.closed = True


class Sockets:
    """Makes exchanges and keeps them for the test."""

    def __init__(self) -> None:
        self.made: list[Exchange] = []
        self.dialled_s: list[float] = []
        self.fails: Exception | None = None
        self.clock: Clock | None = None

    def public(self, receiver: Receiver) -> Exchange:
        """A new one."""
        if self.clock is not None:
            self.dialled_s.append(self.clock.monotonic())
        self.made.append(Exchange(receiver, self.fails))
        return self.made[-1]

    def private(self, spec: AccountSpec, receiver: Receiver) -> Exchange:
        """A new one."""
        return self.public(receiver)

    @property
    def last(self) -> Exchange:
        """The newest."""
        return self.made[-1]


class Caller:
    """Answers the call for all marks."""

    def __init__(self) -> None:
        self.answer: object = {}
        self.asked = 0

    async def call(self, endpoint: Endpoint, params: object) -> object:
        """The answer, or the failure."""
        assert endpoint is CALL
        self.asked += 1
        if isinstance(self.answer, VenueError):
            raise self.answer
        return self.answer


def read_marks(message: object) -> dict[str, float | None] | None:
    """Marks are `{"marks": {id: price}}`."""
    said = cast("dict[str, dict[str, float | None]]", message)
    return said.get("marks")


def read_events(message: object) -> list[Event] | None:
    """Events are `{"events": [(key, substance)]}`; `{"over": error}` ends the stream."""
    said = cast("dict[str, Any]", message)
    if "over" in said:
        raise said["over"]
    return [Event(*each) for each in said["events"]] if "events" in said else None


def _watch_account(exchange: Exchange) -> list[Watcher]:
    return [exchange.watch(["account"])]


def _watch_marks(exchange: Exchange, rows: Sequence[Listing]) -> list[Coroutine[Any, Any, None]]:
    return [exchange.watch([row.market_id for row in rows])]


PLAN = StreamPlan(
    read_marks=read_marks,
    read_events=read_events,
    watch_marks=_watch_marks,
    watch_account=_watch_account,
    marks_calls=(MarksCall(CALL, lambda answer: cast("dict[str, float]", answer)),),
)


class Stage:
    """Site, sockets and caller, typed as what they stand for."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.at = Site(clock)
        self.dialled = Sockets()
        self.dialled.clock = clock
        self.called = Caller()

    @property
    def site(self) -> VenueSite:
        """As a `VenueSite`."""
        return cast("VenueSite", self.at)

    @property
    def sockets(self) -> SocketMaker:
        """As a `SocketMaker`."""
        return cast("SocketMaker", self.dialled)

    @property
    def caller(self) -> VenueClient:
        """As a `VenueClient`."""
        return cast("VenueClient", self.called)


@pytest.fixture
def stage() -> type[Stage]:
    """Where a test's site is made, inside its virtual loop."""
    return Stage


@pytest.fixture
def plan() -> StreamPlan:
    """A plan over made-up messages."""
    return PLAN
