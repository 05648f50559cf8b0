"""The wire without a socket is the same wire: same books, same refusals."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from guard.ports.errors import CredentialsRejected, VenueUnavailable
from guard.ports.venue import AccountSpec, Credentials
from guard.sandbox.engine.engine import Engine, Holding
from guard.sandbox.faults import FaultKind
from guard.sandbox.server import SandboxServer
from guard.sim.in_process import BASE_URL, InProcessHub, InProcessSession
from guard.sim.virtual_time import START, VirtualClock, VirtualTimeLoop, run_virtual
from guard.venues.hub import VenueHub
from guard.venues.registry import open_account


def _venue(clock: VirtualClock) -> SandboxServer:
    """A venue with one account: long BTC, short SOL."""
    engine = Engine(start_ms=int(START.timestamp() * 1000))
    venue = SandboxServer(engine, clock, seed=1)
    holdings = [
        Holding("BTCUSDT", Decimal("5.5"), Decimal(43_000)),
        Holding("SOLUSDT", Decimal(-400), Decimal(60)),
    ]
    venue.add_account("alice", {"USDT": 100_000}, holdings)
    return venue


def _session(venue: SandboxServer, latency_s: Callable[[], float] = lambda: 0.0) -> InProcessSession:
    return InProcessSession(venue.served.rest, venue.clock, latency_s)


def _spec(venue: SandboxServer, base_url: str) -> AccountSpec:
    account = venue.accounts["alice"]
    return AccountSpec("alice", "binanceusdm", Credentials(account.api_key, account.secret), base_url)


async def test_the_book_is_the_one_that_http_brings() -> None:
    """Read over a real socket and in process at the same standing moment, all of it is equal."""
    standing = VirtualTimeLoop()
    clock = VirtualClock(standing)
    venue = _venue(clock)
    books: list[Any] = []
    hubs = ((VenueHub(clock), await venue.start()), (InProcessHub(clock, _session(venue)), BASE_URL))
    for hub, base_url in hubs:
        account = await open_account(_spec(venue, base_url), clock, hub)
        books.append((await account.fetch_book(), await account.check(), await account.depth("BTC/USDT:USDT")))
        await account.close()
        await hub.close()
    await venue.stop()
    standing.close()
    assert books[0] == books[1]
    assert len(books[0][0].book.positions) == 2


def test_latency_is_virtual_and_shows_in_the_times_of_the_parts() -> None:
    """A minute each way passes without waiting; the parts carry the time of their receipt."""

    async def main() -> tuple[float, float]:
        clock = VirtualClock.running()
        venue = _venue(clock)
        hub = InProcessHub(clock, _session(venue, lambda: 0.25))
        account = await open_account(_spec(venue, BASE_URL), clock, hub)
        fetched = await account.fetch_book()
        await account.close()
        return clock.monotonic(), (fetched.parts["positions"] - START).total_seconds()

    passed_s, received_s = run_virtual(main())
    assert passed_s >= 1.0
    assert received_s > 0.5


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (FaultKind.RESET, VenueUnavailable),
        (FaultKind.HANG, VenueUnavailable),
        (FaultKind.OUTAGE, VenueUnavailable),
        (FaultKind.BAD_CREDENTIALS, CredentialsRejected),
    ],
)
def test_trouble_is_the_trouble_of_the_wire(kind: FaultKind, error: type[Exception]) -> None:
    """Cut connections, silence and refusals become the errors that they become in life, in virtual time."""

    async def main() -> float:
        clock = VirtualClock.running()
        venue = _venue(clock)
        hub = InProcessHub(clock, _session(venue))
        account = await open_account(_spec(venue, BASE_URL), clock, hub)
        venue.add_fault(kind)
        with pytest.raises(error):
            await account.fetch_book()
        await account.close()
        return clock.monotonic()

    assert run_virtual(main()) < 120
