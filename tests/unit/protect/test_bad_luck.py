"""Bad luck with an order, one line each: what the journal says afterwards, and what people read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest

from guard.ports.records import OrderJournalState as State
from guard.protect.outcome import Ending
from guard.risk.book import Tier

BTC = "BTC/USDT:USDT"
DONE, SKIPPED, FAILED = State.VERIFIED, State.SKIPPED, State.FAILED


@dataclass(frozen=True)
class Luck:
    """What goes wrong with the first of three orders, and what must come of it."""

    ending: Ending
    journal: tuple[State, ...]
    message: str
    faults: tuple[str, ...] = ()
    lookups: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    intent: str = "done"
    frozen: bool = False
    meanwhile: Callable[[Any], None] | None = None
    """What somebody else does right after the first order."""


def _close(venue: Any) -> None:
    venue.book = replace(venue.book, positions=())


def _turn(venue: Any) -> None:
    venue.book = replace(venue.book, positions=tuple(replace(leg, side="short") for leg in venue.book.positions))


def _grow(venue: Any) -> None:
    venue.book = replace(venue.book, positions=tuple(replace(leg, contracts=1.0) for leg in venue.book.positions))


def _switch(venue: Any) -> None:
    venue.book = replace(venue.book, position_mode="hedge")


SURPRISED: dict[str, Any] = {"intent": "failed", "frozen": True}


HELD, SILENT = Ending.TARGET_HOLDS, ("down",) * 8
CASES = {
    "rejected": Luck(
        Ending.REJECTED,
        (State.REJECTED, SKIPPED, SKIPPED),
        "ReduceOnly Order is rejected",
        ("rejected",),
        intent="failed",
    ),
    "filled in part": Luck(HELD, (DONE,) * 4, "filled only 0.112 contracts", ("half",)),
    "filled worse than the band": Luck(
        Ending.SURPRISE,
        (FAILED, SKIPPED, SKIPPED),
        "worse than its limit",
        ("bad_price",),
        intent="failed",
        frozen=True,
    ),
    "no answer, arrived": Luck(HELD, (DONE,) * 3, "back under the target", ("silent",)),
    "no answer, not arrived": Luck(HELD, (DONE,) * 3, "back under the target", ("lost",)),
    "its id is in use": Luck(HELD, (DONE,) * 3, "back under the target", ("twice",)),
    "accepted and not shown": Luck(
        Ending.PENDING,
        (State.SUBMITTED, State.APPROVED, State.APPROVED),
        "had accepted it and does not know it any more",
        ("taken",),
        ("forgotten",) * 8,
        intent="open",
    ),
    "accepted and shown late": Luck(HELD, (DONE,) * 3, "back under the target", ("taken",), ("forgotten", "ok")),
    "nobody in the band": Luck(
        Ending.UNFILLED,
        (FAILED,) * 4,
        "nothing filled inside the band",
        ("unfilled",) * 4,
        intent="failed",
    ),
    "the venue goes down after it": Luck(
        Ending.PENDING,
        (State.UNKNOWN, State.APPROVED, State.APPROVED),
        "an order's outcome is not known yet",
        ("silent",),
        SILENT,
        intent="open",
    ),
    "the venue goes down before the book is read": Luck(
        Ending.PENDING,
        (State.FILLED, State.APPROVED, State.APPROVED),
        "cannot be verified yet",
        reads=("ok", *("down",) * 4),
        intent="open",
    ),
    "the key is revoked": Luck(
        Ending.PENDING,
        (State.REJECTED, State.APPROVED, State.APPROVED),
        "the venue does not know the key any more",
        ("revoked",),
        reads=("ok", *("revoked",) * 4),
        intent="open",
    ),
    "the key may not trade any more": Luck(
        Ending.REJECTED,
        (State.REJECTED, SKIPPED, SKIPPED),
        "could not act: the venue refused an order",
        ("revoked",),
        intent="failed",
    ),
    "the leg is closed by hand": Luck(
        Ending.SURPRISE,
        (FAILED, SKIPPED, SKIPPED),
        "the long leg on BTC/USDT:USDT is gone, 0.776 contracts were expected",
        meanwhile=_close,
        **SURPRISED,
    ),
    "the leg is turned by hand": Luck(
        Ending.SURPRISE,
        (FAILED, SKIPPED, SKIPPED),
        "Open now: BTC/USDT:USDT short 0.776",
        meanwhile=_turn,
        **SURPRISED,
    ),
    "the leg is bought back by hand": Luck(
        Ending.SURPRISE,
        (FAILED, SKIPPED, SKIPPED),
        "the long leg on BTC/USDT:USDT is 1.0 contracts, 0.776 were expected",
        meanwhile=_grow,
        **SURPRISED,
    ),
    "the position mode is switched": Luck(
        Ending.SURPRISE,
        (FAILED, SKIPPED, SKIPPED),
        "the position mode is hedge, it was one_way",
        meanwhile=_switch,
        **SURPRISED,
    ),
    "another leg appears": Luck(
        Ending.SURPRISE, (FAILED, SKIPPED, SKIPPED), "a short leg of 0.01", ("flip",), intent="failed", frozen=True
    ),
}


@pytest.mark.parametrize("luck", CASES.values(), ids=CASES.keys())
async def test_bad_luck(world: Any, luck: Luck) -> None:
    """Journal, intent, freeze and message."""
    task = await world.assignment()
    world.venue.faults, world.venue.lookups = list(luck.faults), list(luck.lookups)
    world.venue.reads = list(luck.reads[1:])
    meanwhile = luck.meanwhile
    world.venue.after_submit = None if meanwhile is None else lambda: meanwhile(world.venue)
    outcome = await world.executor().execute(task)
    assert outcome.ending is luck.ending, outcome
    assert tuple(order.state for order in world.journal.orders.values()) == luck.journal
    assert world.journal.intents["intent-1"].state == luck.intent
    assert bool(world.frozen) == luck.frozen
    (told,) = world.told
    assert luck.message in told.text
    if luck.intent == "open":
        world.venue.reads, world.venue.lookups = [], []
        (later,) = await world.executor().resume(world.account)
        assert later.ending is Ending.RECOVERED, later
        assert {order.state for order in world.journal.orders.values()} <= {DONE, SKIPPED, State.REJECTED}
        assert "an interrupted plan is accounted for" in world.told[1].text
        assert "Risk ratio" in world.told[1].text
    assert world.venue.sent == len([order for order in world.journal.orders.values() if order.state is not SKIPPED]) + (
        luck.faults == ("lost",)
    )


async def test_an_accepted_order_is_never_lost_across_restarts(world: Any) -> None:
    """The fact that the venue took it is in the journal: whoever comes later does not send it again either."""
    world.venue.faults, world.venue.lookups = ["taken"], ["forgotten"] * 200
    await world.executor().execute(await world.assignment())
    for _ in range(3):
        world.clock.passed += 3_600
        (outcome,) = await world.executor().resume(world.account)
        assert outcome.ending is Ending.PENDING
    world.venue.lookups = []
    (outcome,) = await world.executor().resume(world.account)
    assert outcome.ending is Ending.RECOVERED
    assert world.venue.sent == 1


@pytest.mark.parametrize(("rate", "ending"), [(0.02, Ending.EXHAUSTED), (0.0005, Ending.TARGET_HOLDS)])
async def test_tiers_that_change_in_the_middle(world: Any, rate: float, ending: Ending) -> None:
    """The newest book decides: dearer ones leave the target missed and said to be, cheaper ones end the plan early."""

    def change() -> None:
        (leg,) = world.venue.book.positions
        tiers = {leg.symbol: (Tier(0.0, None, rate),)}
        gain = 3_000.0 if rate < 0.001 else 0.0
        world.venue.book = replace(world.venue.book, tiers=tiers)
        world.venue.change(BTC, "long", Decimal(0), gain)

    world.venue.after_submit = lambda: change() if len(world.venue.arrived) == 1 else None
    outcome = await world.executor().execute(await world.assignment())
    assert outcome.ending is ending, outcome
    assert len(world.venue.arrived) == (3 if ending is Ending.EXHAUSTED else 1)
    journal = tuple(order.state for order in world.journal.orders.values())
    assert journal == ((DONE,) * 3 if ending is Ending.EXHAUSTED else (DONE, SKIPPED, SKIPPED))
    assert world.journal.intents["intent-1"].state == "done"
    assert ("not fully reached" in world.told[0].text) == (ending is Ending.EXHAUSTED)


@pytest.mark.parametrize("side", ["long", "short"])
async def test_a_better_price_never_passes_the_cap(new_world: Callable[..., Any], make: Any, side: Any) -> None:
    """Sold above the mark it counts at the mark: the cap that was reserved is the cap that is used."""
    entry = 40_000.0 if side == "long" else 32_000.0
    world = new_world(make.book([make.position(BTC, side, 1.0, entry, 36_000.0)], 5_500.0))
    world.venue.faults = ["good_price"] * 3
    task = await world.assignment()
    reserved = sum(float(order.contracts) for order in task.orders) * 36_000.0 * (1.0 if side == "long" else 1.0051)
    outcome = await world.executor().execute(replace(task, daily_cap=reserved))
    assert outcome.ending is Ending.TARGET_HOLDS, outcome
    assert outcome.notional <= reserved
    assert outcome.cost < 0  # what was gained is more than the fees


async def test_the_kill_switch_between_two_children_of_a_hedge(new_world: Callable[..., Any], make: Any) -> None:
    """What was opened is kept and told; nothing follows."""
    world = new_world(make.book([make.position(BTC, "long", 1.0, 40_000.0, 36_000.0)], 5_500.0, "hedge"))
    world.venue.after_submit = world.stop.set
    step = world.step("hedge", BTC, "short", "0.6", protects=f"{BTC} long")
    outcome = await world.executor().execute(await world.stepped(step))
    assert outcome.ending is Ending.STOPPED
    (hedge,) = world.journal.hedges.values()
    assert hedge.contracts == "0.200"
    assert world.venue.legs()[BTC, "short"] == 0.2


async def test_a_transfer_is_told_and_not_carried_out(world: Any) -> None:
    """The guard moves no money: the message says what a person has to do."""
    step = replace(world.step("reduce", BTC, "long", "0.1"), remedy="transfer", symbol="USDT", contracts=Decimal(500))
    outcome = await world.executor().execute(await world.stepped(step))
    assert outcome.orders == ()
    assert world.venue.sent == 0
    assert "not done by the guard, it moves no money: transfer 500 USDT to this account" in world.told[0].text
