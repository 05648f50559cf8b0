"""The venue's own figures: equity after haircuts, the requirement, and the ratio in the guard's direction."""

from __future__ import annotations

from typing import Any

import pytest

from guard.venues.bybit.parse import read_wallet
from guard.venues.bybit.reported import reported
from tests.unit.venues.bybit import answers as made

SPENT = {"totalAvailableBalance": "0"}
NOTHING = dict.fromkeys(("totalAvailableBalance", "totalInitialMargin", "totalMaintenanceMargin", "accountMMRate"), "0")


@pytest.mark.parametrize(
    ("fields", "equity", "ratio"),
    [
        ({}, 1000.0, 0.02),
        ({"accountMMRate": "0.0199"}, 1000.0, 0.02),
        ({"accountMMRate": "0.0205"}, 1000.0, 0.0205),
        ({**SPENT, "accountIMRate": "1.25"}, 80.0, 0.25),
        ({**SPENT, "accountIMRate": "", "totalMaintenanceMargin": "90", "accountMMRate": "0.9"}, 100.0, 0.9),
        ({**SPENT, "accountIMRate": "0.0999", "accountMMRate": "0.0999"}, None, 0.0999),
        (NOTHING, 0.0, 0.0),
        ({"totalAvailableBalance": "", "accountMMRate": "", "accountIMRate": ""}, None, None),
        ({"accountMMRate": ""}, 1000.0, 0.02),
    ],
)  # fmt: skip
def test_cross_margin(fields: dict[str, Any], equity: float | None, ratio: float | None) -> None:
    """Equity from what is available while anything is, else from the rate where that is exact enough."""
    found = reported(read_wallet(made.wallet(**fields)), "cross")
    assert found.pools["USD"].equity == (None if equity is None else pytest.approx(equity))
    assert found.risk_ratio == (None if ratio is None else pytest.approx(ratio))
    assert found.maintenance_margin == found.pools["USD"].maintenance_margin


def test_isolated_margin() -> None:
    """Nothing of it is about one pool."""
    assert reported(read_wallet(made.wallet()), "isolated").pools == {}
