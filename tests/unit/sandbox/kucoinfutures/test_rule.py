"""KuCoin's margins in the sandbox: the article's own examples, written apart from the guard's rule.

Sources: KuCoin support 35084093025049, 35233217061785.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from guard.sandbox.dialects.kucoinfutures.dialect import DIALECT
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.engine import Engine, Holding
from guard.sandbox.engine.margin import Pool
from guard.sandbox.engine.matching import place_order
from guard.sandbox.engine.orders import OrderKind, OrderRequest
from guard.sandbox.engine.rules.kucoinfutures import UNIFIED, Constants, KucoinRule
from guard.sandbox.engine.sides import Leg, Side


def world(*holdings: Holding, usdt: int = 1_000_000, hedge_mode: bool = False) -> tuple[Engine, Account]:
    """BTC at 60,000, and an account."""
    engine = Engine(start_ms=1_700_000_000_000, instruments=DIALECT.instruments(), rule=KucoinRule())
    engine.set_prices({"BTCUSDT": Decimal(60_000), "BTCUSDC": Decimal(60_000), "BTCUSD": Decimal(60_000)})
    return engine, engine.add_account("alice", {"USDT": Decimal(usdt)}, holdings, hedge_mode=hedge_mode)


def held(qty: str, symbol: str = "BTCUSDT", leg: Leg = Leg.BOTH, isolated_wallet: Decimal | None = None) -> Holding:
    """A leg that was opened at 60,000."""
    return Holding(symbol, Decimal(qty), Decimal(60_000), leg=leg, isolated_wallet=isolated_wallet)


def rest(engine: Engine, account: Account, side: Side, qty: str, price: str) -> None:
    """Put a limit order into the book."""
    request = OrderRequest("BTCUSDT", side, Leg.BOTH, OrderKind.LIMIT, Decimal(qty), Decimal(price))
    place_order(engine.state, account, request)


def pool_of(engine: Engine, account: Account, currency: str = "USDT", *, isolated: bool = False) -> Pool:
    """One pool."""
    pools = engine.market.rule.pools(account, engine.market, engine.figures(account))
    (found,) = [pool for pool in pools if (pool.currency, pool.isolated) == (currency, isolated)]
    return found


@pytest.mark.parametrize(("constant", "rate"), [("100", "0.005016666667"), ("125", "0.004013333333")])
def test_the_rate(constant: str, rate: str) -> None:
    """(1 + 1 / 300) / (2 * constant); never above its limit."""
    constants = Constants(k=Decimal(490), m=Decimal(300), lev_constant=Decimal(constant))
    assert constants.rate(Decimal(1)).quantize(Decimal("1e-12")) == Decimal(rate)
    assert constants.rate(Decimal(10**9)) == Decimal("0.3")


def test_the_worse_side_of_position_and_orders() -> None:
    """max(|1 + 2|, |1 - 3|) * 60,000 at the rate of 3 BTC, and the fee to close them; fees to open off the equity."""
    engine, account = world(held("1"))
    rest(engine, account, Side.BUY, "2", "59000")
    rest(engine, account, Side.SELL, "3", "61000")
    pool = pool_of(engine, account)
    rate = (1 + Decimal(3) / 300) / 250
    assert pool.maintenance == 180_000 * (rate + account.taker_rate)
    assert pool.equity == 1_000_000 - account.taker_rate * (2 * 59_000 + 3 * 61_000)


def test_a_hedge_counts_by_its_net() -> None:
    """3 long against 1 short are 2."""
    engine, account = world(held("3", leg=Leg.LONG), held("-1", leg=Leg.SHORT), hedge_mode=True)
    rate = (1 + Decimal(2) / 300) / 250
    assert pool_of(engine, account).maintenance == 120_000 * (rate + account.taker_rate)


def test_an_inverse_size_counts_in_coins() -> None:
    """60,000 dollars of BTC are 1 BTC."""
    engine, account = world(held("60000", "BTCUSD"))
    account.wallets["BTC"] = Decimal(1)
    rate = (1 + Decimal(1) / 300) / 250
    assert pool_of(engine, account, "BTC").maintenance == rate + account.taker_rate


def test_an_isolated_leg() -> None:
    """Rate and funding on its cost, and the fee at its bankruptcy price."""
    engine, account = world(held("1", isolated_wallet=Decimal(4_000)))
    account.settings_of("BTCUSDT").leverage = 20
    pool = pool_of(engine, account, isolated=True)
    fee = 60_000 * (1 + Decimal(1) / 20) * account.taker_rate
    assert pool.maintenance == 60_000 * (Decimal("0.005") + Decimal("0.0001")) + fee
    assert pool.equity == 4_000


def test_what_orders_withhold() -> None:
    """Sells up to the position are free; the larger of both sides counts."""
    engine, account = world(held("1"))
    free = engine.figures(account).assets["USDT"].available
    rest(engine, account, Side.SELL, "1", "61000")
    assert engine.figures(account).assets["USDT"].order_initial == 0
    rest(engine, account, Side.BUY, "1", "59000")
    withheld = engine.figures(account).assets["USDT"].order_initial
    assert withheld == 59_000 * (Decimal(1) / 20 + account.taker_rate)
    assert engine.figures(account).assets["USDT"].available == free - withheld


def test_a_unified_account() -> None:
    """One pool in USD of all currencies; the rate of a tier holds for the whole leg."""
    engine, account = world(held("1"), held("-2", "BTCUSDC"), usdt=50_000)
    account.mode = UNIFIED
    account.wallets["USDC"] = Decimal(30_000)
    pool = pool_of(engine, account, "USD")
    assert pool.equity == 80_000
    rate = Decimal("0.005") + account.taker_rate
    assert pool.maintenance == 180_000 * rate


@pytest.mark.parametrize(
    ("mode", "price", "dies"),
    [("", 58_400, False), ("", 58_200, True), (UNIFIED, 58_700, False), (UNIFIED, 58_500, True)],
)
def test_death(mode: str, price: int, dies: bool) -> None:
    """Where the ratio reaches 1, in either mode."""
    engine, account = world(held("10"), usdt=20_000)
    account.mode = mode
    engine.set_price("BTCUSDT", Decimal(price))
    assert account.liquidated is dies
    assert account.wallets["USDT"] >= 0


def test_contracts_are_whole_numbers() -> None:
    """0.001 BTC, 0.01 ETH, one dollar of a coin-settled one."""
    listed = DIALECT.instruments()
    sizes = {symbol: listed[symbol].contract_size for symbol in ("BTCUSDT", "ETHUSDT", "BTCUSD")}
    assert sizes == {"BTCUSDT": Decimal("0.001"), "ETHUSDT": Decimal("0.01"), "BTCUSD": Decimal(1)}
    assert all(each.step == each.contract_size for each in listed.values())
