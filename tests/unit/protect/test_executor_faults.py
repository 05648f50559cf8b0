"""The executor on a venue in memory: every fault at every step, and what people are told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from guard.ports.records import OrderJournalState as State
from guard.protect.outcome import Ending, Kind

BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"


@pytest.mark.parametrize("fault", ["silent", "hang", "open"])
@pytest.mark.parametrize("which", [0, 1, 2])
async def test_no_answer_but_arrived(world: Any, fault: str, which: int) -> None:
    """An order without an answer is looked up, found, and not sent again."""
    world.venue.faults = ["ok"] * which + [fault]
    outcome = await world.executor().execute(await world.assignment())
    assert outcome.ending is Ending.TARGET_HOLDS
    assert world.venue.sent == 3
    world.assert_sound()


@pytest.mark.parametrize("fault", ["lost", "gone"])
@pytest.mark.parametrize("which", [0, 1, 2])
async def test_no_answer_and_never_arrived(world: Any, fault: str, which: int) -> None:
    """An order that is lost for certain is sent again under the same id, not before a late request could arrive."""
    world.venue.faults = ["ok"] * which + [fault]
    outcome = await world.executor().execute(await world.assignment())
    assert outcome.ending is Ending.TARGET_HOLDS
    assert world.venue.sent == 4
    assert world.clock.passed >= world.bounds.lost_after_s
    assert len({order.client_order_id for order in outcome.orders}) == 3
    world.assert_sound()


async def test_a_late_arrival_is_not_sent_again(world: Any) -> None:
    """The venue does not know the order at first and has it a moment later: found, not repeated."""
    world.venue.faults = ["late"]
    world.venue.lookups = ["ok", "arrives"]
    outcome = await world.executor().execute(await world.assignment())
    assert outcome.ending is Ending.TARGET_HOLDS
    assert world.venue.sent == 3
    world.assert_sound()


async def test_lost_again_and_again(world: Any) -> None:
    """Orders that never arrive are given up after a bounded number of sends."""
    world.venue.faults = ["lost"] * 10
    outcome = await world.executor().execute(await world.assignment())
    assert outcome.ending is Ending.LOST
    assert world.venue.sent == 1 + world.bounds.resends
    assert outcome.orders[0].state is State.FAILED
    assert world.journal.intents["intent-1"].state == "failed"


async def test_not_sent_again_when_the_market_helped(world: Any) -> None:
    """While a lost order was looked up the market came back: nothing more is sent."""
    world.venue.faults = ["lost"]
    world.venue.lookups = ["rally"]
    outcome = await world.executor().execute(await world.assignment())
    assert outcome.ending is Ending.TARGET_HOLDS
    assert world.venue.arrived == []
    assert world.journal.intents["intent-1"].state == "done"


async def test_outcome_stays_unknown(world: Any) -> None:
    """The venue goes silent after the order: the intent stays open, people are told, `resume` finds it later."""
    world.venue.faults = ["silent"]
    world.venue.lookups = ["down"] * world.bounds.lookup_attempts
    outcome = await world.executor().execute(await world.assignment())
    assert outcome.ending is Ending.PENDING
    assert not outcome.finished
    assert world.journal.intents["intent-1"].state == "open"
    assert world.told[0].kind is Kind.PENDING
    assert [order.state for order in outcome.orders] == [State.UNKNOWN]
    assert world.journal.intents["intent-1"].notional > 0

    (later,) = await world.executor().resume(world.account)
    assert later.ending is Ending.RECOVERED
    assert later.orders[0].state is State.VERIFIED
    assert world.venue.sent == 1
    assert world.journal.intents["intent-1"].state == "failed"  # the target does not hold: the next cycle plans anew
    assert sorted(order.state for order in world.journal.orders.values()) == [
        State.SKIPPED,
        State.SKIPPED,
        State.VERIFIED,
    ]
    world.assert_sound()


async def test_an_accepted_order_that_is_not_known_any_more(world: Any) -> None:
    """The venue contradicts itself: nothing is concluded from that, and nothing is sent again."""
    world.venue.faults = ["open"]
    world.venue.lookups = ["forgotten"] * world.bounds.lookup_attempts
    outcome = await world.executor().execute(await world.assignment())
    assert outcome.ending is Ending.PENDING
    assert "had accepted it and does not know it any more" in outcome.reason
    assert world.venue.sent == 1


async def test_order_stays_open(world: Any) -> None:
    """An order that is still open at the venue after every look-up is left alone, and nothing else is sent."""
    world.venue.faults = ["open"]
    world.venue.lookups = ["open"] * 100
    outcome = await world.executor().execute(await world.assignment())
    assert outcome.ending is Ending.PENDING
    assert "still open at the venue" in outcome.reason
    assert world.venue.sent == 1


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("flip", "a short leg of 0.01 contracts appeared on BTC/USDT:USDT"),
        ("overfill", "filled 0.225 contracts, 0.224 were asked for"),
        ("bad_price", "worse than its limit"),
    ],
)
async def test_a_surprise_freezes(world: Any, fault: str, words: str) -> None:
    """What nobody ordered freezes the account and raises an alarm that lists it; nothing else is sent."""
    world.venue.faults = [fault]
    outcome = await world.executor().execute(await world.assignment())
    assert outcome.ending is Ending.SURPRISE
    assert any(words in detail for detail in outcome.details)
    assert len(world.frozen) == 1
    assert words in world.frozen[0]
    assert world.venue.sent == 1
    assert world.told[0].kind is Kind.SURPRISE
    assert words in world.told[0].text
    assert "FROZEN" in world.told[0].text
    assert "Open now: BTC/USDT:USDT long 0.77" in world.told[0].text
    assert world.journal.intents["intent-1"].state == "failed"
    assert outcome.orders[0].state is State.FAILED


async def test_another_leg_changed(new_world: Callable[..., Any], make: Any) -> None:
    """A leg that no order touched changed in the middle (the user, the venue): frozen."""
    legs = [make.position(BTC, "long", 1.0, 40_000.0, 36_000.0), make.position(ETH, "long", 2.0, 2_500.0, 2_400.0)]
    world = new_world(make.book(legs, 5_900.0))
    world.venue.faults = ["grow"]
    outcome = await world.executor().execute(await world.assignment())
    assert outcome.ending is Ending.SURPRISE
    assert outcome.details == ("the long leg on ETH/USDT:USDT is 3.0 contracts, 2.0 were expected",)


async def test_the_user_closed_the_leg_in_the_middle(world: Any) -> None:
    """The leg is smaller than what was filled explains: frozen, nothing is sent on top."""

    def close() -> None:
        world.venue.book = replace(world.venue.book, positions=())

    world.venue.after_submit = close
    outcome = await world.executor().execute(await world.assignment())
    assert outcome.ending is Ending.SURPRISE
    assert "the long leg on BTC/USDT:USDT is gone" in outcome.details[0]
    assert world.venue.sent == 1


async def test_the_position_mode_switched(world: Any) -> None:
    """A book in another position mode is a surprise: the orders' meaning changed with it."""

    def switch() -> None:
        world.venue.book = replace(world.venue.book, position_mode="hedge")

    world.venue.after_submit = switch
    outcome = await world.executor().execute(await world.assignment())
    assert outcome.ending is Ending.SURPRISE
    assert "the position mode is hedge, it was one_way" in outcome.details


async def test_positions_that_trail_their_fills_are_no_surprise(world: Any) -> None:
    """A venue may show the fill a moment later: read again before crying wolf."""
    world.venue.reads = ["ok", "lag", "lag"]
    outcome = await world.executor().execute(await world.assignment())
    assert outcome.ending is Ending.TARGET_HOLDS
    assert world.clock.passed == pytest.approx(2 * world.bounds.verify_pause_s)


@pytest.mark.parametrize("fault", ["down", "stale", "torn"])
async def test_cannot_verify(world: Any, fault: str) -> None:
    """Without a believable book nothing more is sent; the intent stays open and is verified later."""
    world.venue.reads = ["ok"] + [fault] * world.bounds.verify_attempts
    outcome = await world.executor().execute(await world.assignment())
    assert outcome.ending is Ending.PENDING
    assert world.venue.sent == 1
    assert outcome.orders[0].state is State.FILLED
    (later,) = await world.executor().resume(world.account)
    assert later.ending is Ending.RECOVERED
    assert later.orders[0].state is State.VERIFIED
    world.assert_sound()
