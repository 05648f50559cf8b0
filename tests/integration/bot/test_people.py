"""Languages, groups, roles and menus, over the loopback Telegram."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from guard.bot import table, texts
from guard.bot.asking import Ask, Command, Tap, TapAction, TapAnswer
from guard.bot.reception import LATE_S
from guard.bot.replies import Button, Reply
from guard.language.speech import ENGLISH, Speech
from guard.ports.errors import NotAllowed
from guard.sandbox.telegram import Person, TelegramSandbox

pytestmark = pytest.mark.usefixtures("bot")

JAPANESE = Speech("ja")


def names(telegram: TelegramSandbox, scope: str) -> list[str]:
    """Commands of a menu."""
    return [entry["command"] for entry in telegram.world.commands.get(scope, [])]


# Language


async def test_a_language_by_its_button(anna: Person, desk: Any, telegram: TelegramSandbox) -> None:
    """The message is drawn anew in the new language, everything after it too, and so is the menu."""
    message = await anna.ask("/lang")
    assert message.labels == ("English", "日本語")
    assert await anna.answer_to(anna.tap(message, "日本語")) == "日本語"
    assert message.text.startswith("言語: 日本語")
    assert desk.people[1001].language == "ja"
    assert "リスク比率: 41.5 %" in (await anna.ask("/status")).text
    menu = {entry["command"]: entry["description"] for entry in telegram.world.commands["chat/"]}
    assert menu["lang"] == "言語とタイムゾーン"


async def test_language_and_zone_as_typed(anna: Person, desk: Any) -> None:
    """In any order; a city is enough; times follow."""
    assert "it is 21:00:05 JST there" in (await anna.ask("/lang tokyo")).text
    assert "Updated 2026-11-21 21:00:05 JST" in (await anna.ask("/status")).text
    await anna.ask("/lang america/new_york ja")
    assert (desk.people[1001].language, desk.people[1001].timezone) == ("ja", "America/New_York")
    assert "JST" not in (await anna.ask("/status")).text


async def test_a_zone_that_is_none_changes_nothing(anna: Person, desk: Any) -> None:
    """The nearest is offered."""
    before = desk.people[1001]
    assert (await anna.ask("/lang ja Tokio")).text.endswith("Did you mean this? /lang Asia/Tokyo")
    assert "/lang Asia/Tokyo" in (await anna.ask("/lang qqqqqqq")).text
    assert desk.people[1001] == before


async def test_a_forged_language_is_a_stale_button(anna: Person, desk: Any) -> None:
    """What was never offered cannot be chosen."""
    message = await anna.ask("/lang")
    assert await anna.answer_to(anna.tap(message, "", data="lang:xx")) == texts.stale_button(ENGLISH)
    assert desk.refusals == [(1001, 1001, "tap lang, unreadable")]


async def test_a_stranger_is_answered_in_the_language_of_their_phone(telegram: TelegramSandbox) -> None:
    """Of whom nothing is known but that."""
    kenji = telegram.person(3003, "Kenji")
    message = await kenji.send("hello")
    body = message.body() | {"message_id": message.message_id + 1000}
    body["from"] |= {"language_code": "ja"}
    telegram.world.updates.put("message", body | {"from": body["from"] | {"id": 3004}})
    await kenji.wait_for(lambda shown: shown.text == texts.stranger(JAPANESE))


# A chat that was given up


async def test_a_chat_that_was_given_up_hears_alerts_again(anna: Person, desk: Any) -> None:
    """Who blocked the bot and comes back must not believe to be warned while nothing arrives; it is said once."""
    desk.dead_chats.add(1001)
    await anna.ask("/status")
    await anna.wait_for(lambda shown: shown.text == texts.heard_again(ENGLISH))
    await anna.ask("/whoami")
    assert [message.text for message in anna.seen()].count(texts.heard_again(ENGLISH)) == 1


# Menus


async def until_menu(telegram: TelegramSandbox, scope: str, expected: list[str]) -> None:
    """Menus are set after the answer."""
    await telegram.world.until(lambda: names(telegram, scope) == expected or None, 5)


async def test_menus_by_role(telegram: TelegramSandbox, anna: Person, mallory: Person, desk: Any) -> None:
    """Strangers see how to be linked; who is linked sees what their role may use, and anew when it changes."""
    for scope in ("default/", "default/ja"):
        await until_menu(telegram, scope, ["start"])
    await mallory.ask("/status")
    await until_menu(telegram, "chat/", ["start"])
    known = [each for each in table.COMMANDS if each.name != "start"]
    desk.roles["user-anna"] = {"account-alice": "viewer"}
    await anna.ask("/status")
    await until_menu(telegram, "chat/", [each.name for each in known if each.least == "viewer"])
    desk.roles["user-anna"] = {"account-alice": "owner"}
    await anna.ask("/status")
    await until_menu(telegram, "chat/", [each.name for each in known])
    calls = telegram.count("setMyCommands")
    await anna.ask("/status")
    await anna.ask("/status")
    assert telegram.count("setMyCommands") == calls


async def test_a_menu_that_is_refused_costs_no_answer(telegram: TelegramSandbox, anna: Person) -> None:
    """It is tried again at the next visit."""
    telegram.fail_next(1, method="setMyCommands", status=500)
    await anna.ask("/status")
    await anna.ask("/status")
    await telegram.world.until(lambda: names(telegram, "chat/") or None, 5)


# Groups


async def test_a_group_is_linked_and_unlinked_where_it_is(telegram: TelegramSandbox, anna: Person, desk: Any) -> None:
    """For all accounts or one; in private it makes no sense; strangers are refused."""
    group = telegram.group("Desk")
    assert (await anna.ask("/here")).text == texts.groups_only(ENGLISH)
    assert "all accounts that you own" in (await anna.ask("/here", chat=group)).text
    assert desk.groups == {(group.chat_id, None): ("user-anna", None, "Desk")}
    assert "alerts of alice go here" in (await anna.ask("/here ALICE", chat=group)).text
    assert desk.groups == {(group.chat_id, None): ("user-anna", "account-alice", "Desk")}
    assert "no account bob" in (await anna.ask("/here bob", chat=group)).text
    assert "No alerts of yours go here any more" in (await anna.ask("/here off", chat=group)).text
    assert "No alerts of yours went here" in (await anna.ask("/here off", chat=group)).text
    await telegram.person(6666, "Mallory").ask("/here", chat=group)
    assert desk.groups == {}
    assert desk.refusals == [(group.chat_id, 6666, "command /here")]


async def test_a_topic_is_a_place_of_its_own(telegram: TelegramSandbox, anna: Person, desk: Any) -> None:
    """It is linked alone, and the answer comes there."""
    group = telegram.group("Desk")
    topic_id = telegram.world.topic(group, "alerts")
    said = telegram.world.post(group, anna.user, "/here", topic_id=topic_id)
    group.known = True
    telegram.world.updates.put("message", said.body())
    answer = await anna.wait_for(lambda _: True, chat=group)
    assert answer.topic_id == topic_id
    assert desk.groups == {(group.chat_id, topic_id): ("user-anna", None, "Desk")}


async def test_only_an_owner_links_a_group(telegram: TelegramSandbox, anna: Person, desk: Any) -> None:
    """What the desk refuses is told kindly, and recorded."""
    desk.roles["user-anna"] = {"account-alice": "operator"}
    group = telegram.group("Desk")
    reply = await anna.ask("/here alice", chat=group)
    assert "this needs the role owner, yours is operator" in reply.text
    assert desk.groups == {}
    ((chat_id, user_id, what),) = desk.refusals
    assert (chat_id, user_id) == (group.chat_id, 1001)
    assert what.startswith("command /here: account-alice needs the role owner")


# What acts


@pytest.fixture
def acted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A command and a button that act, of which nothing else is known; what they did."""
    done: list[str] = []

    async def ask(_: Any, ask: Ask) -> Reply:
        if ask.argument == "forbidden":
            raise NotAllowed("operator", "viewer", "alice")
        done.append(f"ask {ask.argument}")
        return Reply("done", ((Button("Again", "act:again"), Button("No", "act:forbidden")),))

    async def tap(_: Any, tap: Tap) -> TapAnswer:
        if tap.argument == "forbidden":
            raise NotAllowed("operator", "viewer", "alice")
        done.append(f"tap {tap.argument} under {tap.html}")
        return TapAnswer("x" * 300, redraw=Reply("<b>drawn anew</b>"), send=Reply("further"), alert=True)

    command = Command("act", "/act", "acts", ask, least="operator", private=True)
    monkeypatch.setitem(table.BY_NAME, "act", command)
    monkeypatch.setitem(table.TAPS, "act", TapAction("act", tap, private=True))
    return done


async def test_a_tap_may_notify_redraw_and_send(anna: Person, acted: list[str]) -> None:
    """All three, the notice within Telegram's limit."""
    message = await anna.ask("/act now")
    tap = anna.tap(message, "Again")
    assert await anna.answer_to(tap) == "x" * 197 + "..."
    assert tap.alert
    assert (message.text, message.labels) == ("drawn anew", ())
    await anna.wait_for(lambda shown: shown.text == "further")
    assert acted == ["ask now", "tap again under done"]


async def test_what_acts_does_not_do_so_in_a_group(
    telegram: TelegramSandbox, anna: Person, desk: Any, acted: list[str]
) -> None:
    """Neither typed nor tapped, not even by an owner."""
    group = telegram.group("Desk")
    assert (await anna.ask("/act now", chat=group)).text == texts.private_only(ENGLISH)
    message = await anna.ask("/status", chat=group)
    assert await anna.answer_to(anna.tap(message, "", data="act:again")) == texts.private_only(ENGLISH)
    assert acted == []
    assert desk.refusals == [
        (group.chat_id, 1001, "command /act in a group"),
        (group.chat_id, 1001, "tap act in a group"),
    ]


async def test_what_acts_is_not_done_late(
    telegram: TelegramSandbox, anna: Person, desk: Any, clock: Any, acted: list[str]
) -> None:
    """An order typed a minute ago may not be what the person wants now; looking harms nobody."""
    for text in ("/act now", "/status"):
        sent = telegram.world.post(anna.chat, anna.user, text).body()
        telegram.world.updates.put("message", sent | {"date": sent["date"] - LATE_S - 1})
    await anna.wait_for(lambda shown: shown.text.startswith("This was typed 1 min 1 s ago and was not done."))
    await anna.wait_for(lambda shown: "Risk ratio" in shown.text)
    assert acted == []
    assert desk.refusals == [(1001, 1001, "command /act, typed 61 s ago")]


async def test_a_role_that_is_not_enough(anna: Person, desk: Any, acted: list[str]) -> None:
    """Typed or tapped: said which role is needed, done nothing, recorded."""
    said = "alice: this needs the role operator, yours is viewer. Ask the owner of the account."
    assert (await anna.ask("/act forbidden")).text == said
    message = await anna.ask("/act now")
    assert await anna.answer_to(anna.tap(message, "No")) == said
    assert acted == ["ask now"]
    assert [what.partition(":")[0] for _, _, what in desk.refusals] == ["command /act", "tap act"]


async def test_a_strangers_tap_on_what_acts(anna: Person, mallory: Person, desk: Any, acted: list[str]) -> None:
    """By the id of who taps, not by the chat where the button is."""
    message = await anna.ask("/act now")
    assert await mallory.answer_to(mallory.tap(message, "Again")) == texts.stranger_tap(ENGLISH)
    desk.people[1002] = replace(desk.people[1001], user_id="user-berta", name="berta")
    assert acted == ["ask now"]
    assert desk.refusals == [(1001, 6666, "tap act")]
