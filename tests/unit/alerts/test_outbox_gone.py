"""Chats that are gone, have moved, or never were: what the outbox stores and where it tells of it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from structlog.testing import capture_logs

from guard.alerts.outbox import Outbox
from guard.ports.sending import ChatGone, ChatMoved, SendRejected, SendRetry
from guard.sim.channel import ScriptedSink
from guard.sim.memory_outbox import MemoryOutbox
from guard.sim.seeded import SeededIds
from guard.sim.virtual_time import START, VirtualClock, run_virtual
from tests.unit.alerts.outbox_worker import fill, queued, worked


def test_a_refused_message_is_dead_and_told_on_the_console(memory: MemoryOutbox) -> None:
    """The next message goes on; the lost one is shown whole, and logged as an error."""
    fill(memory, queued(1, html="<b>DANGER</b> alice"), queued(2))
    sink, console = ScriptedSink(script={"telegram:1": [SendRejected("bad markup")]}), ScriptedSink("console")
    with capture_logs() as logs:
        outbox = worked(memory, sink, console)
    assert memory.dead == {"m1": "bad markup"}
    assert next(iter(memory.delivered)) == "m2"
    [notice] = console.texts("console")
    assert notice.startswith("📭 <b>NOT DELIVERED</b> to telegram:1\nWhy: bad markup")
    assert notice.endswith("<b>DANGER</b> alice")
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["undelivered"]
    assert outbox.dead == 1


def test_a_chat_that_is_gone_is_marked_dead(memory: MemoryOutbox) -> None:
    """The chat is remembered as dead, the message is told elsewhere."""
    fill(memory, queued(1, "telegram:-42"))
    sink, console = ScriptedSink(), ScriptedSink("console")
    sink.script["telegram:-42"] = [ChatGone("the person blocked the bot")]
    worked(memory, sink, console)
    assert memory.dead_chats == [-42]
    assert list(memory.dead) == ["m1"]
    assert len(console.texts("console")) == 1


def test_a_chat_that_moved_gets_all_its_messages(memory: MemoryOutbox) -> None:
    """The old address is asked once: the move is stored, and the other messages go to the new one, in order."""
    fill(memory, queued(1), queued(2))
    sink = ScriptedSink(script={"telegram:1": [ChatMoved("moved", new_chat_id=-100)] * 2})
    with capture_logs() as logs:
        worked(memory, sink)
    assert sink.texts("telegram:-100") == ["text 1", "text 2"]
    assert sink.times("telegram:1") == [0.0]
    assert memory.moved_chats == [(1, -100)]
    assert len(memory.delivered) == 2
    assert any(entry["event"].startswith("chat has moved") for entry in logs)


def test_a_move_that_is_not_stored_is_stored_with_the_next_message(memory: MemoryOutbox) -> None:
    """The store fails between the delivery and the move: nothing comes twice, and the next message follows anew."""
    fill(memory, queued(1))
    sink = ScriptedSink(script={"telegram:1": [ChatMoved("moved", new_chat_id=-100)] * 2})

    async def recover(outbox: Outbox) -> None:
        await asyncio.sleep(2.5)
        memory.failing.clear()
        fill(memory, queued(2))
        outbox.wake()

    memory.failing = {"move_chat"}
    worked(memory, sink, meanwhile=recover)
    assert memory.moved_chats == [(1, -100)]
    assert sink.texts("telegram:-100") == ["text 1", "text 2"]
    assert list(memory.delivered) == ["m1", "m2"]


def test_a_message_is_not_sent_again_while_its_chats_move_is_stored(memory: MemoryOutbox) -> None:
    """The worker looks again between the delivery and its mark: it must not wait at the new address."""
    fill(memory, queued(1))
    memory.delay_s = 3.0
    sink = ScriptedSink(script={"telegram:1": [ChatMoved("moved", new_chat_id=-100)]})

    async def look_again(outbox: Outbox) -> None:
        for _ in range(20):
            await asyncio.sleep(0.25)
            outbox.wake()

    worked(memory, sink, meanwhile=look_again)
    assert sink.texts("telegram:-100") == ["text 1"]
    assert memory.moved_chats == [(1, -100)]


def test_a_move_is_stored_also_when_the_new_chat_does_not_answer(memory: MemoryOutbox) -> None:
    """The repeat goes to the new address."""
    fill(memory, queued(1))
    moved = ChatMoved("moved", new_chat_id=-100)
    sink = ScriptedSink(script={"telegram:1": [moved], "telegram:-100": [SendRetry("down")]})
    worked(memory, sink)
    assert sink.times("telegram:1") == [0.0]
    assert sink.texts("telegram:-100") == ["text 1"]


def test_a_chat_that_moved_and_is_gone_is_dead_under_its_new_id(memory: MemoryOutbox) -> None:
    """The link was moved first: it is the new id that is remembered as dead."""
    fill(memory, queued(1))
    sink = ScriptedSink(script={"telegram:1": [ChatMoved("moved", new_chat_id=-100)]})
    sink.script["telegram:-100"] = [ChatGone("the bot was kicked")]
    worked(memory, sink, ScriptedSink("console"))
    assert (memory.moved_chats, memory.dead_chats) == ([(1, -100)], [-100])


def test_chats_that_name_each_other_do_not_move_the_link(memory: MemoryOutbox) -> None:
    """A circle ends as undeliverable, with the link as it was."""
    fill(memory, queued(1))
    sink = ScriptedSink(
        script={
            "telegram:1": [ChatMoved("moved", new_chat_id=-100)] * 9,
            "telegram:-100": [ChatMoved("moved", new_chat_id=1)] * 9,
        }
    )
    worked(memory, sink, ScriptedSink("console"))
    assert memory.moved_chats == []
    assert list(memory.dead) == ["m1"]


def test_a_dead_chat_is_told_on_the_second_channel_once_a_day(memory: MemoryOutbox) -> None:
    """The console is told of each lost message, the second channel that the chat is lost."""
    fill(memory, queued(1), queued(2), queued(3))
    sink, console, pager = ScriptedSink(), ScriptedSink("console"), ScriptedSink("pager")
    sink.script["telegram:1"] = [ChatGone("the person blocked the bot")] * 3

    async def main() -> None:
        outbox = Outbox(
            memory,
            (sink, console, pager),
            VirtualClock.running(),
            SeededIds(1),
            chance=lambda: 1.0,
            second=("pager:1",),
        )
        worker = asyncio.create_task(outbox.run())
        await asyncio.sleep(25 * 3600)
        sink.script["telegram:1"] = [ChatGone("the person blocked the bot")]
        fill(memory, queued(4, created_at=START + timedelta(hours=25)))
        await asyncio.sleep(60)
        await outbox.stop()
        await worker

    run_virtual(main())
    assert len(console.texts("console")) == 4
    first, second = pager.texts("pager:1")
    assert first.startswith("📭 <b>NOT DELIVERED</b> to telegram:1\nWhy: the person blocked the bot")
    assert first.endswith("text 1")
    assert second != first


def test_channels_that_are_all_dead_do_not_write_about_each_other(memory: MemoryOutbox) -> None:
    """A lost notice is told on the console and nowhere else."""
    fill(memory, queued(1))
    refusal = SendRejected("no")
    sink = ScriptedSink(script={"telegram:1": [refusal]})
    pager = ScriptedSink("pager", {"pager:1": [refusal] * 9, "pager:2": [refusal] * 9})
    console = ScriptedSink("console")

    async def main() -> None:
        outbox = Outbox(
            memory,
            (sink, console, pager),
            VirtualClock.running(),
            SeededIds(1),
            chance=lambda: 1.0,
            second=("pager:1", "pager:2"),
        )
        worker = asyncio.create_task(outbox.run())
        await asyncio.sleep(600)
        await outbox.stop()
        await worker

    run_virtual(main())
    assert len(pager.asked) == 2
    assert len(console.texts("console")) == 3


def test_a_destination_without_a_channel_is_told_on_the_console(memory: MemoryOutbox) -> None:
    """Nothing waits for ever for a channel that does not exist."""
    fill(memory, queued(1, "pager:7"))
    console = ScriptedSink("console")
    worked(memory, console)
    assert list(memory.dead) == ["m1"]
    assert "there is no channel for `pager`" in console.texts("console")[0]


def test_a_console_that_refuses_makes_no_notices_about_itself(memory: MemoryOutbox) -> None:
    """A lost notice is only logged: no endless chain."""
    fill(memory, queued(1, "console"))
    console = ScriptedSink("console", {"console": [SendRejected("no"), SendRejected("no")]})
    worked(memory, console)
    assert list(memory.dead) == ["m1"]
    assert list(memory.messages) == ["m1"]
