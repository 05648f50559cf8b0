"""What the key may do is looked up beside the watch, and never holds it up."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import cast

from guard.app.execution import Execution
from guard.app.protection import Protection
from guard.app.watch import Watch
from guard.ports.recipients import Recipient
from guard.ports.records import Reading
from guard.ports.venue import AccountCheck, KeyRights, VenueAccount
from guard.protect.policy import ExecutionBounds
from guard.risk.zones import Zone
from guard.sim.seeded import SeededIds
from guard.store.store import Store
from tests.harness.cycle_world import World, book


class Hanging:
    """A venue that says nothing when it is asked for rights."""

    asked = 0

    async def check(self) -> AccountCheck:
        """Never."""
        self.asked += 1
        await asyncio.Event().wait()
        raise AssertionError


def protection_of(world: World) -> Protection:
    """Protection that waits a hundredth of a second for the venue."""
    return Protection(
        Execution(
            store=cast("Store", world.memory),
            clock=world.clock,
            ids=SeededIds(1),
            stop=asyncio.Event(),
            wake_outbox=lambda: None,
            tell_directly=world._tell,
            bounds=ExecutionBounds(call_timeout_s=0.01),
        )
    )


async def recipients(_: Watch) -> list[Recipient]:
    """Nobody."""
    return []


async def test_a_venue_that_hangs_does_not_hold_up_what_is_to_be_told() -> None:
    """The look ends with its bound; it is tried again in the next cycle."""
    world = World(book(40_000.0))
    reading: Reading = await world.turn()
    watch = world.watch
    watch.record = replace(watch.record, mode="auto")
    watch.venue, watch.pending = cast("VenueAccount", Hanging()), False

    protection = protection_of(world)
    later = replace(reading, at=reading.at + timedelta(hours=1))
    decision = await asyncio.wait_for(protection.decide(watch, later, recipients), 5)
    assert decision.task is None
    assert watch.rights_at is None
    assert world.told == []


async def test_known_rights_hold_for_a_minute_while_they_cannot_be_read() -> None:
    """A venue that hangs would else hold up every cycle; what is not known at all is looked for in each."""
    world, hanging = World(book(40_000.0)), Hanging()
    reading: Reading = await world.turn()
    watch, venue = world.watch, cast("VenueAccount", hanging)
    protection = protection_of(world)
    for rights, asked in ((None, 3), (KeyRights(read=True, trade=True), 4)):
        watch.rights = rights
        for seconds in (0, 1, 59):
            await protection.refresh_rights(watch, venue, reading.at + timedelta(seconds=seconds))
        assert hanging.asked == asked
    await protection.refresh_rights(watch, venue, reading.at + timedelta(seconds=61))
    assert hanging.asked == 5
    await protection.refresh_rights(watch, venue, reading.at - timedelta(hours=3))
    assert hanging.asked == 6, "the clock was set back: what is known is older than it looks"


async def test_in_danger_a_proposal_asks_for_rights_after_people_are_told() -> None:
    """In mode confirm: what is decided before the record asks nobody; in calm the rights are read for later."""
    world, hanging = World(book(40_000.0)), Hanging()
    reading: Reading = await world.turn()
    watch = world.watch
    watch.record = replace(watch.record, mode="confirm")
    watch.venue, watch.pending = cast("VenueAccount", hanging), False

    protection = protection_of(world)
    danger = replace(reading, zone=Zone.DANGER)
    assert (await protection.decide(watch, danger, recipients)).suggests is danger
    assert hanging.asked == 0
    await protection.decide(watch, replace(reading, zone=Zone.SAFE), recipients)
    assert hanging.asked == 1
