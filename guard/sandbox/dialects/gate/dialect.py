"""Gate, served: perpetual contracts in USDT and BTC, of classic and unified accounts."""

from __future__ import annotations

from typing import Final

from guard.sandbox.dialects.dialect import World, key_pair
from guard.sandbox.dialects.gate.errors import BODIES
from guard.sandbox.dialects.gate.names import follow_coins, gate_instruments
from guard.sandbox.dialects.gate.rest import Endpoints
from guard.sandbox.dialects.gate.shapes import RULE
from guard.sandbox.dialects.gate.stream import StreamDialect
from guard.sandbox.dialects.rest import RestServed, RestSide
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.rule import MarginRule
from guard.sandbox.keys import ApiKey


class GateServed(RestServed):
    """Implements `guard.sandbox.dialects.dialect.Served`."""

    def __init__(self, world: World) -> None:
        follow_coins(world.engine.market)
        self.streams = StreamDialect(world)
        super().__init__(RestSide(world, Endpoints(world).answer, BODIES, is_signed=lambda raw: "key" in raw.headers))


class GateDialect:
    """Implements `guard.sandbox.dialects.dialect.Dialect`."""

    name = "gate"
    wallet_asset = "USDT"
    has_hedge_mode = True
    rule: MarginRule = RULE

    def instruments(self) -> dict[str, Instrument]:
        """Swaps, measured in the venue's contracts."""
        return gate_instruments()

    def credentials(self, account: Account, key: ApiKey) -> dict[str, str]:  # noqa: ARG002 - the protocol's
        """Key and secret."""
        return key_pair(key)

    def open(self, world: World) -> GateServed:
        """Serve `world`."""
        return GateServed(world)


DIALECT: Final = GateDialect()
