"""A venue of a test's own on loopback, its wire answered by hand, and an account there by real ccxt."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from aiohttp import web

from guard.ports.venue import AccountSpec, Credentials
from guard.venues.account import CcxtAccount
from guard.venues.client import VenueClient
from guard.venues.entry import VenueEntry
from guard.venues.hub import VenueHub
from tests.contract.venues.harness import JumpingClock


class Answering(Protocol):
    """A venue's wire."""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The answer to any request."""
        ...


Wire = TypeVar("Wire", bound=Answering)


@dataclass
class WireBench(Generic[Wire]):
    """The venue, and how to open its account."""

    venue: Wire
    entry: VenueEntry
    key: dict[str, str]
    clock: JumpingClock
    hub: VenueHub
    base_url: str
    opened: list[CcxtAccount] = field(default_factory=list)

    def open(self, **credentials: str) -> CcxtAccount:
        """The account, by real ccxt."""
        name = self.entry.name
        spec = AccountSpec("alice", name, Credentials(**self.key | credentials), base_url=self.base_url)
        site = self.hub.site(name, self.base_url, self.entry.weight_per_minute, self.entry.ccxt_id)
        client = VenueClient(site, spec, self.entry.dialect)
        self.opened.append(CcxtAccount(client, self.entry.open_reader(client)))
        return self.opened[-1]


@asynccontextmanager
async def on_loopback(venue: Wire, entry: VenueEntry, api_key: str, secret: str) -> AsyncIterator[WireBench[Wire]]:
    """One venue that answers, until the end of the test."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", venue.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    clock = JumpingClock()
    hub = VenueHub(clock)
    key = {"api_key": api_key, "secret": secret}
    bench = WireBench(venue, entry, key, clock, hub, f"http://{host}:{port}")
    try:
        yield bench
    finally:
        for account in bench.opened:
            await account.close()
        await hub.close()
        await runner.cleanup()
