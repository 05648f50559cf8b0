"""Values that are read once and kept: freshness, stand-ins, one read for many askers."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from guard.ports.errors import VenueUnavailable
from guard.venues.shared import Shared
from guard.venues.together import together


class Source:
    """Counts its reads, and fails when told to."""

    def __init__(self) -> None:
        self.reads = 0
        self.down = False

    async def read(self) -> int:
        """The number of this read."""
        await asyncio.sleep(0)
        if self.down:
            raise VenueUnavailable("down")
        self.reads += 1
        return self.reads


async def test_a_value_is_read_again_when_it_is_due(clock: Any) -> None:
    """Not before; its time is that of the reading."""
    source, shared = Source(), Shared[int](clock, 10.0)
    first = await shared.get(source.read)
    clock.seconds += 10.0
    assert await shared.get(source.read) == first
    clock.seconds += 0.1
    assert shared.fresh is None
    assert shared.last == first
    assert (await shared.get(source.read)).value == 2
    assert first.at < clock.now()


async def test_many_askers_wait_for_one_read(clock: Any) -> None:
    """The venue is asked once."""
    source, shared = Source(), Shared[int](clock, 10.0)
    found = await together(*(shared.get(source.read) for _ in range(5)))
    assert [dated.value for dated in found] == [1] * 5


async def test_an_old_value_stands_in_while_the_venue_is_down_and_not_for_ever(clock: Any) -> None:
    """With its own time; after `usable_s` the failure is told."""
    source, shared = Source(), Shared[int](clock, 10.0, 100.0)
    first = await shared.get(source.read)
    source.down = True
    clock.seconds += 100.0
    assert await shared.get(source.read) == first
    clock.seconds += 1.0
    with pytest.raises(VenueUnavailable):
        await shared.get(source.read)


async def test_who_insists_gets_no_stand_in(clock: Any) -> None:
    """For what must be known now."""
    source, shared = Source(), Shared[int](clock, 10.0, 100.0)
    await shared.get(source.read)
    source.down = True
    clock.seconds += 20.0
    with pytest.raises(VenueUnavailable):
        await shared.get(source.read, insist=True)


async def test_a_younger_value_can_be_asked_for(clock: Any) -> None:
    """When something did not fit."""
    source, shared = Source(), Shared[int](clock, 100.0)
    await shared.get(source.read)
    clock.seconds += 5.0
    assert (await shared.get(source.read, within_s=5.0)).value == 1
    assert (await shared.get(source.read, within_s=4.0)).value == 2
    assert shared.last is not None
    assert shared.last.value == 2


async def test_a_venue_that_is_down_at_first_is_asked_again(clock: Any) -> None:
    """A failure is not kept."""
    source, shared = Source(), Shared[int](clock, 10.0, 100.0)
    source.down = True
    with pytest.raises(VenueUnavailable):
        await shared.get(source.read)
    source.down = False
    assert (await shared.get(source.read)).value == 1


async def test_together_waits_for_all_before_it_fails() -> None:
    """Nothing is left running behind a failure."""
    ended: list[str] = []

    async def fails() -> None:
        raise VenueUnavailable("first")

    async def ends() -> None:
        for _ in range(3):
            await asyncio.sleep(0)
        ended.append("late")

    with pytest.raises(VenueUnavailable, match="first"):
        await together(fails(), ends())
    assert ended == ["late"]


async def test_nobody_waits_for_a_new_reading_while_the_old_value_is_usable(clock: Any) -> None:
    """Who reads may wait for the request budget; whoever asks meanwhile, such as an order, goes on at once."""
    source, shared = Source(), Shared[int](clock, 10.0, 100.0)
    first = await shared.get(source.read)
    clock.seconds += 11.0
    gate = asyncio.Event()

    async def slow() -> int:
        await gate.wait()
        return 7

    refresh = asyncio.create_task(shared.get(slow))
    await asyncio.sleep(0)
    assert await asyncio.wait_for(shared.get(source.read), 1) == first
    strict = asyncio.create_task(shared.get(source.read, within_s=5.0))
    await asyncio.sleep(0)
    assert not strict.done()
    gate.set()
    assert (await refresh).value == (await strict).value == 7
