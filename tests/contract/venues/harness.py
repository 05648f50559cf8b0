"""What the contract suite needs of a venue: its sandbox dialect behind a proxy that can tamper with answers.

A venue joins by a file `harness_<venue>.py` beside this one with a subclass of `Harness` named `HARNESS`: its names for
requests, rows and fields, and what it does not have. Accounts are opened with real ccxt.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import aiohttp
from aiohttp import web

from guard.app.clock import SystemClock
from guard.ports.venue import AccountSpec, Credentials, VenueAccount
from guard.sandbox.dialects.table import dialect_of
from guard.sandbox.engine.conditional import place_algo
from guard.sandbox.engine.engine import Engine, Holding
from guard.sandbox.engine.matching import place_order
from guard.sandbox.engine.orders import AlgoKind, AlgoRequest, OrderKind, OrderRequest
from guard.sandbox.engine.sides import Leg, Side
from guard.sandbox.server import SandboxAccount, SandboxServer
from guard.venues.hub import VenueHub
from guard.venues.registry import open_account

Change = Callable[[Any], Any]
_SAYS_WHEN = re.compile("retry-after|limit", re.IGNORECASE)
_HOP = frozenset({"host", "content-length", "accept-encoding", "connection", "transfer-encoding"})


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


def _sent(body: str) -> dict[str, Any]:
    """The parameters of a body, be it a form or JSON."""
    if body.lstrip().startswith("{"):
        parsed: dict[str, Any] = json.loads(body)
        return parsed
    return dict(part.split("=", 1) for part in body.split("&") if "=" in part)


class Proxy:
    """Forwards every request to the sandbox as it came, and tampers with the answer."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._runner: web.AppRunner | None = None
        self._session = aiohttp.ClientSession()
        self.tampering = Tampering()
        self.base_url = ""
        self.path_of: Callable[[str, Mapping[str, Any]], str] = lambda path, _: path
        """What a request is called, by its path and parameters: a venue may send everything to one path."""

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
        query = {**request.query, **_sent(sent.decode(errors="replace"))}
        path = self.path_of(request.path, query)
        self.tampering.seen.append((request.method, path, query))
        self._applying(self.tampering.before, path, lambda: None)()
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP}
        url = f"{self._target}{request.raw_path}"
        async with self._session.request(request.method, url, data=sent, headers=headers) as answer:
            body, status, kind = await answer.read(), answer.status, answer.content_type
            kept = {name: value for name, value in answer.headers.items() if _SAYS_WHEN.search(name)}
        if status == 200 and kind == "application/json":
            changed = self._applying(self.tampering.changes, path, lambda parsed: parsed)(json.loads(body))
            body = json.dumps(changed).encode()
        status, kind, body = self._applying(self.tampering.pages, path, (status, kind, body))
        return web.Response(status=status, content_type=kind, body=body, headers=kept)

    @staticmethod
    def _applying(table: Mapping[str, Any], path: str, default: Any) -> Any:
        return next((value for name, value in table.items() if path.endswith(name)), default)


class Harness:
    """One venue under test: what its requests and fields are called, and what it does not have.

    Paths are the ends of request paths; everything is matched with `str.endswith` by the proxy and with `in` by the
    declared faults of the sandbox.
    """

    venue = ""
    wallet_asset = "USDT"
    balances = ""
    positions = ""
    open_orders = ""
    listings = ""
    time = ""
    orders = ""
    """The request that sends an order."""
    rights = ""
    second_settle: tuple[str, str] | None = ("USDC", "BTCUSDC")
    """A second settlement currency, and an engine symbol that settles in it; None where there is one only."""
    inverse: str | None = None
    """An inverse contract by the engine's name; None where the venue's adapter reads none."""
    has_hedge_mode = True
    has_isolated_beside_cross = True
    has_conditional_orders = True
    can_trade = True
    """Whether the adapter sends orders; where it does not, accounts are watched only."""
    has_passphrase = False
    signs_with_a_key = True
    """Whether reading needs a key at all."""
    empty_fields: tuple[str, ...] = ()
    """Fields of a position that the real venue sends as "" or null, and the book stays complete."""
    required_fields: tuple[str, ...] = ()
    """Fields of a position without which nothing is guessed: the reading fails, or the book names what is missing."""
    relisted_size = 1.0
    """Contract size of BTCUSDT after `relisted`, in base units."""
    relative = 1e-6
    """How well our figures must agree with the sandbox's own."""

    def __init__(self, server: SandboxServer, proxy: Proxy, clock: JumpingClock, hub: VenueHub) -> None:
        self.server = server
        self.proxy = proxy
        self.clock = clock
        self.hub = hub
        self.opened: list[VenueAccount] = []

    def engine_symbol(self, name: str) -> str:
        """What the engine calls the contract that stands for `BTCUSDT` or `ETHUSDT`."""
        return name

    def money(self, usd: float) -> Decimal:
        """How much of the wallet's asset stands for so many dollars."""
        return Decimal(str(usd))

    def qty(self, name: str, base: Decimal) -> Decimal:
        """How much of the contract that stands for `name` stands for so many coins, in the engine's units."""
        return base

    def base(self, name: str, qty: Decimal) -> Decimal:
        """The way back: coins."""
        return qty / self.qty(name, Decimal(1))

    def size(self, contracts: float, contract_size: float, name: str = "BTCUSDT") -> float:
        """Coins that so many contracts of `name` stand for."""
        return float(self.base(name, Decimal(str(contracts * contract_size))))

    def symbol(self, name: str) -> str:
        """The unified symbol of an engine symbol such as `BTCUSDT`."""
        quote = name[-4:] if name[-4:] in {"USDT", "USDC"} else name[-3:]
        base = name.removesuffix(quote)
        return f"{base}/{quote}:{base if quote == 'USD' else quote}"

    def rows(self, answer: Any) -> list[dict[str, Any]]:
        """The position rows inside the answer of `positions`, to be changed in place."""
        raise NotImplementedError

    def renamed(self, row: dict[str, Any]) -> dict[str, Any]:
        """The fields of a position row that name its contract, changed so that nobody lists it (NEWCOIN...)."""
        raise NotImplementedError

    def relisted(self, answer: Any) -> Any:
        """The answer of `listings` with BTCUSDT as a contract of another size, where the venue has sizes."""
        return answer

    def hurry(self, opened: Any, seconds: float) -> None:
        """Let its answers take at most this long."""
        opened._client.site.timeout_s = seconds
        opened._client.exchange.timeout = int(seconds * 1000)

    def key(self, account: SandboxAccount, **rights: Any) -> dict[str, Any]:
        """Credentials of one more key to an account, with the given rights."""
        made = self.server.add_key(account.account, **rights)
        return {"api_key": made.key, "secret": made.secret}

    def credentials(self, account: SandboxAccount) -> dict[str, Any]:
        """What an account is opened with."""
        return {"api_key": account.api_key, "secret": account.secret}

    @property
    def tampering(self) -> Tampering:
        """What happens to answers on their way."""
        return self.proxy.tampering

    def account(self, name: str = "alice", *holdings: Holding, **fields: Any) -> SandboxAccount:
        """A sandbox account with 100,000 dollars' worth of the venue's usual money."""
        funds = fields.pop("balances", {self.wallet_asset: self.money(100_000)})
        return self.server.add_account(name, funds, holdings, **fields)

    def holding(self, symbol: str, qty: str, price: str, leg: str = "BOTH", **fields: Any) -> Holding:
        """A leg that an account starts with: `qty` in coins, its own money in dollars."""
        if "isolated_wallet" in fields:
            fields["isolated_wallet"] = self.money(fields["isolated_wallet"])
        size = self.qty(symbol, Decimal(qty))
        return Holding(self.engine_symbol(symbol), size, Decimal(price), leg=Leg(leg), **fields)

    def rest(self, account: SandboxAccount, symbol: str, side: Side, qty: str, price: str, **fields: Any) -> None:
        """Put a limit order into the venue's book, as its owner would at the venue's own site."""
        leg = fields.pop("leg", Leg.BOTH)
        name, size = self.engine_symbol(symbol), self.qty(symbol, Decimal(qty))
        request = OrderRequest(name, side, leg, OrderKind.LIMIT, size, Decimal(price), **fields)
        place_order(self.server.engine.state, account.account, request)

    def stop(self, account: SandboxAccount, symbol: str, side: Side, qty: str, trigger: str, **fields: Any) -> None:
        """Leave a stop-market order that reduces, likewise."""
        leg = fields.pop("leg", Leg.BOTH)
        name, size = self.engine_symbol(symbol), self.qty(symbol, Decimal(qty))
        request = AlgoRequest(name, side, leg, AlgoKind.STOP_MARKET, size, trigger_price=Decimal(trigger), **fields)
        place_algo(self.server.engine.state, account.account, request)

    async def open(self, account: SandboxAccount, *, directly: bool = False, **credentials: Any) -> Any:
        """Open it with real ccxt, through the proxy or directly at the sandbox (for connections that are cut)."""
        key = {**self.credentials(account), **credentials}
        base_url = self.server.base_url if directly else self.proxy.base_url
        spec = AccountSpec(account.name, self.venue, Credentials(**key), base_url=base_url)
        opened = await open_account(spec, self.clock, self.hub)
        self.opened.append(opened)
        return opened


@asynccontextmanager
async def benched(kind: type[Harness]) -> AsyncIterator[Harness]:
    """One venue: sandbox, proxy, clock and hub; everything closed afterwards."""
    dialect = dialect_of(kind.venue)
    start_ms = int(datetime.now(tz=UTC).timestamp() * 1000)
    engine = Engine(start_ms=start_ms, instruments=dialect.instruments(), rule=dialect.rule)
    server = SandboxServer(engine, SystemClock(), seed=1, tick_s=5.0, dialect=dialect)
    server.served.lift_limits()
    proxy = Proxy(await server.start())
    await proxy.start()
    clock = JumpingClock()
    hub = VenueHub(clock, timeout_s=10.0, requests_per_minute=10**6)
    harness = kind(server, proxy, clock, hub)
    yield harness
    for account in harness.opened:
        await account.close()
    await hub.close()
    await proxy.stop()
    await server.stop()
