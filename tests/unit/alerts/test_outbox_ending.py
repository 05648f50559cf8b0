"""The outbox when its store fails, is stopped or is killed: nothing is lost, and nothing marked that was not sent."""

from __future__ import annotations

import asyncio

import pytest

from guard.alerts.outbox import Outbox
from guard.ports.sending import SendRejected, SendRetry
from guard.sim.channel import ScriptedSink
from guard.sim.memory_outbox import MemoryOutbox
from guard.sim.virtual_time import run_virtual
from tests.unit.alerts.outbox_worker import REPEATED, crash_before_marking, fill, outbox_over, queued, worked


def test_a_locked_store_is_asked_again(memory: MemoryOutbox) -> None:
    """Every call fails for a while; then everything arrives, once."""
    fill(memory, queued(1), queued(2))
    memory.failing = {"all"}
    sink = ScriptedSink()

    async def unlock(outbox: Outbox) -> None:
        await asyncio.sleep(30)
        assert sink.asked == []
        memory.failing = set()

    worked(memory, sink, meanwhile=unlock)
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
    fill(memory, queued(1), queued(2))
    memory.failing = {broken}
    sink, console = ScriptedSink(script={"telegram:1": [answer]}), ScriptedSink("console")

    async def unlock(outbox: Outbox) -> None:
        await asyncio.sleep(20)
        assert "m2" not in memory.delivered
        memory.failing = set()

    worked(memory, sink, console, meanwhile=unlock)
    assert [html for _, to, html in sink.asked if to == "telegram:1"] == ["text 1", "text 2"]
    assert not memory.pending


def test_a_retry_that_cannot_be_recorded_is_still_paced(memory: MemoryOutbox) -> None:
    """Store and channel fail together: the channel is not asked more often for it."""
    fill(memory, queued(1))
    memory.failing = {"mark_retry"}
    sink = ScriptedSink(script={"telegram:1": [SendRetry("flood", retry_after_s=10)] * 3})
    worked(memory, sink, seconds=35)
    assert sink.times("telegram:1") == [0.0, 11.0, 22.0, 33.0]


def test_stop_lets_a_delivery_in_flight_end(memory: MemoryOutbox) -> None:
    """A send that needs half a second more is finished and marked; the next one is not begun."""
    fill(memory, queued(1), queued(2))
    sink = ScriptedSink(script={"telegram:1": [0.5]})

    async def stop(outbox: Outbox) -> None:
        await asyncio.sleep(0.1)
        began = asyncio.get_running_loop().time()
        await outbox.stop()
        assert asyncio.get_running_loop().time() - began < 0.5

    worked(memory, sink, meanwhile=stop)
    assert list(memory.delivered) == ["m1"]
    assert sink.times("telegram:1") == [0.0]


@pytest.mark.parametrize("broken", [set[str](), {"all"}])
def test_stop_never_takes_two_seconds(memory: MemoryOutbox, broken: set[str]) -> None:
    """Sends that never answer are cut, also while the store fails; they stay pending and go with the next start."""
    fill(memory, queued(1), queued(2, "telegram:2"))
    sink = ScriptedSink(script={"telegram:1": [1e6], "telegram:2": [1e6]})

    async def stop(outbox: Outbox) -> None:
        await asyncio.sleep(1)
        memory.failing = broken
        began = asyncio.get_running_loop().time()
        await outbox.stop()
        assert asyncio.get_running_loop().time() - began < 2
        assert sink.busy == 0

    worked(memory, sink, meanwhile=stop)
    assert memory.delivered == {}
    memory.failing = set()
    worked(memory, sink)
    assert set(memory.delivered) == {"m1", "m2"}


def test_stop_writes_the_mark_of_what_was_sent(memory: MemoryOutbox) -> None:
    """A delivery that ends at the last moment is marked, though its lane is cut: it does not come twice."""
    fill(memory, queued(1))
    memory.delay_s = 0.5
    sink = ScriptedSink(script={"telegram:1": [1.0]})

    async def stop(outbox: Outbox) -> None:
        await asyncio.sleep(0.2)
        await outbox.stop()
        assert list(memory.delivered) == ["m1"]

    worked(memory, sink, meanwhile=stop)


def test_a_cancelled_worker_stops_in_order(memory: MemoryOutbox) -> None:
    """Cancelling the task of `run` is as good as `stop`."""
    fill(memory, queued(1))
    sink = ScriptedSink(script={"telegram:1": [0.5]})

    async def main() -> None:
        worker = asyncio.create_task(outbox_over(memory, sink).run())
        await asyncio.sleep(0.1)
        worker.cancel()
        with pytest.raises(asyncio.CancelledError):
            await worker

    run_virtual(main())
    assert list(memory.delivered) == ["m1"]


def test_a_crash_between_sending_and_marking_sends_once_more(memory: MemoryOutbox) -> None:
    """At least once is the promise: the new process cannot know, delivers rather than loses, and says so."""
    fill(memory, queued(1))
    sink = ScriptedSink()
    crash_before_marking(memory, sink)
    assert memory.delivered == {}
    worked(memory, sink)
    assert sink.texts("telegram:1") == ["text 1", REPEATED + "text 1"]
    assert list(memory.delivered) == ["m1"]
