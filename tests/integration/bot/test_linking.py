"""How a stranger becomes known, and how everybody else stays out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from guard.bot import texts
from guard.bot.app import ChatBot
from guard.bot.auth import ANSWER_EVERY, CODE_ATTEMPTS_MAX, CODE_PAUSE
from guard.language.speech import ENGLISH
from guard.sandbox.telegram import Person, TelegramSandbox

pytestmark = pytest.mark.usefixtures("bot")


async def test_a_valid_code_links(telegram: TelegramSandbox, desk: Any) -> None:
    """The person is greeted by name and can ask from then on."""
    anna = telegram.person(1001, "Anna")
    reply = await anna.ask("/start GOODCODE")
    assert reply.text.startswith("Linked. You are anna, and your alerts will arrive here.")
    assert reply.bold() == ["anna"]
    assert "WARNING" in (await anna.ask("/status")).text
    assert desk.refusals == []


async def test_case_and_spaces_of_a_code_do_not_matter(telegram: TelegramSandbox, desk: Any) -> None:
    """Phones change both."""
    await telegram.person(1001, "Anna").ask("/Start  good Code ")
    assert desk.redeemed == ["GOODCODE"]
    assert 1001 in desk.people


async def test_a_code_works_once(telegram: TelegramSandbox, mallory: Person, desk: Any) -> None:
    """Whoever sends a used code gets nothing but the word that it is not valid."""
    await telegram.person(1001, "Anna").ask("/start GOODCODE")
    reply = await mallory.ask("/start GOODCODE")
    assert reply.text == texts.code_rejected(ENGLISH)
    assert desk.refusals == [(6666, 6666, "link code rejected")]
    assert 6666 not in desk.people


async def test_a_wrong_code_leaves_a_linked_person_linked(anna: Person) -> None:
    """Trying an old code again costs nothing."""
    reply = await anna.ask("/start OLDCODE")
    assert "you are still linked as anna" in reply.text
    assert "WARNING" in (await anna.ask("/status")).text


async def test_start_without_a_code(anna: Person, mallory: Person, desk: Any) -> None:
    """Known people are greeted; strangers are told how to be linked."""
    assert (await anna.ask("/start")).text.startswith("You are anna and linked already.")
    assert (await mallory.ask("/start")).text == texts.stranger(ENGLISH)
    assert desk.refusals == [(6666, 6666, "command /start")]


async def test_guessing_codes_ends(mallory: Person, desk: Any, clock: Any) -> None:
    """After five wrong codes no further one is looked at for a quarter of an hour, not even a good one."""
    for attempt in range(CODE_ATTEMPTS_MAX):
        reply = await mallory.ask(f"/start WRONG{attempt}")
    assert reply.text == "Too many wrong codes. Try again in 15 min."
    clock.advance((CODE_PAUSE - timedelta(minutes=2)).total_seconds())
    assert "Too many wrong codes" in (await mallory.ask("/start GOODCODE")).text
    assert desk.redeemed == [f"WRONG{attempt}" for attempt in range(CODE_ATTEMPTS_MAX)]
    clock.advance(120)
    assert (await mallory.ask("/start GOODCODE")).text.startswith("Linked.")


async def test_a_code_in_a_group_is_refused(telegram: TelegramSandbox, desk: Any) -> None:
    """Everybody there has read it; it links nobody any more, in private neither."""
    group = telegram.group("Desk")
    anna = telegram.person(1001, "Anna")
    reply = await anna.ask("/start GOODCODE", chat=group)
    assert reply.text == texts.code_in_group(ENGLISH)
    assert desk.redeemed == []
    assert desk.refusals == [(group.chat_id, 1001, "link code in a group")]
    await telegram.person(6666, "Mallory").ask("/start goodcode")
    assert desk.people == {}


async def test_a_stranger_learns_nothing_and_is_answered_once(mallory: Person, desk: Any, clock: Any) -> None:
    """Ten attempts: ten records, one answer; later one more."""
    await mallory.ask("/status")
    for command in ("/positions", "/help", "/whoami", "/nonsense", "hello", "/status alice"):
        await mallory.send(command)
    await desk.until_refused(7)
    clock.advance(ANSWER_EVERY.total_seconds())
    reply = await mallory.ask("/status")
    assert [message.text for message in mallory.seen()] == [texts.stranger(ENGLISH), texts.stranger(ENGLISH)]
    assert reply.text == texts.stranger(ENGLISH)
    assert [what for _, _, what in desk.refusals] == [
        "command /status",
        "command /positions",
        "command /help",
        "command /whoami",
        "command /nonsense",
        "message",
        "command /status",
        "command /status",
    ]


async def test_refusals_are_logged_without_codes(bot: ChatBot, mallory: Person) -> None:
    """The log names who and what; a mistyped code may be almost a real one and stays out of it."""
    with capture_logs() as logs:
        await mallory.ask("/start ALMOSTGOOD")
    (entry,) = [entry for entry in logs if entry["event"] == "chat.refused"]
    assert (entry["chat_user_id"], entry["what"]) == (6666, "link code rejected")
    assert "ALMOSTGOOD" not in str(logs)


async def test_authority_goes_by_person_not_by_chat(telegram: TelegramSandbox, anna: Person, desk: Any) -> None:
    """In a group that a linked person uses, a stranger is still a stranger."""
    group = telegram.group("Desk")
    mallory = telegram.person(6666, "Mallory")
    assert "WARNING" in (await anna.ask("/status", chat=group)).text
    assert (await mallory.ask("/status", chat=group)).text == texts.stranger(ENGLISH)
    assert desk.refusals == [(group.chat_id, 6666, "command /status")]


async def test_unlinking_works_at_once(anna: Person, desk: Any) -> None:
    """Nothing is cached: the next question of a removed person is refused."""
    await anna.ask("/status")
    desk.people.clear()
    assert (await anna.ask("/status")).text == texts.stranger(ENGLISH)
