"""MEXC: initial margin with the fee inside, isolated liquidation price.

Source: MEXC API sample (ccxt, mexc.py); maintenance rate 0.5 % and contract size 0.01 are inferred, they agree
within the printed tick of 0.1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from guard.risk.assess import assess
from guard.risk.book import Book


def test_isolated_long(build: Callable[..., Book], flat: Callable[..., list[dict[str, Any]]]) -> None:
    """Margin 0.1290338 of which 0.0073038 is the fee; liquidation 1,211.2."""
    leg = {
        "symbol": "ETH/USDT:USDT", "contracts": 1, "contract_size": 0.01, "entry_price": 1217.3, "mark_price": 1217.3,
        "leverage": 100, "margin_mode": "isolated", "isolated_margin": 0.1290338,
    }  # fmt: skip
    pool = assess(build("mexc", 0, [leg], {"ETH/USDT:USDT": flat(0.005)}, fees={"taker": 0.0006})).pools[-1]
    assert pool.initial_margin == pytest.approx(0.1290338, abs=1e-9)
    assert pool.closing_fees == pytest.approx(0.0073038, abs=1e-9)
    assert pool.positions[0].liquidation_price == pytest.approx(1211.1792236524539, rel=1e-9)
    assert pool.positions[0].liquidation_price == pytest.approx(1211.2, abs=0.05)
