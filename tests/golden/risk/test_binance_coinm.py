"""Binance COIN-M: figures in coin.

Sources: Binance FAQ ceccfcfb4e3a45e3b48b0b1bb1a8ae46; dev.binance.vision t/6292 (a user against Binance's calculator).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from guard.risk.assess import assess
from guard.risk.book import Book, Tier
from guard.risk.tiers import tier_table

BuildBook = Callable[..., Book]
Flat = Callable[..., list[dict[str, Any]]]
BTCUSD = {"symbol": "BTC/USD:BTC", "kind": "inverse", "settle": "BTC", "contract_size": 100}


def test_maintenance_margin(build: BuildBook, flat: Flat) -> None:
    """100 contracts at 25,000: 0.4 BTC of notional, 0.0016 BTC of maintenance margin."""
    leg = {**BTCUSD, "contracts": 100, "entry_price": 25000, "mark_price": 25000}
    position = assess(build("binance-coinm", 1.0, [leg], {"BTC/USD:BTC": flat(0.004)})).pools[0].positions[0]
    assert position.notional == pytest.approx(0.4, abs=1e-12)
    assert position.maintenance_margin == pytest.approx(0.0016, abs=1e-12)


def test_maintenance_amount_of_level_5() -> None:
    """50 * (5 % - 2.5 %) + 0.56 = 1.81."""
    table = tier_table("X", (Tier(0, 50, 0.025, 0.56), Tier(50, None, 0.05)))
    assert float(table.deduction[1]) == pytest.approx(1.81, abs=1e-9)


@pytest.mark.parametrize(
    ("cum", "price", "tolerance"),
    [(11.605, 33599.40, 0.03), (11.81, 33578.859744834, 0.02)],
    ids=["calculator, amount printed with three decimals", "with an outdated amount"],
)
def test_cross_liquidation_price(build: BuildBook, flat: Flat, cum: float, price: float, tolerance: float) -> None:
    """101 BTC, long 100,000 contracts from 45,000 in the 12.5 % tier."""
    leg = {**BTCUSD, "contracts": 100_000, "entry_price": 45000, "mark_price": 45000}
    risk = assess(build("binance-coinm", 101, [leg], {"BTC/USD:BTC": flat(0.125, cum)}))
    assert risk.pools[0].positions[0].liquidation_price == pytest.approx(price, abs=tolerance)
