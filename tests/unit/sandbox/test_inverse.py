from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from guard.sandbox.engine.accounts import Account, LedgerKind
from guard.sandbox.engine.choices import set_isolated
from guard.sandbox.engine.engine import Engine, Holding
from guard.sandbox.engine.liquidation_price import liquidation_price
from guard.sandbox.engine.listing import INVERSE_START_PRICES, delivery_instruments, inverse_instruments
from guard.sandbox.engine.orderbook import Depth, Level, OrderBook
from guard.sandbox.engine.orders import Order, Reason, Rejection
from guard.sandbox.engine.sides import Leg

D = Decimal
PLACES = D("1e-8")
Trade = Callable[..., Order]


@pytest.fixture
def engine() -> Engine:
    """A venue of coin-settled contracts whose prices stand still."""
    engine = Engine(start_ms=0, instruments=inverse_instruments())
    engine.set_price("BTCUSD", D(40_000))
    return engine


@pytest.fixture
def account(engine: Engine) -> Account:
    """An account with 2 BTC."""
    return engine.add_account("alice", {"BTC": D(2)})


@pytest.fixture
def trade(engine: Engine, account: Account, trade_on: Callable[[Engine, Account], Trade]) -> Trade:
    """Place an order for the account."""
    return trade_on(engine, account)


def test_tables_of_coins_are_complete() -> None:
    """Every contract has a start price and its figures in the coin."""
    assert set(INVERSE_START_PRICES) == set(inverse_instruments()) | set(delivery_instruments())
    assert {(item.margin_asset, item.contract_size) for item in inverse_instruments().values()} == {
        ("BTC", D(100)),
        ("ETH", D(10)),
    }


def test_arithmetic_of_a_contract() -> None:
    """10,000 USD are 0.25 BTC at 40,000 and 0.2 at 50,000: a long gains 0.05."""
    btc = inverse_instruments()["BTCUSD"]
    assert btc.notional(D(10_000), D(40_000)) == D("0.25")
    assert btc.pnl(D(10_000), D(40_000), D(50_000)) == D("0.05")
    assert btc.pnl(D(-10_000), D(40_000), D(50_000)) == D("-0.05")
    assert btc.pnl(D(0), D(0), D(50_000)) == 0
    assert btc.price_of(D(10_000), D("0.25")) == D(40_000)
    assert btc.contracts(D(10_000)) == 100


def test_figures_are_in_the_coin(engine: Engine) -> None:
    """A leg of 400,000 USD at 40,000 is 10 BTC: 1 % less 0.055 BTC to maintain."""
    account = engine.add_account("bob", {"BTC": D(2)}, [Holding("BTCUSD", D(400_000), D(40_000), leverage=10)])
    (leg,) = engine.figures(account).legs
    assert (leg.notional, leg.initial, leg.maintenance) == (D(10), D(1), D("0.045"))
    engine.set_price("BTCUSD", D(50_000))
    (leg,) = engine.figures(account).legs
    assert (leg.notional, leg.unrealized) == (D(8), D(2))
    assert engine.equity(account) == 4


def test_entry_is_the_harmonic_mean(engine: Engine, account: Account, trade: Trade) -> None:
    """The same dollars at 40,000 and at 50,000 cost 44,444.4 on average; the fee is a part of the coins traded."""
    engine.market.depth = _Exact()
    trade("BUY", "8000", symbol="BTCUSD")
    engine.set_price("BTCUSD", D(50_000))
    order = trade("BUY", "8000", symbol="BTCUSD")
    position = account.position("BTCUSD", Leg.BOTH)
    assert position.entry_price.quantize(D("0.0001")) == D("44444.4444")
    assert order.average_price == 50_000
    assert [trade.fee for trade in account.trades] == [D("0.0001"), D("0.00008")]
    engine.market.set_price("BTCUSD", D(40_000))
    trade("SELL", "16000", symbol="BTCUSD")
    assert account.trades[-1].realized_pnl == D("-0.04")
    assert account.wallets["BTC"] == 2 - D("0.04") - D("0.0001") - D("0.00008") - D("0.0002")


def test_funding_is_paid_in_the_coin(engine: Engine) -> None:
    """A long of 10 BTC pays a ten-thousandth of it."""
    account = engine.add_account("bob", {"BTC": D(2)}, [Holding("BTCUSD", D(400_000), D(40_000))])
    engine.advance(engine.next_funding_ms)
    assert [entry.amount for entry in account.ledger if entry.kind is LedgerKind.FUNDING_FEE] == [D("-0.001")]


def test_orders_withhold_coins_and_must_be_paid_for(account: Account, engine: Engine, trade: Trade) -> None:
    """A bid withholds its own value in coins; 50 BTC is the most at 20x, and 1.5 BTC carry less than 37.5."""
    trade("BUY", "390000", "39000", symbol="BTCUSD")
    assert engine.figures(account).assets["BTC"].order_initial == D(10) / 20
    with pytest.raises(Rejection) as refused:
        trade("BUY", "1640000", symbol="BTCUSD")
    assert refused.value.reason is Reason.POSITION_TOO_LARGE
    with pytest.raises(Rejection) as refused:
        trade("BUY", "1500000", symbol="BTCUSD")
    assert refused.value.reason is Reason.MARGIN_INSUFFICIENT


@pytest.mark.parametrize(("qty", "step"), [("100000", "-0.1"), ("-400000", "0.1")])
def test_death_stands_where_it_is_shown(engine: Engine, qty: str, step: str) -> None:
    """One tick before the shown price the account lives, one tick behind it it is dead; the coins end at 0 or more."""
    account = engine.add_account("bob", {"BTC": D(1)}, [Holding("BTCUSD", D(qty), D(40_000))])
    figures = engine.figures(account)
    price = liquidation_price(account, engine.market, figures, figures.legs[0])
    assert price is not None
    asset = engine.figures(account).assets["BTC"]
    engine.set_price("BTCUSD", (price - D(step)).quantize(PLACES))
    assert len(account.liquidations) == 0
    engine.market.set_price("BTCUSD", price)
    asset = engine.figures(account).assets["BTC"]
    assert abs(asset.cross_margin_balance - asset.cross_maintenance) < D("1e-10")
    engine.set_price("BTCUSD", (price + D(step)).quantize(PLACES))
    assert account.liquidated
    assert account.wallets["BTC"] >= 0


def test_a_short_backed_by_its_own_worth_never_dies_upwards(engine: Engine) -> None:
    """1 BTC sold short to the dollar is a dollar account: no price above kills it, and none far below either."""
    account = engine.add_account("bob", {"BTC": D("1.1")}, [Holding("BTCUSD", D(-40_000), D(40_000))])
    figures = engine.figures(account)
    assert liquidation_price(account, engine.market, figures, figures.legs[0]) is None


def test_isolated_coins_die_alone(engine: Engine, account: Account, trade: Trade) -> None:
    """An isolated leg costs its own coins and no more."""
    set_isolated(engine.state, account, "BTCUSD", isolated=True)
    trade("BUY", "80000", symbol="BTCUSD")
    own = account.position("BTCUSD", Leg.BOTH).isolated_wallet
    assert abs(own - D("0.1")) < D("0.0001")
    before = account.wallets["BTC"]
    engine.set_price("BTCUSD", D(30_000))
    assert account.liquidations[0].isolated
    assert account.wallets["BTC"] == before - own


class _Exact(Depth):
    """A book without spread, so that fills are round."""

    def around(self, mid: Decimal, instrument: object) -> OrderBook:
        """One endless level at the mid."""
        level = (Level(mid, D(10**9)),)
        return OrderBook(level, level)
