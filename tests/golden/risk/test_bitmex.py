"""BitMEX: risk limits, posMaint of an API sample, and the 100x example of a tutorial.

Sources: bitmex.com/app/riskLimitsExamples; API sample (ccxt 4.5.83, bitmex.py); a tutorial with the table in
force until 2021-08-31 (base 200, step 100 XBT).

The tutorial's "1.5 BTC remain after liquidation" is wrong: the position is taken
over at the bankruptcy price, and about 1.0 remains; and its example needs the taker fee to be 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from guard.risk.assess import assess
from guard.risk.book import Book
from guard.risk.rules.bitmex import risk_limit_rates

BuildBook = Callable[..., Book]
OLD = {"base": 200, "step": 100, "base_im": 0.01, "base_mm": 0.005}
NEW = {"base": 200, "step": 150, "base_im": 0.01, "base_mm": 0.005}

TABLE = [
    (200, 0.01, 0.005), (300, 0.015, 0.01), (400, 0.02, 0.015), (500, 0.025, 0.02), (600, 0.03, 0.025),
    (700, 0.035, 0.03), (800, 0.04, 0.035), (900, 0.045, 0.04), (1000, 0.05, 0.045),
]  # fmt: skip


@pytest.mark.parametrize(("value", "initial", "maintenance"), TABLE)
def test_risk_limit_table(value: float, initial: float, maintenance: float) -> None:
    """From 200 to 1,000 XBT, at the upper end of each row, and just above it the next row."""
    assert risk_limit_rates(value, **OLD) == pytest.approx((initial, maintenance), abs=1e-9)
    above = risk_limit_rates(value + 1e-6, **OLD)
    assert above == pytest.approx((initial + 0.005, maintenance + 0.005), abs=1e-9)


def test_risk_limit_example() -> None:
    """180 XBT need 0.9 XBT; 230 XBT are one step up: 1.5 % and 1 %."""
    assert 180 * risk_limit_rates(180, **NEW)[1] == pytest.approx(0.9, abs=1e-9)
    assert risk_limit_rates(230, **NEW) == pytest.approx((0.015, 0.01), abs=1e-9)


def inverse(**changes: Any) -> dict[str, Any]:
    """XBTUSD: 1 USD a contract, settled in XBT."""
    base = {"symbol": "BTC/USD:BTC", "kind": "inverse", "settle": "BTC", "entry_price": 10_000, "mark_price": 10_000}
    return {**base, **changes}


def test_pos_maint(build: BuildBook) -> None:
    """PosInit 13,086,667, posComm 39,261, posMargin 13,125,928, posMaint 435,787 units.

    The API's `maintMargin` of 13,149,828 is margin plus PnL, not the requirement.
    """
    leg = {
        "symbol": "ETH/USDT:USDT", "contracts": 1, "entry_price": 39.26, "mark_price": 39.26 + 0.0239, "leverage": 3,
        "margin_mode": "isolated", "isolated_margin": 13.125928,
    }  # fmt: skip
    limits = {"base": 1e6, "step": 1e6, "base_im": 0.02, "base_mm": 0.01, "funding_rate": 0.0001}
    book = build("bitmex", 0, [leg], {}, parameters={"ETH/USDT:USDT": limits}, fees={"taker": 0.00075})
    pool = assess(book).pools[-1]
    assert pool.initial_margin == pytest.approx(13.086667, abs=1e-6)
    assert pool.closing_fees == pytest.approx(0.039261, abs=1.001e-6)
    assert pool.initial_margin + pool.closing_fees == pytest.approx(13.125928, abs=1.5e-6)
    assert pool.maintenance_margin + pool.closing_fees == pytest.approx(0.435787, abs=1.001e-6)
    assert pool.equity == pytest.approx(13.149828, abs=1e-6)


def test_liquidation_at_half_the_initial_margin(build: BuildBook) -> None:
    """1 XBT behind 100 XBT at 100x: liquidated when 0.5 XBT are left (no fee, no funding)."""
    book = build("bitmex", 1.0, [inverse(contracts=1_000_000, leverage=100)], {}, parameters={"BTC/USD:BTC": OLD})
    pool = assess(book).pools[0]
    assert pool.initial_margin == pytest.approx(1.0)
    assert pool.maintenance_margin == pytest.approx(0.5)
    price = pool.positions[0].liquidation_price
    assert price is not None
    assert 1.0 + 1_000_000 * (1 / 10_000 - 1 / price) == pytest.approx(0.5, rel=1e-9)
