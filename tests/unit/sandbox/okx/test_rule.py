"""OKX's margins in the sandbox, against figures worked out by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from guard.sandbox.dialects.okx.instruments import follow_coins, okx_instruments, symbol_of, wire_id
from guard.sandbox.engine.engine import Engine, Holding
from guard.sandbox.engine.matching import place_order
from guard.sandbox.engine.orders import OrderKind, OrderRequest
from guard.sandbox.engine.rule import USD
from guard.sandbox.engine.rules.okx import (
    OkxRule,
    counted,
    order_charge,
    reserved_of,
    scenario_loss,
    tier_rate,
    tiers_of,
)
from guard.sandbox.engine.sides import Leg, Side

D = Decimal
RULE = OkxRule()


@pytest.fixture
def engine() -> Engine:
    """A venue whose prices stand still."""
    made = Engine(start_ms=0, instruments=okx_instruments(), rule=RULE)
    follow_coins(made.market)
    return made


def pool(engine: Engine, account: Any, currency: str) -> Any:
    """One cross pool."""
    pools = RULE.pools(account, engine.market, engine.figures(account))
    return next(each for each in pools if each.currency == currency and not each.isolated)


def test_names_on_the_wire() -> None:
    """And back."""
    instruments = okx_instruments()
    assert wire_id(instruments["BTCUSDT"]) == "BTC-USDT-SWAP"
    assert wire_id(instruments["BTCUSD"]) == "BTC-USD-SWAP"
    assert all(symbol_of(wire_id(each)) == symbol for symbol, each in instruments.items())


def test_tiers_are_in_contracts() -> None:
    """A cap of 50,000 at 43,500 is 1.15 BTC, 115 contracts of 0.01; of 5 BTC 2,175 contracts of 100 USD."""
    instruments = okx_instruments()
    linear, inverse = instruments["BTCUSDT"], instruments["BTCUSD"]
    assert tiers_of(linear)[0].max_contracts == 115
    assert tiers_of(inverse)[0].max_contracts == 2_175
    assert [tier_rate(linear, D(qty)) for qty in ("1.15", "1.1501", "-100000")] == [D("0.004"), D("0.005"), D("0.5")]


def test_the_rate_holds_for_the_whole_position(engine: Engine) -> None:
    """2 BTC at 43,500 and 0.5 %, and 0.05 % for the liquidation."""
    account = engine.add_account("a", {"USDT": D(10_000)}, [Holding("BTCUSDT", D(2), D(43_000))])
    found = pool(engine, account, "USDT")
    assert found.equity == 11_000
    assert found.maintenance == D(87_000) * (D("0.005") + D("0.0005"))
    # 10,000 + 2 * (p - 43,000) = 2 * p * 0.0055 at 38,210.16
    engine.set_price("BTCUSDT", D("38210.2"))
    assert not account.liquidated
    engine.set_price("BTCUSDT", D("38210.1"))
    assert account.liquidated


@pytest.mark.parametrize(
    ("currency", "amount", "expected"),
    [
        ("USDT", "5", "5"),
        ("USDT", "-5", "-5"),
        ("BTC", "10", "9.8"),
        ("BTC", "30", "29.2375"),
        ("BTC", "-3", "-3"),
        ("DOGE", "7", "0"),
        ("DOGE", "-7", "-7"),
    ],
)
def test_what_counts(currency: str, amount: str, expected: str) -> None:
    """20 * 0.98 + 5 * 0.9775 + 5 * 0.95; debts in full; what has no tiers not at all."""
    assert counted(currency, D(amount)) == D(expected)


def test_one_pool_in_usd(engine: Engine) -> None:
    """Coins at their mark and discount; requirements of all currencies together."""
    holdings = [Holding("BTCUSDT", D(1), D(43_000)), Holding("BTCUSD", D(-43_500), D(43_500))]
    account = engine.add_account("a", {"USDT": D(1_000), "BTC": D(2)}, holdings, multi_assets=True)
    found = pool(engine, account, USD)
    assert found.equity == D(1_500) + D(2) * D("0.98") * 43_500
    assert found.maintenance == 2 * D(43_500) * D("0.0045")


def test_orders_charge_the_worse_side_and_all_of_them_in_hedge_mode(engine: Engine) -> None:
    """+2 with 3 to buy and 1 to sell is 3 more; with 6 to sell 2 more; at the tier of everything together."""
    account = engine.add_account("a", {"USDT": D(1_000_000)}, [Holding("BTCUSDT", D(2), D(43_000))])

    def order(side: Side, qty: str, price: str, leg: Leg = Leg.BOTH, owner: Any = account) -> None:
        place_order(engine.state, owner, OrderRequest("BTCUSDT", side, leg, OrderKind.LIMIT, D(qty), D(price)))

    order(Side.BUY, "3", "40000")
    order(Side.SELL, "1", "47000")
    assert order_charge(account, engine.market, "BTCUSDT").value == 3 * 43_500
    assert order_charge(account, engine.market, "BTCUSDT").maintenance == 3 * 43_500 * D("0.01")
    order(Side.SELL, "8", "48000")
    assert order_charge(account, engine.market, "BTCUSDT").value == 5 * 43_500
    hedged = engine.add_account("b", {"USDT": D(1_000_000)}, hedge_mode=True)
    order(Side.BUY, "1", "40000", Leg.LONG, hedged)
    order(Side.SELL, "2", "47000", Leg.SHORT, hedged)
    assert order_charge(hedged, engine.market, "BTCUSDT").value == 3 * 43_500


def test_isolated_orders_reserve(engine: Engine) -> None:
    """Margin at their price and leverage, and the fee."""
    account = engine.add_account("a", {"USDT": D(10_000)})
    account.settings_of("BTCUSDT").isolated = True
    place_order(engine.state, account, OrderRequest("BTCUSDT", Side.BUY, Leg.BOTH, OrderKind.LIMIT, D(1), D(40_000)))
    assert reserved_of(account, engine.market) == {"USDT": D(40_000) * (D("0.05") + D("0.0005"))}
    assert pool(engine, account, "USDT").equity == 10_000 - D(40_000) * D("0.0505")


def test_portfolio_margin_nets_a_base(engine: Engine) -> None:
    """12 % of what is left of both legs."""
    holdings = [Holding("BTCUSDT", D(1), D(43_500)), Holding("BTCUSD", D(-30_000), D(43_500))]
    account = engine.add_account("a", {"USDT": D(9_000), "BTC": D(1)}, holdings, mode="4")
    legs = engine.figures(account).legs
    assert scenario_loss(engine.market, legs) == pytest.approx(D(13_500) * D("0.12"))
