"""`tiered`: cross liquidation prices with other positions' margin, from another project's tests.

Source: TorchTrade, tests/envs/test_live_env_base.py. Tolerances as recorded with the cases.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from guard.risk.assess import assess
from guard.risk.book import Book

# side, equity, maintenance margin of other positions, liquidation price, relative tolerance
CASES = [
    ("long", 5.0, 4.0, 99.39759036144578, 1e-9),
    ("short", 5.0, 4.0, 100.59760956175299, 1e-9),
    ("long", 2.0, 0.0, 98.3936, 1e-5),
    ("short", 2.0, 0.0, 101.5936, 1e-5),
]


@pytest.mark.parametrize(("side", "equity", "other", "price", "tolerance"), CASES)
def test_cross(
    build: Callable[..., Book],
    flat: Callable[..., list[dict[str, Any]]],
    side: str,
    equity: float,
    other: float,
    price: float,
    tolerance: float,
) -> None:
    """One unit from 100 at 100; the other margin is carried by a second symbol that does not move."""
    leg = {"symbol": "X/USDT:USDT", "side": side, "entry_price": 100, "mark_price": 100}
    ballast = {"symbol": "Y/USDT:USDT", "entry_price": 100, "mark_price": 100}
    legs = [leg, ballast] if other else [leg]
    tiers = {"X/USDT:USDT": flat(0.004), "Y/USDT:USDT": flat(other / 100)}
    risk = assess(build("tiered", equity, legs, tiers))
    assert risk.pools[0].positions[0].liquidation_price == pytest.approx(price, rel=tolerance)
