"""Binance portfolio margin, served."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from guard.sandbox.dialects.binancepm.endpoints import TABLE
from guard.sandbox.dialects.binanceusdm.dialect import BinanceServed
from guard.sandbox.dialects.binanceusdm.stream import StreamDialect
from guard.sandbox.dialects.dialect import World, key_pair
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.listing import default_instruments, delivery_instruments, inverse_instruments
from guard.sandbox.engine.market import AssetIndex
from guard.sandbox.engine.rule import MarginRule
from guard.sandbox.engine.rules.binancepm import PortfolioMarginRule
from guard.sandbox.keys import ApiKey

COLLATERAL: Final = {
    "USDT": AssetIndex(),
    "USDC": AssetIndex(),
    "BTC": AssetIndex(bid_buffer=Decimal("0.05"), follows="BTCUSDT"),
    "ETH": AssetIndex(bid_buffer=Decimal("0.1"), follows="ETHUSDT"),
}
"""What counts, and how much of it: coins follow the mark of their linear contract."""


class BinancePortfolioDialect:
    """Implements `guard.sandbox.dialects.dialect.Dialect`."""

    name = "binancepm"
    wallet_asset = "USDT"
    has_hedge_mode = True
    rule: MarginRule = PortfolioMarginRule()

    def credentials(self, account: Account, key: ApiKey) -> dict[str, str]:  # noqa: ARG002 - the protocol's
        """A key and its secret."""
        return key_pair(key)

    def instruments(self) -> dict[str, Instrument]:
        """Both branches' contracts."""
        return default_instruments() | inverse_instruments() | delivery_instruments()

    def open(self, world: World) -> BinanceServed:
        """Serve `world`."""
        world.engine.market.assets.update(COLLATERAL)
        return BinanceServed(world, TABLE, StreamDialect)


DIALECT: Final = BinancePortfolioDialect()
