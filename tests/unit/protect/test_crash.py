"""The process dies at every single step; after the restart nothing was sent twice and the journal tells the truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from guard.ports.records import OrderJournalState as State
from guard.ports.venue import OrderRequest
from guard.protect.journal import TERMINAL
from guard.protect.outcome import Ending

FAULTS = {
    "nothing else": [],
    "a partial fill": ["half"],
    "a silent fill": ["silent"],
    "a lost order": ["lost"],
    "a rejection": ["ok", "rejected"],
    "a flip": ["flip"],
}


@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS.keys())
async def test_crash_anywhere(
    new_world: Callable[..., Any], btc_book: Any, crash: type[Exception], faults: list[str]
) -> None:
    """Die at step 1, 2, 3, ... of an execution, restart, resume, and go on with a new plan."""
    survived = False
    for at in range(1, 200):
        world = new_world(btc_book)
        task = await world.assignment()
        world.venue.faults = list(faults)
        world.crash.steps, world.crash.at = 0, at
        try:
            outcome = await world.executor().execute(task)
        except crash:
            world.crash.at = 0
        else:
            survived = True
            assert outcome.finished
            break
        await _restart(world)
    assert survived, "the execution never ended"


async def test_crash_while_resuming(new_world: Callable[..., Any], btc_book: Any, crash: type[Exception]) -> None:
    """Die in the middle of the second order, then again at every step of the recovery."""
    for again in range(1, 60):
        world = new_world(btc_book)
        task = await world.assignment()
        world.venue.after_submit = lambda world=world: setattr(world.crash, "at", world.crash.steps + 1)
        with pytest.raises(crash):
            await world.executor().execute(task)
        world.venue.after_submit = None
        world.crash.steps, world.crash.at = 0, again
        try:
            await world.executor().resume(world.account)
        except crash:
            world.crash.at = 0
        else:
            assert again > 5
            break
        await _restart(world)


async def _restart(world: Any) -> None:
    sent_before = world.venue.sent
    outcomes = await world.executor().resume(world.account)
    assert world.venue.sent == sent_before, "resume must never send"
    assert all(outcome.finished for outcome in outcomes)
    assert not [intent for intent in world.journal.intents.values() if intent.state == "open"]
    assert all(order.state in TERMINAL for order in world.journal.orders.values())
    if "short" in {leg.side for leg in world.venue.book.positions}:
        assert world.frozen, "an opposite leg must freeze the account, crash or not"
        assert Ending.SURPRISE in {outcome.ending for outcome in outcomes} or world.told
        return
    world.assert_sound()
    if world.journal.intents and world.venue.arrived:
        assert world.told, "what was traded must be told"
    assert await world.executor().resume(world.account) == ()
    if not world.restored:
        world.venue.faults = []
        world.intents += 1
        outcome = await world.executor().execute(await world.assignment())
        assert outcome.ending is Ending.TARGET_HOLDS
        world.assert_sound()
    assert world.restored


async def test_nothing_was_sent(world: Any) -> None:
    """A crash between journal and first order: the plan is dropped, nothing is looked up."""
    task = await world.assignment()
    await world.journal.add_intent(task.intent, task.orders)
    (outcome,) = await world.executor().resume(world.account)
    assert outcome.ending is Ending.NEVER_SENT
    assert {order.state for order in world.journal.orders.values()} == {State.SKIPPED}
    assert world.journal.intents["intent-1"].state == "failed"
    assert "nothing of it had been sent" in world.told[0].text


async def test_what_was_bought_back_dearer_counts_in_full(new_world: Callable[..., Any], make: Any) -> None:
    """After a restart too: the daily cap must know what was traded, not what was planned."""
    world = new_world(make.book([make.position("BTC/USDT:USDT", "short", 1.0, 32_000.0, 36_000.0)], 5_500.0))
    world.venue.after_submit = lambda: world.venue.move(0.004)
    world.venue.faults, world.venue.lookups = ["ok", "ok", "silent"], ["down"] * world.bounds.lookup_attempts
    assert (await world.executor().execute(await world.assignment())).ending is Ending.PENDING
    (outcome,) = await world.executor().resume(world.account)
    traded = sum(float(order.filled) * order.average_price for order in outcome.orders)
    assert len(outcome.orders) == 3
    assert world.journal.intents["intent-1"].notional == pytest.approx(traded, rel=1e-9)
    assert traded > 1.002 * 36_000.0 * sum(float(order.filled) for order in outcome.orders)


async def test_traded_by_hand_during_the_outage(world: Any) -> None:
    """The book after the restart is not what the orders explain: frozen, and the difference is named."""
    world.venue.faults = ["silent"]
    world.venue.lookups = ["down"] * 100
    await world.executor().execute(await world.assignment())
    world.venue.lookups = []
    (leg,) = world.venue.book.positions
    world.venue.book = replace(world.venue.book, positions=(replace(leg, contracts=0.5),))
    (outcome,) = await world.executor().resume(world.account)
    assert outcome.ending is Ending.SURPRISE
    assert outcome.details == ("the long leg on BTC/USDT:USDT is 0.5 contracts, 0.776 were expected",)
    assert world.frozen
    assert outcome.orders[0].state is State.FAILED


async def test_still_silent_after_the_restart(world: Any) -> None:
    """As long as the venue does not tell, the intent stays open and blocks new plans; then it is accounted for."""
    world.venue.faults = ["silent"]
    world.venue.lookups = ["down"] * (2 * world.bounds.lookup_attempts)
    await world.executor().execute(await world.assignment())
    (outcome,) = await world.executor().resume(world.account)
    assert outcome.ending is Ending.PENDING
    assert world.journal.intents["intent-1"].state == "open"
    assert State.APPROVED in {order.state for order in world.journal.orders.values()}
    (outcome,) = await world.executor().resume(world.account)
    assert outcome.ending is Ending.RECOVERED
    assert len(world.told) == 2, "the silence is told once, the end of it once"
    world.assert_sound()


async def test_killed_while_the_order_was_open(world: Any) -> None:
    """Journalled as accepted, then not known any more: it is not declared lost, at no restart."""
    task = await world.assignment()
    first = replace(task.orders[0], state=State.SUBMITTED, venue_order_id="v1")
    await world.journal.add_intent(task.intent, (first, *task.orders[1:]))
    world.clock.passed += 3_600
    world.venue.lookups = ["forgotten"] * 100
    for _ in range(2):
        (outcome,) = await world.executor().resume(world.account)
        assert outcome.ending is Ending.PENDING
        assert outcome.orders[0].state is State.SUBMITTED


@pytest.mark.parametrize(("fault", "look"), [("taken", "forgotten"), ("silent", "down")])
@pytest.mark.parametrize("closed", [False, True])
async def test_nobody_can_tell_for_a_day(world: Any, fault: str, look: str, closed: bool) -> None:
    """The account is not blocked for ever: it is frozen with the reason, and a person who looked lets it go on."""
    world.venue.faults, world.venue.lookups = [fault], [look] * 200
    assert (await world.executor().execute(await world.assignment())).ending is Ending.PENDING
    world.clock.passed += 23 * 3_600
    (outcome,) = await world.executor().resume(world.account)
    assert outcome.ending is Ending.PENDING
    world.clock.passed += 3_600
    if closed:  # by hand, while nothing went on
        world.venue.book = replace(world.venue.book, positions=())
    (outcome,) = await world.executor().resume(world.account)
    assert outcome.ending is Ending.SURPRISE
    assert {order.state for order in world.journal.orders.values()} == {State.FAILED, State.SKIPPED}
    assert world.journal.intents["intent-1"].state == "failed"
    assert len(world.frozen) == 1
    assert f"what became of order {outcome.orders[0].client_order_id} could not be found out" in world.told[-1].text
    assert "/resume in chat" in world.told[-1].text
    assert world.venue.sent == 1


async def test_a_request_that_arrives_after_the_restart(world: Any) -> None:
    """The process died right after sending: "not found" is believed only when nothing can arrive any more."""
    task = await world.assignment()
    first = replace(task.orders[0], state=State.SUBMITTING)
    await world.journal.add_intent(task.intent, (first, *task.orders[1:]))
    world.venue.late = [_request(task)]
    world.venue.lookups = ["ok", "arrives"]
    (outcome,) = await world.executor().resume(world.account)
    assert outcome.ending is Ending.RECOVERED
    assert outcome.orders[0].state is State.VERIFIED
    world.assert_sound()


async def test_a_request_that_never_left(world: Any) -> None:
    """Journalled as being sent, never arrived: given up after the venue's window, the book is verified unchanged."""
    task = await world.assignment()
    await world.journal.add_intent(task.intent, (replace(task.orders[0], state=State.SUBMITTING), *task.orders[1:]))
    (outcome,) = await world.executor().resume(world.account)
    assert outcome.ending is Ending.RECOVERED
    assert outcome.orders[0].state is State.FAILED
    assert world.clock.passed >= world.bounds.lost_after_s
    assert world.venue.arrived == []
    assert world.journal.intents["intent-1"].notional == 0.0


def _request(task: Any) -> OrderRequest:
    order = task.orders[0]
    return OrderRequest(
        client_order_id=order.client_order_id,
        symbol=order.symbol,
        side=order.side,
        leg=order.leg,
        contracts=Decimal(order.contracts),
        limit_price=Decimal(order.limit_price),
        reduce_only=True,
        position_mode="one_way",
    )
