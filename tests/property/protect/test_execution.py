"""Executions in any order of bad luck: whatever fails, and wherever the process dies, the invariants hold.

The venue in memory checks each order by itself: reductions within their leg, hedges within what they are against, on
the grid and inside the band; it executes a repeated order again, so that a double one shows.
"""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guard.ports.records import OrderJournalState as State
from guard.protect.journal import TERMINAL
from guard.protect.outcome import Ending
from guard.risk.book import Book
from tests.unit.protect.memory_venue import BTC, ETH, Crash, book, position
from tests.unit.protect.world import World

PROFILE = settings(
    derandomize=True, deadline=None, max_examples=40, database=None, suppress_health_check=list(HealthCheck)
)
SUBMITS = st.sampled_from(
    [
        "ok",
        "ok",
        "half",
        "unfilled",
        "rejected",
        "silent",
        "lost",
        "gone",
        "open",
        "late",
        "taken",
        "twice",
        "flip",
        "overfill",
    ]
)
READS = st.sampled_from(["ok", "ok", "ok", "lag", "down", "stale", "torn"])
LOOKUPS = st.sampled_from(["ok", "ok", "down", "open"])
CANCELS = st.sampled_from(["ok", "ok", "lost", "silent", "refused", "fills", "lies"])
WORLDS = st.sampled_from(["one way", "hedge"])
SIZES = st.integers(1, 900).map(lambda units: f"{units / 1000:.3f}")


def start(mode: str) -> Book:
    """Two bitcoins' worth of legs in danger."""
    legs = [position(BTC, "long", 1.2, 40_000.0, 36_000.0)]
    if mode == "one way":
        return book([*legs, position(ETH, "long", 5.0, 2_500.0, 2_400.0)], 7_000.0)
    return book([*legs, position(BTC, "short", 0.9, 35_000.0, 36_000.0)], 6_200.0, "hedge")


def steps_of(world: World, mode: str, kinds: list[str], size: str) -> list[Any]:
    """A plan of the wanted remedies, as far as the mode has them."""
    found = []
    if "cancel" in kinds:
        found += [world.rest("7", "buy", 0.5, 34_000.0), world.rest("8", "buy", 0.25, 33_000.0)]
    if "net" in kinds and mode == "hedge":
        found += [world.step("net", BTC, leg, size) for leg in ("long", "short")]
    if "reduce" in kinds:
        found.append(world.step("reduce", BTC, "long", size))
    if "hedge" in kinds and mode == "hedge":
        found.append(world.step("hedge", BTC, "short", size, protects=f"{BTC} long"))
    return found or [world.step("reduce", BTC, "long", size)]


@PROFILE
@given(data=st.data())
def test_whatever_happens(data: st.DataObject) -> None:
    """Once carried out, and taken up until nothing is open: see `_holds`."""
    asyncio.run(_story(data))


async def _story(data: st.DataObject) -> None:
    mode = data.draw(WORLDS)
    world = World(start(mode))
    kinds = data.draw(st.lists(st.sampled_from(["cancel", "net", "reduce", "hedge"]), min_size=1, unique=True))
    by_hand = data.draw(st.booleans())
    task = await world.stepped(*steps_of(world, mode, kinds, data.draw(SIZES)), by_hand=by_hand)
    world.venue.faults = data.draw(st.lists(SUBMITS, max_size=8))
    world.venue.lookups = data.draw(st.lists(LOOKUPS, max_size=8))
    world.venue.cancels = data.draw(st.lists(CANCELS, max_size=4))
    world.venue.reads = data.draw(st.lists(READS, max_size=8))
    world.crash.steps, world.crash.at = 0, data.draw(st.integers(0, 40))
    try:
        await world.executor().execute(task)
    except Crash:
        world.crash.at = 0
    world.crash.at = 0
    world.venue.faults.clear()
    sent = world.venue.sent
    outcomes: list[Any] = []
    for _ in range(3):
        world.venue.late = world.venue.late if world.venue.lookups else []
        world.venue.lookups, world.venue.reads = world.venue.lookups[:4], []
        outcomes += await world.executor().resume(world.account)
    assert world.venue.sent == sent, "taking it up never sends"
    _holds(world, outcomes)


def _holds(world: World, outcomes: list[Any]) -> None:
    """Nothing twice, nothing grown but hedges, the journal true, hedges kept, surprises frozen, people told."""
    ids = [request.client_order_id for request in world.venue.arrived]
    assert len(ids) == len(set(ids)), "an order was executed twice"
    for order in world.journal.orders.values():
        answer = world.venue.answers.get(order.client_order_id)
        known = order.state in TERMINAL and order.state is not State.SKIPPED
        if answer is not None and known:
            assert Decimal(order.filled) == answer.filled, "the journal does not tell what filled"
        if answer is None:
            assert Decimal(order.filled) == 0, "the journal invented a fill"
    open_intents = [intent for intent in world.journal.intents.values() if intent.state == "open"]
    if not open_intents:
        assert all(order.state in TERMINAL for order in world.journal.orders.values())
        hedged = sum(Decimal(o.filled) for o in world.journal.orders.values() if o.remedy == "hedge")
        assert sum(Decimal(hedge.contracts) for hedge in world.journal.hedges.values()) == hedged
    if world.venue.arrived and world.journal.intents:
        assert world.told, "what was traded must be told"
    if any(outcome.ending is Ending.SURPRISE for outcome in outcomes):
        assert world.frozen
