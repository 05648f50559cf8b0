"""Whose account it is: every command and every button of the tables, over the real store, for everybody else."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from guard.app.opening import opened
from guard.app.settings import Database, Settings
from guard.bot import table, texts
from guard.bot.app import ChatBot
from guard.bot.connection import Pace
from guard.bot.polling import BotState
from guard.language.speech import ENGLISH, Speech
from guard.sandbox.telegram import Message, Person, TelegramSandbox
from tests.harness import house as houses
from tests.harness.house import ALICES, House

NOBODYS = "alphb"  # as an account that is not there
# `start` is the way in; `here` and `lang` are about no account.
ASKED = [command for command in table.COMMANDS if command.name not in {"start", "here", "lang"}]
TYPED = ("{name}", "{name} BTC 25%")
GARBAGE = ("", "x", "1001:*", "id-alpha", "id-alpha:1", "'; DROP TABLE accounts", "あ" * 15)
JAPANESE = re.compile("[ぁ-んァ-ン一-龯]")


@pytest.fixture
async def house(telegram: TelegramSandbox, clock: Any, tmp_path: Path, empty_database: Path) -> AsyncIterator[House]:
    """Four people, two accounts, and a bot that runs."""
    file = tmp_path / "guard.db"
    settings = Settings(database=Database(url=f"sqlite:///{file}"))
    shutil.copy(empty_database, file)
    async with opened(settings, clock=clock) as everything:
        made = await houses.build(everything, telegram, file)
        pace = Pace(connect_s=5.0, answer_s=10.0, poll_s=10)
        bot = ChatBot(telegram.token, made.desk, clock, base_url=telegram.base_url, pace=pace)
        await bot.start()
        await bot.wait_for(BotState.RUNNING, timeout_s=10)
        yield made
        await bot.stop()
        assert bot._dispatch.defects == 0


async def asked(person: Person, text: str) -> Message:
    """The answer to a question: the first message after it."""
    return await person.ask(text, timeout_s=10)


def timeless(message: Message) -> str:
    """Its text without times and ages: between two questions time goes on."""
    return re.sub(r"\d\d:\d\d:\d\d|\d+ (s|min)\b", "?", message.text)


async def buttons(person: Person) -> set[str]:
    """What every button sends that the commands show to a person."""
    found: set[str] = set()
    for command in ASKED:
        message = await asked(person, f"/{command.name} {ALICES}")
        found |= {button.data for row in message.buttons for button in row if button.data}
    return found


@pytest.mark.parametrize("typed", TYPED)
async def test_no_command_tells_or_changes_anything_of_somebody_elses_account(house: House, typed: str) -> None:
    """The account is answered like one that is not there, whatever is asked of it, and nothing is stored."""
    bert, before = house["bert"], house.belongings()
    for command in ASKED:
        theirs = await asked(bert, f"/{command.name} {typed.format(name=ALICES)}")
        none = await asked(bert, f"/{command.name} {typed.format(name=NOBODYS)}")
        assert timeless(theirs).replace(ALICES, NOBODYS) == timeless(none), command.name
        assert theirs.labels == none.labels, command.name
    assert house.belongings() == before


async def test_no_button_tells_or_changes_anything_of_somebody_elses_account(house: House) -> None:
    """What Anna's buttons send, sent by Bert under a message of his own; and garbage after every action."""
    forged = await buttons(house["anna"])
    assert forged
    forged |= {f"{action}:{argument}"[:64] for action in table.TAPS if action != "lang" for argument in GARBAGE}
    bert, before = house["bert"], house.belongings()
    message = await asked(bert, "/status")
    for data in sorted(forged):
        await bert.answer_to(bert.tap(message, "", data=data), 10)
    assert house.belongings() == before
    assert ALICES not in "".join(each.text for each in bert.seen())


async def test_strangers_get_nothing_by_command_or_button(house: House) -> None:
    """Each attempt is recorded; one answer in a while, and it says nothing."""
    forged = sorted(await buttons(house["anna"]))
    mallory, before = house.telegram.person(6666, "Mallory"), house.belongings()
    message = await asked(house["anna"], "/status")
    attempts = 0
    for command in table.COMMANDS:
        await mallory.send(f"/{command.name} {ALICES}" if command.name != "start" else "/start")
        attempts += 1
    for data in [*forged, *(f"{action}:x" for action in table.TAPS)]:
        assert await mallory.answer_to(mallory.tap(message, "", data=data), 10) in {"", texts.stranger_tap(ENGLISH)}
        attempts += 1
    (answer,) = mallory.seen()
    await mallory.answer_to(mallory.tap(answer, "", data="x:"), 10)  # after everything that was typed in that chat
    assert await house.opened.store.refusal_count() == attempts + 1
    assert {shown.text for shown in mallory.seen()} <= {texts.stranger(ENGLISH)}
    assert house.belongings() == before


async def test_a_viewer_sees_and_an_operator_too(house: House) -> None:
    """A role lets one see exactly that account; taking it back ends that at once."""
    for name in ("vera", "otto"):
        assert (await asked(house[name], "/status")).text.startswith(f"🟡 {ALICES}: WATCH")
    accounts = (await asked(house["vera"], "/accounts")).text
    assert "you: viewer, owner: anna, mode: observe" in accounts
    assert "beta" not in accounts
    vera = await house.opened.store.user_named("vera")
    assert vera is not None
    message = await asked(house["vera"], "/status")
    await house.opened.store.revoke(f"id-{ALICES}", vera.user_id)
    stale = await house["vera"].answer_to(house["vera"].tap(message, texts.refresh(ENGLISH)))
    assert stale == texts.stale_button(ENGLISH)
    assert (await asked(house["vera"], "/status")).text == texts.no_accounts(ENGLISH)


async def test_what_acts_is_refused_in_groups(house: House) -> None:
    """Every command that needs more than a viewer, and every button that is private, even for the owner."""
    group, anna, before = house.telegram.group("Desk"), house["anna"], house.belongings()
    message = await anna.ask("/status", chat=group)
    for command in (command for command in ASKED if command.private or command.least != "viewer"):
        assert (await anna.ask(f"/{command.name} {ALICES}", chat=group)).text == texts.private_only(ENGLISH)
    for tap in (tap for tap in table.TAPS.values() if tap.private):
        assert await anna.answer_to(anna.tap(message, "", data=f"{tap.action}:x")) == texts.private_only(ENGLISH)
    assert house.belongings() == before


async def test_a_group_is_linked_by_its_owner_only(house: House) -> None:
    """Others may look there, and cannot send somebody else's alerts there."""
    group, store = house.telegram.group("Desk"), house.opened.store
    for name in ("vera", "otto", "bert"):
        await house[name].ask(f"/here {ALICES}", chat=group)
    for name in ("vera", "otto"):
        await house[name].ask("/here", chat=group)
    assert [recipient.destination for recipient in await store.recipients(f"id-{ALICES}") if recipient.group] == []
    await house["anna"].ask(f"/here {ALICES}", chat=group)
    heard = [recipient.destination for recipient in await store.recipients(f"id-{ALICES}") if recipient.group]
    assert heard == [f"telegram:{group.chat_id}"]


async def test_every_command_is_answered_in_the_language_of_the_person(house: House) -> None:
    """Help, menu and answers; names, symbols and commands stay as they are typed."""
    anna = house["anna"]
    await anna.ask("/lang ja Asia/Tokyo")
    for command in ASKED:
        assert JAPANESE.search((await asked(anna, f"/{command.name} {ALICES}")).text), command.name
    for command in table.COMMANDS:
        assert JAPANESE.search(Speech("ja").text(command.summary)), command.name
