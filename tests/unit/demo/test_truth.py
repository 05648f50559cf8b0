"""An account of the sandbox in the guard's measures agrees with the sandbox's own figures."""

from __future__ import annotations

from decimal import Decimal

import pytest

from guard.demo.scenes import SCENES
from guard.demo.truth import account_book, account_risk, protection_cost
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.engine import Engine, Holding
from guard.sandbox.engine.matching import place_order
from guard.sandbox.engine.orders import OrderKind, OrderRequest, TimeInForce
from guard.sandbox.engine.sides import Leg, Side


def opened(*holdings: Holding, hedge_mode: bool = False) -> tuple[Engine, Account]:
    """An engine whose prices stand still, and an account with 500,000 USDT."""
    engine = Engine(start_ms=0)
    return engine, engine.add_account("u", {"USDT": Decimal(500_000)}, holdings, hedge_mode=hedge_mode)


@pytest.mark.parametrize("name", SCENES)
def test_the_risk_ratio_is_the_venues(name: str) -> None:
    """Two engines, one in decimals and one in floats, at several prices of each scene's book."""
    world = SCENES[name].world
    engine, account = opened(*world.holdings(), hedge_mode=world.hedge_mode)
    for factor in ("1", "0.95", "0.9"):
        engine.set_prices({symbol: price * Decimal(factor) for symbol, price in world.start_prices.items()})
        figures = engine.figures(account).assets["USDT"]
        expected = figures.cross_maintenance / figures.cross_margin_balance
        assert account_risk(account, engine.market).risk_ratio == pytest.approx(float(expected), rel=1e-9)


def test_the_distance_is_where_the_venue_liquidates() -> None:
    """A hair before it the account lives, a hair beyond it is gone."""
    world = SCENES["flash-crash"].world
    engine, account = opened(*world.holdings())
    distance = account_risk(account, engine.market).distance
    assert distance is not None
    for factor, dies in ((1 - distance + 1e-6, False), (1 - distance - 1e-6, True)):
        engine.set_prices({symbol: price * Decimal(factor) for symbol, price in world.start_prices.items()})
        assert account.liquidated is dies


def test_both_legs_of_a_symbol_are_two_positions() -> None:
    """In hedge mode long and short stand side by side."""
    world = SCENES["hedged-book"].world
    engine, account = opened(*world.holdings(), hedge_mode=True)
    book = account_book(account, engine.market)
    assert book.position_mode == "hedge"
    assert [(leg.base, leg.side, leg.contracts) for leg in book.positions] == [
        ("BTC", "long", 62.0),
        ("BTC", "short", 22.0),
        ("ETH", "long", 360.0),
        ("ETH", "short", 110.0),
    ]


def test_an_account_without_positions_has_no_risk() -> None:
    """As after a liquidation."""
    engine, account = opened()
    risk = account_risk(account, engine.market)
    assert (risk.risk_ratio, risk.distance) == (0, None)


def test_protection_costs_its_fees_and_its_slippage() -> None:
    """What a trade costs is what the account is poorer by, prices standing still."""
    engine, account = opened(Holding("BTCUSDT", Decimal(10), Decimal(43_500)))
    before = engine.equity(account)
    assert protection_cost(account, engine.market) == 0
    request = OrderRequest(
        symbol="BTCUSDT",
        side=Side.SELL,
        leg=Leg.BOTH,
        kind=OrderKind.LIMIT,
        qty=Decimal(6),
        price=Decimal(43_000),
        time_in_force=TimeInForce.IOC,
        reduce_only=True,
    )
    place_order(engine.state, account, request)
    cost = protection_cost(account, engine.market)
    assert cost > 0
    assert abs(cost - (before - engine.equity(account))) < Decimal("0.0001")
