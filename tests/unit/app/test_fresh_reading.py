"""A reading out of turn: who asked gets the one that ends next, or nothing in time."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from guard.app.fresh_reading import FreshReadings
from tests.harness.cycle_world import World, book


async def test_everybody_who_waits_gets_the_next_reading_of_the_account() -> None:
    """One cycle serves all of them; another account's reading is none of theirs."""
    hastened: list[str] = []
    fresh = FreshReadings(hastened.append)
    reading = await World(book(40_000.0)).turn()
    waits = [asyncio.create_task(fresh.wait_for(reading.account_id, 5.0)) for _ in range(2)]
    await asyncio.sleep(0)
    fresh.came(replace(reading, account_id="another"))
    assert not any(wait.done() for wait in waits)
    fresh.came(reading)
    assert await asyncio.gather(*waits) == [reading, reading]
    assert hastened == [reading.account_id] * 2
    fresh.came(reading)  # nobody waits any more


async def test_patience_ends() -> None:
    """A venue that hangs holds nobody up; a reading that comes too late goes to nobody."""
    fresh = FreshReadings(lambda _: None)
    reading = await World(book(40_000.0)).turn()
    assert await fresh.wait_for(reading.account_id, 0.001) is None
    fresh.came(reading)
    assert fresh._waiting == {}
