"""Timelines of the outbox on virtual time: what is tried when, what arrives, what is told when it does not."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from guard.alerts.backoff import RetryPolicy
from guard.alerts.outbox import Outbox, OutboxPolicy
from guard.ports.records import QUIET_PRIORITY
from guard.ports.sending import SendRetry
from guard.sim.channel import ScriptedSink
from guard.sim.memory_outbox import MemoryOutbox
from guard.sim.seeded import SeededIds, seeded_random
from guard.sim.virtual_time import VirtualClock, run_virtual
from tests.unit.alerts.outbox_worker import REPEATED, fill, outbox_over, queued, worked


def test_messages_are_marked_with_their_receipts(memory: MemoryOutbox) -> None:
    """The plain case: two chats, three messages, in order, at once."""
    fill(memory, queued(1), queued(2), queued(3, "telegram:2"))
    sink = ScriptedSink(script={"telegram:1": ["r1", "r2"], "telegram:2": ["r3"]})
    outbox = worked(memory, sink)
    assert memory.delivered == {"m1": "r1", "m2": "r2", "m3": "r3"}
    assert sink.texts("telegram:1") == ["text 1", "text 2"]
    assert {at for at, _, _ in sink.asked} == {0.0}
    assert (outbox.delivered, outbox.postponed, outbox.dead) == (3, 0, 0)


def test_a_failure_is_repeated_later_and_later_and_marked_only_after_success(memory: MemoryOutbox) -> None:
    """Attempts at 0, 1, 3 and 7 s; nothing is marked delivered before the last."""
    fill(memory, queued(1))
    sink = ScriptedSink(script={"telegram:1": [SendRetry("down"), SendRetry("down"), SendRetry("down")]})

    async def look(outbox: Outbox) -> None:
        await asyncio.sleep(6.9)
        assert memory.delivered == {}
        assert memory.messages["m1"].attempts == 3

    worked(memory, sink, meanwhile=look)
    assert sink.times("telegram:1") == [0.0, 1.0, 3.0, 7.0]
    assert list(memory.delivered) == ["m1"]


def test_what_the_channel_asks_for_is_obeyed(memory: MemoryOutbox) -> None:
    """retry_after of 17 s: nothing goes to that chat before, also not a younger message."""
    fill(memory, queued(1), queued(2))
    sink = ScriptedSink(script={"telegram:1": [SendRetry("flood", retry_after_s=17)]})
    worked(memory, sink)
    assert sink.times("telegram:1") == [0.0, 18.0, 18.0]
    assert sink.texts("telegram:1") == ["text 1", "text 2"]


def test_order_is_kept_over_failures(memory: MemoryOutbox) -> None:
    """A younger message never overtakes an older one of its chat, unless it is more urgent."""
    fill(memory, queued(1), queued(2), queued(3, priority=99))
    sink = ScriptedSink(script={"telegram:1": [SendRetry("down"), None, SendRetry("down"), None, None]})
    worked(memory, sink)
    assert sink.texts("telegram:1") == ["text 3", "text 1", "text 2"]


def test_order_is_kept_over_a_restart(memory: MemoryOutbox) -> None:
    """A new worker sees that the oldest message waits, and lets the younger one wait behind it."""
    fill(memory, queued(1), queued(2))
    worked(memory, ScriptedSink(script={"telegram:1": [SendRetry("down", retry_after_s=100)]}), seconds=10)
    sink = ScriptedSink()
    worked(memory, sink, seconds=200)  # its clock starts anew: the repeat is due 101 s after the start
    assert sink.times("telegram:1") == [101.0, 101.0]
    assert sink.texts("telegram:1") == ["text 1", "text 2"]


def test_the_most_urgent_chat_is_served_first(memory: MemoryOutbox) -> None:
    """With one slot, the chat in danger goes before the one that is told good news."""
    fill(memory, queued(1, "telegram:1", priority=10), queued(2, "telegram:2", priority=50))
    sink = ScriptedSink()
    worked(memory, sink, policy=OutboxPolicy(concurrent=1))
    assert [to for _, to, _ in sink.asked] == ["telegram:2", "telegram:1"]


def test_a_silent_chat_does_not_delay_the_others(memory: MemoryOutbox) -> None:
    """One chat never answers, one always fails, one is fine: the last is served at once, every time."""
    fill(memory, *(queued(number, f"telegram:{1 + number % 3}") for number in range(30)))
    sink = ScriptedSink(script={"telegram:1": [1e6] * 20, "telegram:2": [SendRetry("down")] * 20})
    worked(memory, sink, seconds=120)
    assert sink.times("telegram:3") == [0.0] * 10
    assert sink.texts("telegram:1") == sink.texts("telegram:2") == []


def test_at_most_so_many_chats_at_a_time(memory: MemoryOutbox) -> None:
    """Concurrency has a limit, and everybody's turn comes."""
    fill(memory, *(queued(number, f"telegram:{number}") for number in range(20)))
    sink = ScriptedSink(script={f"telegram:{number}": [1.0] for number in range(20)})
    worked(memory, sink, policy=OutboxPolicy(concurrent=4))
    assert sink.busy_max == 4
    assert len(memory.delivered) == 20


def test_a_lost_answer_makes_a_repeat_that_says_so(memory: MemoryOutbox) -> None:
    """After a timeout nobody knows; the reader of the second message is told that it may be one."""
    fill(memory, queued(1))
    sink = ScriptedSink(script={"telegram:1": [1e6]})
    worked(memory, sink, policy=OutboxPolicy(send_timeout_s=5))
    assert sink.texts("telegram:1") == [REPEATED + "text 1"]
    assert list(memory.delivered) == ["m1"]


def test_a_defect_in_a_sink_costs_only_its_message(memory: MemoryOutbox) -> None:
    """Five unforeseen failures, then dead and told; the chat's next message and other chats go on."""
    fill(memory, queued(1), queued(2), queued(3, "telegram:2"))
    sink, console = ScriptedSink(script={"telegram:1": [KeyError("bug")] * 5}), ScriptedSink("console")
    with capture_logs() as logs:
        worked(memory, sink, console)
    assert sink.times("telegram:1") == [0.0, 1.0, 3.0, 7.0, 15.0, 15.0]
    assert memory.dead == {"m1": "given up after 5 attempts: KeyError: 'bug'"}
    assert {"m2", "m3"} <= set(memory.delivered)
    assert sum(entry["log_level"] == "error" for entry in logs) == 5


def test_a_message_is_given_up_after_a_day(memory: MemoryOutbox) -> None:
    """An alert of yesterday helps nobody: it is shown as undelivered."""
    fill(memory, queued(1))
    sink, console = ScriptedSink(script={"telegram:1": [SendRetry("down")] * 5000}), ScriptedSink("console")
    policy = OutboxPolicy(poll_s=60, retry=RetryPolicy(cap_s=600))
    worked(memory, sink, console, seconds=25 * 3600, policy=policy)
    assert "given up after" in memory.dead["m1"]
    assert 24 * 3600 <= sink.times("telegram:1")[-1] < 24 * 3600 + 601
    assert len(console.texts("console")) == 1


def test_waking_delivers_at_once_and_sleep_is_bounded(memory: MemoryOutbox) -> None:
    """Woken: in the same instant. Not woken (another process wrote it): within the poll."""
    sink = ScriptedSink()

    async def write(outbox: Outbox) -> None:
        await asyncio.sleep(7)
        fill(memory, queued(1))
        outbox.wake()
        await asyncio.sleep(7)
        fill(memory, queued(2))

    worked(memory, sink, meanwhile=write)
    first, second = sink.times("telegram:1")
    assert first == 7.0
    assert 14.0 <= second <= 19.0


def test_an_idle_worker_asks_the_store_seldom(memory: MemoryOutbox) -> None:
    """Nothing to do costs one question a poll; so does a message that waits long."""
    worked(memory, ScriptedSink(), seconds=3600)
    assert memory.calls <= 3600 / 5 + 2
    memory.calls = 0
    fill(memory, queued(1))
    worked(memory, ScriptedSink(script={"telegram:1": [SendRetry("flood", retry_after_s=3000)]}), seconds=2900)
    assert memory.calls <= 2900 / 5 + 5


def test_waiting_messages_do_not_hide_the_others(memory: MemoryOutbox) -> None:
    """Hundreds of urgent messages of a dead channel fill every window; the console is served all the same."""
    fill(memory, *(queued(number, f"telegram:{number % 7}", priority=60) for number in range(500)))
    sink, console = ScriptedSink(), ScriptedSink("console")
    sink.script = {f"telegram:{chat}": [SendRetry("down", retry_after_s=1000)] * 3 for chat in range(7)}
    fill(memory, queued(999, "console", priority=1))
    worked(memory, sink, console, policy=OutboxPolicy(window=20))
    assert console.times("console") == [0.0]


def test_a_message_that_somebody_else_settled_holds_nothing_back(memory: MemoryOutbox) -> None:
    """The pause of a message that is gone ends with it, and leaves the worker idle, not spinning."""
    fill(memory, queued(1), queued(2))
    sink = ScriptedSink(script={"telegram:1": [SendRetry("flood", retry_after_s=1000)] * 2})

    async def settle(outbox: Outbox) -> None:
        await asyncio.sleep(10)
        memory.dead["m1"] = "settled by hand"
        await asyncio.sleep(1000)
        assert sink.times("telegram:1") == [0.0, 1000.0]  # what the channel asked for holds for the chat
        memory.dead["m2"] = "settled by hand"

    worked(memory, sink, seconds=3000, meanwhile=settle)
    assert len(sink.asked) == 2


def test_waking_often_sends_nothing_twice(memory: MemoryOutbox) -> None:
    """Destinations that are served, or wait for their turn, are not served a second time beside it."""
    fill(memory, queued(1, "telegram:1"), queued(2, "telegram:2"))
    sink = ScriptedSink(script={"telegram:1": [10.0], "telegram:2": [10.0]})

    async def wake(outbox: Outbox) -> None:
        for _ in range(15):
            await asyncio.sleep(1)
            outbox.wake()

    worked(memory, sink, meanwhile=wake, policy=OutboxPolicy(concurrent=1))
    assert len(sink.asked) == 2


class _SteppingClock(VirtualClock):
    """Wall time that is set back by an hour while the program runs."""

    stepped = False

    def now(self) -> datetime:
        return super().now() - timedelta(hours=1 if self.stepped else 0)


def test_a_wall_clock_set_back_delays_nothing(memory: MemoryOutbox) -> None:
    """Pauses run on the monotonic clock."""
    fill(memory, queued(1))
    sink = ScriptedSink(script={"telegram:1": [SendRetry("down"), SendRetry("down")]})

    async def main() -> None:
        clock = _SteppingClock.running()
        outbox = Outbox(memory, [sink], clock, SeededIds(1), chance=lambda: 1.0)
        worker = asyncio.create_task(outbox.run())
        await asyncio.sleep(0.5)
        clock.stepped = True
        await asyncio.sleep(10)
        await outbox.stop()
        await worker

    run_virtual(main())
    assert sink.times("telegram:1") == [0.0, 1.0, 3.0]


def test_flush_delivers_what_may_go_now(memory: MemoryOutbox) -> None:
    """For commands: True when nothing is left, False when something must wait or time runs out."""

    async def main(sink: ScriptedSink, timeout_s: float) -> bool:
        return await outbox_over(memory, sink).flush(timeout_s)

    fill(memory, queued(1), queued(2))
    assert run_virtual(main(ScriptedSink(), 10))
    assert set(memory.delivered) == {"m1", "m2"}
    fill(memory, queued(3))
    assert not run_virtual(main(ScriptedSink(script={"telegram:1": [SendRetry("down")]}), 10))
    fill(memory, queued(4, "telegram:2"))
    assert not run_virtual(main(ScriptedSink(script={"telegram:2": [1e6]}), 3))


@pytest.mark.parametrize("seed", range(25))
def test_any_trouble_loses_nothing_and_keeps_order(seed: int, memory: MemoryOutbox) -> None:
    """Random outages of chats, store and process: every message arrives, in order, once."""
    chance = seeded_random(seed, "trouble")
    chats = [f"telegram:{chat}" for chat in range(4)]
    sink = ScriptedSink(script={chat: [_trouble(chance.random()) for _ in range(30)] for chat in chats})
    total = 40

    async def main() -> None:
        clock = VirtualClock.running()
        for life in range(4):  # four lives of the process
            outbox = Outbox(memory, [sink], clock, SeededIds(seed * 10 + life), chance=chance.random)
            worker = asyncio.create_task(outbox.run())
            for number in range(life * 10, life * 10 + 10):
                fill(memory, queued(number, chance.choice(chats), created_at=clock.now(), priority=number % 5))
                outbox.wake()
                memory.failing = {"all"} if chance.random() < 0.1 else set()
                await asyncio.sleep(chance.random() * 3)
            memory.failing = set()
            if life == 3:
                await asyncio.sleep(3600)
            await outbox.stop()
            await worker

    run_virtual(main())
    assert not memory.pending
    assert not memory.dead
    for chat in chats:
        texts = [text.removeprefix(REPEATED) for text in sink.texts(chat)]
        for priority in range(5):
            written = [
                message.html
                for message in memory.messages.values()
                if (message.destination, message.priority) == (chat, priority)
            ]
            assert [text for text in texts if text in written] == written
    assert len(memory.delivered) == total


def _trouble(draw: float) -> BaseException | float | None:
    if draw < 0.3:
        return SendRetry("down")
    if draw < 0.4:
        return SendRetry("flood", retry_after_s=20)
    if draw < 0.5:
        return 50.0  # longer than the timeout
    return None


def test_a_quiet_message_makes_no_sound(memory: MemoryOutbox) -> None:
    """Only those that say so: an alarm is never silent."""
    fill(memory, queued(1, priority=QUIET_PRIORITY), queued(2), queued(3, priority=50))
    sink = ScriptedSink()
    worked(memory, sink)
    assert sink.texts("telegram:1") == ["text 3", "text 2", "text 1"]
    assert sink.silent == ["text 1"]
