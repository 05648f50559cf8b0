"""Protection of an account whose money is a coin: sizes in contracts of dollars, and shorts that gain it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from guard.protect.outcome import Ending

BTC, ETH = "BTCUSD", "ETHUSD"
MONEY = {"BTC": Decimal(1), "ETH": Decimal(10)}


@pytest.mark.parametrize(("qty", "entry"), [("300000", "46000"), ("-700000", "42000")])
async def test_one_way(desk: Callable[..., Any], holding: Callable[..., Any], qty: str, entry: str) -> None:
    """A leg in danger shrinks by whole contracts until the target holds; the other coin's pool is left alone."""
    at = await desk(holding(BTC, qty, entry), holding(ETH, "5000", "3400"), name="binancecoinm", money=MONEY)
    before = at.legs()
    assert not await at.holds()
    outcome = await at.executor().execute(await at.assignment())
    assert outcome.ending is Ending.TARGET_HOLDS, outcome
    assert await at.holds()
    after = at.legs()
    assert 0 < abs(after[BTC, "BOTH"]) < abs(before[BTC, "BOTH"])
    assert after[BTC, "BOTH"] % 100 == 0
    assert after[BTC, "BOTH"] * before[BTC, "BOTH"] > 0
    assert after[ETH, "BOTH"] == before[ETH, "BOTH"]
    filled = sum(Decimal(order.filled) for order in await at.orders()) * 100
    assert filled == abs(before[BTC, "BOTH"] - after[BTC, "BOTH"])
    assert outcome.cost is not None
    assert outcome.planned_cost is not None
    assert outcome.cost <= outcome.planned_cost * 1.1


async def test_hedge_mode(desk: Callable[..., Any], holding: Callable[..., Any]) -> None:
    """Reducing one leg never touches, opens or grows the other."""
    legs = (holding(BTC, "400000", "45500", "LONG"), holding(BTC, "-100000", "43000", "SHORT"))
    at = await desk(*legs, name="binancecoinm", money=MONEY, hedge=True)
    before = at.legs()
    assert not await at.holds()
    outcome = await at.executor().execute(await at.assignment())
    assert outcome.ending is Ending.TARGET_HOLDS, outcome
    after = at.legs()
    assert set(after) == set(before)
    assert all(abs(qty) <= abs(before[key]) for key, qty in after.items())
    touched = {order.leg.upper() for order in outcome.orders}
    assert all((after[key] != before[key]) == (key[1] in touched) for key in before)
