"""What the outbox is handed with its record: it goes out at once, once, and is known to have begun."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

from guard.alerts.outbox import Outbox, OutboxPolicy
from guard.ports.records import BEGUN, OutboxMessage
from guard.sim.channel import ScriptedSink
from guard.sim.memory_outbox import MemoryOutbox
from guard.sim.seeded import SeededIds
from guard.sim.virtual_time import START, VirtualClock, run_virtual

REPEATED = "🔁 Repeated, it may have reached you already:\n"

Story = Callable[[Outbox], Awaitable[None]]


def _message(number: int, destination: str = "telegram:1") -> OutboxMessage:
    at = START + timedelta(milliseconds=number)
    return OutboxMessage(f"m{number}", f"k{number}", destination, f"text {number}", at)


def _stored(memory: MemoryOutbox, messages: tuple[OutboxMessage, ...], going: frozenset[str]) -> frozenset[str]:
    """As the store does: begun where nothing else is pending."""
    taken = {memory.messages[each].destination for each in memory.pending}
    first = [each for each in messages if each.destination not in taken]
    begun = frozenset(each.message_id for each in first if each.message_id in going)
    for each in messages:
        begins = each.message_id in begun
        memory.messages[each.message_id] = replace(each, last_error=BEGUN) if begins else each
    return begun


def _record(memory: MemoryOutbox, outbox: Outbox, *messages: OutboxMessage) -> frozenset[str]:
    """One record with messages, as a cycle makes it; those that are sent at once."""
    expected = outbox.expect(messages)
    begun = _stored(memory, messages, expected)
    outbox.recorded(messages, expected, begun)
    return begun


def _run(memory: MemoryOutbox, sink: ScriptedSink, story: Story, policy: OutboxPolicy | None = None) -> None:
    """The worker beside a story, stopped at its end."""

    async def main() -> None:
        outbox = Outbox(memory, [sink], VirtualClock.running(), SeededIds(1), chance=lambda: 1.0, policy=policy)
        worker = asyncio.create_task(outbox.run())
        await asyncio.sleep(0.1)
        await story(outbox)
        await outbox.stop()
        await worker

    run_virtual(main())


def test_it_goes_out_without_another_look(memory: MemoryOutbox) -> None:
    """At once, as it was written, and the store is told nothing but that it arrived."""
    sink = ScriptedSink()

    async def story(outbox: Outbox) -> None:
        memory.failing = {"due_messages", "mark_begun"}
        assert _record(memory, outbox, _message(1), _message(2, "telegram:2")) == {"m1", "m2"}
        await asyncio.sleep(0.01)

    _run(memory, sink, story)
    assert sink.asked == [(0.1, "telegram:1", "text 1"), (0.1, "telegram:2", "text 2")]
    assert set(memory.delivered) == {"m1", "m2"}


def test_what_waits_already_is_not_overtaken(memory: MemoryOutbox) -> None:
    """Of this process or of another one: then it waits its turn like any message."""
    sink = ScriptedSink(script={"telegram:1": [0.5]})

    async def story(outbox: Outbox) -> None:
        assert _record(memory, outbox, _message(1), _message(2)) == {"m1"}
        assert _record(memory, outbox, _message(3)) == frozenset()
        memory.messages["m4"] = _message(4, "telegram:2")  # of another process, not noticed yet
        assert _record(memory, outbox, _message(5, "telegram:2")) == frozenset()
        await asyncio.sleep(20)

    _run(memory, sink, story)
    assert sink.texts("telegram:1") == ["text 1", "text 2", "text 3"]
    assert sink.texts("telegram:2") == ["text 4", "text 5"]


def test_a_look_that_began_before_does_not_lose_it(memory: MemoryOutbox) -> None:
    """What was read before the record does not show it: it is sent all the same, once."""
    sink = ScriptedSink(script={"telegram:1": [0.7]})

    async def story(outbox: Outbox) -> None:
        memory.read_delay_s = 0.5
        outbox.wake()
        await asyncio.sleep(0.2)
        expected = outbox.expect([_message(1)])
        await asyncio.sleep(0.3)  # the look ends in the very moment of the record
        outbox.recorded([_message(1)], expected, _stored(memory, (_message(1),), expected))
        await asyncio.sleep(30)

    _run(memory, sink, story)
    assert [html for _, _, html in sink.asked] == ["text 1"]


def test_nobody_sends_it_while_it_is_being_recorded(memory: MemoryOutbox) -> None:
    """A look between the record and its end finds a row that says begun, and leaves it."""
    sink = ScriptedSink()

    async def story(outbox: Outbox) -> None:
        expected = outbox.expect([_message(1)])
        begun = _stored(memory, (_message(1),), expected)
        outbox.wake()
        await asyncio.sleep(9)
        assert sink.asked == []
        outbox.recorded([_message(1)], expected, begun)
        await asyncio.sleep(9)

    _run(memory, sink, story)
    assert [html for _, _, html in sink.asked] == ["text 1"]


def test_what_was_not_recorded_is_forgotten(memory: MemoryOutbox) -> None:
    """The record failed: nothing is sent, and the next one is like any other."""
    sink = ScriptedSink()

    async def story(outbox: Outbox) -> None:
        outbox.recorded((), outbox.expect([_message(1)]))
        await asyncio.sleep(9)
        assert sink.asked == []
        _record(memory, outbox, _message(1))
        await asyncio.sleep(9)

    _run(memory, sink, story)
    assert sink.texts("telegram:1") == ["text 1"]


def test_a_process_that_ends_in_between_leaves_a_repeat_that_says_so(memory: MemoryOutbox) -> None:
    """Recorded as begun, and nobody knows more: it is sent, marked, once."""
    memory.messages["m1"] = replace(_message(1), last_error=BEGUN)
    sink = ScriptedSink()

    async def story(_: Outbox) -> None:
        await asyncio.sleep(9)

    _run(memory, sink, story)
    assert sink.texts("telegram:1") == [REPEATED + "text 1"]


def test_what_is_not_sent_before_the_end_has_not_begun(memory: MemoryOutbox) -> None:
    """Another message had taken the only place: the next process sends it unmarked."""
    sink = ScriptedSink(script={"telegram:2": [60.0]})

    async def story(outbox: Outbox) -> None:
        expected = outbox.expect([_message(1)])
        _record(memory, outbox, _message(2, "telegram:2"))
        await asyncio.sleep(0.1)
        outbox.recorded([_message(1)], expected, _stored(memory, (_message(1),), expected))
        await asyncio.sleep(0.1)

    _run(memory, sink, story, OutboxPolicy(concurrent=1))
    assert sink.texts("telegram:1") == []
    assert not memory.messages["m1"].last_error


def test_what_a_newer_one_supersedes_before_it_was_sent_is_never_sent(memory: MemoryOutbox) -> None:
    """Handed over, but the only place was taken; the newer message about the same says so, and the older is over."""
    sink = ScriptedSink(script={"telegram:2": [1.0]})
    older, newer = (replace(_message(number), collapse_key="same") for number in (1, 3))

    async def story(outbox: Outbox) -> None:
        expected = outbox.expect([older])
        _record(memory, outbox, _message(2, "telegram:2"))
        await asyncio.sleep(0.1)
        outbox.recorded([older], expected, _stored(memory, (older,), expected))
        _record(memory, outbox, newer)
        await asyncio.sleep(60)

    _run(memory, sink, story, OutboxPolicy(concurrent=1))
    (text,) = sink.texts("telegram:1")
    assert text.startswith("text 3\n\n⏭ 1 older message about this was not sent")
    assert memory.pending == set()


def test_a_chat_that_moves_before_it_was_sent_is_followed(memory: MemoryOutbox) -> None:
    """What is stored of where it goes counts, not what was handed over."""
    sink = ScriptedSink(script={"telegram:2": [1.0]})

    async def story(outbox: Outbox) -> None:
        expected = outbox.expect([_message(1)])
        _record(memory, outbox, _message(2, "telegram:2"))
        await asyncio.sleep(0.1)
        outbox.recorded([_message(1)], expected, _stored(memory, (_message(1),), expected))
        await memory.move_chat(1, -1001)
        outbox.wake()
        await asyncio.sleep(60)

    _run(memory, sink, story, OutboxPolicy(concurrent=1))
    assert (sink.texts("telegram:1"), sink.texts("telegram:-1001")) == ([], ["text 1"])


def test_a_record_whose_end_nobody_saw_is_looked_for_at_once(memory: MemoryOutbox) -> None:
    """Its writer was cancelled or failed, and it may be in the store all the same: no wait until the next poll."""
    sink = ScriptedSink()

    async def story(outbox: Outbox) -> None:
        expected = outbox.expect([_message(1)])
        _stored(memory, (_message(1),), expected)
        outbox.recorded((), expected)
        await asyncio.sleep(0.1)

    _run(memory, sink, story)
    assert sink.texts("telegram:1") == [REPEATED + "text 1"]


def test_without_a_worker_nothing_is_expected(memory: MemoryOutbox) -> None:
    """A command that delivers by itself at its end."""

    async def main() -> frozenset[str]:
        outbox = Outbox(memory, [], VirtualClock.running(), SeededIds(1), chance=lambda: 1.0)
        return outbox.expect([_message(1)])

    assert run_virtual(main()) == frozenset()
