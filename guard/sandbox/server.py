"""The sandbox venue on a loopback port: one engine, one dialect, every host of the venue behind one base URL."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal

from aiohttp import web

from guard.ports.clock import Clock
from guard.sandbox.closing import close
from guard.sandbox.control import ControlRoutes
from guard.sandbox.dialects.dialect import Dialect, World
from guard.sandbox.dialects.table import dialect_of
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.engine import Engine, Holding
from guard.sandbox.engine.prices import PricePath
from guard.sandbox.faults import Fault, FaultKind, Faults
from guard.sandbox.keys import ApiKey, KeyRing

Amount = Decimal | int | str


@dataclass(frozen=True, slots=True)
class SandboxAccount:
    """An account of the sandbox and the key that opens it; `credentials` are what its venue's clients need."""

    name: str
    account: Account
    api_key: str
    secret: str
    credentials: Mapping[str, str]


class SandboxServer:
    """The venue over HTTP and WebSocket, and the truth about it for whoever runs it in process.

    The engine follows `clock`: before every request and every `tick_s` it is advanced to the clock's time, so
    that prices move, orders fill and accounts die with nobody asking.
    """

    def __init__(
        self, engine: Engine, clock: Clock, *, seed: int = 0, tick_s: float = 0.2, dialect: Dialect | None = None
    ) -> None:
        """A venue around `engine`, which must have been made with the rule and instruments of `dialect`."""
        self.engine = engine
        self.clock = clock
        self.keys = KeyRing(seed)
        self.faults = Faults(seed)
        self.accounts: dict[str, SandboxAccount] = {}
        self.base_url = ""
        self._tick_s = tick_s
        self._ahead_ms = 0
        self.world = World(engine, self.keys, self.faults, clock, self.sync, wire_ms=engine.now_ms)
        self.dialect = dialect or dialect_of("binanceusdm")
        self.served = self.dialect.open(self.world)
        self._runner: web.AppRunner | None = None
        self._ticker: asyncio.Task[None] | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen (port 0: any free one) and return the base URL, such as `http://127.0.0.1:40123`."""
        app = web.Application()
        ControlRoutes(self).add_to(app.router)
        app.router.add_route("*", "/{path:.*}", self._route)
        app.on_shutdown.append(self._close_streams)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.5, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        bound = self._runner.addresses[0]
        self.base_url = f"http://{bound[0]}:{bound[1]}"
        self._ticker = asyncio.create_task(self._tick(), name="sandbox-ticker")
        return self.base_url

    async def stop(self) -> None:
        """Close every connection and stop listening."""
        if self._ticker is not None:
            self._ticker.cancel()
            with suppress(asyncio.CancelledError):
                await self._ticker
            self._ticker = None
        if self._runner is not None:
            await close(self._runner)
            self._runner = None

    def sync(self) -> int:
        """Bring the engine to the present; returns the clock's time in epoch milliseconds."""
        now_ms = int(self.clock.now().timestamp() * 1000)
        self.world.wire_ms = now_ms
        self.engine.advance(now_ms + self._ahead_ms)
        return now_ms

    def advance(self, ms: int) -> None:
        """Let the engine live `ms` milliseconds more than the clock did; the wire's time stays the clock's."""
        self._ahead_ms += ms
        self.sync()

    def add_account(
        self,
        name: str,
        balances: Mapping[str, Amount],
        holdings: Iterable[Holding] = (),
        *,
        hedge_mode: bool = False,
        multi_assets: bool = False,
        default_leverage: int = 20,
    ) -> SandboxAccount:
        """Open an account with wallets and legs, and a key that may read and trade but not withdraw."""
        if name in self.accounts:
            raise ValueError(f"there is an account {name} already")
        account = self.engine.add_account(
            name,
            {asset: Decimal(amount) for asset, amount in balances.items()},
            holdings,
            hedge_mode=hedge_mode,
            multi_assets=multi_assets,
            default_leverage=default_leverage,
        )
        key = self.add_key(account)
        opened = SandboxAccount(name, account, key.key, key.secret, self.dialect.credentials(account, key))
        self.accounts[name] = opened
        return opened

    def add_key(
        self,
        account: Account,
        *,
        reading: bool = True,
        futures: bool = True,
        withdrawals: bool = False,
        universal_transfer: bool = False,
        ips: frozenset[str] = frozenset(),
    ) -> ApiKey:
        """One more key to an account, with the given rights."""
        return self.keys.add(
            ApiKey(
                key=self.keys.invent(),
                secret=self.keys.invent(),
                account_id=account.id,
                reading=reading,
                futures=futures,
                withdrawals=withdrawals,
                universal_transfer=universal_transfer,
                ips=ips,
                created_ms=self.engine.now_ms,
            )
        )

    def set_price(self, symbol: str, price: Amount) -> None:
        """Put a symbol's mark at `price` (quote units) and hold it; accounts that die, die now."""
        self.set_prices({symbol: price})

    def set_prices(self, prices: Mapping[str, Amount]) -> None:
        """Put several marks at once."""
        self.sync()
        self.engine.set_prices({symbol: Decimal(price) for symbol, price in prices.items()})

    def set_path(self, symbol: str, path: PricePath) -> None:
        """Let a symbol follow a path from now on."""
        self.sync()
        self.engine.set_path(symbol, path)

    def add_fault(self, kind: FaultKind, *, path: str = "", times: int | None = None, value_ms: int = 0) -> Fault:
        """Switch a fault on: for paths that contain `path`, `times` times or until `clear_faults`."""
        return self.faults.add(Fault(kind, path=path, times=times, value_ms=value_ms))

    def clear_faults(self, kind: FaultKind | None = None) -> None:
        """Switch faults of one kind off, or all."""
        self.faults.clear(kind)

    def equity(self, name: str) -> Decimal:
        """Wallets and unrealized PnL of an account, now."""
        self.sync()
        return self.engine.equity(self.accounts[name].account)

    def liquidated(self, name: str) -> bool:
        """Whether any leg of an account was ever taken over, now included."""
        self.sync()
        return self.accounts[name].account.liquidated

    async def _tick(self) -> None:
        """Let time pass while nobody asks."""
        while True:
            await self.clock.sleep(self._tick_s)
            self.served.streams.push(self.sync())

    async def _route(self, request: web.Request) -> web.StreamResponse:
        """Streams to the stream side, everything else to the REST side; outages strike both."""
        if request.headers.get("Upgrade", "").lower() != "websocket":
            return await self.served.rest(request)
        refused = await self.served.refused(request, self.sync())
        return refused or await self.served.streams.handle(request, self.sync())

    async def _close_streams(self, _app: web.Application) -> None:
        await self.served.streams.close()
