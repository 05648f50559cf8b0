"""Cancelling orders that rest: what the venue says, and what the book shows."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from guard.ports.records import OrderJournalState as State
from guard.protect.cancelling import filled_instead
from guard.protect.outcome import Ending
from guard.risk.book import Order

BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"


async def cancelled(world: Any, *faults: str, more: bool = False, reads: tuple[str, ...] = ()) -> Any:
    """Two orders rest, and are cancelled; with `more` a reduction follows."""
    steps = [world.rest("7", "buy", 0.5, 34_000.0), world.rest("8", "buy", 0.3, 33_000.0)]
    steps += [world.step("reduce", BTC, "long", "0.2")] if more else []
    task = await world.stepped(*steps)
    world.venue.cancels, world.venue.reads = list(faults), list(reads)
    return await world.executor().execute(task)


def states(outcome: Any) -> list[State]:
    """Of the orders that were asked for."""
    return [order.state for order in outcome.orders]


async def test_they_are_gone_and_nothing_else_changed(world: Any) -> None:
    """One reading proves all of them; then what follows is sent."""
    outcome = await cancelled(world, more=True)
    assert outcome.ending is Ending.EXHAUSTED
    assert states(outcome) == [State.VERIFIED] * 3
    assert world.venue.book.orders == ()
    assert [order.venue_order_id for order in outcome.orders[:2]] == ["7", "8"]
    assert f"cancel buy 0.5 {BTC} at 34000.0 USDT: cancelled" in world.told[0].text
    assert outcome.notional == pytest.approx(0.2 * 36_000, rel=0.01)
    world.assert_sound()


async def test_the_journal_knows_before_the_venue_is_asked(world: Any) -> None:
    """Submitting, submitted, verified; no order of ours is looked up by its name."""
    await cancelled(world)
    names = [name for name, _ in world.journal.history]
    assert [state for name, state in world.journal.history if name == names[0]] == [
        State.SUBMITTING,
        State.SUBMITTED,
        State.VERIFIED,
    ]


async def test_one_that_is_gone_already_is_fine(world: Any) -> None:
    """Cancelled by its owner a moment before."""
    steps = [world.rest("7", "buy", 0.5, 34_000.0)]
    task = await world.stepped(*steps)
    world.venue.book = replace(world.venue.book, orders=())
    outcome = await world.executor().execute(task)
    assert states(outcome) == [State.VERIFIED]
    assert "it was not open any more" in world.told[0].text


async def test_one_that_has_filled_is_planned_anew(world: Any) -> None:
    """The leg is larger by what it filled: nothing is sent on top, and the account is not frozen."""
    outcome = await cancelled(world, "fills", more=True)
    assert outcome.ending is Ending.OVERTAKEN
    assert world.venue.legs() == {(BTC, "long"): 1.5}
    assert world.venue.sent == 0
    assert not world.frozen
    assert world.journal.intents["intent-1"].state == "failed"
    assert "the next cycle plans anew" in world.told[0].text


@pytest.mark.parametrize("fault", ["lost", "silent"])
async def test_without_an_answer_the_book_decides(world: Any, fault: str) -> None:
    """One that rests is asked for once more, one that is gone is not."""
    outcome = await cancelled(world, fault)
    assert outcome.ending is Ending.EXHAUSTED
    assert states(outcome) == [State.VERIFIED] * 2
    assert sorted(world.venue.cancelled) == ["7", "8"]


async def test_without_an_answer_again_and_again(world: Any) -> None:
    """Bounded; the order rests, the journal says that it failed."""
    outcome = await cancelled(world, "lost", "ok", "lost", more=True)
    assert outcome.ending is Ending.LOST
    assert states(outcome) == [State.FAILED, State.VERIFIED]
    assert [order.order_id for order in world.venue.book.orders] == ["7"]
    assert world.venue.sent == 0


async def test_a_refusal_ends_the_plan(world: Any) -> None:
    """The venue's own words."""
    outcome = await cancelled(world, "refused", more=True)
    assert outcome.ending is Ending.REJECTED
    assert states(outcome) == [State.REJECTED, State.VERIFIED]
    assert "the key may not trade" in outcome.reason
    assert world.venue.sent == 0


async def test_a_venue_that_contradicts_itself_freezes(world: Any) -> None:
    """Said to be cancelled, and it rests, at every reading."""
    outcome = await cancelled(world, "lies", more=True)
    assert outcome.ending is Ending.SURPRISE
    assert outcome.details == (f"order 7 on {BTC} is still open",)
    assert states(outcome) == [State.FAILED, State.VERIFIED]
    assert world.frozen


async def test_a_list_of_orders_that_trails_is_no_surprise(world: Any) -> None:
    """Read again before crying wolf."""
    steps = [world.rest("7", "buy", 0.5, 34_000.0)]
    task = await world.stepped(*steps)
    world.venue.reads = ["lag"]
    outcome = await world.executor().execute(task)
    assert states(outcome) == [State.VERIFIED]


async def test_without_a_believable_book_it_stays_open(world: Any) -> None:
    """And is accounted for later, from the book."""
    outcome = await cancelled(world, reads=("down",) * 20)
    assert outcome.ending is Ending.PENDING
    world.venue.reads = []
    (later,) = await world.executor().resume(world.account)
    assert later.ending is Ending.RECOVERED
    assert states(later) == [State.VERIFIED] * 2


async def test_the_kill_switch_stops_it(world: Any) -> None:
    """Nothing is asked of the venue."""
    world.stop.set()
    outcome = await cancelled(world)
    assert outcome.ending is Ending.STOPPED
    assert world.venue.cancelled == []


async def test_an_order_that_can_only_close_is_never_cancelled(world: Any) -> None:
    """A person's stop is not ours to take away: a plan that says so is a defect."""
    step = world.rest("7", "sell", 0.5, 45_000.0)
    for change in ({"reduce_only": True}, {"conditional": True}, {"order_id": "9"}):
        orders = tuple(replace(order, **change) for order in world.venue.book.orders)
        kept, world.venue.book = world.venue.book, replace(world.venue.book, orders=orders)
        with pytest.raises(ValueError, match="no order '7' rests"):
            await world.stepped(step)
        world.venue.book = kept


@pytest.mark.parametrize(
    ("mode", "side", "was", "is_now", "explained"),
    [
        ("one_way", "buy", {"long": "1"}, {"long": "1.5"}, True),
        ("one_way", "buy", {"long": "1"}, {"long": "1.2"}, True),
        ("one_way", "buy", {"long": "1"}, {"long": "1.6"}, False),
        ("one_way", "buy", {"long": "1"}, {"long": "0.9"}, False),
        ("one_way", "sell", {"long": "0.2"}, {"short": "0.3"}, True),
        ("one_way", "sell", {"long": "0.2"}, {}, True),
        ("hedge", "buy", {"long": "1", "short": "1"}, {"long": "1.5", "short": "1"}, True),
        ("hedge", "buy", {"long": "1", "short": "1"}, {"long": "1", "short": "0.8"}, False),
        ("hedge", "sell", {"long": "1"}, {"long": "1", "short": "0.5"}, True),
        ("one_way", "buy", {"long": "1"}, {"long": "1"}, False),
    ],
)
async def test_what_a_fill_explains(
    world: Any, make: Any, mode: Any, side: Any, was: Any, is_now: Any, explained: bool
) -> None:
    """No more than what rested, on its own leg; no difference needs no explanation."""
    task = await world.stepped(world.rest("7", side, 0.5, 34_000.0))
    held = [make.position(BTC, leg, float(size), 1.0, 1.0) for leg, size in is_now.items()]
    expected = {(BTC, leg): Decimal(size) for leg, size in was.items()}
    assert filled_instead(expected, make.book(held, 1.0, mode), task.orders) is explained
    other = make.book([*held, make.position(ETH, "long", 1.0, 1.0, 1.0)], 1.0, mode)
    assert not filled_instead(expected, other, task.orders)


async def test_an_order_of_a_leg_in_hedge_mode_is_of_that_leg(world: Any, make: Any) -> None:
    """Its own position side, whatever the plan says."""
    world.venue.book = make.book([make.position(BTC, "short", 1.0, 1.0, 1.0)], 1.0, "hedge")
    step = world.rest("7", "buy", 0.5, 34_000.0)
    (order,) = world.venue.book.orders
    assert isinstance(order, Order)
    world.venue.book = replace(world.venue.book, orders=(replace(order, position_side="short"),))
    task = await world.stepped(step)
    assert task.orders[0].leg == "short"
