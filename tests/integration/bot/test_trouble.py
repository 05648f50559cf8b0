"""Answers when Telegram limits, fails or refuses, and when the guard itself cannot tell."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from guard.bot import texts
from guard.language.speech import ENGLISH
from guard.ports.errors import GuardError
from guard.sandbox.telegram import FaultKind, FloodLimits, Person, TelegramSandbox

pytestmark = pytest.mark.usefixtures("bot")


async def test_an_answer_waits_as_long_as_telegram_asks(telegram: TelegramSandbox, anna: Person, clock: Any) -> None:
    """429 with retry_after: the wait is kept, then the answer comes once."""
    telegram.fail_next(1, method="sendMessage", retry_after_s=7)
    await anna.ask("/status")
    assert 7.0 in clock.slept
    assert len(anna.seen()) == 1


async def test_a_storm_of_429_delays_but_loses_nothing(telegram: TelegramSandbox, anna: Person, clock: Any) -> None:
    """Three refusals in a row, each with its own wait: the answer comes after all of them, once."""
    for wait_s in (5, 10, 60):
        telegram.fail_next(1, method="sendMessage", retry_after_s=wait_s)
    assert "WARNING" in (await anna.ask("/status")).text
    assert clock.slept == [5.0, 10.0, 60.0]
    assert len(anna.seen()) == 1


async def test_many_people_within_the_documented_limits(telegram: TelegramSandbox, desk: Any, anna: Person) -> None:
    """Twelve people ask three questions each at once: Telegram refuses some, everybody gets each answer once."""
    people = [telegram.person(2000 + index, f"Person {index}") for index in range(12)]
    for person in people:
        desk.people[person.user_id] = desk.people[anna.user_id]
        for _ in range(3):
            await person.send("/whoami")
    telegram.world.flood.limits = FloodLimits.documented()
    await telegram.world.until(lambda: all(len(person.seen()) == 3 for person in people) or None, 60)
    assert {len(person.seen()) for person in people} == {3}
    assert telegram.world.flood.refusals > 0


async def test_a_wait_nobody_sits_through_is_given_up(telegram: TelegramSandbox, anna: Person) -> None:
    """Ten minutes later nobody looks at the screen any more: the loss is logged, the next question is answered."""
    telegram.fail_next(1, method="sendMessage", retry_after_s=600)
    with capture_logs() as logs:
        await anna.send("/status")
        assert "anna" in (await anna.ask("/whoami")).text
    assert len(anna.seen()) == 1
    assert [entry["chat_id"] for entry in logs if entry["event"] == "chat.answer_lost"] == [1001]


@pytest.mark.parametrize("status", [500, 502])
async def test_server_errors_are_retried_with_growing_waits(
    telegram: TelegramSandbox, anna: Person, clock: Any, status: int
) -> None:
    """Three failures, then success: 1, 2 and 4 s."""
    telegram.fail_next(3, method="sendMessage", status=status)
    await anna.ask("/status")
    assert clock.slept == [1.0, 2.0, 4.0]
    assert len(anna.seen()) == 1


async def test_attempts_end(telegram: TelegramSandbox, anna: Person) -> None:
    """Four attempts at one answer, no more."""
    telegram.fail_next(4, method="sendMessage", status=500)
    await anna.send("/status")
    await anna.ask("/whoami")
    assert telegram.count("sendMessage", 500) == 4
    assert len(anna.seen()) == 1


@pytest.mark.parametrize("kind", [FaultKind.CLOSE, FaultKind.GARBAGE])
async def test_cut_and_strange_answers_are_retried(telegram: TelegramSandbox, anna: Person, kind: FaultKind) -> None:
    """Whatever the network does to one request, the answer arrives."""
    telegram.fail_next(1, kind, method="sendMessage")
    assert "WARNING" in (await anna.ask("/status")).text


async def test_a_person_who_blocked_the_bot_disturbs_nobody(telegram: TelegramSandbox, anna: Person, desk: Any) -> None:
    """403 is not retried; others are served."""
    berta = telegram.person(1002, "Berta")
    desk.people[1002] = desk.people[1001]
    anna.block()
    await anna.send("/status")
    await berta.ask("/status")
    assert telegram.count("sendMessage", 403) == 1
    assert anna.seen() == []


async def test_an_answer_follows_a_migrated_group(telegram: TelegramSandbox, anna: Person) -> None:
    """The group becomes a supergroup between question and answer."""
    group = telegram.group("Desk")
    await anna.send("/status", chat=group)
    moved = telegram.world.migrate(group)
    assert "WARNING" in (await anna.wait_for(lambda _: True, chat=moved)).text


async def test_markup_that_telegram_refuses_is_sent_plain(telegram: TelegramSandbox, anna: Person) -> None:
    """The words matter more than the bold."""
    telegram.fail_next(1, method="sendMessage", status=400)
    reply = await anna.ask("/status")
    assert reply.text.startswith("🟠 alice: WARNING")
    assert reply.entities == ()


@pytest.mark.parametrize("broken", [GuardError("database is locked"), RuntimeError("a defect of ours")])
async def test_the_person_hears_when_the_guard_cannot_tell(anna: Person, desk: Any, broken: Exception) -> None:
    """A failing memory and a defect are logged, and answered without details; afterwards all is well."""
    desk.broken = broken
    with capture_logs() as logs:
        reply = await anna.ask("/status")
    assert reply.text == texts.cannot_answer(ENGLISH)
    assert {entry["log_level"] for entry in logs} & {"warning", "critical"}
    desk.broken = None
    assert "WARNING" in (await anna.ask("/status")).text


async def test_a_known_person_hears_it_every_time(anna: Person, desk: Any) -> None:
    """Silence would look like a bot that is gone; strangers alone are answered once in a while."""
    snapshots, desk.snapshots = desk.snapshots, None
    for _ in range(3):
        with capture_logs():
            assert (await anna.ask("/status")).text == texts.cannot_answer(ENGLISH)
    desk.snapshots = snapshots


async def test_when_nobody_can_be_known_nothing_is_told(mallory: Person, desk: Any) -> None:
    """A stranger learns nothing from our failure, and cannot make the bot talk without end."""
    desk.broken = GuardError("database is locked")
    await mallory.ask("/status")
    await mallory.send("/status")
    await mallory.send("/positions")
    desk.broken = None
    await mallory.send("/help")
    await desk.until_refused(1)
    assert [message.text for message in mallory.seen()] == [texts.cannot_answer(ENGLISH)]


async def test_a_tap_is_answered_when_the_guard_cannot_tell(anna: Person, desk: Any) -> None:
    """The button does not spin for ever."""
    message = await anna.ask("/status")
    desk.broken = RuntimeError("a defect of ours")
    with capture_logs():
        assert await anna.answer_to(anna.tap(message, texts.refresh(ENGLISH))) == texts.cannot_answer(ENGLISH)
