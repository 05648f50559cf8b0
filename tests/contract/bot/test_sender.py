"""The chat sender keeps the contract of `guard.ports.sending`: each way a send can go, over real HTTP."""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr
from telegram import Bot
from telegram.request import HTTPXRequest

from guard.app.clock import SystemClock
from guard.bot.limits import TEXT_MAX
from guard.bot.sender import TelegramSender
from guard.bot.standalone import standalone_sender
from guard.ports.pace import Pacer
from guard.ports.sending import ChatGone, ChatMoved, ChatSender, SendError, SendRejected, SendRetry, TopicGone
from guard.sandbox.telegram import FaultKind, Person, TelegramSandbox
from guard.sim.virtual_time import START, VirtualClock, VirtualTimeLoop

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + struct.pack(">II", 640, 480) + b"\x08\x06\x00\x00\x00"


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramSandbox]:
    """A Telegram that runs."""
    sandbox = TelegramSandbox(SystemClock())
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


@pytest.fixture
def anna(telegram: TelegramSandbox) -> Person:
    """A person who has talked to the bot before."""
    return telegram.person(1001, "Anna", started=True)


@asynccontextmanager
async def sender_to(
    telegram: TelegramSandbox, *, token: str | None = None, patience_s: float = 10.0, pacer: Pacer | None = None
) -> AsyncIterator[TelegramSender]:
    """A sender whose connections are closed at the end."""
    requests = [HTTPXRequest(read_timeout=patience_s, httpx_kwargs={"trust_env": False}) for _ in range(2)]
    bot = Bot(token or telegram.token, base_url=telegram.base_url, request=requests[0], get_updates_request=requests[1])
    yield TelegramSender(bot, pacer)
    for request in requests:
        await request.shutdown()


@pytest.fixture
async def sender(telegram: TelegramSandbox) -> AsyncIterator[ChatSender]:
    """The sender, seen as the sink sees it: the assignment is checked by the type checker."""
    async with sender_to(telegram) as sender:
        yield sender


async def test_text_arrives_with_its_markup(sender: ChatSender, anna: Person) -> None:
    """The receipt is the message's id; sound as asked."""
    receipt = await sender.send_text(1001, "<b>danger</b> &lt;now&gt;")
    silent = await sender.send_text(1001, "quiet", silent=True)
    loud, quiet = anna.seen()
    assert (loud.text, loud.bold(), loud.silent) == ("danger <now>", ["danger"], False)
    assert quiet.silent
    assert [receipt, silent] == [str(loud.message_id), str(quiet.message_id)]


async def test_plain_text_is_not_interpreted(sender: ChatSender, anna: Person) -> None:
    """Whatever it holds."""
    await sender.send_plain(1001, "<b>not bold & not closed", silent=True)
    (message,) = anna.seen()
    assert message.text == "<b>not bold & not closed"
    assert message.entities == ()
    assert message.silent


async def test_plain_text_over_the_limit_is_shortened_not_lost(sender: ChatSender, anna: Person) -> None:
    """The last resort must always get through."""
    await sender.send_plain(1001, "x" * 10_000)
    (message,) = anna.seen()
    assert len(message.text) == TEXT_MAX
    assert message.text.endswith("... (shortened)")


async def test_photo_arrives_byte_by_byte(sender: ChatSender, anna: Person) -> None:
    """With its caption."""
    await sender.send_photo(1001, PNG, "<b>risk</b> over time")
    (message,) = anna.seen()
    assert message.photo == PNG
    assert message.text == "risk over time"
    assert message.bold() == ["risk"]


@pytest.mark.parametrize(
    "html",
    ["<b>open", "<made-up>x</made-up>", "</b>", "a < b", "x" * 4097, "", "  ", "<b></b>"],
    ids=["unclosed", "unknown", "unopened", "bare", "long", "empty", "blank", "nothing"],
)
async def test_a_bad_text_is_rejected(sender: ChatSender, anna: Person, html: str) -> None:
    """Rejected for good, so that the caller tries plain text; never to be retried."""
    with pytest.raises(SendRejected):
        await sender.send_text(1001, html)
    assert anna.seen() == []


async def test_what_is_too_long_for_a_caption_follows_the_picture(sender: ChatSender, anna: Person) -> None:
    """1,024 visible characters stand under the picture; one more, and all of them come as a message."""
    await sender.send_photo(1001, PNG, "<b>" + "x" * 1017 + "</b>")
    await sender.send_photo(1001, PNG, "x" * 1025)
    under, alone, text = anna.seen()
    assert (len(under.text), under.photo) == (1017, PNG)
    assert (alone.text, alone.photo) == ("", PNG)
    assert (text.text, text.photo) == ("x" * 1025, None)


async def test_a_broken_picture_is_rejected(sender: ChatSender, anna: Person) -> None:
    """Garbage is no picture, and there is a limit to its size."""
    for png in (b"garbage", PNG + b"\x00" * (10 * 1024 * 1024)):
        with pytest.raises(SendRejected):
            await sender.send_photo(1001, png, "x")
    assert anna.seen() == []


async def test_buttons_and_topics(telegram: TelegramSandbox, sender: ChatSender, anna: Person) -> None:
    """Buttons stand under the text; a message for a topic is in that topic; one that is gone says that it alone is."""
    await sender.send_text(1001, "x", buttons=((("Ack", "ack:1"), ("Snooze", "snooze:1")), (("Details", "details:1"),)))
    await sender.send_plain(1001, "y", buttons=((("Ack", "ack:2"),),))
    assert [message.labels for message in anna.seen()] == [("Ack", "Snooze", "Details"), ("Ack",)]
    group = telegram.group("Desk")
    topic = telegram.world.topic(group, "Alerts")
    await sender.send_text(group.chat_id, "z", topic_id=topic)
    assert [(message.text, message.topic_id) for message in group.visible()] == [("z", topic)]
    group.topics[topic] = None
    for gone in (topic, topic + 1):
        with pytest.raises(TopicGone):
            await sender.send_text(group.chat_id, "z", topic_id=gone)


async def test_a_live_message_is_edited_in_place(telegram: TelegramSandbox, anna: Person) -> None:
    """Silent, pinned, edited; the same once more is no error; one that was deleted is rejected."""
    async with sender_to(telegram) as sender:
        receipt = await sender.post_live(1001, "<b>calm</b>")
        await sender.pin(1001, receipt)
        await sender.edit_live(1001, receipt, "<b>warning</b>")
        await sender.edit_live(1001, receipt, "<b>warning</b>")
        [message] = anna.seen()
        assert (message.text, message.silent, message.pinned) == ("warning", True, True)
        message.deleted = True
        with pytest.raises(SendRejected, match="Message to edit not found"):
            await sender.edit_live(1001, receipt, "x")


async def test_a_paced_sender_waits_its_turn_and_hears_refusals(telegram: TelegramSandbox, anna: Person) -> None:
    """The service's own answer counts more than our figures: after a 429 the chat is left alone as long as asked."""
    idle = VirtualTimeLoop()  # a clock that stands still: nothing but the refusal holds the chat
    pacer = Pacer(VirtualClock(idle, START))
    async with sender_to(telegram, pacer=pacer) as sender:
        telegram.fail_next(1, retry_after_s=13)
        with pytest.raises(SendRetry):
            await sender.send_text(1001, "x")
        assert not pacer.idle_for(1001)
        assert pacer.idle_for(1002)
    idle.close()


async def test_told_to_wait(telegram: TelegramSandbox, sender: ChatSender, anna: Person) -> None:
    """429: how long, and that nothing arrived."""
    telegram.fail_next(1, retry_after_s=13)
    with pytest.raises(SendRetry) as caught:
        await sender.send_text(1001, "x")
    assert (caught.value.retry_after_s, caught.value.may_have_arrived) == (13.0, False)
    assert anna.seen() == []


@pytest.mark.parametrize("kind", FaultKind)
async def test_a_failing_service_may_be_asked_again(telegram: TelegramSandbox, anna: Person, kind: FaultKind) -> None:
    """Every such failure is a retry, marked as a possible repeat: with a lost answer the message is there already."""
    telegram.fail_next(1, kind)
    async with sender_to(telegram, patience_s=0.3 if kind is FaultKind.HANG else 10.0) as sender:
        with pytest.raises(SendRetry) as caught:
            await sender.send_text(1001, "x")
    assert caught.value.may_have_arrived
    assert len(anna.seen()) == (1 if kind is FaultKind.LOST_ANSWER else 0)


async def test_an_unreachable_service_got_nothing(telegram: TelegramSandbox, sender: ChatSender, anna: Person) -> None:
    """No connection, no message: a repeat is no repeat."""
    await telegram.stop()
    with pytest.raises(SendRetry) as caught:
        await sender.send_text(1001, "x")
    assert not caught.value.may_have_arrived
    assert anna.seen() == []


async def test_a_refused_token_names_the_setting(telegram: TelegramSandbox, anna: Person) -> None:
    """The message waits until the operator has put it right; the token is not in the text."""
    async with sender_to(telegram, token="1234567:wrong") as sender:
        with pytest.raises(SendRetry, match=r"telegram\.token_file") as caught:
            await sender.send_text(anna.user_id, "x")
    assert "1234567:wrong" not in str(caught.value)


async def test_chats_that_are_gone(telegram: TelegramSandbox, sender: ChatSender) -> None:
    """Blocked, deactivated, never started, unknown, kicked out: no message will ever arrive there."""
    blocked, deleted = (telegram.person(number, "P", started=True) for number in (1, 2))
    blocked.block()
    deleted.deactivate()
    telegram.person(3, "never started")
    group = telegram.group("Desk")
    group.closed = "kicked"
    for chat_id in (1, 2, 3, 4, group.chat_id):
        with pytest.raises(ChatGone):
            await sender.send_text(chat_id, "x")
    blocked.unblock()
    await sender.send_text(1, "x")


async def test_a_moved_chat_tells_where(telegram: TelegramSandbox, sender: ChatSender) -> None:
    """The new address works."""
    group = telegram.group("Desk")
    telegram.world.migrate(group)
    with pytest.raises(ChatMoved) as caught:
        await sender.send_text(group.chat_id, "x")
    await sender.send_text(caught.value.new_chat_id, "x")


async def test_whoami_proves_the_token(telegram: TelegramSandbox) -> None:
    """The bot's name, or why it has none."""
    async with standalone_sender(SecretStr(telegram.token), telegram.base_url) as sender:
        assert sender is not None
        assert await sender.whoami() == "@guard_bot"
        telegram.replace_token("1234567:another")
        with pytest.raises(SendRetry, match=r"telegram\.token_file"):
            await sender.whoami()
    async with standalone_sender(None, telegram.base_url) as nobody:
        assert nobody is None


async def test_every_failure_is_a_line_for_a_person(telegram: TelegramSandbox, sender: ChatSender) -> None:
    """Texts go into `last_error` and reports: one line, not empty."""
    telegram.person(1001, "Anna", started=True)
    telegram.fail_next(1, FaultKind.CLOSE)
    for html in ("x", "<b>", "y" * 5000):
        with pytest.raises(SendError) as caught:
            await sender.send_text(1001, html)
        assert caught.value.message
        assert "\n" not in str(caught.value)
