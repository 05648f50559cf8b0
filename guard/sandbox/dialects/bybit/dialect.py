"""Bybit's unified account, served."""

from __future__ import annotations

from typing import Final

from guard.sandbox.dialects.bybit.naming import listed
from guard.sandbox.dialects.bybit.refusals import BODIES
from guard.sandbox.dialects.bybit.rest import Endpoints
from guard.sandbox.dialects.bybit.shapes_account import RULE
from guard.sandbox.dialects.bybit.stream import StreamDialect
from guard.sandbox.dialects.dialect import World, key_pair
from guard.sandbox.dialects.rest import RestServed, RestSide
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.market import AssetIndex
from guard.sandbox.engine.rule import MarginRule
from guard.sandbox.keys import ApiKey

_COINS = {"BTC": "BTCUSD", "ETH": "ETHUSD"}


class BybitServed(RestServed):
    """Implements `guard.sandbox.dialects.dialect.Served`."""

    def __init__(self, world: World) -> None:
        self.endpoints = Endpoints(world.engine, world.keys)
        self.streams = StreamDialect(world)
        super().__init__(
            RestSide(world, self.endpoints.answer, BODIES, is_signed=lambda raw: "x-bapi-api-key" in raw.headers)
        )
        market = world.engine.market
        for coin, symbol in _COINS.items():
            if symbol in market.instruments:  # coins that back the account are worth what their contract stands at
                market.assets[coin] = AssetIndex(follows=symbol)

    def lift_limits(self) -> None:
        """Refuse nobody for asking too much."""
        self.endpoints.limit.most = None


class BybitDialect:
    """Implements `guard.sandbox.dialects.dialect.Dialect`."""

    name = "bybit"
    wallet_asset = "USDT"
    has_hedge_mode = True
    rule: MarginRule = RULE

    def credentials(self, account: Account, key: ApiKey) -> dict[str, str]:  # noqa: ARG002 - the protocol's
        """A key and its secret."""
        return key_pair(key)

    def instruments(self) -> dict[str, Instrument]:
        """Linear contracts in USDT and USDC, and inverse ones."""
        return listed()

    def open(self, world: World) -> BybitServed:
        """Serve `world`."""
        return BybitServed(world)


DIALECT: Final = BybitDialect()
