"""The sandbox venue behind a proxy that can tamper with answers, and accounts opened on it with real ccxt.

A new adapter joins by a harness of its own: the sandbox's dialect, its names for requests, rows and fields.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from guard.app.clock import SystemClock
from guard.ports.venue import AccountSpec, Credentials, VenueAccount
from guard.sandbox.engine.engine import Engine, Holding
from guard.sandbox.engine.sides import Leg
from guard.sandbox.server import SandboxAccount, SandboxServer
from guard.venues.hub import VenueHub
from guard.venues.registry import open_account

Change = Callable[[Any], Any]


class JumpingClock:
    """Real time, except that sleeping jumps ahead at once; `drift_s` puts the wall clock wrong."""

    def __init__(self) -> None:
        self._real = SystemClock()
        self._ahead_s = 0.0
        self.drift_s = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        """Wall time."""
        return self._real.now() + timedelta(seconds=self.drift_s)

    def monotonic(self) -> float:
        """Stopwatch."""
        return self._real.monotonic() + self._ahead_s

    def jump(self, seconds: float) -> None:
        """Move the stopwatch ahead."""
        self._ahead_s += seconds

    async def sleep(self, seconds: float) -> None:
        """Move the stopwatch ahead instead of waiting."""
        self.slept.append(seconds)
        self.jump(seconds)
        await asyncio.sleep(0)


@dataclass
class Tampering:
    """What a proxy does to the answers of requests whose path ends with a name.

    `changes` rewrite JSON; `pages` replace the answer by status, type and body; `before` runs ahead of the request.
    """

    changes: dict[str, Change] = field(default_factory=dict)
    pages: dict[str, tuple[int, str, bytes]] = field(default_factory=dict)
    before: dict[str, Callable[[], None]] = field(default_factory=dict)
    seen: list[tuple[str, str, Mapping[str, str]]] = field(default_factory=list)

    def count(self, name: str) -> int:
        """How many requests ended with `name`."""
        return sum(path.endswith(name) for _, path, _ in self.seen)


class Proxy:
    """Forwards every request to the sandbox as it came, and tampers with the answer."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._runner: web.AppRunner | None = None
        self._session = aiohttp.ClientSession()
        self.tampering = Tampering()
        self.base_url = ""

    async def start(self) -> None:
        """Listen on any free port of loopback."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._forward)
        self._runner = web.AppRunner(app, shutdown_timeout=0.2, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.base_url = f"http://{host}:{port}"

    async def stop(self) -> None:
        """Stop listening."""
        await self._session.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _forward(self, request: web.Request) -> web.Response:
        sent = await request.read()
        query = {**request.query, **dict(part.split("=", 1) for part in sent.decode().split("&") if "=" in part)}
        self.tampering.seen.append((request.method, request.path, query))
        self._applying(self.tampering.before, request.path, lambda: None)()
        headers = {k: v for k, v in request.headers.items() if k.lower() in {"x-mbx-apikey", "content-type"}}
        url = f"{self._target}{request.raw_path}"
        async with self._session.request(request.method, url, data=sent, headers=headers) as answer:
            body, status, kind = await answer.read(), answer.status, answer.content_type
            kept = {name: value for name, value in answer.headers.items() if name == "Retry-After"}
        if status == 200 and kind == "application/json":
            changed = self._applying(self.tampering.changes, request.path, lambda parsed: parsed)(json.loads(body))
            body = json.dumps(changed).encode()
        status, kind, body = self._applying(self.tampering.pages, request.path, (status, kind, body))
        return web.Response(status=status, content_type=kind, body=body, headers=kept)

    @staticmethod
    def _applying(table: Mapping[str, Any], path: str, default: Any) -> Any:
        return next((value for name, value in table.items() if path.endswith(name)), default)


@dataclass
class BinanceUsdm:
    """The harness of `binanceusdm`: what its requests and fields are called."""

    server: SandboxServer
    proxy: Proxy
    clock: JumpingClock
    hub: VenueHub
    opened: list[VenueAccount]

    venue = "binanceusdm"
    balances = "/fapi/v3/account"
    positions = "/fapi/v3/positionRisk"
    open_orders = "/fapi/v1/openOrders"
    conditional_orders = "/fapi/v1/openAlgoOrders"
    tiers = "/fapi/v1/leverageBracket"
    listings = "/fapi/v1/exchangeInfo"
    settings = "/fapi/v1/symbolConfig"
    mode = "/fapi/v1/positionSide/dual"
    rights = "/sapi/v1/account/apiRestrictions"
    orders = "/fapi/v1/order"
    time = "/fapi/v1/time"

    def hurry(self, opened: Any, seconds: float) -> None:
        """Let its answers take at most this long."""
        opened._client.site.timeout_s = seconds
        opened._client.exchange.timeout = int(seconds * 1000)

    def key(self, account: SandboxAccount, **rights: Any) -> dict[str, str]:
        """Credentials of one more key to an account, with the given rights."""
        made = self.server.add_key(account.account, **rights)
        return {"api_key": made.key, "secret": made.secret}

    @property
    def tampering(self) -> Tampering:
        """What happens to answers on their way."""
        return self.proxy.tampering

    def account(self, name: str = "alice", *holdings: Holding, **fields: Any) -> SandboxAccount:
        """A sandbox account with 100,000 USDT."""
        return self.server.add_account(name, fields.pop("balances", {"USDT": 100_000}), holdings, **fields)

    def holding(self, symbol: str, qty: str, price: str, leg: str = "BOTH", **fields: Any) -> Holding:
        """A leg that an account starts with."""
        return Holding(symbol, Decimal(qty), Decimal(price), leg=Leg(leg), **fields)

    async def open(self, account: SandboxAccount, *, directly: bool = False, **credentials: str) -> Any:
        """Open it with real ccxt, through the proxy or directly at the sandbox (for connections that are cut)."""
        key = {"api_key": account.api_key, "secret": account.secret, **credentials}
        base_url = self.server.base_url if directly else self.proxy.base_url
        spec = AccountSpec(account.name, self.venue, Credentials(**key), base_url=base_url)
        opened = await open_account(spec, self.clock, self.hub)
        self.opened.append(opened)
        return opened


@pytest.fixture(params=[BinanceUsdm], ids=lambda harness: harness.venue)
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Any]:
    """One venue: sandbox, proxy, clock and hub; everything closed afterwards."""
    real = SystemClock()
    start_ms = int(datetime.now(tz=UTC).timestamp() * 1000)
    server = SandboxServer(Engine(start_ms=start_ms), real, seed=1, tick_s=5.0)
    server.served.lift_limits()
    proxy = Proxy(await server.start())
    await proxy.start()
    clock = JumpingClock()
    hub = VenueHub(clock, timeout_s=10.0, requests_per_minute=10**6)
    harness = request.param(server, proxy, clock, hub, [])
    yield harness
    for account in harness.opened:
        await account.close()
    await hub.close()
    await proxy.stop()
    await server.stop()
