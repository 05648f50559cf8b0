"""What known people are answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from guard.bot import texts
from guard.bot.table import COMMANDS
from guard.language.speech import ENGLISH
from guard.ports.errors import StoreError
from guard.ports.records import Snapshot
from guard.risk.zones import Zone
from guard.sandbox.telegram import Person, TelegramSandbox

pytestmark = pytest.mark.usefixtures("bot")


async def test_status_of_one_account(anna: Person) -> None:
    """All figures, the age of the data, a button."""
    reply = await anna.ask("/status")
    assert reply.text.startswith("🟠 alice: WARNING\ndistance to liquidation 7.7 %")
    assert "Risk ratio: 41.5 % (100 % is liquidation)" in reply.text
    assert "Data: fresh, 12 s old" in reply.text
    assert reply.labels == (texts.refresh(ENGLISH),)


async def test_status_of_several_accounts_and_of_one_by_name(
    anna: Person, desk: Any, snapshot: Callable[..., Snapshot]
) -> None:
    """Without a name an overview; a name, in any case, or its beginning, picks one."""
    desk.snapshots["user-anna"].append(snapshot(account_id="account-bob", account="Bob", zone=Zone.SAFE, reason=""))
    overview = await anna.ask("/status")
    assert "alice: WARNING" in overview.text
    assert "Bob: SAFE" in overview.text
    for name in ("Bob", "bob", "B"):
        reply = await anna.ask(f"/status {name}")
        assert reply.text.startswith("🟢 Bob: SAFE")
        assert "alice" not in reply.text


async def test_an_account_of_somebody_else_does_not_exist(anna: Person) -> None:
    """The answer names what the person has, and the nearest of it."""
    reply = await anna.ask("/status alise")
    assert reply.text == "You have no account alise. Did you mean alice?\nYours: alice"
    assert (await anna.ask("/positions xyz")).text == "You have no account xyz.\nYours: alice"


async def test_no_account_yet(anna: Person, desk: Any) -> None:
    """A person without accounts is told so."""
    desk.snapshots.clear()
    for command in ("/status", "/positions"):
        assert (await anna.ask(command)).text == texts.no_accounts(ENGLISH)


async def test_positions(anna: Person) -> None:
    """Legs with sizes, prices and units."""
    for command in ("/positions", "/positions alice"):
        reply = await anna.ask(command)
        assert "BTC/USDT:USDT long 109.488 contracts" in reply.text
        assert "Liquidation price 26,317 USDT (-17.7 % from mark)" in reply.text
        assert "Data: fresh, 12 s old" in reply.text


async def test_a_long_list_arrives_as_one_message(anna: Person, desk: Any) -> None:
    """Telegram takes it, and the rest is counted."""
    (alice,) = desk.snapshots["user-anna"]
    legs = tuple(replace(alice.positions[0], symbol=f"COIN{index}/USDT:USDT") for index in range(300))
    desk.snapshots["user-anna"] = [replace(alice, positions=legs)]
    reply = await anna.ask("/positions")
    assert 3000 < len(reply.text) <= 4096
    shown = reply.text.count("Notional")
    assert f"... and {300 - shown} more positions" in reply.text


async def test_hostile_names_cannot_break_the_markup(anna: Person, desk: Any) -> None:
    """What a venue or a user chose as a name is shown as it is."""
    (alice,) = desk.snapshots["user-anna"]
    desk.snapshots["user-anna"] = [replace(alice, account="<b>&lt;", reason="a < b & c > d")]
    reply = await anna.ask("/status")
    assert "<b>&lt;: WARNING\na < b & c > d" in reply.text


async def test_whoami(anna: Person) -> None:
    """Name, ids, language, zone, accounts with roles."""
    assert (await anna.ask("/whoami")).text.splitlines() == [
        "You are anna.",
        "Telegram user id: 1001",
        "This chat's id: 1001",
        "Language: English",
        "Time zone: UTC, it is 12:00:05 UTC there",
        "Accounts: alice (owner)",
    ]


async def test_help_lists_every_command(anna: Person) -> None:
    """One table makes the help."""
    reply = await anna.ask("/help")
    for command in COMMANDS:
        assert f"{command.usage} - {command.summary}" in reply.text


@pytest.mark.parametrize(
    ("typed", "hint"), [("/stauts", "/status"), ("/postions", "/positions"), ("/pos", "/positions"), ("/qqqq", None)]
)
async def test_an_unknown_command_is_answered_with_the_nearest(anna: Person, typed: str, hint: str | None) -> None:
    """A typo costs one look, not a search."""
    text = (await anna.ask(typed)).text
    assert text.startswith(f"I do not know {typed}.")
    assert (f"Did you mean {hint}?" in text) is (hint is not None)


async def test_other_messages_get_a_hint(anna: Person) -> None:
    """Small talk in private is answered by what the bot can do."""
    assert (await anna.ask("how is it going?")).text == texts.commands_only(ENGLISH)


async def test_commands_in_a_group(telegram: TelegramSandbox, anna: Person, desk: Any) -> None:
    """Ours are answered, other bots' and talk are not; nobody is refused for talking to others."""
    group = telegram.group("Desk")
    mallory = telegram.person(6666, "Mallory")
    await anna.send("good morning", chat=group)
    await anna.send("/weather", chat=group)
    await anna.send("/status@other_bot", chat=group)
    await mallory.send("hello", chat=group)
    await mallory.send("/weather", chat=group)
    reply = await anna.ask("/whoami@guard_bot", chat=group)
    assert f"This chat's id: {group.chat_id}" in reply.text
    assert anna.seen(group) == [reply]
    assert (await anna.ask("/stauts@guard_bot", chat=group)).text.startswith("I do not know /stauts.")
    assert desk.refusals == []


async def test_answers_come_in_the_order_of_the_questions(anna: Person) -> None:
    """One chat is served in order, however many questions come at once."""
    for index in range(20):
        await anna.send(f"/x{index}")
    await anna.wait_for(lambda message: "/x19." in message.text)
    assert [message.text.split(".")[0] for message in anna.seen()] == [
        f"I do not know /x{index}" for index in range(20)
    ]


@pytest.mark.parametrize("error", [None, StoreError("disk full")])
async def test_a_group_that_moved_is_answered_where_it_is_and_remembered(
    telegram: TelegramSandbox, anna: Person, desk: Any, error: StoreError | None
) -> None:
    """The answer follows into the supergroup; that it moved is stored, and a store that fails costs no answer."""
    desk.move_error = error
    group = telegram.group("Desk")
    moved = telegram.world.migrate(group)
    await anna.send("/whoami@guard_bot", chat=group)
    (answer,) = await telegram.world.until(lambda: list(moved.visible()) or None, 5)
    assert answer.text.startswith("You are")
    assert desk.moves == [(group.chat_id, moved.chat_id)]
