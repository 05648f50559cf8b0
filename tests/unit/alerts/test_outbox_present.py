"""After an outage a person gets the present, once: what is superseded, overtaken, and marked as a repeat."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from guard.alerts.outbox import Outbox, OutboxPolicy
from guard.alerts.outbox_queue import queues
from guard.language.speech import speech_of
from guard.ports.pace import Limits
from guard.ports.records import SUPERSEDED, OutboxMessage
from guard.ports.sending import ChatGone, SendRejected, SendRetry, TopicGone
from guard.sim.channel import ScriptedSink
from guard.sim.memory_outbox import MemoryOutbox
from guard.sim.virtual_time import START, run_virtual
from tests.unit.alerts.outbox_worker import REPEATED, crash_before_marking, fill, outbox_over, worked

CHAT = "telegram:1"


def _message(number: int, zone: str = "text", priority: int = 0, **fields: Any) -> OutboxMessage:
    message = OutboxMessage(
        message_id=f"m{number}",
        dedupe_key=f"k{number}",
        destination=CHAT,
        html=f"<b>{zone}</b> {number}\nmore",
        created_at=START + timedelta(seconds=number),
        priority=priority,
        collapse_key="zone/alice",
    )
    return replace(message, **fields)


def _run(store: MemoryOutbox, *sinks: ScriptedSink, **arguments: Any) -> Outbox:
    return worked(store, *sinks, seconds=600.0, **arguments)


def test_only_the_newest_about_the_same_is_sent(memory: MemoryOutbox) -> None:
    """The older ones stay visible, and the newest one says how many, since when, and how bad it was."""
    zones = [("WARNING", 30), ("DANGER", 50), ("LIQUIDATION", 60), ("DANGER", 50), ("SAFE", 10)]
    fill(memory, *(_message(number, zone, priority) for number, (zone, priority) in enumerate(zones)))
    fill(memory, _message(9, "other account", collapse_key="zone/berta", priority=20))
    sink = ScriptedSink()
    outbox = _run(memory, sink)
    assert sink.texts(CHAT) == [
        "<b>other account</b> 9\nmore",
        (
            "<b>SAFE</b> 4\nmore\n\n"
            "⏭ 4 older messages about this were not sent, the first of 00:00:00 UTC.\n"
            "The gravest of them said: LIQUIDATION 2"
        ),
    ]
    assert set(memory.delivered) == {"m4", "m9"}
    assert set(memory.dead.values()) == {f"{SUPERSEDED}m4"}
    assert (outbox.delivered, outbox.superseded, outbox.dead) == (2, 4, 0)


def test_what_was_no_graver_is_only_counted(memory: MemoryOutbox) -> None:
    """The newest one says all that matters."""
    fill(memory, _message(1, "WATCH", 20), _message(2, "DANGER", 50))
    sink = ScriptedSink()
    _run(memory, sink)
    assert sink.texts(CHAT) == ["<b>DANGER</b> 2\nmore\n\n⏭ 1 older message about this was not sent, of 00:00:01 UTC."]


def test_the_note_is_in_the_readers_language(memory: MemoryOutbox) -> None:
    """Times in the reader's zone, with the day when it was another one."""
    fill(memory, _message(1, "危険", 50), _message(2, "安全", 10, created_at=START + timedelta(days=1)))

    async def japanese(_: OutboxMessage) -> Any:
        return speech_of("ja", "Asia/Tokyo")

    sink = ScriptedSink()
    _run(memory, sink, speech=japanese)
    assert sink.texts(CHAT) == [
        (
            "<b>安全</b> 2\nmore\n\n"
            "⏭ この件に関する以前のメッセージ1件は送信されませんでした\uff08最初は2026-01-05 09:00:01 JST\uff09。\n"
            "その中で最も深刻な内容: 危険 1"
        )
    ]


def test_an_outage_of_an_hour_ends_with_the_present(memory: MemoryOutbox) -> None:
    """Danger comes and goes every minute while Telegram is down: afterwards one message, the last word."""
    sink = ScriptedSink(script={CHAT: [SendRetry("down")] * 10_000})

    async def hour(outbox: Outbox) -> None:
        for minute in range(60):
            zone, priority = ("DANGER", 50) if minute % 2 == 0 else ("SAFE", 10)
            fill(memory, _message(minute, zone, priority, created_at=START + timedelta(minutes=minute)))
            outbox.wake()
            await asyncio.sleep(60)
        sink.script[CHAT].clear()

    _run(memory, sink, meanwhile=hour)
    [text] = sink.texts(CHAT)
    assert text.startswith("<b>SAFE</b> 59")
    assert "59 older messages about this were not sent, the first of 00:00:00 UTC." in text
    assert "DANGER 58" in text
    assert not memory.pending


def test_a_crash_at_any_write_leaves_the_present(memory: MemoryOutbox) -> None:
    """The newest is marked together with what it supersedes: a new process finds all of it, or nothing."""
    fill(memory, _message(1, "DANGER", 50), _message(2, "SAFE", 10))
    sink = ScriptedSink()
    crash_before_marking(memory, sink)
    _run(memory, sink)
    first, second = sink.texts(CHAT)
    assert "1 older message" in first
    assert second == REPEATED + first


def test_a_crash_between_the_begin_and_the_sending_loses_nothing(memory: MemoryOutbox) -> None:
    """Nobody knows whether it went out: it comes, marked as a perhaps second one."""
    fill(memory, _message(1, "DANGER", 50))
    sink = ScriptedSink(script={CHAT: [60.0]})  # still on its way when the process ends

    async def crash() -> None:
        worker = asyncio.create_task(outbox_over(memory, sink).run())
        await asyncio.sleep(0.1)
        worker.cancel()
        await asyncio.wait((worker,))

    run_virtual(crash())
    assert sink.texts(CHAT) == []
    sink.script[CHAT].clear()
    _run(memory, sink)
    assert sink.texts(CHAT) == [REPEATED + "<b>DANGER</b> 1\nmore"]
    assert not memory.pending


def test_the_uncertain_is_not_called_unsent(memory: MemoryOutbox) -> None:
    """A message whose answer was lost may have been read."""
    fill(memory, _message(1, "DANGER", 50))
    sink = ScriptedSink(script={CHAT: [SendRetry("cut", may_have_arrived=True), SendRetry("down")]})

    async def later(outbox: Outbox) -> None:
        await asyncio.sleep(0.5)
        fill(memory, _message(2, "SAFE", 10))
        outbox.wake()

    _run(memory, sink, meanwhile=later)
    assert sink.texts(CHAT) == ["<b>SAFE</b> 2\nmore"]


def test_what_may_have_arrived_once_stays_so(memory: MemoryOutbox) -> None:
    """First the answer is lost, then the service is down: the third attempt is still a possible repeat."""
    fill(memory, _message(1))
    sink = ScriptedSink(script={CHAT: [SendRetry("cut", may_have_arrived=True), SendRetry("down")]})
    _run(memory, sink)
    assert sink.texts(CHAT) == [REPEATED + "<b>text</b> 1\nmore"]


def test_a_failure_that_sent_nothing_is_no_repeat(memory: MemoryOutbox) -> None:
    """That an attempt had begun is forgotten when it is known that nothing left."""
    fill(memory, _message(1))
    sink = ScriptedSink(script={CHAT: [SendRetry("down"), SendRetry("down")]})
    _run(memory, sink)
    assert sink.texts(CHAT) == ["<b>text</b> 1\nmore"]


def test_an_alarm_does_not_wait_for_a_slow_store(memory: MemoryOutbox) -> None:
    """A store that cannot note the beginning of an attempt costs the mark of a repeat, not the message."""
    fill(memory, _message(1))
    memory.failing = {"mark_begun"}
    sink = ScriptedSink()
    _run(memory, sink)
    assert sink.times(CHAT) == [0.0]


def test_what_was_read_before_a_mark_is_not_sent_again(memory: MemoryOutbox) -> None:
    """The answer to "what is pending" arrives after a message has been delivered, and still names it."""
    fill(memory, _message(1), _message(2, collapse_key=None))
    memory.read_delay_s = 1.0
    sink = ScriptedSink(script={CHAT: [0.7]})

    async def wake(outbox: Outbox) -> None:
        for _ in range(20):
            await asyncio.sleep(0.2)
            outbox.wake()

    _run(memory, sink, meanwhile=wake)
    assert len(sink.asked) == 2


def test_danger_overtakes_what_waits_for_its_turn(memory: MemoryOutbox) -> None:
    """Its own chat has quiet news that waits behind fifty chats: the chat's turn is the danger's."""
    fill(
        memory,
        *(
            _message(number, destination=f"telegram:{number}", collapse_key=None, created_at=START)
            for number in range(60)
        ),
    )

    async def danger(outbox: Outbox) -> None:
        await asyncio.sleep(0.5)
        fill(memory, _message(99, "DANGER", 50, destination="telegram:59", collapse_key=None))
        outbox.wake()

    sink = ScriptedSink()
    _run(memory, sink, limits=Limits(), meanwhile=danger)
    assert sink.texts("telegram:59") == ["<b>DANGER</b> 99\nmore", "<b>text</b> 59\nmore"]
    assert sink.times("telegram:59")[0] == 0.5


def test_news_that_come_while_a_chat_waits_are_what_it_gets(memory: MemoryOutbox) -> None:
    """What is sent is chosen when the turn comes, not when it was asked for."""
    sink = ScriptedSink()

    async def news(outbox: Outbox) -> None:
        outbox._pacer.refused(1, 30)
        fill(memory, _message(1, "DANGER", 50))
        outbox.wake()
        await asyncio.sleep(10)
        fill(memory, _message(2, "SAFE", 10))
        outbox.wake()

    _run(memory, sink, limits=Limits(), meanwhile=news)
    [text] = sink.texts(CHAT)
    assert text.startswith("<b>SAFE</b> 2")


def test_a_reminder_at_night_rings_for_an_alarm_that_nobody_heard(memory: MemoryOutbox) -> None:
    """It was written without a sound because the alarm had one; if that was never sent, it has one itself."""
    blind = _message(1, "UNKNOWN", 40), _message(2, "UNKNOWN still", 40, silent=True)
    calm = _message(3, "SAFE", 10, collapse_key="b"), _message(4, "WATCH", 20, collapse_key="b", silent=True)
    over = _message(5, "DANGER", 50, collapse_key="c"), _message(6, "SAFE", 10, collapse_key="c", silent=True)
    fill(memory, *blind, *calm, *over)
    sink = ScriptedSink()
    _run(memory, sink)
    assert [text.partition("\n")[0] for text in sink.texts(CHAT)] == [
        "<b>UNKNOWN still</b> 2",
        "<b>WATCH</b> 4",
        "<b>SAFE</b> 6",
    ]
    assert len(sink.silent) == 2


def test_danger_outlives_good_news_that_are_refused(memory: MemoryOutbox) -> None:
    """Nobody has heard of it, and nothing milder is sent in its place."""
    fill(memory, _message(1, "WATCH", 20), _message(2, "DANGER", 50), _message(3, "SAFE", 10))
    sink = ScriptedSink(script={CHAT: [SendRejected("bad")]})
    _run(memory, sink, ScriptedSink("console"))
    [text] = sink.texts(CHAT)
    assert text.startswith("<b>DANGER</b> 2")
    assert set(memory.dead) == {"m1", "m3"}
    assert "m2" in memory.delivered


def test_a_refused_newest_takes_the_milder_ones_with_it(memory: MemoryOutbox) -> None:
    """The past is not sent in place of the present: the console has the whole text."""
    fill(memory, _message(1, "SAFE", 10), _message(2, "DANGER", 50))
    sink, console = ScriptedSink(script={CHAT: [SendRejected("bad")]}), ScriptedSink("console")
    _run(memory, sink, console)
    assert sink.texts(CHAT) == []
    assert set(memory.dead) == {"m1", "m2"}
    assert len(console.texts("console")) == 1


@pytest.mark.parametrize(
    ("destination", "error", "chats", "groups"),
    [
        ("telegram:7", ChatGone("blocked"), [7], []),
        ("telegram:-7", ChatGone("kicked"), [-7], [(-7, None)]),
        ("telegram:-7/5", ChatGone("kicked"), [-7], [(-7, None)]),
        ("telegram:-7/5", TopicGone("closed"), [], [(-7, 5)]),
    ],
)
def test_what_is_gone_is_remembered(
    memory: MemoryOutbox, destination: str, error: ChatGone, chats: list[int], groups: list[Any]
) -> None:
    """A chat, a group with all its topics, or one topic alone."""
    fill(memory, _message(1, destination=destination))
    _run(memory, ScriptedSink(script={destination: [error]}), ScriptedSink("console"))
    assert (memory.dead_chats, memory.dead_groups) == (chats, groups)


def test_buttons_go_with_the_message_and_silence_too(memory: MemoryOutbox) -> None:
    """As they were stored."""
    fill(memory, _message(1, buttons=((("Acknowledge", "ack:1"),),), silent=True, priority=50))
    sink = ScriptedSink()
    _run(memory, sink)
    assert list(sink.buttons.values()) == [((("Acknowledge", "ack:1"),),)]
    assert len(sink.silent) == 1


def test_a_message_whose_fate_is_known_supersedes_nothing() -> None:
    """It arrived, only its mark could not be written: the newer one does not stand for it, and waits for the mark."""
    older, newer = _message(1, "DANGER", 50), _message(2, "SAFE", 10)
    [parcels] = queues([older, newer], {"m1"}).values()
    assert [(parcel.message.message_id, parcel.replaced) for parcel in parcels] == [("m1", ()), ("m2", ())]


def test_a_large_backlog_is_seen_whole(memory: MemoryOutbox) -> None:
    """The newest stands behind everything graver that the first look shows."""
    urgent = [_message(number, "DANGER", 50) for number in range(500)]
    fill(memory, *urgent, _message(600, "SAFE", 10))
    sink = ScriptedSink()
    _run(memory, sink, policy=OutboxPolicy(window=20))
    [text] = sink.texts(CHAT)
    assert text.startswith("<b>SAFE</b> 600")
    assert "500 older messages" in text
