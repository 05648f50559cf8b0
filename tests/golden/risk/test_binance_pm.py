"""Binance portfolio margin: uniMMR, and the lines of the published example.

Sources: PAPI GET /papi/v1/account sample, Event-riskLevelChange, Binance FAQ 5e33af8e6ac04d57a1d0a3398e0a0752.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from guard.risk.assess import assess
from guard.risk.book import Book

BuildBook = Callable[..., Book]
Flat = Callable[..., list[dict[str, Any]]]
WHY_105 = 1.05


@pytest.mark.parametrize(
    ("equity", "maintenance", "uni_mmr", "tolerance"),
    [
        (122607.35137903, 23.72469206, 5167.92171923, 1e-6),
        (30.23416728, 15.11708371, 1.99999999, 1e-8),
    ],
    ids=["account sample", "riskLevelChange event"],
)
def test_uni_mmr(
    build: BuildBook, flat: Flat, equity: float, maintenance: float, uni_mmr: float, tolerance: float
) -> None:
    """AccountEquity / accountMaintMargin; liquidation at 1.05 is a risk_ratio of 1."""
    leg = {"symbol": "X/USDT:USDT", "contracts": maintenance, "entry_price": 1, "mark_price": 1}
    book = build("binance-pm", equity, [leg], {"X/USDT:USDT": flat(1.0)})
    pool = assess(book).pools[0]
    assert pool.equity / (pool.maintenance_margin / WHY_105) == pytest.approx(uni_mmr, abs=tolerance)
    assert pool.risk_ratio == pytest.approx(WHY_105 / uni_mmr, rel=1e-8)


def test_pnl_and_loan_margin(build: BuildBook, flat: Flat) -> None:
    """PnL of 600 and -414; loans of 0.04 BTC and 15 ETH ask for 10 %: 0.004 BTC and 1.5 ETH."""
    legs = [
        {"symbol": "BTC/USDT:USDT", "side": "short", "contracts": 0.05, "entry_price": 52000, "mark_price": 40000},
        {"symbol": "BTC/USDT:USDT-240628", "contracts": 0.04, "entry_price": 52350, "mark_price": 42000},
    ]
    wallet = [
        {"asset": "USDT", "balance": 100_000},
        {"asset": "BTC", "balance": 0.04, "borrowed": 0.04, "borrow_mm_rate": 0.1, "price": 40000, "haircut": 0.05},
        {"asset": "ETH", "balance": 15, "borrowed": 15, "borrow_mm_rate": 0.1, "price": 2000, "haircut": 0.05},
    ]
    tiers = {leg["symbol"]: flat(0.0) for leg in legs}
    pool = assess(build("binance-pm", 0, legs, tiers, collateral=wallet)).pools[0]
    assert [leg.unrealized_pnl for leg in pool.positions] == pytest.approx([600, -414], abs=1e-9)
    assert pool.maintenance_margin / WHY_105 == pytest.approx(0.004 * 40000 + 1.5 * 2000, rel=1e-9)
    assert pool.equity == pytest.approx(100_000 + 600 - 414, rel=1e-9)
