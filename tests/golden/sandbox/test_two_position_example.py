"""The venue's published example of a cross account with two positions, on the sandbox's own engine.

Source: Binance FAQ, "How to calculate the liquidation price of USD-M futures contracts": wallet 1,535,443.01 USDT,
109.488 BTC long from 32,481.98 at 31,967.27, 3,683.979 ETH long from 1,456.84 at 1,335.18.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.engine import Engine, Holding
from guard.sandbox.engine.liquidation_price import liquidation_price

D = Decimal
CENT = D("0.01")


@pytest.fixture
def engine() -> Engine:
    """A venue at the marks of the example."""
    engine = Engine(start_ms=1_600_000_000_000)
    engine.set_prices({"BTCUSDT": D("31967.27"), "ETHUSDT": D("1335.18")})
    return engine


@pytest.fixture
def account(engine: Engine) -> Account:
    """The account of the example."""
    holdings = [
        Holding("BTCUSDT", D("109.488"), D("32481.98")),
        Holding("ETHUSDT", D("3683.979"), D("1456.84")),
    ]
    return engine.add_account("example", {"USDT": D("1535443.01")}, holdings)


def test_margins(engine: Engine, account: Account) -> None:
    """Maintenance margin, unrealized PnL and ratio, to the published digits."""
    figures = engine.figures(account)
    asset = figures.assets["USDT"]
    by_symbol = {leg.position.symbol: leg for leg in figures.legs}
    assert abs(by_symbol["BTCUSDT"].maintenance - D("71200.81144")) < D("0.001")
    assert abs(by_symbol["ETHUSDT"].maintenance - D("356512.508")) < D("0.001")
    assert abs(asset.unrealized - D("-504547.45")) < CENT
    assert abs(asset.maintenance / asset.margin_balance - D("0.41489492")) < D("1e-7")


@pytest.mark.parametrize(("symbol", "price"), [("BTCUSDT", "26316.89"), ("ETHUSDT", "1153.26")])
def test_liquidation_prices(engine: Engine, account: Account, symbol: str, price: str) -> None:
    """Each symbol's price with the other one standing still, rounded to the cent as published."""
    figures = engine.figures(account)
    leg = next(leg for leg in figures.legs if leg.position.symbol == symbol)
    computed = liquidation_price(account, engine.market, figures, leg)
    assert computed is not None
    assert abs(computed - D(price)) < CENT


@pytest.mark.parametrize(
    ("mark", "dies"), [("26317.5", False), ("26316.90", False), ("26316.89", True), ("26316.5", True)]
)
def test_death_comes_at_that_mark(engine: Engine, account: Account, mark: str, dies: bool) -> None:
    """The engine's own rule agrees with the published price, ETH standing still."""
    engine.set_price("BTCUSDT", D(mark))
    assert account.liquidated is dies
    assert {item.symbol for item in account.liquidations} == ({"BTCUSDT", "ETHUSDT"} if dies else set())


@pytest.mark.parametrize(
    ("symbol", "qty", "entry", "price"),
    [("BTCUSDT", "109.488", "32481.98", "18778.73"), ("ETHUSDT", "3683.979", "1456.84", "1114.78")],
)
def test_isolated_liquidation_prices(engine: Engine, symbol: str, qty: str, entry: str, price: str) -> None:
    """The same legs with the whole wallet as isolated margin (figures of freqtrade's test_binance.py)."""
    wallet = D("1535443.01")
    holding = Holding(symbol, D(qty), D(entry), isolated_wallet=wallet)
    account = engine.add_account("isolated", {"USDT": wallet}, [holding])
    figures = engine.figures(account)
    computed = liquidation_price(account, engine.market, figures, figures.legs[0])
    assert computed is not None
    assert abs(computed - D(price)) < CENT
    engine.set_price(symbol, D(price) + CENT)
    assert account.liquidations == []
    engine.set_price(symbol, D(price) - CENT)
    assert [item.isolated for item in account.liquidations] == [True]
