"""Bitget's rule in the sandbox: the fee inside, slices or whole tiers by age, the larger side, coins bought."""

from __future__ import annotations

from decimal import Decimal

import pytest

from guard.sandbox.dialects.bitget.dialect import DIALECT
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.engine import Engine, Holding
from guard.sandbox.engine.margin import Pool
from guard.sandbox.engine.rules.bitget import OLDER, SLICED_SINCE_MS
from guard.sandbox.engine.sides import Leg

D = Decimal


def opened(
    *holdings: Holding, start_ms: int = SLICED_SINCE_MS, mode: str = "", hedge_mode: bool = False
) -> tuple[Engine, Account]:
    """A venue with one account of 100,000 USDT and 2 BTC."""
    engine = Engine(start_ms=start_ms, instruments=DIALECT.instruments(), rule=DIALECT.rule)
    account = engine.add_account("alice", {"USDT": D(100_000), "BTC": D(2)}, holdings, hedge_mode=hedge_mode)
    account.mode = mode
    return engine, account


def pool_of(engine: Engine, account: Account, currency: str) -> Pool:
    """The cross pool of a currency."""
    pools = engine.market.rule.pools(account, engine.market, engine.figures(account))
    return next(pool for pool in pools if pool.currency == currency and not pool.isolated)


@pytest.mark.parametrize(
    ("start_ms", "mode", "expected"),
    [(SLICED_SINCE_MS, "", "3050"), (SLICED_SINCE_MS - 1, "", "4350"), (SLICED_SINCE_MS, OLDER, "4350")],
)
def test_the_age_of_a_leg(start_ms: int, mode: str, expected: str) -> None:
    """10 BTC at 43,500: 1 % of all of it before; since then 0.4 %, 0.5 % and 1 % of slices; and the fee."""
    engine, account = opened(Holding("BTCUSDT", D(10), D(43_500)), start_ms=start_ms, mode=mode)
    assert pool_of(engine, account, "USDT").maintenance == D(expected) + D(435_000) * D("0.0006")


def test_the_larger_side_of_each_symbol() -> None:
    """The smaller one needs nothing; other symbols are for themselves."""
    legs = (
        Holding("BTCUSDT", D(1), D(43_500), leg=Leg.LONG),
        Holding("BTCUSDT", D(-2), D(43_500), leg=Leg.SHORT),
        Holding("ETHUSDT", D(1), D(3_400), leg=Leg.LONG),
    )
    engine, account = opened(*legs, hedge_mode=True)
    figures = {(leg.position.symbol, leg.position.leg): leg.maintenance for leg in engine.figures(account).legs}
    charged = figures["BTCUSDT", Leg.SHORT] + figures["ETHUSDT", Leg.LONG]
    assert pool_of(engine, account, "USDT").maintenance == charged


def test_coins_bought_stay_what_they_were() -> None:
    """The requirement of a coin-margined leg does not move with the mark; its PnL does."""
    engine, account = opened(Holding("BTCUSD", D(43_500), D(43_500)))
    before = pool_of(engine, account, "BTC")
    engine.set_price("BTCUSD", D(40_000))
    after = pool_of(engine, account, "BTC")
    assert before.maintenance == after.maintenance == D("0.0046")
    assert after.equity == 2 + D(43_500) * (1 / D(43_500) - 1 / D(40_000))
