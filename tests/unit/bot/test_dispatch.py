"""Updates at work: order, limits, defects, the end."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs
from telegram import Update

from guard.bot import dispatch
from guard.bot.dispatch import Dispatch


def update(number: int, chat_id: int) -> Update:
    """A message in a chat."""
    person = {"id": chat_id, "is_bot": False, "first_name": "x"}
    chat = {"id": chat_id, "type": "private"}
    message = {"message_id": number, "date": 1, "chat": chat, "from": person, "text": "x"}
    made = Update.de_json({"update_id": number, "message": message}, None)
    assert made is not None
    return made


class Work:
    """Notes what begins and ends; each piece waits until it is let go."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.ended: list[int] = []
        self.go = asyncio.Event()

    async def serve(self, update: Update) -> None:
        """One piece of work."""
        self.begun.append(update.update_id)
        await self.go.wait()
        self.ended.append(update.update_id)

    async def nothing(self, update: Update) -> None:
        """What is done on a defect."""


async def turns(count: int = 20) -> None:
    """Let everything run that can."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_one_chat_in_order_several_at_once() -> None:
    """The second question of a chat waits for the first; another chat does not."""
    work = Work()
    running = Dispatch(work.serve, work.nothing)
    for number, chat_id in ((1, 10), (2, 10), (3, 11)):
        await running.put(update(number, chat_id))
    await turns()
    assert work.begun == [1, 3]
    work.go.set()
    await turns()
    assert sorted(work.ended) == [1, 2, 3]
    assert work.ended.index(1) < work.ended.index(2)
    await running.close(1)


async def test_a_busy_chat_holds_one_hand_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """With two hands, a chat with ten questions leaves one to the others."""
    monkeypatch.setattr(dispatch, "AT_ONCE_MAX", 2)
    work = Work()
    running = Dispatch(work.serve, work.nothing)
    for number in range(10):
        await running.put(update(number, 10))
    for number in (20, 21):
        await running.put(update(number, number))
    await turns()
    assert work.begun == [0, 20]
    await running.close(0)


async def test_too_many_unfinished_updates_make_fetching_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """The third is accepted only when one of two is done."""
    monkeypatch.setattr(dispatch, "WAITING_MAX", 2)
    work = Work()
    running = Dispatch(work.serve, work.nothing)
    for number in (1, 2):
        await running.put(update(number, number))
    third = asyncio.create_task(running.put(update(3, 3)))
    await turns()
    assert not third.done()
    work.go.set()
    await asyncio.wait_for(third, 5)
    await running.close(1)
    assert sorted(work.ended) == [1, 2, 3]


async def test_closing_cancels_what_hangs() -> None:
    """After the grace nothing is left."""
    work = Work()
    running = Dispatch(work.serve, work.nothing)
    await running.put(update(1, 1))
    await turns()
    await running.close(0.01)
    assert work.ended == []
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("update-")]


async def test_a_defect_is_logged_counted_and_answered_even_when_that_fails_too() -> None:
    """The next update of the chat is served all the same."""
    apologies: list[int] = []

    async def fail(update: Update) -> None:
        if update.update_id == 1:
            raise RuntimeError("a defect of ours")
        apologies.append(-update.update_id)

    async def apologize(update: Update) -> None:
        apologies.append(update.update_id)
        raise ValueError("and another")

    running = Dispatch(fail, apologize)
    with capture_logs() as logs:
        await running.put(update(1, 1))
        await running.put(update(2, 1))
        await turns()
    assert sorted(apologies) == [-2, 1]
    assert running.defects == 2
    assert [(entry["event"], entry["work"]) for entry in logs] == [
        ("chat.defect", "update-1"),
        ("chat.defect", "defect-1"),
    ]
    await running.close(1)


async def test_a_chat_that_floods_keeps_nobody_else_out() -> None:
    """What is too much of one chat is dropped and logged; others are fetched and served meanwhile."""
    work = Work()
    running = Dispatch(work.serve, work.nothing)
    with capture_logs() as logs:
        for number in range(dispatch.WAITING_MAX + 10):
            await asyncio.wait_for(running.put(update(number, 10)), 1)
        await asyncio.wait_for(running.put(update(1000, 11)), 1)
    await turns()
    assert work.begun == [0, 1000]
    assert {entry["event"] for entry in logs} == {"chat.flooded"}
    work.go.set()
    await turns(400)
    assert len(work.ended) == dispatch.OF_ONE_CHAT_MAX + 1
    await running.put(update(2000, 10))
    await turns()
    assert work.ended[-1] == 2000
    await running.close(1)
