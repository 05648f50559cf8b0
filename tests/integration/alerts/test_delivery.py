"""From the database to a person's phone: real store, real Telegram client, real HTTP on loopback."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any

from guard.app.clock import SystemClock
from guard.sandbox.telegram import FaultKind, Person, TelegramSandbox

Begin = Callable[[], AbstractAsyncContextManager[Any]]


def texts(person: Person) -> list[str]:
    """What a person reads, oldest first."""
    return [message.text for message in person.seen()]


async def test_messages_arrive_bold_and_in_order(delivery: Any, anna: Person) -> None:
    """The plain case, with the markup shown."""
    for number in range(3):
        await delivery.put(number)
    await delivery.settled()
    assert texts(anna) == ["message 0", "message 1", "message 2"]
    assert anna.seen()[0].bold() == ["message 0"]
    assert delivery.outbox.delivered == 3


async def test_a_woken_worker_is_quick(delivery: Any, anna: Person) -> None:
    """Far within a poll: what is written and announced leaves at once."""
    await delivery.put(0)
    await delivery.settled()  # the connection is open now
    began = time.perf_counter()
    await delivery.put(1)
    await anna.wait_for(lambda message: message.text == "message 1")
    assert time.perf_counter() - began < 0.15


async def test_what_telegram_asks_for_is_obeyed(delivery: Any, telegram: TelegramSandbox, anna: Person) -> None:
    """429 with retry_after 1: the chat is left in peace for a second, then gets everything, once, in order."""
    telegram.fail_next(1, method="sendMessage", retry_after_s=1)
    began = time.perf_counter()
    await delivery.put(0)
    await delivery.put(1)
    await delivery.settled()
    assert time.perf_counter() - began >= 1.0
    assert texts(anna) == ["message 0", "message 1"]
    assert telegram.count("sendMessage", 429) == 1


async def test_server_errors_are_outlived(delivery: Any, telegram: TelegramSandbox, anna: Person) -> None:
    """Bad gateways, a captive portal and a cut connection: the message arrives, once, marked where it may be twice."""
    telegram.fail_next(2, method="sendMessage", status=502)
    telegram.fail_next(1, FaultKind.GARBAGE, method="sendMessage")
    telegram.fail_next(1, FaultKind.CLOSE, method="sendMessage")
    await delivery.put(0)
    await delivery.settled()
    [text] = texts(anna)
    assert text.endswith("message 0")


async def test_a_lost_answer_brings_the_message_twice_and_says_so(
    delivery: Any, telegram: TelegramSandbox, anna: Person
) -> None:
    """Telegram took it, the answer was lost: at least once means twice, and the second one says why."""
    telegram.fail_next(1, FaultKind.LOST_ANSWER, method="sendMessage")
    await delivery.put(0)
    await delivery.settled()
    first, second = texts(anna)
    assert first == "message 0"
    assert second == "🔁 Repeated, it may have reached you already:\nmessage 0"


async def test_a_blocked_bot_is_told_elsewhere(delivery: Any, anna: Person) -> None:
    """The person's chat is dead, the message stands on the console; other chats are not touched."""
    store, now = delivery.store, SystemClock().now()
    user = await store.add_user("anna", now)
    await store.create_link_code(user.user_id, "CODE2345", now + timedelta(hours=1))
    await store.redeem_link_code("CODE2345", 1001, 1001, "Anna", now)
    anna.block()
    await delivery.put(0, html="<b>DANGER</b> alice")
    await delivery.settled()
    assert texts(anna) == []
    assert "NOT DELIVERED to telegram:1001" in delivery.console.getvalue()
    assert "DANGER alice" in delivery.console.getvalue()
    assert [chat.dead_since is not None for chat in await store.chats_of(user.user_id)] == [True]
    assert [message.message_id for message in await store.dead_messages(now)] == ["m0"]


async def test_broken_markup_arrives_as_plain_text(delivery: Any, anna: Person) -> None:
    """A defect in a text costs its looks, not its arrival."""
    await delivery.put(0, html="<b>DANGER</i> alice")
    await delivery.settled()
    assert texts(anna) == ["DANGER alice"]


async def test_a_group_that_became_a_supergroup_is_followed(delivery: Any, telegram: TelegramSandbox) -> None:
    """What was written for the old chat arrives in the new one; the link follows, the old one is asked no more."""
    store, now = delivery.store, SystemClock().now()
    user = await store.add_user("anna", now)
    group = telegram.group("Desk")
    await store.create_link_code(user.user_id, "CODE2345", now + timedelta(hours=1))
    await store.redeem_link_code("CODE2345", group.chat_id, 1001, "Desk", now)
    moved = telegram.world.migrate(group)
    for number in range(3):
        await delivery.put(number, f"telegram:{group.chat_id}")
    await delivery.settled()
    arrived = [message.text for message in moved.visible() if message.sender == telegram.world.bot]
    assert arrived == ["message 0", "message 1", "message 2"]
    assert [chat.chat_id for chat in await store.chats_of(user.user_id)] == [moved.chat_id]
    assert telegram.count("sendMessage", 400) <= 3  # written while the first was on its way


async def test_a_hanging_telegram_delays_nobody_else(delivery: Any, telegram: TelegramSandbox, anna: Person) -> None:
    """While one request hangs, the console and another chat are served."""
    berta = telegram.person(1002, "Berta", started=True)
    telegram.fail_next(1, FaultKind.HANG, method="sendMessage")
    await delivery.put(0)
    await telegram.world.until(lambda: telegram.count("sendMessage") or None, 5)
    began = time.perf_counter()
    await delivery.put(1, "telegram:1002")
    await delivery.put(2, "console")
    await berta.wait_for(lambda message: message.text == "message 1")
    assert time.perf_counter() - began < 1.0
    await delivery.settled()
    assert "message 2" in delivery.console.getvalue()
    assert texts(anna) == ["🔁 Repeated, it may have reached you already:\nmessage 0"]


async def test_a_restart_delivers_what_the_last_life_left(
    process: Begin, telegram: TelegramSandbox, anna: Person
) -> None:
    """Telegram is down for all of the first life; the second one delivers everything, in order, once."""
    port = telegram.port
    await telegram.stop()
    async with process() as first:
        for number in range(3):
            await first.put(number)
        for _ in range(500):
            if first.outbox.postponed:
                break
            await asyncio.sleep(0.01)
    assert texts(anna) == []
    await telegram.start(port=port)
    async with process() as second:
        await second.settled()
    assert texts(anna) == ["message 0", "message 1", "message 2"]


async def test_stopping_amid_a_hanging_send_is_quick_and_loses_nothing(
    process: Begin, telegram: TelegramSandbox, anna: Person
) -> None:
    """The cut send stays pending and goes with the next start, marked: nobody knows whether it arrived."""
    telegram.fail_next(1, FaultKind.HANG, method="sendMessage")
    async with process() as first:
        await first.put(0)
        await telegram.world.until(lambda: telegram.count("sendMessage") or None, 5)
        began = time.perf_counter()
        await first.outbox.stop()
        assert time.perf_counter() - began < 2.0
        assert await first.store.outbox_pending() == 1
    async with process() as second:
        await second.settled()
    assert texts(anna) == ["🔁 Repeated, it may have reached you already:\nmessage 0"]
