"""Deribit standard margin of linear perpetuals, and one line of its old portfolio margin.

Sources: support.deribit.com 25944738177565 (its maintenance lines for 350 BTC and 6,000 SOL are cut off: derived);
deribit.com/pages/docs/portfoliomargin (old).
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from guard.risk.assess import assess
from guard.risk.book import Book
from guard.risk.scenario_margin import offset_contingency

BTC = {"base_im": 0.02, "base_mm": 0.01, "slope": 5e-5}
SOL = {"base_im": 0.04, "base_mm": 0.02, "slope": 5e-6}


@pytest.mark.parametrize(
    ("constants", "size", "index", "initial", "maintenance"),
    [
        (BTC, 25, 100_000, 53_125, 28_125),
        (BTC, 350, 100_000, 1_312_500, 962_500),
        (SOL, 25, 200, 200.625, 100.625),
        (SOL, 6000, 200, 84_000, 60_000),
    ],
    ids=["BTC_USDC 25", "BTC_USDC 350", "SOL_USDC 25", "SOL_USDC 6000"],
)
def test_standard_margin(
    build: Callable[..., Book],
    constants: dict[str, float],
    size: float,
    index: float,
    initial: float,
    maintenance: float,
) -> None:
    """Size * (base + size * slope) * index."""
    leg = {
        "symbol": "X/USDC:USDC", "settle": "USDC", "contracts": size, "entry_price": index, "mark_price": index,
    }  # fmt: skip
    book = build("deribit-sm", 1e7, [leg], {}, parameters={"X/USDC:USDC": constants})
    position = assess(book).pools[0].positions[0]
    assert position.initial_margin == pytest.approx(initial, rel=1e-9)
    assert position.maintenance_margin == pytest.approx(maintenance, rel=1e-9)


def test_futures_offset() -> None:
    """1 % of 100 BTC long against 100 BTC short: 1 BTC."""
    assert offset_contingency(100, 100, 0.01) == pytest.approx(1.0, abs=1e-12)
