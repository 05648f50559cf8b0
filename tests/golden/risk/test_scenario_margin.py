"""A price ladder of ten futures. Source: wiki.dederi.io, portfolio margin (tolerances: half of the printed digit)."""

from __future__ import annotations

import pytest

from guard.risk.scenario_margin import forward_price, price_ladder, size_contingency

SHOCKS = (-0.15, -0.12, -0.09, -0.06, -0.03, 0.0, 0.03, 0.06, 0.09, 0.12, 0.15)


def test_ladder() -> None:
    """10 ETH, index 2,243.3, 8 % a year, 20 days: forward 2,253.2; -3,380 at -15 %, symmetric."""
    forward = forward_price(2243.3, 0.08, 20)
    assert forward == pytest.approx(2253.2, abs=0.05)
    ladder = price_ladder(10, forward, SHOCKS)
    assert ladder[:5] == pytest.approx((-3380, -2704, -2028, -1352, -676), abs=0.5)
    assert ladder[5] == 0.0
    assert ladder[6:] == pytest.approx(tuple(-loss for loss in reversed(ladder[:5])))


def test_contingency() -> None:
    """0.6 % of 10 ETH: 134.6."""
    assert size_contingency(10, 2243.3, 0.006) == pytest.approx(134.6, abs=0.05)
