"""Start, outages, restart and stop of the bot; its state is always told."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from guard.bot.app import ChatBot
from guard.bot.connection import Pace, file_url
from guard.bot.polling import BotState
from guard.ports.errors import InputError
from guard.sandbox.telegram import FaultKind, Message, Person, TelegramSandbox

BuildBot = Callable[..., ChatBot]


async def running(bot: ChatBot) -> ChatBot:
    """Start a bot and wait until people reach it."""
    await bot.start()
    await bot.wait_for(BotState.RUNNING, timeout_s=10)
    return bot


async def test_states_from_start_to_stop(make_bot: BuildBot) -> None:
    """Starting, running, stopped; a reason stands where all is not well."""
    bot = make_bot()
    seen = [bot.health]
    await running(bot)
    seen.append(bot.health)
    await bot.stop()
    seen.append(bot.health)
    assert [health.state for health in seen] == [BotState.STARTING, BotState.RUNNING, BotState.STOPPED]
    assert [health.reason for health in seen] == ["not connected yet", "", "stopped"]


async def test_old_updates_are_dropped_at_start(make_bot: BuildBot, anna: Person) -> None:
    """What was asked while nobody listened is not executed later; what comes then is."""
    await anna.send("/status")
    first = await running(make_bot())
    assert "anna" in (await anna.ask("/whoami")).text
    await first.stop()
    await anna.send("/status")
    await running(make_bot())
    assert "anna" in (await anna.ask("/whoami")).text
    assert len(anna.seen()) == 2


async def test_telegram_down_at_start_then_up(telegram: TelegramSandbox, make_bot: BuildBot, anna: Person) -> None:
    """Starting does not fail; the state says unreachable and why; when Telegram comes back, so does the chat."""
    port = telegram.port
    await telegram.stop()
    bot = make_bot()
    await bot.start()
    health = await bot.wait_for(BotState.UNREACHABLE, timeout_s=10)
    assert health.reason.startswith("Telegram cannot be reached (")
    await telegram.start(port=port)
    await bot.wait_for(BotState.RUNNING, timeout_s=10)
    assert "anna" in (await anna.ask("/whoami")).text


async def test_a_wrong_token_is_told_and_tried_again_slowly(
    telegram: TelegramSandbox, make_bot: BuildBot, clock: Any
) -> None:
    """The guard goes on; the reason says what to do and does not show the token; a token made valid later works."""
    bot = make_bot(token="1234567:wrong-token")
    await bot.start()
    health = await bot.wait_for(BotState.BAD_TOKEN, timeout_s=10)
    assert "telegram.token_file" in health.reason
    assert "wrong-token" not in health.reason
    telegram.replace_token("1234567:wrong-token")
    await bot.wait_for(BotState.RUNNING, timeout_s=10)
    assert min(clock.slept) >= Pace().bad_token_retry_s


async def test_a_token_revoked_while_running_is_noticed(
    telegram: TelegramSandbox, make_bot: BuildBot, anna: Person
) -> None:
    """The library's own updater would end here without a word."""
    bot = await running(make_bot())
    old = telegram.token
    telegram.replace_token("1234567:another")
    await anna.send("/whoami")  # ends the poll that is open
    await bot.wait_for(BotState.BAD_TOKEN, timeout_s=10)
    telegram.replace_token(old)
    await bot.wait_for(BotState.RUNNING, timeout_s=10)


async def test_since_tells_when_the_trouble_began(make_bot: BuildBot, telegram: TelegramSandbox, clock: Any) -> None:
    """Further failures do not reset it."""
    await telegram.stop()
    bot = make_bot()
    await bot.start()
    health = await bot.wait_for(BotState.UNREACHABLE, timeout_s=10)
    while len(clock.slept) < 5:
        await clock.sleep(0)
    assert bot.health.state is BotState.UNREACHABLE
    assert bot.health.since == health.since < clock.now()


async def test_two_programs_with_one_token(make_bot: BuildBot, anna: Person) -> None:
    """409: the reason names the cause; when the other one ends, this one is well again."""
    first = await running(make_bot())
    second = await running(make_bot())
    health = await first.wait_for(BotState.UNREACHABLE, timeout_s=10)
    assert health.reason.startswith("another program uses this bot's token")
    await second.stop()
    await first.wait_for(BotState.RUNNING, timeout_s=10)
    assert "anna" in (await anna.ask("/whoami")).text


async def test_backoff_doubles_up_to_its_limit(telegram: TelegramSandbox, make_bot: BuildBot, clock: Any) -> None:
    """Eight failures: 1, 2, 4, 8, 16, then 30 s."""
    telegram.fail_next(8, method="getMe")
    await running(make_bot())
    assert clock.slept == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]


async def test_backoff_keeps_a_longer_wait_that_telegram_asks_for(
    telegram: TelegramSandbox, make_bot: BuildBot, clock: Any
) -> None:
    """retry_after counts for fetching, too."""
    telegram.fail_next(1, method="getUpdates", retry_after_s=45)
    await running(make_bot())
    assert clock.slept == [45.0]


async def test_silence_is_not_waited_out_for_ever(telegram: TelegramSandbox, make_bot: BuildBot, anna: Person) -> None:
    """Neither on a poll nor on an answer: both are given up after a while, and done again."""
    bot = await running(make_bot(pace=Pace(answer_s=1, poll_s=1)))
    telegram.fail_next(1, FaultKind.HANG, method="sendMessage")
    await anna.ask("/whoami", timeout_s=20)
    telegram.fail_next(1, FaultKind.HANG, method="getUpdates")
    health = await bot.wait_for(BotState.UNREACHABLE, timeout_s=20)
    assert "Timed out" in health.reason
    await anna.ask("/whoami", timeout_s=20)
    assert bot.health.state is BotState.RUNNING


@pytest.mark.parametrize("kind", [FaultKind.STATUS, FaultKind.GARBAGE, FaultKind.CLOSE])
async def test_polling_survives(telegram: TelegramSandbox, make_bot: BuildBot, anna: Person, kind: FaultKind) -> None:
    """Each way in which a poll can fail: reported, and nothing that waited is lost."""
    bot = await running(make_bot())
    telegram.fail_next(2, kind, method="getUpdates")
    with capture_logs() as logs:
        await anna.ask("/whoami")  # in time for the poll that is open
        await anna.ask("/whoami", timeout_s=15)
    assert [entry["state"] for entry in logs if entry["event"] == "chat.setback"] == [BotState.UNREACHABLE] * 2
    assert bot.health.state is BotState.RUNNING
    assert len(anna.seen()) == 2


async def test_an_update_that_cannot_be_read_does_not_block_the_rest(
    telegram: TelegramSandbox, make_bot: BuildBot, anna: Person
) -> None:
    """It is dropped and said so, instead of being fetched for ever."""
    await running(make_bot())
    with capture_logs() as logs:
        telegram.world.updates.put("message", {"nonsense": True})
        await telegram.world.until(lambda: telegram.count("deleteWebhook") == 2 or None, 10)
        assert "anna" in (await anna.ask("/whoami")).text
    (setback,) = [entry for entry in logs if entry["event"] == "chat.setback"]
    assert "could not be understood" in setback["reason"]


async def test_a_webhook_left_over_is_removed(telegram: TelegramSandbox, make_bot: BuildBot) -> None:
    """Another program once set one; polling works all the same."""
    telegram.world.webhook_url = "https://example.org/hook"
    await running(make_bot())
    assert telegram.world.webhook_url == ""


async def test_after_a_long_outage_waiting_updates_are_dropped(
    telegram: TelegramSandbox, make_bot: BuildBot, anna: Person, clock: Any
) -> None:
    """A question of an hour ago is not answered out of the blue; one of a moment ago is."""
    bot = await running(make_bot())
    port = telegram.port
    for outage_s, answered in ((5.0, 1), (3600.0, 0)):
        before = len(anna.seen())
        await telegram.stop()
        await bot.wait_for(BotState.UNREACHABLE, timeout_s=10)
        await anna.send("/status")
        if outage_s > 60:
            clock.advance(outage_s)
        await telegram.start(port=port)
        await bot.wait_for(BotState.RUNNING, timeout_s=10)
        sent = await anna.send("/whoami")
        await anna.wait_for(_answer_to(sent.message_id))
        assert len(anna.seen()) - before == answered + 1


def _answer_to(message_id: int) -> Callable[[Message], bool]:
    return lambda message: message.message_id > message_id and message.text.startswith("You are")


async def test_a_rejected_menu_is_no_obstacle(telegram: TelegramSandbox, make_bot: BuildBot, anna: Person) -> None:
    """The bot answers without a menu."""
    telegram.fail_next(1, method="setMyCommands", status=400)
    await running(make_bot())
    assert "anna" in (await anna.ask("/whoami")).text


async def test_stop_does_not_wait_for_telegram(telegram: TelegramSandbox, make_bot: BuildBot, anna: Person) -> None:
    """With an answer and a poll hanging, stopping takes less than 3 s."""
    bot = await running(make_bot(pace=Pace(answer_s=60, poll_s=50)))
    telegram.fail_next(1, FaultKind.HANG, method="sendMessage")
    await anna.send("/status")
    await telegram.world.until(lambda: telegram.count("sendMessage") or None, 5)
    begin = time.monotonic()
    await bot.stop()
    assert time.monotonic() - begin < 3
    await bot.stop()


async def test_stop_while_telegram_is_down(telegram: TelegramSandbox, make_bot: BuildBot) -> None:
    """Stopping in the middle of retries, and stopping what was never started."""
    await telegram.stop()
    bot = make_bot()
    await bot.start()
    await bot.wait_for(BotState.UNREACHABLE, timeout_s=10)
    await bot.stop()
    await make_bot().stop()


async def test_a_proxy_of_the_environment_is_not_used_for_this_machine(
    make_bot: BuildBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A loopback address is reached directly."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    await running(make_bot())


async def test_the_token_is_in_no_log(
    telegram: TelegramSandbox, make_bot: BuildBot, anna: Person, caplog: pytest.LogCaptureFixture
) -> None:
    """The token is part of every address, and libraries like to log addresses."""
    caplog.set_level(logging.DEBUG)
    telegram.fail_next(1, FaultKind.GARBAGE, method="getMe")
    telegram.fail_next(1, FaultKind.CLOSE, method="sendMessage")
    with capture_logs() as logs:
        await running(make_bot())
        await anna.ask("/whoami")
    assert logs
    assert telegram.token not in caplog.text
    assert telegram.token not in str(logs)


@pytest.mark.parametrize("token", ["", "no-colon", "abc:def", "123:with space", "123:line\nbreak", "123:"])
def test_an_impossible_token_is_bad_input(desk: Any, clock: Any, token: str) -> None:
    """A mistake that is visible without asking Telegram is told at once, without printing the token."""
    with pytest.raises(InputError, match="token_file") as caught:
        ChatBot(token, desk, clock)
    assert "with space" not in str(caught.value)


@pytest.mark.parametrize("base_url", ["api.telegram.org/bot", "http://127.0.0.1:8081", "ftp://host/bot", ""])
def test_an_impossible_base_url_is_bad_input(desk: Any, clock: Any, base_url: str) -> None:
    """The message says what it was and what it must be."""
    with pytest.raises(InputError, match=r"telegram\.base_url was"):
        ChatBot("1:a", desk, clock, base_url=base_url)


def test_file_url() -> None:
    """Files live beside the methods."""
    assert file_url("https://api.telegram.org/bot") == "https://api.telegram.org/file/bot"
    assert file_url("http://127.0.0.1:8081/bot") == "http://127.0.0.1:8081/file/bot"


async def test_who_blocks_the_bot_is_noticed_at_once(telegram: TelegramSandbox, anna: Person, make_bot: Any) -> None:
    """Before any message fails; and so is who lets it in again, and a group that removes it."""
    seen: list[tuple[int, bool]] = []

    async def membership(chat_id: int, reachable: bool) -> None:  # a callback
        seen.append((chat_id, reachable))
        telegram.world.change()

    bot = make_bot(membership=membership)
    await bot.start()
    await bot.wait_for(BotState.RUNNING, timeout_s=10)
    group = telegram.group("Desk")
    anna.block()
    anna.unblock()
    anna.kick(group)
    await telegram.world.until(lambda: len(seen) == 3 or None, 5)
    assert seen == [(1001, False), (1001, True), (group.chat_id, False)]
