"""Bybit's rule in the sandbox, against figures worked out by hand and the venue's published samples."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from guard.sandbox.dialects.bybit.naming import listed
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.engine import Engine, Holding
from guard.sandbox.engine.instruments import make_brackets
from guard.sandbox.engine.market import AssetIndex
from guard.sandbox.engine.matching import place_order
from guard.sandbox.engine.orders import OrderKind, OrderRequest
from guard.sandbox.engine.rule import USD
from guard.sandbox.engine.rules.bybit import ISOLATED, PORTFOLIO, BybitRule
from guard.sandbox.engine.sides import Leg, Side

RULE = BybitRule()
FEE = Decimal("0.0006")


def engine() -> Engine:
    """The venue, prices standing still; BTC is worth its inverse contract."""
    made = Engine(start_ms=1_700_000_000_000, instruments=listed(), rule=RULE)
    made.market.assets["BTC"] = AssetIndex(follows="BTCUSD")
    return made


def opened(made: Engine, *holdings: Holding, **balances: str) -> Account:
    """An account with these wallets and a taker's fee of 0.06 %."""
    account = made.add_account("alice", {name: Decimal(amount) for name, amount in balances.items()}, holdings)
    account.taker_rate = FEE
    return account


def totals(made: Engine, account: Account) -> tuple[Decimal, Decimal, Decimal]:
    """Equity, requirement and initial margin of the cross pool."""
    figures = made.figures(account)
    (pool,) = [pool for pool in RULE.pools(account, made.market, figures) if not pool.isolated]
    assert pool.currency == USD
    return pool.equity, pool.maintenance, RULE.initial(made.market, figures)


@pytest.mark.parametrize(
    ("qty", "price", "leverage", "rate", "initial", "maintenance"),
    [
        ("100", "0.3615", 10, "0.01", "3.634521", "0.381021"),
        ("0.5", "1073.85", 10, "0.005", "53.9824395", "2.9745645"),
        ("-0.1", "16505", 2, "0.005", "826.73545", "9.73795"),
    ],
)
def test_published_positions(qty: str, price: str, leverage: int, rate: str, initial: str, maintenance: str) -> None:
    """V5 position sample, unified margin sample, ccxt pull request 15928: the mark stands at the entry here."""
    made = engine()
    flat = make_brackets([(0, rate, 100)], cap=10_000_000)
    made.market.instruments["BTCUSDT"] = replace(made.market.instruments["BTCUSDT"], brackets=flat)
    made.market.set_price("BTCUSDT", Decimal(price))
    account = opened(made, Holding("BTCUSDT", Decimal(qty), Decimal(price), leverage=leverage), USDT="10000")
    assert totals(made, account)[1:] == (Decimal(maintenance), Decimal(initial))


def test_an_inverse_leg() -> None:
    """30,000 USD at 40,000: 0.75 BTC; a long's bankruptcy price makes it worth more coin, so its fee is larger."""
    made = engine()
    made.market.set_price("BTCUSD", Decimal(40_000))
    for sign, share in ((1, Decimal("1.2")), (-1, Decimal("0.8"))):
        account = opened(made, Holding("BTCUSD", Decimal(30_000 * sign), Decimal(40_000), leverage=5), BTC="1")
        (leg,) = made.figures(account).legs
        assert leg.maintenance == Decimal("0.75") * Decimal("0.004") + Decimal("0.75") * share * FEE


def test_collateral_debts_and_orders() -> None:
    """A haircut on what is there, a debt in full and charged, orders charged at the bracket they reach."""
    made = engine()
    made.market.assets["BTC"] = AssetIndex(index=Decimal(40_000), bid_buffer=Decimal("0.1"))
    account = opened(made, BTC="1", USDT="-1000")
    assert totals(made, account) == (Decimal(35_000), Decimal(40), Decimal(0))
    order = OrderRequest("BTCUSDT", Side.BUY, Leg.BOTH, OrderKind.LIMIT, Decimal(2), Decimal(43_000))
    place_order(made.state, account, order)
    equity, requirement, initial = totals(made, account)
    assert (equity, requirement) == (Decimal(35_000), Decimal(40) + 86_000 * Decimal("0.005"))
    assert initial == 86_000 * (Decimal("0.05") + 2 * FEE)
    made.market.set_price("BTCUSDT", Decimal(42_500))
    assert totals(made, account)[0] == Decimal(35_000) - 2 * 500


def test_isolated_legs_are_charged_on_their_entry() -> None:
    """The bracket at the mark, initial margin and fee on the entry; free money is that of the coin alone."""
    made = engine()
    holding = Holding("BTCUSDT", Decimal(1), Decimal(40_000), leverage=10, isolated_wallet=Decimal(4_100))
    account = opened(made, holding, USDT="10000")
    account.mode = ISOLATED
    figures = made.figures(account)
    (leg,) = figures.legs
    fee = 40_000 * Decimal("0.9") * FEE
    assert (leg.maintenance, leg.initial) == (43_500 * Decimal("0.004") + fee, 4_000 + fee)
    assert RULE.available(account, made.market, figures, "USDT") == 5_900
    assert RULE.available(account, made.market, figures, "BTC") == 0


def test_portfolio_margin_asks_for_less() -> None:
    """By how much is made up: the guard takes the figure as it is told."""
    made = engine()
    account = opened(made, Holding("BTCUSDT", Decimal(1), Decimal(43_500), leverage=10), USDT="10000")
    whole = totals(made, account)[1]
    account.mode = PORTFOLIO
    assert totals(made, account)[1] == whole / 2
