"""Binance USD-M futures, served."""

from __future__ import annotations

from typing import Final

from guard.sandbox.dialects.binanceusdm.call import Table, WireVenue
from guard.sandbox.dialects.binanceusdm.rest import BODIES, ENDPOINTS, Endpoints
from guard.sandbox.dialects.binanceusdm.stream import StreamDialect
from guard.sandbox.dialects.dialect import World, key_pair
from guard.sandbox.dialects.rest import RestServed, RestSide
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.listing import default_instruments
from guard.sandbox.engine.rule import BracketRule, MarginRule
from guard.sandbox.keys import ApiKey

_NO_LIMIT = 10**9


class BinanceServed(RestServed):
    """A branch of Binance's futures. Implements `guard.sandbox.dialects.dialect.Served`."""

    def __init__(self, world: World, table: Table, streams: type[StreamDialect]) -> None:
        self.venue = WireVenue(world.engine, world.keys)
        self.streams = streams(self.venue, world)
        super().__init__(
            RestSide(
                world, Endpoints(self.venue, table).answer, BODIES, is_signed=lambda raw: "x-mbx-apikey" in raw.headers
            )
        )

    def lift_limits(self) -> None:
        """Refuse nobody for asking too much."""
        self.venue.weights.limit = self.venue.sapi_weights.limit = _NO_LIMIT


class BinanceUsdmDialect:
    """Implements `guard.sandbox.dialects.dialect.Dialect`."""

    name = "binanceusdm"
    wallet_asset = "USDT"
    has_hedge_mode = True
    rule: MarginRule = BracketRule()

    def credentials(self, account: Account, key: ApiKey) -> dict[str, str]:  # noqa: ARG002 - the protocol's
        """A key and its secret."""
        return key_pair(key)

    def instruments(self) -> dict[str, Instrument]:
        """The engine's own list was made in this venue's manner."""
        return default_instruments()

    def open(self, world: World) -> BinanceServed:
        """Serve `world`."""
        return BinanceServed(world, ENDPOINTS, StreamDialect)


DIALECT: Final = BinanceUsdmDialect()
