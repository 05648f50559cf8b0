"""Binance COIN-M futures, served."""

from __future__ import annotations

from typing import Final

from guard.sandbox.dialects.binancecoinm.endpoints import TABLE
from guard.sandbox.dialects.binancecoinm.stream import CoinStreams
from guard.sandbox.dialects.binanceusdm.dialect import BinanceServed
from guard.sandbox.dialects.dialect import World, key_pair
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.listing import delivery_instruments, inverse_instruments
from guard.sandbox.engine.rule import BracketRule, MarginRule
from guard.sandbox.keys import ApiKey


class BinanceCoinmDialect:
    """Implements `guard.sandbox.dialects.dialect.Dialect`."""

    name = "binancecoinm"
    wallet_asset = "BTC"
    has_hedge_mode = True
    rule: MarginRule = BracketRule()

    def credentials(self, account: Account, key: ApiKey) -> dict[str, str]:  # noqa: ARG002 - the protocol's
        """A key and its secret."""
        return key_pair(key)

    def instruments(self) -> dict[str, Instrument]:
        """Perpetual contracts, and one that expires."""
        return inverse_instruments() | delivery_instruments()

    def open(self, world: World) -> BinanceServed:
        """Serve `world`."""
        return BinanceServed(world, TABLE, CoinStreams)


DIALECT: Final = BinanceCoinmDialect()
