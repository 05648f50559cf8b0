"""A person's own hedge: opened, shown with what it protects, taken off again; by itself once the account is safe."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

DO = "✅ Do it"
REMEDIES = ("cancel", "net", "reduce", "hedge")


@pytest.mark.parametrize("by_itself", [False, True])
async def test_a_hedge_comes_and_goes(house: Callable[..., Any], by_itself: bool) -> None:
    """`/hedge` in hedge mode grows the other leg; `/unhedge`, or time in safety, takes exactly that off."""
    after_s = 0.3 if by_itself else None
    async with house("auto", hedge=True, remedies=REMEDIES, unhedge_after_s=after_s) as at:

        async def hedges() -> Any:
            return await at.store.open_hedges("account-1")

        async def none() -> bool:
            return not await hedges()

        plan = await at.ask("/hedge BTC 50%", "· plan")
        assert "hedge BTC/USDT:USDT short: sell 1 contract at" in plan.text
        assert await at.tap(plan, DO) == "On its way."
        await at.until(at.ended)
        if not by_itself:
            (hedge,) = await at.until(hedges)
            held = (Decimal(hedge.contracts), hedge.protects_symbol, hedge.protects_leg)
            assert held == (Decimal(1), "BTC/USDT:USDT", "long")
            log = await at.ask("/actions", "· actions")
            assert "1 contract BTC/USDT:USDT short against BTC/USDT:USDT long" in log.text
            status = await at.ask("/status", "Hedges of the guard")
            assert "1 contract BTC/USDT:USDT short against BTC/USDT:USDT long, since" in status.text
            assert await at.tap(await at.ask("/unhedge", "· plan"), DO) == "On its way."
        await at.until(at.ended)
        await at.until(none, 20)
        assert {leg.qty for leg in at.account.account.held()} == {Decimal(2)}
        origins = [(intent.origin, intent.requested_by is None) for intent in await at.intents()]
        assert origins == [("command", False), ("unwind", by_itself)]
