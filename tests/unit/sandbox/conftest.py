"""A venue at a fixed moment, and short ways to trade on it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Protocol

import pytest

from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.engine import Engine
from guard.sandbox.engine.matching import place_order
from guard.sandbox.engine.orders import Order, OrderKind, OrderRequest, TimeInForce
from guard.sandbox.engine.sides import Leg, Side

START_MS = 1_700_000_000_000


class Trade(Protocol):
    """Places one order."""

    def __call__(
        self,
        side: str,
        qty: str,
        price: str | None = None,
        *,
        symbol: str = "BTCUSDT",
        leg: Leg = Leg.BOTH,
        tif: TimeInForce = TimeInForce.GTC,
        reduce_only: bool | None = None,
        client_order_id: str = "",
    ) -> Order:
        """The order as it stands after it was placed."""
        ...


@pytest.fixture
def engine() -> Engine:
    """A venue whose prices stand still."""
    return Engine(start_ms=START_MS)


@pytest.fixture
def account(engine: Engine) -> Account:
    """A one-way account with 100,000 USDT."""
    return engine.add_account("alice", {"USDT": Decimal(100_000)})


@pytest.fixture
def trade(engine: Engine, account: Account) -> Trade:
    """Place an order for the account; a price makes it a limit order."""
    return trader(engine, account)


@pytest.fixture
def trade_on() -> Callable[[Engine, Account], Trade]:
    """The same for any account of any engine."""
    return trader


def trader(engine: Engine, account: Account) -> Trade:
    """A function that trades for `account`."""

    def trade(
        side: str,
        qty: str,
        price: str | None = None,
        *,
        symbol: str = "BTCUSDT",
        leg: Leg = Leg.BOTH,
        tif: TimeInForce = TimeInForce.GTC,
        reduce_only: bool | None = None,
        client_order_id: str = "",
    ) -> Order:
        request = OrderRequest(
            symbol=symbol,
            side=Side(side),
            leg=leg,
            kind=OrderKind.MARKET if price is None else OrderKind.LIMIT,
            qty=Decimal(qty),
            price=None if price is None else Decimal(price),
            time_in_force=tif,
            reduce_only=reduce_only,
            client_order_id=client_order_id,
        )
        return place_order(engine.state, account, request)

    return trade
