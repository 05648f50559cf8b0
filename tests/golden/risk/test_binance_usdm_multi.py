"""Binance USD-M, multi-assets mode.

Source: Binance FAQ c983a9268cfa4e70a4916c276bb3b7bc "Margin Ratio in the Multi-Assets Mode": 200 USDT at bid 0.9801
and ask 0.99495, 220 USDC at 1; 0.5 BTC at 20,000 in USDT, 20 ETH at 600 in USDC.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from guard.risk.assess import assess
from guard.risk.book import Book
from guard.risk.rules.binance_usdm_multi import pools

BuildBook = Callable[..., Book]
Flat = Callable[..., list[dict[str, Any]]]

WALLET = [
    {"asset": "USDT", "balance": 200, "price": 0.99, "haircut": 0.01, "markup": 0.005},
    {"asset": "USDC", "balance": 220, "price": 1.0},
]
BTC = {"symbol": "BTC/USDT:USDT", "contracts": 0.5, "entry_price": 20000, "mark_price": 20000, "leverage": 100}
ETH = {
    "symbol": "ETH/USDC:USDC", "settle": "USDC", "contracts": 20, "entry_price": 600, "mark_price": 600, "leverage": 50,
}  # fmt: skip


def test_bid_and_ask_rate(build: BuildBook) -> None:
    """Index * (1 - bidBuffer) = 0.9801 and index * (1 + askBuffer) = 0.99495."""
    assets = pools(build("binance-usdm-multi", 0, [], {}, collateral=WALLET))[0].assets
    assert float(assets.price[0] * assets.line_rate[0, 0]) == pytest.approx(0.9801, abs=1e-9)
    assert float(assets.price[0] * assets.line_rate[1, 0]) == pytest.approx(0.99495, abs=1e-9)


def test_no_positions(build: BuildBook) -> None:
    """Equity 416.02; 418.13 USDT or 416.02 USDC are available."""
    pool = assess(build("binance-usdm-multi", 0, [], {}, collateral=WALLET)).pools[0]
    assert pool.equity == pytest.approx(416.02, abs=1e-9)
    assert pool.available_margin / 0.99495 == pytest.approx(418.13, abs=0.005)


def test_with_positions(build: BuildBook, flat: Flat) -> None:
    """MM 199.596, ratio 0.47977, available 76.525 (76.91 in USDT)."""
    tiers = {"BTC/USDT:USDT": flat(0.008), "ETH/USDC:USDC": flat(0.01)}
    pool = assess(build("binance-usdm-multi", 0, [BTC, ETH], tiers, collateral=WALLET)).pools[0]
    assert pool.maintenance_margin == pytest.approx(199.596, rel=1e-9)
    assert pool.risk_ratio == pytest.approx(0.4797750108167877, rel=1e-9)
    assert pool.available_margin == pytest.approx(76.525, rel=1e-9)
    assert pool.available_margin / 0.99495 == pytest.approx(76.91, abs=0.005)
    assert sum(position.maintenance_margin for position in pool.positions) == pytest.approx(pool.maintenance_margin)
