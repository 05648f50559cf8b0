"""Messages that go on to a real chat: a loopback Bot API stands in for it, through the same sender code."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from guard.app.clock import SystemClock
from guard.demo.realchat import Echo, RealChat
from guard.sandbox.telegram import Person, TelegramSandbox

OWNER = 815


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramSandbox]:
    """A chat service in place of the real one, with one person who has written to the bot."""
    service = TelegramSandbox(SystemClock())
    await service.start()
    service.person(OWNER, "Ann", started=True)
    yield service
    await service.stop()


def owner(service: TelegramSandbox) -> Person:
    """The person whose chat it is."""
    return service.person(OWNER, "Ann")


def echo_to(service: TelegramSandbox, chat_id: int = OWNER, token: str | None = None) -> Echo:
    """An echo to a chat at that service."""
    return Echo(RealChat(SecretStr(token or service.token), chat_id, service.base_url))


async def test_messages_arrive_in_their_order_and_as_they_are(telegram: TelegramSandbox) -> None:
    """With their markup; the last ones are not lost when the demonstration ends."""
    echo = echo_to(telegram)
    echo.start()
    for number in range(5):
        echo.send(f"<b>DANGER</b> {number}")
    await echo.stop()
    assert [message.text for message in owner(telegram).seen()] == [f"DANGER {number}" for number in range(5)]
    assert owner(telegram).seen()[0].bold() == ["DANGER"]
    assert (echo.delivered, echo.problems) == (5, [])


@pytest.mark.parametrize(("chat_id", "token"), [(999, None), (OWNER, "1234567:wrong-token-of-the-right-form")])
async def test_a_refusal_is_a_problem_and_nothing_more(
    telegram: TelegramSandbox, chat_id: int, token: str | None
) -> None:
    """A chat that does not know the bot, or a token that is not accepted; the token is in no problem."""
    echo = echo_to(telegram, chat_id, token)
    echo.start()
    echo.send("hello")
    await echo.stop()
    assert echo.delivered == 0
    assert len(echo.problems) == 1
    assert "wrong-token" not in echo.problems[0]


async def test_an_impossible_token_is_a_problem_and_nothing_more(telegram: TelegramSandbox) -> None:
    """Not of the form that the service gives: everything is answered with the same problem, at once."""
    echo = echo_to(telegram, token="no token at all")
    echo.start()
    for _ in range(3):
        echo.send("hello")
    await echo.stop()
    assert echo.delivered == 0
    assert "token" in echo.problems[0]


async def test_nobody_there_delays_nothing(telegram: TelegramSandbox) -> None:
    """A service that cannot be reached: each message is a problem, and the end comes in a moment."""
    echo = echo_to(telegram)
    await telegram.stop()
    echo.start()
    echo.send("hello")
    began = time.monotonic()
    await asyncio.wait_for(echo.stop(), 10)
    assert time.monotonic() - began < 6
    assert echo.delivered == 0
    assert echo.problems
