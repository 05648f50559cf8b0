"""Gate's margins in the sandbox, against figures worked out by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from guard.sandbox.dialects.gate.names import follow_coins, gate_instruments
from guard.sandbox.engine.engine import Engine, Holding
from guard.sandbox.engine.rules.gate import GateRule
from guard.sandbox.engine.sides import Leg

RULE = GateRule()


def opened(*legs: Holding, mode: str = "", **fields: Any) -> tuple[Engine, Any]:
    """A venue with one account."""
    engine = Engine(start_ms=1_772_600_000_000, instruments=gate_instruments(), rule=RULE)
    follow_coins(engine.market)
    balances = {"USDT": Decimal(10_000), **fields.pop("balances", {})}
    return engine, engine.add_account("a", balances, legs, mode=mode, **fields)


def test_the_fee_is_part_of_the_requirement() -> None:
    """1 BTC at 43,500 in the first tier: 0.4 % and 0.075 %."""
    engine, account = opened(Holding("BTCUSDT", Decimal(1), Decimal(43_000)))
    (pool,) = RULE.pools(account, engine.market, engine.figures(account))
    assert (pool.currency, pool.equity) == ("USDT", Decimal(10_500))
    assert pool.maintenance == Decimal(43_500) * Decimal("0.00475")
    assert not pool.is_dead


@pytest.mark.parametrize(("short", "value"), [("-1", 3 * 43_500), ("-4", 4 * 43_500)])
def test_of_both_legs_the_larger_one(short: str, value: int) -> None:
    """Marginal tiers: 0.4 % up to 50,000, then 0.5 %."""
    legs = (
        Holding("BTCUSDT", Decimal(3), Decimal(43_000), leg=Leg.LONG),
        Holding("BTCUSDT", Decimal(short), Decimal(43_000), leg=Leg.SHORT),
    )
    engine, account = opened(*legs, hedge_mode=True)
    (pool,) = RULE.pools(account, engine.market, engine.figures(account))
    assert pool.maintenance == value * Decimal("0.00575") - 50


def test_portfolio_margin_is_of_the_net() -> None:
    """In USD, 6 % of what is not hedged."""
    legs = (Holding("BTCUSDT", Decimal(1), Decimal(43_500)), Holding("BTCUSD", Decimal(-13_500), Decimal(43_500)))
    engine, account = opened(*legs, mode="portfolio", multi_assets=True, balances={"BTC": Decimal(1)})
    (pool,) = RULE.pools(account, engine.market, engine.figures(account))
    # Of the coin 98 % count.
    assert pool.equity == Decimal(10_000) + Decimal(43_500) * Decimal("0.98")
    assert float(pool.maintenance) == pytest.approx(30_000 * 0.06)
