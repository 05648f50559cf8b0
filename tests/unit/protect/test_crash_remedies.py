"""The process dies at every step of a cancellation, a netting and a hedge: what stands is found, kept and told."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from guard.ports.records import OrderJournalState as State
from guard.protect.journal import TERMINAL

BTC = "BTC/USDT:USDT"


def hedged(new_world: Callable[..., Any], make: Any) -> tuple[Any, list[Any]]:
    """One leg, and a hedge of two children against it."""
    world = new_world(make.book([make.position(BTC, "long", 1.0, 40_000.0, 36_000.0)], 5_500.0, "hedge"))
    return world, [world.step("hedge", BTC, "short", "0.4", protects=f"{BTC} long")]


def netted(new_world: Callable[..., Any], make: Any) -> tuple[Any, list[Any]]:
    """Two legs, each to lose the same in two children."""
    legs = [make.position(BTC, "long", 1.2, 40_000.0, 36_000.0), make.position(BTC, "short", 0.9, 35_000.0, 36_000.0)]
    world = new_world(make.book(legs, 6_200.0, "hedge"))
    return world, [world.step("net", BTC, leg, "0.4") for leg in ("long", "short")]


def cancelled(new_world: Callable[..., Any], make: Any) -> tuple[Any, list[Any]]:
    """Two resting orders to cancel, and a reduction after them."""
    world = new_world(make.book([make.position(BTC, "long", 1.0, 40_000.0, 36_000.0)], 5_500.0))
    rests = [world.rest("7", "buy", 0.5, 34_000.0), world.rest("8", "buy", 0.3, 33_000.0)]
    return world, [*rests, world.step("reduce", BTC, "long", "0.2")]


CASES = {
    "a hedge": (hedged, [], []),
    "a hedge with silence": (hedged, ["silent"], []),
    "a hedge in part": (hedged, ["half"], []),
    "a netting": (netted, [], []),
    "a netting with silence": (netted, ["ok", "silent"], []),
    "a netting with a rejection": (netted, ["ok", "rejected"], []),
    "a cancellation": (cancelled, [], []),
    "a cancellation with silence": (cancelled, [], ["silent", "lost"]),
}


@pytest.mark.parametrize(("build", "faults", "cancels"), CASES.values(), ids=CASES.keys())
async def test_crash_anywhere(
    new_world: Callable[..., Any],
    make: Any,
    crash: type[Exception],
    build: Callable[..., tuple[Any, list[Any]]],
    faults: list[str],
    cancels: list[str],
) -> None:
    """Die at step 1, 2, 3, ... of an execution, and once more while recovering; then look at everything."""
    survived = False
    for at in range(1, 120):
        world, steps = build(new_world, make)
        task = await world.stepped(*steps, by_hand=True)
        world.venue.faults, world.venue.cancels = list(faults), list(cancels)
        world.crash.steps, world.crash.at = 0, at
        try:
            await world.executor().execute(task)
        except crash:
            await _recovered(world, crash, again=at % 7 + 1)
        else:
            survived = True
        _is_true(world)
        if survived:
            break
    assert survived, "the execution never ended"


async def _recovered(world: Any, crash: type[Exception], *, again: int) -> None:
    """Restart, die once more in the middle of the recovery, restart."""
    sent = world.venue.sent
    world.crash.steps, world.crash.at = 0, again
    try:
        await world.executor().resume(world.account)
    except crash:
        world.crash.at = 0
        await world.executor().resume(world.account)
    world.crash.at = 0
    assert world.venue.sent == sent, "resume must never send"
    assert await world.executor().resume(world.account) == ()


def _is_true(world: Any) -> None:
    """The journal, the hedges and the venue tell the same."""
    world.assert_sound()
    orders = world.journal.orders.values()
    assert all(order.state in TERMINAL for order in orders)
    assert not [intent for intent in world.journal.intents.values() if intent.state == "open"]
    gone = {order.venue_order_id for order in orders if order.remedy == "cancel" and order.state is State.VERIFIED}
    assert gone.isdisjoint({order.order_id for order in world.venue.book.orders})
    if any(order.remedy == "hedge" for order in orders):
        kept = sum(Decimal(hedge.contracts) for hedge in world.journal.hedges.values())
        assert kept == Decimal(repr(world.venue.legs().get((BTC, "short"), 0.0)))
    net = {leg: Decimal(0) for leg in ("long", "short")}
    for order in orders:
        net[order.leg] += Decimal(order.filled) if order.remedy == "net" else 0
    if net["long"] != net["short"]:
        assert any("is uneven" in message.text for message in world.told)
    if world.venue.arrived:
        assert world.told, "what was traded must be told"
