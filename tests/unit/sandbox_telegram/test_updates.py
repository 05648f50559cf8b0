"""The queue of updates and long polling."""

from __future__ import annotations

import asyncio

import pytest

from guard.sandbox.telegram.answers import ApiError
from guard.sandbox.telegram.updates import FIRST_UPDATE_ID, UpdateQueue


def ids(updates: list[dict[str, object]]) -> list[object]:
    """Their ids, counted from the first."""
    return [int(str(update["update_id"])) - FIRST_UPDATE_ID for update in updates]


@pytest.fixture
def queue() -> UpdateQueue:
    """Three updates wait."""
    queue = UpdateQueue()
    for number in range(3):
        queue.put("message", {"number": number})
    return queue


async def test_updates_come_again_until_confirmed(queue: UpdateQueue) -> None:
    """An offset confirms what is before it; a limit cuts."""
    assert ids(await queue.take(0, 100, 0)) == [0, 1, 2]
    assert ids(await queue.take(0, 2, 0)) == [0, 1]
    assert ids(await queue.take(FIRST_UPDATE_ID + 2, 100, 0)) == [2]
    assert ids(await queue.take(0, 100, 0)) == [2]
    assert await queue.take(FIRST_UPDATE_ID + 3, 100, 0) == []


async def test_a_negative_offset_keeps_the_newest(queue: UpdateQueue) -> None:
    """-1 leaves one."""
    assert ids(await queue.take(-1, 100, 0)) == [2]
    assert len(queue) == 1


async def test_a_poll_waits_for_the_first_update() -> None:
    """And returns as soon as there is one."""
    queue = UpdateQueue()
    poll = asyncio.create_task(queue.take(0, 100, 30))
    await asyncio.sleep(0)
    assert queue.polled
    queue.put("message", {})
    assert ids(await asyncio.wait_for(poll, 5)) == [0]
    assert not queue.polled


async def test_the_younger_poll_wins() -> None:
    """The older one is told about the conflict, the younger one gets the updates."""
    queue = UpdateQueue()
    older = asyncio.create_task(queue.take(0, 100, 30))
    await asyncio.sleep(0)
    younger = asyncio.create_task(queue.take(0, 100, 30))
    with pytest.raises(ApiError, match="terminated by other getUpdates request") as caught:
        await asyncio.wait_for(older, 5)
    assert caught.value.code == 409
    queue.put("message", {})
    assert ids(await asyncio.wait_for(younger, 5)) == [0]


async def test_a_poller_that_goes_away_leaves_no_trace() -> None:
    """The next one is served without a conflict."""
    queue = UpdateQueue()
    gone = asyncio.create_task(queue.take(0, 100, 30))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    assert not queue.polled
    assert await queue.take(0, 100, 0) == []


def test_unwanted_kinds_are_not_queued(queue: UpdateQueue) -> None:
    """What is there already stays; an empty list means all kinds."""
    queue.allow(["callback_query"])
    queue.put("message", {})
    queue.put("callback_query", {})
    assert len(queue) == 4
    queue.allow([])
    queue.put("message", {})
    assert len(queue) == 5
    queue.drop()
    assert len(queue) == 0
