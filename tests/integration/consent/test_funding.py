"""A rule that compares what the venue tells in the background, in the whole service."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any


async def test_a_funding_drain_is_told(house: Callable[..., Any]) -> None:
    """1 % every eight hours of 2.9 times the equity: 8.7 % a day, told without anybody having set a threshold."""
    async with house("observe") as at:
        at.server.engine.market.funding_rates["BTCUSDT"] = Decimal("0.01")
        await at.restart()  # rates are asked for every ten minutes, or at once by a guard that knows none
        assert "8.7" in (await at.said("Funding drain")).text
