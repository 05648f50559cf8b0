"""OKX, served: swaps in USDT, USDC and coins, in futures, multi-currency and portfolio mode."""

from __future__ import annotations

from typing import Final

from guard.sandbox.dialects.dialect import World, key_pair
from guard.sandbox.dialects.okx.errors import BODIES
from guard.sandbox.dialects.okx.instruments import follow_coins, okx_instruments
from guard.sandbox.dialects.okx.rest import Endpoints
from guard.sandbox.dialects.okx.shapes_account import RULE
from guard.sandbox.dialects.okx.signing import PHRASE
from guard.sandbox.dialects.okx.stream import StreamDialect
from guard.sandbox.dialects.rest import RestServed, RestSide
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.rule import MarginRule
from guard.sandbox.keys import ApiKey


class OkxServed(RestServed):
    """Implements `guard.sandbox.dialects.dialect.Served`."""

    def __init__(self, world: World) -> None:
        follow_coins(world.engine.market)
        self.streams = StreamDialect(world)
        super().__init__(
            RestSide(world, Endpoints(world).answer, BODIES, is_signed=lambda raw: "ok-access-key" in raw.headers)
        )


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
