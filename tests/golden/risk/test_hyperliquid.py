"""Hyperliquid: the tier deduction, and liquidation prices of real isolated positions.

Sources: Hyperliquid documents (margin tiers, info endpoint), freqtrade tests/exchange/test_hyperliquid.py (positions of
2024: 50x BTC and ETH, 20x SOL and DOGE), ccxt (hyperliquid.py). Tolerances as recorded with the cases.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from guard.risk.assess import assess
from guard.risk.book import Book, Tier
from guard.risk.tiers import tier_table

BuildBook = Callable[..., Book]


def test_tier_deduction() -> None:
    """BTC, 40x to 150M and 20x above: deduction 1,875,000; 200M needs 3,125,000."""
    table = tier_table("BTC", (Tier(0, 150e6, 1 / 80), Tier(150e6, None, 1 / 40)))
    assert float(table.deduction[1]) == pytest.approx(1_875_000, abs=1e-6)
    assert float(table.maintenance(200e6)) == pytest.approx(3_125_000, abs=1e-6)


# side, size, entry, mark, margin value (isolated margin + PnL), highest leverage, liquidation price, tolerance
CASES = [
    ("long", 0.015, 2458.5, 2458.5, 36.864593, 50, 0.86915825, 1e-4),
    ("long", 0.33, 145.83, 145.83, 24.045107, 20, 74.83696193, 1e-5),
    ("short", 0.019, 2642.8, 2642.8, 25.091876, 50, 3924.18322043, 1e-5),
    ("short", 0.00099, 65536.0, 65536.0, 21.604172, 50, 86493.46174617, 1e-5),
    ("long", 0.6, 173.06, 173.06, 20.735658, 20, 142.05186667, 1e-5),
    ("long", 0.0015, 66930.0, 66930.0, 20.043862, 50, 54108.51043771, 1e-5),
    ("long", 0.16, 146.82, 146.82, 23.482979, 20, 0.05269872, 1e-4),
    ("long", 0.0199, 2459.5, 2459.5, 24.454895, 50, 1243.0411908, 1e-4),
    ("long", 437.0, 0.11586, 0.11586, 25.29769, 20, 0.05945697, 1e-4),
    ("short", 0.32, 155.89, 155.89, 24.924941, 20, 228.07847866, 1e-4),
    ("short", 0.00069, 68595.0, 68595.0, 23.64871, 50, 101849.99354283, 1e-4),
    ("short", 0.00031, 67400.0, 67400.0, 20.887308, 50, 133443.97317151, 1e-4),
    ("long", 0.0237, 2521.9, 2521.9, 19.902091, 50, 1699.14071943, 1e-4),
    ("short", 0.11, 178.29, 178.29, 19.605036, 20, 347.82205322, 1e-4),
    ("short", 0.33, 173.08, 173.08, 19.01881, 20, 225.08561715, 1e-4),
    ("short", 0.007, 2518.4, 2518.4, 17.62263, 50, 4986.05799151, 1e-4),
    ("long", 360.0, 0.13284, 0.13284, 15.943218, 20, 0.09082388, 1e-4),
    ("long", 0.00067, 67141.0, 67141.0, 14.979079, 50, 45236.52992613, 1e-4),
    ("short", 0.5, 190.0, 190.0, 9.5, 10, 199.04761904761904, 1e-6),
    ("long", 0.0335, 2986.3, 2985.8999999999996, 4.967826, 50, 2866.26936529, 1e-6),
    ("long", 0.2259, 2213.9, 2213.9, 24.88097, 50, 2125.00856238, 1e-6),
]


@pytest.mark.parametrize(("side", "size", "entry", "mark", "margin_value", "highest", "price", "tolerance"), CASES)
def test_liquidation_price(
    build: BuildBook,
    side: str,
    size: float,
    entry: float,
    mark: float,
    margin_value: float,
    highest: float,
    price: float,
    tolerance: float,
) -> None:
    """The venue's liquidationPx."""
    sign = 1 if side == "long" else -1
    leg: dict[str, Any] = {
        "symbol": "X/USDC:USDC", "side": side, "contracts": size, "entry_price": entry, "mark_price": mark,
        "settle": "USDC", "margin_mode": "isolated", "isolated_margin": margin_value - sign * size * (mark - entry),
    }  # fmt: skip
    book = build("hyperliquid", 0, [leg], {}, parameters={"X/USDC:USDC": {"max_leverage": highest}})
    assert assess(book).pools[-1].positions[0].liquidation_price == pytest.approx(price, rel=tolerance)
