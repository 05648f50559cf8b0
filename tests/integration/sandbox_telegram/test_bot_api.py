"""The loopback Bot API as a real client library sees it, and as the person at the other end does."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator

import aiohttp
import pytest
from telegram import Bot, BotCommand, InlineKeyboardButton, InlineKeyboardMarkup, Message
from telegram.constants import ParseMode
from telegram.error import BadRequest, ChatMigrated, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter
from telegram.request import HTTPXRequest

from guard.app.clock import SystemClock
from guard.bot.limits import CAPTION_MAX, TEXT_MAX
from guard.sandbox.telegram import FaultKind, FloodLimits, Person, TelegramSandbox

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + struct.pack(">II", 640, 480) + b"\x08\x06\x00\x00\x00"
KEYBOARD = InlineKeyboardMarkup([[InlineKeyboardButton("Yes", callback_data="y")]])


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramSandbox]:
    """A Telegram that runs."""
    sandbox = TelegramSandbox(SystemClock())
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


@pytest.fixture
async def bot(telegram: TelegramSandbox) -> AsyncIterator[Bot]:
    """The library's client, with short time-outs."""
    requests = [HTTPXRequest(read_timeout=10, httpx_kwargs={"trust_env": False}) for _ in range(2)]
    client = Bot(
        telegram.token,
        base_url=telegram.base_url,
        base_file_url=telegram.base_file_url,
        request=requests[0],
        get_updates_request=requests[1],
    )
    async with client:
        yield client


@pytest.fixture
def anna(telegram: TelegramSandbox) -> Person:
    """Somebody who has started the bot."""
    return telegram.person(7, "Anna", username="anna", started=True)


async def test_who_am_i(bot: Bot) -> None:
    """The bot's own user."""
    me = await bot.get_me()
    assert (me.id, me.username, me.is_bot) == (1234567, "guard_bot", True)


@pytest.mark.parametrize(("token", "words"), [("1234567:other", "Unauthorized"), ("nonsense", "Not Found")])
async def test_bad_tokens(telegram: TelegramSandbox, token: str, words: str) -> None:
    """401 for one that is not valid, 404 for one that cannot be."""
    request = HTTPXRequest(httpx_kwargs={"trust_env": False})
    with pytest.raises(InvalidToken, match=words):
        await Bot(token, base_url=telegram.base_url, request=request).get_me()
    await request.shutdown()


async def test_what_a_person_writes_is_fetched_once(bot: Bot, anna: Person) -> None:
    """Updates with sender, chat and command entity; confirmed by the next offset."""
    await anna.send("/status alice")
    (update,) = await bot.get_updates(timeout=1)
    message = update.message
    assert message is not None
    assert message.text == "/status alice"
    assert message.from_user is not None
    assert (message.from_user.id, message.chat.id, message.chat.type) == (7, 7, "private")
    assert [entity.type for entity in message.entities] == ["bot_command"]
    assert await bot.get_updates(offset=update.update_id + 1, timeout=0) == ()


async def test_a_long_poll_answers_at_once_when_something_happens(bot: Bot, anna: Person) -> None:
    """It is open while nothing happens, and closed by the first message."""
    poll = asyncio.create_task(bot.get_updates(timeout=30))
    await asyncio.wait([poll], timeout=0.2)
    assert not poll.done()
    await anna.send("hello")
    (update,) = await asyncio.wait_for(poll, 5)
    assert update.message is not None
    assert update.message.text == "hello"


async def test_two_pollers_conflict(telegram: TelegramSandbox, bot: Bot) -> None:
    """409 for the older one."""
    poll = asyncio.create_task(bot.get_updates(timeout=30))
    await telegram.world.updates.until_polled(5)
    async with aiohttp.ClientSession() as session:
        await session.get(f"{telegram.base_url}{telegram.token}/getUpdates")
    with pytest.raises(Conflict, match="terminated by other getUpdates"):
        await poll


async def test_polling_while_a_webhook_is_set(bot: Bot, anna: Person) -> None:
    """409 until it is deleted; dropping pending updates works."""
    await bot.set_webhook("https://example.org/x")
    with pytest.raises(Conflict, match="webhook is active"):
        await bot.get_updates()
    await anna.send("old")
    assert (await bot.get_webhook_info()).pending_update_count == 1
    await bot.delete_webhook(drop_pending_updates=True)
    assert await bot.get_updates() == ()


async def test_a_message_with_markup_and_buttons(bot: Bot, anna: Person) -> None:
    """What is sent is what is seen."""
    sent = await bot.send_message(
        7, " <b>a</b> &lt;b ", parse_mode=ParseMode.HTML, reply_markup=KEYBOARD, disable_notification=True
    )
    (seen,) = anna.seen()
    assert (seen.text, seen.bold(), seen.labels, seen.silent) == ("a <b", ["a"], ("Yes",), True)
    assert (sent.message_id, sent.text, sent.reply_markup) == (seen.message_id, "a <b", KEYBOARD)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Message text is empty"),
        ("<b> </b>", "Text must be non-empty"),
        ("x" * (TEXT_MAX + 1), "Message is too long"),
        ("<b>x", "Can't parse entities: can't find end tag corresponding to start tag \"b\""),
        ("a < b", 'Can\'t parse entities: unsupported start tag "" at byte offset 2'),
    ],
)
async def test_texts_that_are_refused(bot: Bot, anna: Person, text: str, words: str) -> None:
    """400 in the real words (the library lowers all but the first letter)."""
    with pytest.raises(BadRequest) as caught:
        await bot.send_message(7, text, parse_mode=ParseMode.HTML)
    assert str(caught.value) == words
    assert anna.seen() == []


async def test_length_counts_after_markup(bot: Bot, anna: Person) -> None:
    """4,096 characters pass, however much markup stands around them."""
    await bot.send_message(7, "<b>" + "&lt;" * TEXT_MAX + "</b>", parse_mode=ParseMode.HTML)
    assert anna.seen()[0].text == "<" * TEXT_MAX


@pytest.mark.parametrize("data", ["", "x" * 65])
async def test_button_data_has_limits(bot: Bot, anna: Person, data: str) -> None:
    """1 to 64 bytes."""
    with pytest.raises(BadRequest, match=r"(?i)BUTTON_DATA_INVALID"):
        await bot.send_message(
            anna.user_id, "x", reply_markup=InlineKeyboardMarkup([[InlineKeyboardButton("x", callback_data=data)]])
        )


async def test_photos_and_documents(bot: Bot, anna: Person) -> None:
    """Bytes arrive as they were sent, and can be loaded again."""
    photo = await bot.send_photo(7, PNG, caption="<i>risk</i>", parse_mode=ParseMode.HTML)
    await bot.send_document(7, b"a,b\n1,2\n", filename="history.csv")
    picture, file = anna.seen()
    assert (picture.photo, picture.text) == (PNG, "risk")
    assert file.document == b"a,b\n1,2\n"
    assert (photo.photo[0].width, photo.photo[0].height) == (640, 480)
    assert bytes(await (await photo.photo[0].get_file()).download_as_bytearray()) == PNG


@pytest.mark.parametrize(
    ("png", "caption", "words"),
    [
        (PNG, "x" * (CAPTION_MAX + 1), "caption is too long"),
        (b"no picture", "", r"(?i)IMAGE_PROCESS_FAILED"),
        (PNG[:16] + struct.pack(">II", 9000, 2000), "", "(?i)PHOTO_INVALID_DIMENSIONS"),
        (PNG[:16] + struct.pack(">II", 2100, 100), "", "(?i)PHOTO_INVALID_DIMENSIONS"),
    ],
)
async def test_photos_that_are_refused(bot: Bot, anna: Person, png: bytes, caption: str, words: str) -> None:
    """Captions over 1,024 characters, what is no picture, impossible sides."""
    with pytest.raises(BadRequest, match=words):
        await bot.send_photo(anna.user_id, png, caption=caption)


async def test_editing(bot: Bot, anna: Person) -> None:
    """In place, with a trace; the same again, foreign, missing and picture messages are refused."""
    sent = await bot.send_message(7, "one", reply_markup=KEYBOARD)
    (seen,) = anna.seen()
    edited = await bot.edit_message_text("two", 7, sent.message_id, reply_markup=KEYBOARD)
    assert isinstance(edited, Message)
    assert edited.edit_date is not None
    assert (seen.text, seen.versions, seen.labels) == ("two", ["one"], ("Yes",))
    with pytest.raises(BadRequest, match="Message is not modified"):
        await bot.edit_message_text("two", 7, sent.message_id, reply_markup=KEYBOARD)
    await bot.edit_message_reply_markup(7, sent.message_id)
    assert seen.labels == ()
    with pytest.raises(BadRequest, match="Message is not modified"):
        await bot.edit_message_reply_markup(7, sent.message_id)
    with pytest.raises(BadRequest, match="Message to edit not found"):
        await bot.edit_message_text("x", 7, 999)
    hers = await anna.send("mine")
    with pytest.raises(BadRequest, match="can't be edited"):
        await bot.edit_message_text("x", 7, hers.message_id)
    photo = await bot.send_photo(7, PNG)
    with pytest.raises(BadRequest, match="no text in the message"):
        await bot.edit_message_text("x", 7, photo.message_id)


async def test_pin_delete_and_action(bot: Bot, anna: Person) -> None:
    """The rest of what a bot does to a chat."""
    sent = await bot.send_message(7, "status")
    await bot.pin_chat_message(7, sent.message_id)
    assert [anna.chat.pinned] == anna.seen()
    await bot.send_chat_action(7, "typing")
    with pytest.raises(BadRequest, match=r"(?i)wrong parameter action"):
        await bot.send_chat_action(7, "dancing")
    await bot.delete_message(7, sent.message_id)
    assert anna.seen() == []
    assert [anna.chat.pinned] == [None]
    with pytest.raises(BadRequest, match="Message to delete not found"):
        await bot.delete_message(7, sent.message_id)
    with pytest.raises(BadRequest, match="Message to pin not found"):
        await bot.pin_chat_message(7, sent.message_id)


async def test_taps(bot: Bot, anna: Person) -> None:
    """A tap reaches the bot, its answer reaches the person, once."""
    await bot.send_message(7, "sure?", reply_markup=KEYBOARD)
    tap = anna.tap(anna.seen()[0], "Yes")
    (update,) = await bot.get_updates(timeout=1)
    query = update.callback_query
    assert query is not None
    assert (query.data, query.from_user.id) == ("y", 7)
    assert query.message is not None
    assert query.message.message_id == anna.seen()[0].message_id
    await query.answer("done", show_alert=True)
    assert (await anna.answer_to(tap), tap.alert) == ("done", True)
    with pytest.raises(BadRequest, match="Query is too old"):
        await query.answer("again")
    with pytest.raises(BadRequest, match=r"(?i)MESSAGE_TOO_LONG"):
        await bot.answer_callback_query("1", "x" * 201)
    with pytest.raises(LookupError, match="no button 'No'"):
        anna.tap(anna.seen()[0], "No")


async def test_chats_that_cannot_be_written_to(telegram: TelegramSandbox, bot: Bot, anna: Person) -> None:
    """400 and 403 in the real words; a migrated group tells its new id."""
    telegram.person(8, "Berta")
    for chat_id in (8, 9):
        with pytest.raises(BadRequest, match="Chat not found"):
            await bot.send_message(chat_id, "x")
    anna.block()
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.send_message(7, "x")
    anna.deactivate()
    with pytest.raises(Forbidden, match="user is deactivated"):
        await bot.send_message(7, "x")
    group = telegram.group("Desk")
    moved = telegram.world.migrate(group)
    with pytest.raises(ChatMigrated) as caught:
        await bot.send_message(group.chat_id, "x")
    assert caught.value.new_chat_id == moved.chat_id
    moved.closed = "kicked"
    with pytest.raises(Forbidden, match="bot was kicked from the supergroup chat"):
        await bot.send_message(moved.chat_id, "x")


async def test_groups_have_their_own_ids(telegram: TelegramSandbox, bot: Bot, anna: Person) -> None:
    """Sender and chat differ; everybody in the group sees the answer."""
    group = telegram.group("Desk")
    await anna.send("/status", chat=group)
    (update,) = await bot.get_updates(timeout=1)
    assert update.effective_chat is not None
    assert update.effective_user is not None
    assert (update.effective_chat.id, update.effective_chat.title) == (group.chat_id, "Desk")
    assert update.effective_user.id == 7
    await bot.send_message(group.chat_id, "hello")
    assert [message.text for message in anna.seen(group)] == ["hello"]
    assert anna.seen() == []


async def test_flood_limits(telegram: TelegramSandbox, bot: Bot, anna: Person) -> None:
    """429 with a wait, in the body and as a header."""
    telegram.world.flood.limits = FloodLimits(per_chat_per_second=1)
    await bot.send_message(7, "one")
    with pytest.raises(RetryAfter):
        await bot.send_message(7, "two")
    telegram.hold(90)
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{telegram.base_url}{telegram.token}/sendMessage", json={"chat_id": 7, "text": "x"}) as answer,
    ):
        body = await answer.json()
    assert answer.status == 429
    assert answer.headers["Retry-After"] == str(body["parameters"]["retry_after"])
    assert body["description"] == f"Too Many Requests: retry after {body['parameters']['retry_after']}"
    assert 88 <= body["parameters"]["retry_after"] <= 90
    assert [message.text for message in anna.seen()] == ["one"]


async def test_scripted_faults_and_the_record_of_calls(telegram: TelegramSandbox, bot: Bot, anna: Person) -> None:
    """A fault hits the calls it names; a lost answer leaves the message; every call is on record."""
    telegram.fail_next(1, method="sendMessage", status=502)
    telegram.fail_next(1, FaultKind.LOST_ANSWER, method="sendMessage")
    for _ in range(2):
        with pytest.raises(NetworkError):
            await bot.send_message(7, "x")
    await bot.send_message(7, "y")
    assert [message.text for message in anna.seen()] == ["x", "y"]
    assert [call.status for call in telegram.world.calls if call.method == "sendmessage"] == [502, 0, 200]
    assert telegram.count("sendMessage") == 3
    assert telegram.count("sendMessage", 502) == 1


async def test_menu(telegram: TelegramSandbox, bot: Bot) -> None:
    """Commands are kept and checked."""
    await bot.set_my_commands([BotCommand("status", "how it stands")])
    assert await bot.get_my_commands() == (BotCommand("status", "how it stands"),)
    assert telegram.world.commands["default/"] == [{"command": "status", "description": "how it stands"}]
    with pytest.raises(BadRequest, match=r"(?i)BOT_COMMAND_INVALID"):
        await bot.set_my_commands([BotCommand("Not Valid", "x")])


async def test_unknown_methods_and_addresses(telegram: TelegramSandbox) -> None:
    """404 with the service's body; method names ignore case."""
    async with aiohttp.ClientSession() as session:
        for path in (f"/bot{telegram.token}/launchMissiles", "/", "/bot"):
            async with session.get(telegram.base_url.removesuffix("/bot") + path) as answer:
                assert answer.status == 404
                assert (await answer.json())["ok"] is False
        async with session.get(f"{telegram.base_url}{telegram.token}/GETME") as answer:
            assert (await answer.json())["ok"] is True


async def test_it_can_stop_and_come_back(telegram: TelegramSandbox, bot: Bot, anna: Person) -> None:
    """On the same port, with everything still there, also when a poll was open."""
    await bot.send_message(7, "before")
    poll = asyncio.create_task(bot.get_updates(timeout=30))
    await telegram.world.updates.until_polled(5)
    port = telegram.port
    await telegram.stop()
    with pytest.raises(NetworkError):
        await poll
    with pytest.raises(NetworkError):
        await bot.send_message(7, "meanwhile")
    await telegram.start(port=port)
    await bot.send_message(7, "after")
    assert [message.text for message in anna.seen()] == ["before", "after"]


async def test_waiting_in_vain_says_what_was_seen(bot: Bot, anna: Person) -> None:
    """A failing test should explain itself."""
    await bot.send_message(7, "something else")
    with pytest.raises(TimeoutError, match=r"Anna waited 0\.05 s in vain; last seen: \['something else'\]"):
        await anna.wait_for(lambda message: "status" in message.text, 0.05)
