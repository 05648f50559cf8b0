"""What each way of failing means, and when it is tried again."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from guard.alerts.backoff import RetryPolicy, is_given_up, pause_s
from guard.alerts.delivery import Delivered, Outcome, Postponed, Undeliverable, attempt, scheme_of
from guard.ports.records import OutboxMessage
from guard.ports.sending import ChatGone, ChatMoved, SendError, SendRejected, SendRetry
from guard.sim.channel import ScriptedSink
from guard.sim.virtual_time import run_virtual

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def _attempt(sink: ScriptedSink, timeout_s: float = 20.0) -> Outcome:
    return run_virtual(attempt("telegram:1", "text", {"telegram": sink}, timeout_s))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (None, Delivered("receipt-1")),
        ("17", Delivered("17")),
        ("", Delivered("")),
        (5.0, Delivered("receipt-1")),
        (30.0, Postponed("no answer within 20 s", may_have_arrived=True)),
        (SendRetry("busy"), Postponed("busy")),
        (SendRetry("flood", retry_after_s=7), Postponed("flood", retry_after_s=7)),
        (SendRetry("cut", may_have_arrived=True), Postponed("cut", may_have_arrived=True)),
        (SendError("unclear"), Postponed("unclear")),
        (SendRejected("markup"), Undeliverable("markup")),
        (ChatGone("blocked", fix="unlink"), Undeliverable("blocked; unlink", chat_gone=True)),
        (KeyError("x"), Postponed("KeyError: 'x'", may_have_arrived=True, defect=True)),
        (asyncio.CancelledError(), Postponed("no answer within 20 s", may_have_arrived=True)),
    ],
)
def test_meaning_of_every_answer(answer: BaseException | float | str | None, expected: Outcome) -> None:
    """The whole tree of `SendError`, a sink that is slow, and one that breaks."""
    assert _attempt(ScriptedSink(script={"telegram:1": [answer]})) == expected


def test_a_chat_that_moved_is_followed() -> None:
    """The message goes to the new chat in the same attempt; the new place is told."""
    sink = ScriptedSink(script={"telegram:1": [ChatMoved("supergroup", new_chat_id=-100)]})
    assert _attempt(sink) == Delivered("receipt-1", moved_to="telegram:-100")
    assert sink.texts("telegram:-100") == ["text"]


def test_a_chat_that_moves_in_circles_ends() -> None:
    """Following has a limit."""
    moves: list[BaseException | float | str | None] = [ChatMoved("again", new_chat_id=1) for _ in range(9)]
    outcome = _attempt(ScriptedSink(script={"telegram:1": moves}))
    assert isinstance(outcome, Undeliverable)
    assert "moved more than" in outcome.error


def test_without_a_channel_there_is_no_waiting() -> None:
    """A destination that no sink serves is undeliverable, and the text says what to do."""
    outcome = run_virtual(attempt("pager:1", "text", {"telegram": ScriptedSink()}, 1.0))
    assert outcome == Undeliverable("there is no channel for `pager`; configure it, or unlink the chat")


def test_cancelling_an_attempt_cancels_the_sending() -> None:
    """No request is left behind."""
    sink = ScriptedSink(script={"telegram:1": [1000.0]})

    async def main() -> None:
        task = asyncio.create_task(attempt("telegram:1", "text", {"telegram": sink}, 2000.0))
        await asyncio.sleep(1)
        assert sink.busy == 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert sink.busy == 0

    run_virtual(main())


def test_scheme() -> None:
    """The part before the colon, or all of it."""
    assert scheme_of("telegram:-100:7") == "telegram"
    assert scheme_of("console") == "console"


def test_pauses_double_up_to_the_cap() -> None:
    """1, 2, 4 ... 60, and no overflow after years."""
    policy = RetryPolicy()
    pauses = [pause_s(attempts, None, policy, 1.0) for attempts in (1, 2, 3, 4, 5, 6, 7, 8, 10_000)]
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_chance_takes_at_most_half_of_a_pause() -> None:
    """A thousand messages that failed together do not come back together."""
    policy = RetryPolicy()
    assert pause_s(7, None, policy, 0.0) == 30
    assert pause_s(7, None, policy, 0.5) == 45


@pytest.mark.parametrize("chance", [0.0, 0.5, 0.999])
@pytest.mark.parametrize("retry_after_s", [0.0, 3.0, 3600.0])
def test_what_the_channel_asks_is_never_undercut(retry_after_s: float, chance: float) -> None:
    """Also when it is more than the cap, and hardly exceeded."""
    pause = pause_s(1, retry_after_s, RetryPolicy(), chance)
    assert retry_after_s <= pause <= retry_after_s + 1


@pytest.mark.parametrize(
    ("attempts", "age", "defect", "expected"),
    [
        (0, timedelta(0), False, False),
        (500, timedelta(hours=23), False, False),
        (0, timedelta(hours=24), False, True),
        (3, timedelta(0), True, False),
        (4, timedelta(0), True, True),
    ],
)
def test_giving_up(attempts: int, age: timedelta, defect: bool, expected: bool) -> None:
    """A message waits for a day, one that breaks its sink for five attempts."""
    message = OutboxMessage("m", "k", "telegram:1", "text", NOW - age, attempts=attempts)
    assert is_given_up(message, Postponed("why", defect=defect), NOW, RetryPolicy()) is expected
