"""OKX, served: swaps in USDT, USDC and coins, in futures, multi-currency and portfolio mode."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from guard.sandbox.dialects.dialect import World, key_pair
from guard.sandbox.dialects.okx.errors import BODIES
from guard.sandbox.dialects.okx.instruments import follow_coins, okx_instruments
from guard.sandbox.dialects.okx.rest import Endpoints
from guard.sandbox.dialects.okx.shapes_account import RULE
from guard.sandbox.dialects.okx.signing import PHRASE
from guard.sandbox.dialects.okx.stream import StreamDialect
from guard.sandbox.dialects.rest import RestSide
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.rule import MarginRule
from guard.sandbox.keys import ApiKey


class OkxServed:
    """Implements `guard.sandbox.dialects.dialect.Served`."""

    def __init__(self, world: World) -> None:
        follow_coins(world.engine.market)
        self.streams = StreamDialect(world)
        self._rest = RestSide(
            world, Endpoints(world).answer, BODIES, is_signed=lambda raw: "ok-access-key" in raw.headers
        )

    async def rest(self, request: web.Request) -> web.Response:
        """Answer one request of the REST side."""
        return await self._rest.handle(request)

    async def refused(self, request: web.Request, now_ms: int) -> web.Response | None:
        """The answer to a WebSocket handshake that a fault spoils."""
        return await self._rest.before(request, now_ms)

    def lift_limits(self) -> None:
        """Nothing to do: nobody is refused for asking too much unless a fault says so."""


class OkxDialect:
    """Implements `guard.sandbox.dialects.dialect.Dialect`."""

    name = "okx"
    wallet_asset = "USDT"
    has_hedge_mode = True
    rule: MarginRule = RULE

    def credentials(self, account: Account, key: ApiKey) -> dict[str, str]:  # noqa: ARG002 - the protocol's
        """A key, and the passphrase that every key of the sandbox has."""
        return key_pair(key, PHRASE)

    def instruments(self) -> dict[str, Instrument]:
        """Swaps, measured in the venue's contracts."""
        return okx_instruments()

    def open(self, world: World) -> OkxServed:
        """Serve `world`."""
        return OkxServed(world)


DIALECT: Final = OkxDialect()
