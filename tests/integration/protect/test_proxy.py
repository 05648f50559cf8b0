"""Longs of two coins hedged by a short of a third one: planned and opened by an armed guard, taken off in calm."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from guard.app.planning import BY_ITSELF, Planning
from guard.ports.records import HedgeRecord
from guard.ports.wishes import Wish
from guard.protect.policy import ExecutionBounds
from guard.store.store import Store
from tests.contract.venues.harness import Harness
from tests.contract.venues.harness_binanceusdm import HARNESS
from tests.integration.protect.armed import Armed, armed_at, trading_venues

TELL = {"binanceusdm", "bingx", "bitget", "bybit", "gate", "hyperliquid", "kucoinfutures", "okx"}

BTC, ETH, SOL = "BTC/USDT:USDT", "ETH/USDT:USDT", "SOL/USDT:USDT"
PROTECT: dict[str, Any] = {
    "remedies": ("hedge",),
    "betas": {"BTC": 1.0, "ETH": 1.2, "SOL": 1.5},
    "target_risk_ratio": 0.9,
    "target_distance": 0.2,
    "unhedge_after_s": 0.001,
    "act_in": "warning",
}


ALTS = [("ETHUSDT", "40", "3400", "BOTH"), ("SOLUSDT", "1500", "56", "BOTH")]
"""136,000 of ETH and 84,000 of SOL."""


async def told(armed: Armed) -> str:
    """Everything that people are about to be told."""
    return "\n".join(message.html for message in await armed.messages())


def short(armed: Armed) -> Decimal:
    """BTC that the venue holds short."""
    return -sum((qty for (symbol, _), qty in armed.legs().items() if symbol == "BTCUSDT"), Decimal(0))


async def test_alts_are_hedged_with_what_is_not_held(store: Store) -> None:
    """Below what they weigh, none of their legs touched, each order recorded with its leg; taken off in calm."""
    async with armed_at(HARNESS, store, ALTS, protect=PROTECT | {"allow_symbols": (BTC,)}) as armed:
        before = armed.legs()
        armed.guarded.account.settings_of("BTCUSDT").leverage = 100  # at 20 no margin would be free for it
        await armed.fall(0.035)
        await armed.turn()
        acted = await armed.turn()
        (intent,) = await armed.intents()
        assert intent.state == "done", (intent.reason, await told(armed))
        assert acted.risk is not None
        assert {key: qty for key, qty in armed.legs().items() if key[0] != "BTCUSDT"} == before
        hedges = await store.open_hedges()
        assert {(each.symbol, each.leg) for each in hedges} == {(BTC, "short")}
        assert sum(Decimal(each.contracts) for each in hedges) == short(armed) > 0
        await is_below_its_legs(armed, hedges)
        assert f"sell {hedges[0].contracts} {BTC} (short leg)" in await told(armed)
        armed.move(1.0)
        for _ in range(8):
            await armed.turn()
            if not await store.open_hedges():
                break
        assert short(armed) == 0, await told(armed)
        assert armed.legs() == before
        assert (await armed.intents())[-1].origin == "unwind"


async def is_below_its_legs(armed: Armed, hedges: list[HedgeRecord]) -> None:
    """No hedge is more than its leg weighs, and all of them no more than all legs."""
    venue = armed.watch.venue
    assert venue is not None
    book = (await venue.fetch_book()).book
    value = {leg.symbol: leg.contracts * leg.mark_price for leg in book.positions}
    mark = next(leg.mark_price for leg in book.positions if leg.symbol == BTC)
    weighs = {symbol: PROTECT["betas"][symbol.partition("/")[0]] * value[symbol] for symbol in (ETH, SOL)}
    by_leg = dict.fromkeys(weighs, 0.0)
    for each in hedges:
        assert each.protects_leg == "long"
        by_leg[each.protects_symbol] += float(each.contracts) * mark
    assert all(by_leg[symbol] <= weighs[symbol] for symbol in weighs)


async def test_a_symbol_in_isolated_margin_is_left_out(store: Store) -> None:
    """An order there would open an isolated leg, which helps nobody: the plan says why it does without."""
    async with armed_at(HARNESS, store, ALTS, protect=PROTECT) as armed:
        armed.guarded.account.settings_of("BTCUSDT").isolated = True
        await armed.fall(0.035)
        await armed.turn()
        await armed.turn()
        (intent,) = await armed.intents()
        assert intent.state == "refused"
        assert armed.sent_at_venue() == 0
        assert f"no hedge with {BTC}: it is set to isolated margin at the venue" in await told(armed)


@pytest.mark.parametrize("kind", [kind for kind in trading_venues() if kind.venue in TELL], ids=lambda kind: kind.venue)
async def test_every_venue_that_tells_terms(store: Store, kind: type[Harness]) -> None:
    """From them alone its rule can say what a hedge would do: a plan of one order, that it would take."""
    protect = PROTECT | {"target_distance": 0.8, "max_daily_notional_x_equity": 100}
    async with armed_at(kind, store, ALTS[:1], protect=protect) as armed:
        reading = await armed.turn()
        assert reading.fetched is not None, reading.error
        assert armed.watch.venue is not None
        planning = Planning(store, armed.harness.clock, asyncio.Event(), ExecutionBounds())
        facts = await planning.facts(armed.watch, reading, reading.fetched, BY_ITSELF)
        priced = await planning.priced(armed.watch, reading.fetched, armed.watch.venue, facts, Wish())
        assert priced.plan is not None, priced.refusals
        assert priced.plan.feasible, priced.plan.reason
        (step,) = priced.plan.steps
        btc, eth = armed.harness.symbol("BTCUSDT"), armed.harness.symbol("ETHUSDT")
        assert (step.remedy, step.symbol, step.leg, step.protects) == ("hedge", btc, "short", f"{eth} long")
        assert (step.margin_mode, priced.plan.notes) == ("cross", ())
        assert step.notional < 1.2 * 40 * 3_400
        before, after = priced.plan.before.pools[0], priced.plan.after.pools[0]
        assert after.initial_margin > before.initial_margin
