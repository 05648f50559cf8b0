"""The venue's margin rule in exact decimals: its own worked example, with the rate of the first bracket."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from guard.sandbox.dialects.bingx.dialect import DIALECT
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.engine import Engine, Holding
from guard.sandbox.engine.instruments import make_brackets
from guard.sandbox.engine.margin import Pool
from guard.sandbox.engine.matching import place_order
from guard.sandbox.engine.orders import OrderKind, OrderRequest
from guard.sandbox.engine.sides import Leg, Side

START_MS = 1_700_000_000_000


def engine(price: str = "10000") -> Engine:
    """A venue whose BTC has one bracket of 0.4 %."""
    listed = DIALECT.instruments()
    listed["BTCUSDT"] = replace(listed["BTCUSDT"], brackets=make_brackets([(0, "0.004", 125)], cap=10**12))
    made = Engine(start_ms=START_MS, instruments=listed, rule=DIALECT.rule)
    made.set_price("BTCUSDT", Decimal(price))
    return made


def pool_of(venue: Engine, account: Account) -> Pool:
    """The cross pool in USDT."""
    pools = venue.market.rule.pools(account, venue.market, venue.figures(account))
    return next(pool for pool in pools if pool.currency == "USDT" and not pool.isolated)


def leg(qty: str, entry: str, name: str, **fields: Decimal) -> Holding:
    """A leg at 10x."""
    return Holding("BTCUSDT", Decimal(qty), Decimal(entry), leverage=10, leg=Leg(name), **fields)


@pytest.mark.parametrize(
    ("legs", "price", "ratio", "available"),
    [
        ((("2", "10000", "LONG"),), "10000", "0.009", "8000"),
        ((("2", "10000", "LONG"),), "9000", "0.010125", "6000"),
        ((("2", "10000", "LONG"), ("-2", "9000", "SHORT")), "9000", "0.02025", "4200"),
        ((("2", "10000", "LONG"), ("-2", "9000", "SHORT")), "8000", "0.018", "4200"),
        ((("4", "10000", "LONG"), ("-2", "10000", "SHORT")), "10000", "0.027", "4000"),
        ((("4", "10000", "LONG"), ("-2", "10000", "SHORT")), "9000", "0.030375", "2000"),
    ],
)
def test_the_venues_example(legs: tuple[tuple[str, str, str], ...], price: str, ratio: str, available: str) -> None:
    """Exactly."""
    venue = engine(price)
    account = venue.add_account("alice", {"USDT": Decimal(10_000)}, [leg(*each) for each in legs], hedge_mode=True)
    assert pool_of(venue, account).ratio == Decimal(ratio)
    assert venue.market.rule.available(account, venue.market, venue.figures(account), "USDT") == Decimal(available)


def test_a_full_hedge_dies_when_the_price_rises() -> None:
    """8,000 carry four BTC of 0.45 % up to 444,444.44."""
    venue = engine()
    legs = [leg("2", "10000", "LONG"), leg("-2", "10000", "SHORT")]
    account = venue.add_account("alice", {"USDT": Decimal(8_000)}, legs, hedge_mode=True)
    venue.set_price("BTCUSDT", Decimal("444444.4"))
    assert account.liquidations == []
    venue.set_price("BTCUSDT", Decimal("444444.5"))
    assert account.liquidations


def test_orders_freeze_what_carries() -> None:
    """Each by itself; those that close freeze nothing."""
    venue = engine()
    account = venue.add_account("alice", {"USDT": Decimal(10_000)}, [leg("2", "10000", "BOTH")])
    for side, price, reduces in ((Side.BUY, "9000", None), (Side.SELL, "11000", None), (Side.SELL, "11500", True)):
        request = OrderRequest(
            "BTCUSDT", side, Leg.BOTH, OrderKind.LIMIT, Decimal(1), Decimal(price), reduce_only=reduces
        )
        place_order(venue.state, account, request)
    assert venue.figures(account).assets["USDT"].order_initial == Decimal(2_000)
    assert pool_of(venue, account).equity == Decimal(8_000)


def test_an_isolated_leg_pays_its_closing_fee() -> None:
    """1,000 carry 1 BTC from 10,000: 0.45 % of the mark is all that must be left, at about 9,040.68."""
    venue = engine()
    account = venue.add_account(
        "alice", {"USDT": Decimal(10_000)}, [leg("1", "10000", "BOTH", isolated_wallet=Decimal(1_000))]
    )
    venue.set_price("BTCUSDT", Decimal("9040.7"))
    assert account.liquidations == []
    venue.set_price("BTCUSDT", Decimal("9040.6"))
    assert account.liquidations
    assert account.wallets["USDT"] >= Decimal(9_000)
