"""The executor on a venue in memory: the good path, what stops it, and its caps."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from guard.ports.records import OrderJournalState as State
from guard.protect.outcome import Ending, Kind
from guard.protect.policy import ProtectPolicy

BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"


async def test_acts_verifies_and_stops_at_the_target(world: Any) -> None:
    """Three children restore the target; each is journalled, verified and told with levels, price and cost."""
    outcome = await world.executor().execute(await world.assignment())
    world.assert_sound()
    assert outcome.ending is Ending.TARGET_HOLDS
    assert world.restored
    assert [order.state for order in outcome.orders] == [State.VERIFIED] * 3
    assert all(float(order.contracts) * 36_000 <= 10_000 for order in outcome.orders)
    (intent,) = world.journal.intents.values()
    assert intent.state == "done"
    assert intent.finished_at is not None
    assert intent.risk_ratio_after is not None
    assert intent.risk_ratio_after < intent.risk_ratio_before
    assert intent.notional == pytest.approx(sum(float(o.filled) * o.average_price for o in outcome.orders))
    assert json.loads(intent.detail)["outcome"]["ending"] == "target_holds"
    # slippage of 5 bps and a fee of 5 bps were paid, 15 bps were planned
    assert outcome.cost == pytest.approx(0.0010 * intent.notional, rel=0.01)
    (message,) = world.told
    assert message.kind is Kind.ACTED
    assert "back under the target" in message.text
    assert "filled 0.224 contracts at 35,982" in message.text
    assert "distance to liquidation 3.8 % -> 12" in message.text
    assert "planned)" in message.text


async def test_journals_before_it_sends(world: Any) -> None:
    """When an order reaches the venue, the journal already holds it as submitting, and its notional."""
    seen = []

    def look() -> None:
        states = [order.state for order in world.journal.orders.values()]
        (intent,) = world.journal.intents.values()
        seen.append((states.count(State.SUBMITTING), intent.notional))

    world.venue.after_submit = look
    await world.executor().execute(await world.assignment())
    assert [count for count, _ in seen] == [1, 1, 1]
    reserved = [notional for _, notional in seen]
    assert reserved == sorted(reserved)
    assert reserved[0] > 0


async def test_accepts_an_intent_that_the_cycle_stored(world: Any) -> None:
    """Intent and orders may be in the journal already; they are not stored twice."""
    task = await world.assignment()
    await world.journal.add_intent(task.intent, task.orders)
    outcome = await world.executor().execute(task)
    assert outcome.ending is Ending.TARGET_HOLDS


async def test_refuses_to_begin_an_intent_twice(world: Any) -> None:
    """An intent that was begun is for `resume`, never sent again."""
    task = await world.assignment()
    await world.executor().execute(task)
    with pytest.raises(ValueError, match="was begun before"):
        await world.executor().execute(task)
    assert len(world.venue.arrived) == 3


async def test_stops_early_when_the_market_helps(world: Any) -> None:
    """The target holds after the first child: the rest is skipped, and said to be."""
    world.venue.after_submit = lambda: world.venue.move(0.12)
    outcome = await world.executor().execute(await world.assignment())
    assert outcome.ending is Ending.TARGET_HOLDS
    assert len(world.venue.arrived) == 1
    states = sorted(order.state for order in world.journal.orders.values())
    assert states == [State.SKIPPED, State.SKIPPED, State.VERIFIED]
    world.assert_sound()


async def test_reprices_every_child(world: Any) -> None:
    """The market falls while acting: later children are priced from the new mark, inside its band."""
    world.venue.after_submit = lambda: world.venue.move(-0.004)
    outcome = await world.executor().execute(await world.assignment())
    prices = [request.limit_price for request in world.venue.arrived]
    assert prices == sorted(prices, reverse=True)
    assert len(set(prices)) == 3
    assert outcome.ending is Ending.EXHAUSTED
    assert "not fully reached" in world.told[0].text
    world.assert_sound()


async def test_dry_run_stores_what_it_would_send(new_world: Callable[..., Any], btc_book: Any) -> None:
    """A dry run journals exactly the orders that the real run sends, and sends none."""
    policy = ProtectPolicy(max_child_notional=10_000.0)
    dry = new_world(btc_book, replace(policy, dry_run=True))
    outcome = await dry.executor().execute(await dry.assignment())
    assert outcome.ending is Ending.DRY_RUN
    assert dry.venue.sent == 0
    (intent,) = dry.journal.intents.values()
    assert intent.state == "dry_run"
    assert await dry.executor().resume(dry.account) == ()
    assert dry.told[0].kind is Kind.DRY_RUN

    wet = new_world(btc_book, policy)
    await wet.executor().execute(await wet.assignment())
    sent = [(r.client_order_id, r.symbol, r.side, str(r.contracts), str(r.limit_price)) for r in wet.venue.arrived]
    stored = [(o.client_order_id, o.symbol, o.side, o.contracts, o.limit_price) for o in dry.journal.orders.values()]
    assert sent == stored
    assert {order.state for order in dry.journal.orders.values()} == {State.PLANNED}


async def test_partial_fills_are_followed_up(world: Any) -> None:
    """What did not fill is sent again as a further child, under an id of its own."""
    world.venue.faults = ["ok", "half", "ok", "ok"]
    outcome = await world.executor().execute(await world.assignment())
    assert outcome.ending is Ending.TARGET_HOLDS
    assert len(world.venue.arrived) == 4
    assert outcome.orders[-1].client_order_id.endswith("s0c3")
    assert Decimal(outcome.orders[1].filled) < Decimal(outcome.orders[1].contracts)
    assert sum(Decimal(order.filled) for order in outcome.orders) == Decimal("0.671")
    assert outcome.orders[3].contracts == str(Decimal("0.224") - Decimal(outcome.orders[1].filled))
    world.assert_sound()


async def test_nothing_fills_inside_the_band(world: Any) -> None:
    """The price is through the band: a bounded number of tries, then it says so; nothing is frozen."""
    world.venue.faults = ["unfilled"] * 20
    outcome = await world.executor().execute(await world.assignment())
    assert outcome.ending is Ending.UNFILLED
    assert world.venue.sent == 1 + world.bounds.extra_children
    assert {order.state for order in outcome.orders} == {State.FAILED}
    assert world.journal.intents["intent-1"].state == "failed"
    assert world.journal.intents["intent-1"].notional == 0.0
    assert world.told[0].kind is Kind.FAILED
    assert "nothing filled inside the band" in world.told[0].text
    assert not world.frozen


async def test_a_rejected_order_ends_the_plan(world: Any) -> None:
    """The venue's own words reach the journal and the people; the rest is not sent."""
    world.venue.faults = ["ok", "rejected"]
    outcome = await world.executor().execute(await world.assignment())
    assert outcome.ending is Ending.REJECTED
    assert [order.state for order in outcome.orders] == [State.VERIFIED, State.REJECTED]
    assert outcome.orders[1].error == "ReduceOnly Order is rejected"
    assert "ReduceOnly Order is rejected" in world.told[0].text
    assert world.venue.sent == 2
    assert not world.frozen
    world.assert_sound()


async def test_the_kill_switch(world: Any) -> None:
    """The kill switch stops the next order; what was sent is accounted for."""
    world.venue.after_submit = world.stop.set
    outcome = await world.executor().execute(await world.assignment())
    assert outcome.ending is Ending.STOPPED
    assert world.venue.sent == 1
    assert outcome.orders[0].state is State.VERIFIED
    assert world.journal.intents["intent-1"].state == "failed"


async def test_the_kill_switch_in_the_last_moment(world: Any) -> None:
    """Pulled while the order is being journalled: it is not sent any more, and the journal says so."""
    world.journal.on_save = world.stop.set
    outcome = await world.executor().execute(await world.assignment())
    assert outcome.ending is Ending.STOPPED
    assert world.venue.sent == 0
    assert {order.state for order in world.journal.orders.values()} == {State.SKIPPED}


async def test_the_kill_switch_before_anything(world: Any) -> None:
    """Already pulled: no order is even journalled as being sent."""
    world.stop.set()
    outcome = await world.executor().execute(await world.assignment())
    assert outcome.ending is Ending.STOPPED
    assert {state for _, state in world.journal.history} == {State.SKIPPED}


async def test_the_kill_switch_during_a_look_up(world: Any) -> None:
    """Pulled while a lost order is looked up: it is not sent again."""
    world.venue.faults = ["lost"]
    world.venue.lookups = ["stop"]
    outcome = await world.executor().execute(await world.assignment())
    assert outcome.ending is Ending.STOPPED
    assert world.venue.sent == 1
    assert outcome.orders[0].state is State.FAILED
    assert outcome.orders[0].error == "never arrived at the venue"


async def test_the_daily_cap_counts_every_order(world: Any) -> None:
    """The cap is counted from the journal before every order, what other plans traded today included."""
    earlier = await world.assignment()
    await world.journal.add_intent(replace(earlier.intent, state="done", notional=30_000.0), ())
    outcome = await world.executor().execute(await world.assignment(daily_cap=48_000.0))
    assert outcome.ending is Ending.CAPPED
    assert world.venue.sent == 2
    traded = sum(intent.notional for intent in world.journal.intents.values())
    assert traded <= 48_000.0
    assert "at most" not in outcome.reason
    assert "of 48,000 traded today" in outcome.reason


async def test_a_plan_that_ends_after_midnight_counts_on_both_days(world: Any) -> None:
    """It was decided yesterday and traded until today: the cap of today has that in it."""
    earlier = await world.assignment()
    night = replace(earlier.intent, at=earlier.intent.at - timedelta(days=1), finished_at=earlier.intent.at)
    await world.journal.add_intent(replace(night, state="done", notional=30_000.0), ())
    task = await world.assignment(daily_cap=48_000.0)
    outcome = await world.executor().execute(replace(task, intent=replace(task.intent, at=night.at)))
    assert outcome.ending is Ending.CAPPED
    assert world.venue.sent == 2


async def test_buying_reserves_what_it_may_cost_at_its_limit(new_world: Callable[..., Any], make: Any) -> None:
    """A short leg is bought back above the mark: the cap holds at the worst price that the order accepts."""
    short = make.book([make.position(BTC, "short", 1.0, 32_000.0, 36_000.0)], 5_800.0)
    world = new_world(short)
    task = await world.assignment()
    first = task.orders[0]
    at_mark = float(first.contracts) * 36_000.0
    outcome = await world.executor().execute(replace(task, daily_cap=at_mark * 1.001))
    assert outcome.ending is Ending.CAPPED
    assert world.venue.sent == 0


async def test_lost_orders_do_not_use_up_the_cap(world: Any) -> None:
    """An order that is sent again is counted once."""
    world.venue.faults = ["lost"]
    outcome = await world.executor().execute(await world.assignment(daily_cap=25_000.0))
    assert outcome.ending is Ending.TARGET_HOLDS


async def test_stale_data_sends_nothing(world: Any) -> None:
    """A plan made from data that is too old by the time of sending is not carried out."""
    task = await world.assignment()
    world.clock.passed += 3_600
    outcome = await world.executor().execute(task)
    assert outcome.ending is Ending.NOT_FRESH
    assert world.venue.sent == 0


async def test_an_unproven_position_mode_sends_nothing(world: Any) -> None:
    """Without the venue's own word on the position mode no order leaves."""
    task = await world.assignment()
    outcome = await world.executor().execute(replace(task, fetched=replace(task.fetched, position_mode_proven=False)))
    assert outcome.ending is Ending.NOT_FRESH
    assert world.venue.sent == 0


async def test_hedge_mode_touches_its_own_leg_only(new_world: Callable[..., Any], make: Any) -> None:
    """Both legs of a symbol: the long one shrinks, the short one stays."""
    legs = [make.position(BTC, "long", 1.0, 40_000.0, 36_000.0), make.position(BTC, "short", 0.05, 40_000.0, 36_000.0)]
    world = new_world(make.book(legs, 5_100.0, "hedge"))
    outcome = await world.executor().execute(await world.assignment())
    assert outcome.ending is Ending.TARGET_HOLDS
    assert {request.leg for request in world.venue.arrived} == {"long"}
    assert world.venue.legs()[BTC, "short"] == 0.05
    world.assert_sound()


async def test_short_legs_are_bought_back(new_world: Callable[..., Any], make: Any) -> None:
    """A short leg is reduced with buy orders, priced above the mark."""
    world = new_world(make.book([make.position(BTC, "short", 1.0, 32_000.0, 36_000.0)], 5_500.0))
    outcome = await world.executor().execute(await world.assignment())
    assert outcome.ending is Ending.TARGET_HOLDS
    assert {request.side for request in world.venue.arrived} == {"buy"}
    world.assert_sound()


async def test_one_thing_at_a_time(world: Any) -> None:
    """While an intent is carried out `resume` does nothing, and says that it is busy."""
    executor = world.executor()
    busy = []

    async def meddle() -> None:
        busy.append(executor.busy)
        assert await executor.resume(world.account) == ()
        busy.append(executor.busy)

    task = await world.assignment()
    running = asyncio.ensure_future(executor.execute(task))
    world.venue.faults = ["lost"]  # a look-up sleeps, so that the other task runs in between
    await asyncio.sleep(0)
    await meddle()
    await running
    assert busy == [True, True]
    assert not executor.busy
