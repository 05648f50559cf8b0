"""Protection against the sandbox over HTTP with real ccxt and a real database."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from guard.ports.records import OrderJournalState as State
from guard.protect.outcome import Ending, Kind
from guard.sandbox.faults import FaultKind

BTC, ETH = "BTCUSDT", "ETHUSDT"


async def test_one_way(desk: Callable[..., Any], holding: Callable[..., Any]) -> None:
    """A long BTC and a short ETH in danger: one leg shrinks, order by order, until the target holds."""
    at = await desk(holding(BTC, "3", "45000"), holding(ETH, "-4", "2300"))
    before = at.legs()
    assert not await at.holds()
    outcome = await at.executor().execute(await at.assignment())
    assert outcome.ending is Ending.TARGET_HOLDS, outcome
    assert await at.holds()
    after = at.legs()
    assert 0 < after[BTC, "BOTH"] < before[BTC, "BOTH"]
    assert after[ETH, "BOTH"] == before[ETH, "BOTH"]
    orders = await at.orders()
    assert {order.state for order in orders} <= {State.VERIFIED, State.SKIPPED}
    assert sum(Decimal(order.filled) for order in orders) == before[BTC, "BOTH"] - after[BTC, "BOTH"]
    (intent,) = await at.store.intents(at.record.created_at)
    assert (intent.state, intent.notional > 0) == ("done", True)
    assert at.told[0].kind is Kind.ACTED
    assert outcome.cost is not None
    assert outcome.planned_cost is not None
    assert outcome.cost <= outcome.planned_cost * 1.1
    assert await at.executor().resume(at.record) == ()


async def test_a_leg_that_may_not_be_sold_is_named_and_the_rest_is_saved(
    desk: Callable[..., Any], holding: Callable[..., Any]
) -> None:
    """An isolated leg near its end that is none of ours: the cross pool is restored all the same, and people know."""
    theirs = holding(ETH, "10", "3400", leverage=50, isolated_wallet=Decimal(600))
    at = await desk(holding(BTC, "3", "45000"), theirs, usdt=10_600, allow_symbols=("BTC/USDT:USDT",))
    before = at.legs()
    outcome = await at.executor().execute(await at.assignment())
    assert outcome.ending is Ending.TARGET_HOLDS, outcome
    after = at.legs()
    assert after[ETH, "BOTH"] == before[ETH, "BOTH"]
    assert 0 < after[BTC, "BOTH"] < before[BTC, "BOTH"]
    assert not await at.holds()
    assert "! not restored: no reduction that is allowed restores isolated ETH/USDT:USDT long" in at.told[0].text


@pytest.mark.parametrize(("short", "usdt"), [("-0.2", 6_000), ("-2.8", 7_000)])
async def test_hedge_mode(desk: Callable[..., Any], holding: Callable[..., Any], short: str, usdt: int) -> None:
    """Both legs of BTC are open: reducing one never touches, opens or grows the other."""
    at = await desk(holding(BTC, "3", "45000", "LONG"), holding(BTC, short, "43000", "SHORT"), usdt=usdt, hedge=True)
    before = at.legs()
    outcome = await at.executor().execute(await at.assignment("intent-1"))
    assert outcome.ending is Ending.TARGET_HOLDS, outcome
    after = at.legs()
    assert set(after) <= set(before)
    assert all(abs(qty) <= abs(before[key]) for key, qty in after.items())
    touched = {order.leg.upper() for order in outcome.orders}
    assert all(after.get(key, Decimal(0)) == before[key] for key in before if key[1] not in touched)
    assert all(after.get(key, Decimal(0)) != before[key] for key in before if key[1] in touched)


@pytest.mark.parametrize("kind", [FaultKind.LOST_ANSWER, FaultKind.UNKNOWN_STATE, FaultKind.TRUNCATED])
@pytest.mark.parametrize("hedge", [False, True])
async def test_a_lost_answer_is_looked_up(
    desk: Callable[..., Any], holding: Callable[..., Any], kind: FaultKind, hedge: bool
) -> None:
    """The order was executed and nobody said so: found by its id, not sent again."""
    at = await desk(holding(BTC, "3", "45000", "LONG" if hedge else "BOTH"), hedge=hedge)
    before = sum(at.legs().values())
    task = await at.assignment()
    at.server.add_fault(kind, path="/fapi/v1/order", times=1)
    outcome = await at.executor().execute(task)
    assert at.server.faults.struck[kind.value] == 1
    assert outcome.ending is Ending.TARGET_HOLDS, outcome
    assert sum(Decimal(order.filled) for order in outcome.orders) == before - sum(at.legs().values())
    planned = sum(step.contracts for step in task.plan.steps)
    assert before - sum(at.legs().values()) <= planned
    assert len(at.held.account.orders) == len(outcome.orders)


async def test_an_order_that_never_arrived_is_sent_again(desk: Callable[..., Any], holding: Callable[..., Any]) -> None:
    """The connection is cut before the venue does anything: certain after its window, then sent under the same id."""
    at = await desk(holding(BTC, "3", "45000"))
    task = await at.assignment()
    at.server.add_fault(FaultKind.RESET, path="/fapi/v1/order", times=1)
    outcome = await at.executor().execute(task)
    assert outcome.ending is Ending.TARGET_HOLDS, outcome
    assert outcome.orders[0].client_order_id == task.orders[0].client_order_id
    assert len(at.held.account.orders) == len(outcome.orders)


async def test_the_venue_goes_down_after_the_order(desk: Callable[..., Any], holding: Callable[..., Any]) -> None:
    """Executed, then silence: the intent stays open; after the outage it is found and verified, nothing is sent."""
    at = await desk(holding(BTC, "3", "45000"))
    task = await at.assignment()
    at.server.add_fault(FaultKind.LOST_ANSWER, path="/fapi/v1/order", times=1)
    at.server.faults.active[0].method = "POST"
    outage = at.server.add_fault(FaultKind.OUTAGE, path="/fapi/v1/order")
    outage.method = "GET"
    outcome = await at.executor().execute(task)
    assert outcome.ending is Ending.PENDING, outcome
    assert [intent.state for intent in await at.store.open_intents(at.record.account_id)] == ["open"]
    assert at.told[0].kind is Kind.PENDING
    at.server.clear_faults()
    held = at.legs()
    (later,) = await at.executor().resume(at.record)
    assert later.ending is Ending.RECOVERED, later
    assert at.legs() == held
    assert await at.states() == {State.VERIFIED, State.SKIPPED}
    assert await at.store.open_intents(at.record.account_id) == []
    again = await at.executor().execute(await at.assignment("intent-2"))
    assert again.ending is Ending.TARGET_HOLDS, again


async def test_the_position_mode_was_switched(desk: Callable[..., Any], holding: Callable[..., Any]) -> None:
    """The user switches to hedge mode between plan and order: the venue refuses, nothing opens."""
    at = await desk(holding(BTC, "3", "45000"))
    task = await at.assignment()
    at.held.account.hedge_mode = True
    outcome = await at.executor().execute(task)
    assert outcome.ending in {Ending.REJECTED, Ending.SURPRISE}, outcome
    assert sum(at.legs().values()) == 3


async def test_closed_by_hand_before_the_order(desk: Callable[..., Any], holding: Callable[..., Any]) -> None:
    """The leg is gone when the reduce-only order arrives: refused, nothing opens on the other side."""
    at = await desk(holding(BTC, "3", "45000"), holding(ETH, "1", "2300"))
    task = await at.assignment()
    del at.held.account.positions[next(key for key in at.held.account.positions if BTC in str(key))]
    outcome = await at.executor().execute(task)
    assert outcome.ending in {Ending.REJECTED, Ending.SURPRISE}, outcome
    assert (BTC, "BOTH") not in at.legs()
    assert (await at.store.accounts())[0].frozen == (outcome.ending is Ending.SURPRISE)


async def test_a_revoked_key(desk: Callable[..., Any], holding: Callable[..., Any]) -> None:
    """Every key is refused from now on: the order is certainly not open, and what cannot be verified stays open."""
    at = await desk(holding(BTC, "3", "45000"))
    task = await at.assignment()
    at.server.add_fault(FaultKind.BAD_CREDENTIALS)
    outcome = await at.executor().execute(task)
    assert outcome.ending is Ending.PENDING, outcome
    assert outcome.orders[0].state is State.REJECTED
    assert sum(at.legs().values()) == 3
    at.server.clear_faults()
    (later,) = await at.executor().resume(at.record)
    assert later.ending is Ending.RECOVERED


async def test_thin_order_book(desk: Callable[..., Any], holding: Callable[..., Any]) -> None:
    """A leg larger than the order book inside the band: partial fills are followed up, never outside the band."""
    at = await desk(holding(BTC, "400", "44000"), usdt=1_500_000, max_child_notional=5_000_000.0, max_slippage_bps=5.0)
    mark = 43_500.0
    outcome = await at.executor().execute(await at.assignment())
    assert outcome.ending in {Ending.TARGET_HOLDS, Ending.EXHAUSTED, Ending.UNFILLED}, outcome
    prices = [order.average_price for order in outcome.orders if order.average_price is not None]
    assert prices
    assert min(prices) >= mark * (1 - 5e-4) - 1e-6
    assert all(qty >= 0 for qty in at.legs().values())


async def test_dry_run(desk: Callable[..., Any], holding: Callable[..., Any]) -> None:
    """Journalled, told, not sent."""
    at = await desk(holding(BTC, "3", "45000"), dry_run=True)
    before = at.legs()
    outcome = await at.executor().execute(await at.assignment())
    assert outcome.ending is Ending.DRY_RUN
    assert at.legs() == before
    assert await at.states() == {State.PLANNED}
    assert at.held.account.orders == {} or not at.held.account.orders
