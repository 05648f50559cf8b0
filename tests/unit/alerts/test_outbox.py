"""Timelines of the outbox on virtual time: what is tried when, what arrives, what is told when it does not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from guard.alerts.backoff import RetryPolicy
from guard.alerts.outbox import Outbox, OutboxPolicy
from guard.ports.records import QUIET_PRIORITY, OutboxMessage
from guard.ports.sending import ChatGone, ChatMoved, SendRejected, SendRetry
from guard.sim.channel import ScriptedSink
from guard.sim.memory_outbox import MemoryOutbox
from guard.sim.seeded import SeededIds, seeded_random
from guard.sim.virtual_time import START, VirtualClock, run_virtual

REPEATED = "🔁 Repeated, it may have reached you already:\n"


def _message(number: int, destination: str = "telegram:1", **fields: Any) -> OutboxMessage:
    message = OutboxMessage(
        message_id=f"m{number}",
        dedupe_key=f"k{number}",
        destination=destination,
        html=f"text {number}",
        created_at=START + timedelta(milliseconds=number),
    )
    return replace(message, **fields)


def _fill(store: MemoryOutbox, *messages: OutboxMessage) -> None:
    store.messages.update({message.message_id: message for message in messages})


def _outbox(store: MemoryOutbox, *sinks: ScriptedSink, policy: OutboxPolicy | None = None) -> Outbox:
    return Outbox(store, sinks, VirtualClock.running(), SeededIds(1), chance=lambda: 1.0, policy=policy)


def _run(
    store: MemoryOutbox,
    *sinks: ScriptedSink,
    seconds: float = 60.0,
    policy: OutboxPolicy | None = None,
    meanwhile: Callable[[Outbox], Awaitable[None]] | None = None,
) -> Outbox:
    """Run the worker for some virtual seconds, then stop it in order."""

    async def main() -> Outbox:
        outbox = _outbox(store, *sinks, policy=policy)
        worker = asyncio.create_task(outbox.run())
        if meanwhile:
            await meanwhile(outbox)
        await asyncio.sleep(seconds)
        await outbox.stop()
        await worker
        return outbox

    return run_virtual(main())


def test_messages_are_marked_with_their_receipts(memory: MemoryOutbox) -> None:
    """The plain case: two chats, three messages, in order, at once."""
    _fill(memory, _message(1), _message(2), _message(3, "telegram:2"))
    sink = ScriptedSink(script={"telegram:1": ["r1", "r2"], "telegram:2": ["r3"]})
    outbox = _run(memory, sink)
    assert memory.delivered == {"m1": "r1", "m2": "r2", "m3": "r3"}
    assert sink.texts("telegram:1") == ["text 1", "text 2"]
    assert {at for at, _, _ in sink.asked} == {0.0}
    assert (outbox.delivered, outbox.postponed, outbox.dead) == (3, 0, 0)


def test_a_failure_is_repeated_later_and_later_and_marked_only_after_success(memory: MemoryOutbox) -> None:
    """Attempts at 0, 1, 3 and 7 s; nothing is marked delivered before the last."""
    _fill(memory, _message(1))
    sink = ScriptedSink(script={"telegram:1": [SendRetry("down"), SendRetry("down"), SendRetry("down")]})

    async def look(outbox: Outbox) -> None:
        await asyncio.sleep(6.9)
        assert memory.delivered == {}
        assert memory.messages["m1"].attempts == 3

    _run(memory, sink, meanwhile=look)
    assert sink.times("telegram:1") == [0.0, 1.0, 3.0, 7.0]
    assert list(memory.delivered) == ["m1"]


def test_what_the_channel_asks_for_is_obeyed(memory: MemoryOutbox) -> None:
    """retry_after of 17 s: nothing goes to that chat before, also not a younger message."""
    _fill(memory, _message(1), _message(2))
    sink = ScriptedSink(script={"telegram:1": [SendRetry("flood", retry_after_s=17)]})
    _run(memory, sink)
    assert sink.times("telegram:1") == [0.0, 18.0, 18.0]
    assert sink.texts("telegram:1") == ["text 1", "text 2"]


def test_order_is_kept_over_failures(memory: MemoryOutbox) -> None:
    """A younger message never overtakes an older one of its chat, unless it is more urgent."""
    _fill(memory, _message(1), _message(2), _message(3, priority=99))
    sink = ScriptedSink(script={"telegram:1": [SendRetry("down"), None, SendRetry("down"), None, None]})
    _run(memory, sink)
    assert sink.texts("telegram:1") == ["text 3", "text 1", "text 2"]


def test_order_is_kept_over_a_restart(memory: MemoryOutbox) -> None:
    """A new worker sees that the oldest message waits, and lets the younger one wait behind it."""
    _fill(memory, _message(1), _message(2))
    _run(memory, ScriptedSink(script={"telegram:1": [SendRetry("down", retry_after_s=100)]}), seconds=10)
    sink = ScriptedSink()
    _run(memory, sink, seconds=200)  # its clock starts anew: the repeat is due 101 s after the start
    assert sink.times("telegram:1") == [101.0, 101.0]
    assert sink.texts("telegram:1") == ["text 1", "text 2"]


def test_the_most_urgent_chat_is_served_first(memory: MemoryOutbox) -> None:
    """With one slot, the chat in danger goes before the one that is told good news."""
    _fill(memory, _message(1, "telegram:1", priority=10), _message(2, "telegram:2", priority=50))
    sink = ScriptedSink()
    _run(memory, sink, policy=OutboxPolicy(concurrent=1))
    assert [to for _, to, _ in sink.asked] == ["telegram:2", "telegram:1"]


def test_a_silent_chat_does_not_delay_the_others(memory: MemoryOutbox) -> None:
    """One chat never answers, one always fails, one is fine: the last is served at once, every time."""
    _fill(memory, *(_message(number, f"telegram:{1 + number % 3}") for number in range(30)))
    sink = ScriptedSink(script={"telegram:1": [1e6] * 20, "telegram:2": [SendRetry("down")] * 20})
    _run(memory, sink, seconds=120)
    assert sink.times("telegram:3") == [0.0] * 10
    assert sink.texts("telegram:1") == sink.texts("telegram:2") == []


def test_at_most_so_many_chats_at_a_time(memory: MemoryOutbox) -> None:
    """Concurrency has a limit, and everybody's turn comes."""
    _fill(memory, *(_message(number, f"telegram:{number}") for number in range(20)))
    sink = ScriptedSink(script={f"telegram:{number}": [1.0] for number in range(20)})
    _run(memory, sink, policy=OutboxPolicy(concurrent=4))
    assert sink.busy_max == 4
    assert len(memory.delivered) == 20


def test_a_lost_answer_makes_a_repeat_that_says_so(memory: MemoryOutbox) -> None:
    """After a timeout nobody knows; the reader of the second message is told that it may be one."""
    _fill(memory, _message(1))
    sink = ScriptedSink(script={"telegram:1": [1e6]})
    _run(memory, sink, policy=OutboxPolicy(send_timeout_s=5))
    assert sink.texts("telegram:1") == [REPEATED + "text 1"]
    assert list(memory.delivered) == ["m1"]


def test_a_refused_message_is_dead_and_told_on_the_console(memory: MemoryOutbox) -> None:
    """The next message goes on; the lost one is shown whole, and logged as an error."""
    _fill(memory, _message(1, html="<b>DANGER</b> alice"), _message(2))
    sink, console = ScriptedSink(script={"telegram:1": [SendRejected("bad markup")]}), ScriptedSink("console")
    with capture_logs() as logs:
        outbox = _run(memory, sink, console)
    assert memory.dead == {"m1": "bad markup"}
    assert next(iter(memory.delivered)) == "m2"
    [notice] = console.texts("console")
    assert notice.startswith("📭 <b>NOT DELIVERED</b> to telegram:1\nWhy: bad markup")
    assert notice.endswith("<b>DANGER</b> alice")
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["undelivered"]
    assert outbox.dead == 1


def test_a_chat_that_is_gone_is_marked_dead(memory: MemoryOutbox) -> None:
    """The chat is remembered as dead, the message is told elsewhere."""
    _fill(memory, _message(1, "telegram:-42"))
    sink, console = ScriptedSink(), ScriptedSink("console")
    sink.script["telegram:-42"] = [ChatGone("the person blocked the bot")]
    _run(memory, sink, console)
    assert memory.dead_chats == [-42]
    assert list(memory.dead) == ["m1"]
    assert len(console.texts("console")) == 1


def test_a_chat_that_moved_gets_all_its_messages(memory: MemoryOutbox) -> None:
    """The old address is asked once: the move is stored, and the other messages go to the new one, in order."""
    _fill(memory, _message(1), _message(2))
    sink = ScriptedSink(script={"telegram:1": [ChatMoved("moved", new_chat_id=-100)] * 2})
    with capture_logs() as logs:
        _run(memory, sink)
    assert sink.texts("telegram:-100") == ["text 1", "text 2"]
    assert sink.times("telegram:1") == [0.0]
    assert memory.moved_chats == [(1, -100)]
    assert len(memory.delivered) == 2
    assert any(entry["event"].startswith("chat has moved") for entry in logs)


def test_a_move_that_is_not_stored_is_stored_with_the_next_message(memory: MemoryOutbox) -> None:
    """The store fails between the delivery and the move: nothing comes twice, and the next message follows anew."""
    _fill(memory, _message(1))
    sink = ScriptedSink(script={"telegram:1": [ChatMoved("moved", new_chat_id=-100)] * 2})

    async def recover(outbox: Outbox) -> None:
        await asyncio.sleep(2.5)
        memory.failing.clear()
        _fill(memory, _message(2))
        outbox.wake()

    memory.failing = {"move_chat"}
    _run(memory, sink, meanwhile=recover)
    assert memory.moved_chats == [(1, -100)]
    assert sink.texts("telegram:-100") == ["text 1", "text 2"]
    assert list(memory.delivered) == ["m1", "m2"]


def test_a_message_is_not_sent_again_while_its_chats_move_is_stored(memory: MemoryOutbox) -> None:
    """The worker looks again between the delivery and its mark: it must not wait at the new address."""
    _fill(memory, _message(1))
    memory.delay_s = 3.0
    sink = ScriptedSink(script={"telegram:1": [ChatMoved("moved", new_chat_id=-100)]})

    async def look_again(outbox: Outbox) -> None:
        for _ in range(20):
            await asyncio.sleep(0.25)
            outbox.wake()

    _run(memory, sink, meanwhile=look_again)
    assert sink.texts("telegram:-100") == ["text 1"]
    assert memory.moved_chats == [(1, -100)]


def test_a_move_is_stored_also_when_the_new_chat_does_not_answer(memory: MemoryOutbox) -> None:
    """The repeat goes to the new address."""
    _fill(memory, _message(1))
    moved = ChatMoved("moved", new_chat_id=-100)
    sink = ScriptedSink(script={"telegram:1": [moved], "telegram:-100": [SendRetry("down")]})
    _run(memory, sink)
    assert sink.times("telegram:1") == [0.0]
    assert sink.texts("telegram:-100") == ["text 1"]


def test_a_chat_that_moved_and_is_gone_is_dead_under_its_new_id(memory: MemoryOutbox) -> None:
    """The link was moved first: it is the new id that is remembered as dead."""
    _fill(memory, _message(1))
    sink = ScriptedSink(script={"telegram:1": [ChatMoved("moved", new_chat_id=-100)]})
    sink.script["telegram:-100"] = [ChatGone("the bot was kicked")]
    _run(memory, sink, ScriptedSink("console"))
    assert (memory.moved_chats, memory.dead_chats) == ([(1, -100)], [-100])


def test_chats_that_name_each_other_do_not_move_the_link(memory: MemoryOutbox) -> None:
    """A circle ends as undeliverable, with the link as it was."""
    _fill(memory, _message(1))
    sink = ScriptedSink(
        script={
            "telegram:1": [ChatMoved("moved", new_chat_id=-100)] * 9,
            "telegram:-100": [ChatMoved("moved", new_chat_id=1)] * 9,
        }
    )
    _run(memory, sink, ScriptedSink("console"))
    assert memory.moved_chats == []
    assert list(memory.dead) == ["m1"]


def test_a_dead_chat_is_told_on_the_second_channel_once_a_day(memory: MemoryOutbox) -> None:
    """The console is told of each lost message, the second channel that the chat is lost."""
    _fill(memory, _message(1), _message(2), _message(3))
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
        _fill(memory, _message(4, created_at=START + timedelta(hours=25)))
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
    _fill(memory, _message(1))
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
    _fill(memory, _message(1, "pager:7"))
    console = ScriptedSink("console")
    _run(memory, console)
    assert list(memory.dead) == ["m1"]
    assert "there is no channel for `pager`" in console.texts("console")[0]


def test_a_console_that_refuses_makes_no_notices_about_itself(memory: MemoryOutbox) -> None:
    """A lost notice is only logged: no endless chain."""
    _fill(memory, _message(1, "console"))
    console = ScriptedSink("console", {"console": [SendRejected("no"), SendRejected("no")]})
    _run(memory, console)
    assert list(memory.dead) == ["m1"]
    assert list(memory.messages) == ["m1"]


def test_a_defect_in_a_sink_costs_only_its_message(memory: MemoryOutbox) -> None:
    """Five unforeseen failures, then dead and told; the chat's next message and other chats go on."""
    _fill(memory, _message(1), _message(2), _message(3, "telegram:2"))
    sink, console = ScriptedSink(script={"telegram:1": [KeyError("bug")] * 5}), ScriptedSink("console")
    with capture_logs() as logs:
        _run(memory, sink, console)
    assert sink.times("telegram:1") == [0.0, 1.0, 3.0, 7.0, 15.0, 15.0]
    assert memory.dead == {"m1": "given up after 5 attempts: KeyError: 'bug'"}
    assert {"m2", "m3"} <= set(memory.delivered)
    assert sum(entry["log_level"] == "error" for entry in logs) == 5


def test_a_message_is_given_up_after_a_day(memory: MemoryOutbox) -> None:
    """An alert of yesterday helps nobody: it is shown as undelivered."""
    _fill(memory, _message(1))
    sink, console = ScriptedSink(script={"telegram:1": [SendRetry("down")] * 5000}), ScriptedSink("console")
    policy = OutboxPolicy(poll_s=60, retry=RetryPolicy(cap_s=600))
    _run(memory, sink, console, seconds=25 * 3600, policy=policy)
    assert "given up after" in memory.dead["m1"]
    assert 24 * 3600 <= sink.times("telegram:1")[-1] < 24 * 3600 + 601
    assert len(console.texts("console")) == 1


def test_a_locked_store_is_asked_again(memory: MemoryOutbox) -> None:
    """Every call fails for a while; then everything arrives, once."""
    _fill(memory, _message(1), _message(2))
    memory.failing = {"all"}
    sink = ScriptedSink()

    async def unlock(outbox: Outbox) -> None:
        await asyncio.sleep(30)
        assert sink.asked == []
        memory.failing = set()

    _run(memory, sink, meanwhile=unlock)
    assert sink.texts("telegram:1") == ["text 1", "text 2"]
    assert 30 <= sink.times("telegram:1")[0] <= 31


@pytest.mark.parametrize(
    ("broken", "answer"),
    [("mark_delivered", None), ("mark_dead", SendRejected("no")), ("add_message", SendRejected("no"))],
)
def test_a_mark_that_fails_is_written_later_without_sending_again(
    memory: MemoryOutbox, broken: str, answer: BaseException | None
) -> None:
    """The outcome is kept in memory until the store takes it."""
    _fill(memory, _message(1), _message(2))
    memory.failing = {broken}
    sink, console = ScriptedSink(script={"telegram:1": [answer]}), ScriptedSink("console")

    async def unlock(outbox: Outbox) -> None:
        await asyncio.sleep(20)
        assert "m2" not in memory.delivered
        memory.failing = set()

    _run(memory, sink, console, meanwhile=unlock)
    assert [html for _, to, html in sink.asked if to == "telegram:1"] == ["text 1", "text 2"]
    assert not memory.pending


def test_a_retry_that_cannot_be_recorded_is_still_paced(memory: MemoryOutbox) -> None:
    """Store and channel fail together: the channel is not asked more often for it."""
    _fill(memory, _message(1))
    memory.failing = {"mark_retry"}
    sink = ScriptedSink(script={"telegram:1": [SendRetry("flood", retry_after_s=10)] * 3})
    _run(memory, sink, seconds=35)
    assert sink.times("telegram:1") == [0.0, 11.0, 22.0, 33.0]


def test_waking_delivers_at_once_and_sleep_is_bounded(memory: MemoryOutbox) -> None:
    """Woken: in the same instant. Not woken (another process wrote it): within the poll."""
    sink = ScriptedSink()

    async def write(outbox: Outbox) -> None:
        await asyncio.sleep(7)
        _fill(memory, _message(1))
        outbox.wake()
        await asyncio.sleep(7)
        _fill(memory, _message(2))

    _run(memory, sink, meanwhile=write)
    first, second = sink.times("telegram:1")
    assert first == 7.0
    assert 14.0 <= second <= 19.0


def test_an_idle_worker_asks_the_store_seldom(memory: MemoryOutbox) -> None:
    """Nothing to do costs one question a poll; so does a message that waits long."""
    _run(memory, ScriptedSink(), seconds=3600)
    assert memory.calls <= 3600 / 5 + 2
    memory.calls = 0
    _fill(memory, _message(1))
    _run(memory, ScriptedSink(script={"telegram:1": [SendRetry("flood", retry_after_s=3000)]}), seconds=2900)
    assert memory.calls <= 2900 / 5 + 5


def test_waiting_messages_do_not_hide_the_others(memory: MemoryOutbox) -> None:
    """Hundreds of urgent messages of a dead channel fill every window; the console is served all the same."""
    _fill(memory, *(_message(number, f"telegram:{number % 7}", priority=60) for number in range(500)))
    sink, console = ScriptedSink(), ScriptedSink("console")
    sink.script = {f"telegram:{chat}": [SendRetry("down", retry_after_s=1000)] * 3 for chat in range(7)}
    _fill(memory, _message(999, "console", priority=1))
    _run(memory, sink, console, policy=OutboxPolicy(window=20))
    assert console.times("console") == [0.0]


def test_a_message_that_somebody_else_settled_holds_nothing_back(memory: MemoryOutbox) -> None:
    """The pause of a message that is gone ends with it, and leaves the worker idle, not spinning."""
    _fill(memory, _message(1), _message(2))
    sink = ScriptedSink(script={"telegram:1": [SendRetry("flood", retry_after_s=1000)] * 2})

    async def settle(outbox: Outbox) -> None:
        await asyncio.sleep(10)
        memory.dead["m1"] = "settled by hand"
        await asyncio.sleep(1000)
        assert sink.times("telegram:1") == [0.0, 1000.0]  # what the channel asked for holds for the chat
        memory.dead["m2"] = "settled by hand"

    _run(memory, sink, seconds=3000, meanwhile=settle)
    assert len(sink.asked) == 2


def test_waking_often_sends_nothing_twice(memory: MemoryOutbox) -> None:
    """Destinations that are served, or wait for their turn, are not served a second time beside it."""
    _fill(memory, _message(1, "telegram:1"), _message(2, "telegram:2"))
    sink = ScriptedSink(script={"telegram:1": [10.0], "telegram:2": [10.0]})

    async def wake(outbox: Outbox) -> None:
        for _ in range(15):
            await asyncio.sleep(1)
            outbox.wake()

    _run(memory, sink, meanwhile=wake, policy=OutboxPolicy(concurrent=1))
    assert len(sink.asked) == 2


def test_stop_lets_a_delivery_in_flight_end(memory: MemoryOutbox) -> None:
    """A send that needs half a second more is finished and marked; the next one is not begun."""
    _fill(memory, _message(1), _message(2))
    sink = ScriptedSink(script={"telegram:1": [0.5]})

    async def stop(outbox: Outbox) -> None:
        await asyncio.sleep(0.1)
        began = asyncio.get_running_loop().time()
        await outbox.stop()
        assert asyncio.get_running_loop().time() - began < 0.5

    _run(memory, sink, meanwhile=stop)
    assert list(memory.delivered) == ["m1"]
    assert sink.times("telegram:1") == [0.0]


@pytest.mark.parametrize("broken", [set[str](), {"all"}])
def test_stop_never_takes_two_seconds(memory: MemoryOutbox, broken: set[str]) -> None:
    """Sends that never answer are cut, also while the store fails; they stay pending and go with the next start."""
    _fill(memory, _message(1), _message(2, "telegram:2"))
    sink = ScriptedSink(script={"telegram:1": [1e6], "telegram:2": [1e6]})

    async def stop(outbox: Outbox) -> None:
        await asyncio.sleep(1)
        memory.failing = broken
        began = asyncio.get_running_loop().time()
        await outbox.stop()
        assert asyncio.get_running_loop().time() - began < 2
        assert sink.busy == 0

    _run(memory, sink, meanwhile=stop)
    assert memory.delivered == {}
    memory.failing = set()
    _run(memory, sink)
    assert set(memory.delivered) == {"m1", "m2"}


def test_stop_writes_the_mark_of_what_was_sent(memory: MemoryOutbox) -> None:
    """A delivery that ends at the last moment is marked, though its lane is cut: it does not come twice."""
    _fill(memory, _message(1))
    memory.delay_s = 0.5
    sink = ScriptedSink(script={"telegram:1": [1.0]})

    async def stop(outbox: Outbox) -> None:
        await asyncio.sleep(0.2)
        await outbox.stop()
        assert list(memory.delivered) == ["m1"]

    _run(memory, sink, meanwhile=stop)


def test_a_cancelled_worker_stops_in_order(memory: MemoryOutbox) -> None:
    """Cancelling the task of `run` is as good as `stop`."""
    _fill(memory, _message(1))
    sink = ScriptedSink(script={"telegram:1": [0.5]})

    async def main() -> None:
        worker = asyncio.create_task(_outbox(memory, sink).run())
        await asyncio.sleep(0.1)
        worker.cancel()
        with pytest.raises(asyncio.CancelledError):
            await worker

    run_virtual(main())
    assert list(memory.delivered) == ["m1"]


def test_a_crash_between_sending_and_marking_sends_once_more(memory: MemoryOutbox) -> None:
    """At least once is the promise: the new process cannot know, delivers rather than loses, and says so."""
    _fill(memory, _message(1))
    sink = ScriptedSink()

    async def crash() -> None:
        worker = asyncio.create_task(_outbox(memory, sink).run())
        memory.failing = {"mark_delivered"}
        await asyncio.sleep(0.1)
        worker.cancel()
        await asyncio.wait((worker,))

    run_virtual(crash())
    memory.failing = set()
    assert memory.delivered == {}
    _run(memory, sink)
    assert sink.texts("telegram:1") == ["text 1", REPEATED + "text 1"]
    assert list(memory.delivered) == ["m1"]


class _SteppingClock(VirtualClock):
    """Wall time that is set back by an hour while the program runs."""

    stepped = False

    def now(self) -> datetime:
        return super().now() - timedelta(hours=1 if self.stepped else 0)


def test_a_wall_clock_set_back_delays_nothing(memory: MemoryOutbox) -> None:
    """Pauses run on the monotonic clock."""
    _fill(memory, _message(1))
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
        return await _outbox(memory, sink).flush(timeout_s)

    _fill(memory, _message(1), _message(2))
    assert run_virtual(main(ScriptedSink(), 10))
    assert set(memory.delivered) == {"m1", "m2"}
    _fill(memory, _message(3))
    assert not run_virtual(main(ScriptedSink(script={"telegram:1": [SendRetry("down")]}), 10))
    _fill(memory, _message(4, "telegram:2"))
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
                _fill(memory, _message(number, chance.choice(chats), created_at=clock.now(), priority=number % 5))
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
    _fill(memory, _message(1, priority=QUIET_PRIORITY), _message(2), _message(3, priority=50))
    sink = ScriptedSink()
    _run(memory, sink)
    assert sink.texts("telegram:1") == ["text 3", "text 2", "text 1"]
    assert sink.silent == ["text 1"]
