"""KuCoin futures, served."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Final

from guard.sandbox.dialects.dialect import World, key_pair
from guard.sandbox.dialects.kucoinfutures.call import WireVenue
from guard.sandbox.dialects.kucoinfutures.rest import BODIES, Endpoints
from guard.sandbox.dialects.kucoinfutures.signing import PHRASE
from guard.sandbox.dialects.kucoinfutures.stream import StreamSide
from guard.sandbox.dialects.rest import RestServed, RestSide
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.listing import default_instruments, inverse_instruments
from guard.sandbox.engine.rule import MarginRule
from guard.sandbox.engine.rules.kucoinfutures import RULE
from guard.sandbox.keys import ApiKey

# Base units of one contract, by the base coin.
_MULTIPLIERS: Final[Mapping[str, str]] = {
    "BTC": "0.001",
    "ETH": "0.01",
    "SOL": "0.1",
    "BNB": "0.01",
    "XRP": "10",
    "DOGE": "100",
    "ADA": "10",
    "LTC": "0.1",
    "LINK": "0.1",
    "AVAX": "0.1",
    "NEAR": "0.1",
    "OP": "1",
    "1000PEPE": "100",
}


class KucoinServed(RestServed):
    """Implements `guard.sandbox.dialects.dialect.Served`."""

    def __init__(self, world: World) -> None:
        venue = WireVenue(world)
        self.streams = StreamSide(venue, world)
        super().__init__(
            RestSide(world, Endpoints(venue).answer, BODIES, is_signed=lambda raw: "kc-api-key" in raw.headers)
        )


class KucoinDialect:
    """Implements `guard.sandbox.dialects.dialect.Dialect`."""

    name = "kucoinfutures"
    wallet_asset = "USDT"
    has_hedge_mode = True
    rule: MarginRule = RULE

    def credentials(self, account: Account, key: ApiKey) -> dict[str, str]:  # noqa: ARG002 - the protocol's
        """A key, and the passphrase that every key of the sandbox has."""
        return key_pair(key, PHRASE)

    def instruments(self) -> dict[str, Instrument]:
        """The engine's contracts in whole numbers of this venue's contracts; a coin-settled one is one dollar."""
        found = {}
        for symbol, instrument in {**default_instruments(), **inverse_instruments()}.items():
            size = Decimal(1) if instrument.is_inverse else Decimal(_MULTIPLIERS[instrument.base])
            found[symbol] = replace(instrument, contract_size=size, step=size, min_notional=Decimal(0))
        return found

    def open(self, world: World) -> KucoinServed:
        """Serve `world`."""
        return KucoinServed(world)


DIALECT: Final = KucoinDialect()
