"""The Refresh button: redraws in place, and only for whom it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from guard.bot import texts
from guard.bot.replies import ALL_ACCOUNTS, STATUS, TapTarget, account_key
from guard.language.speech import ENGLISH
from guard.risk.zones import Zone
from guard.sandbox.telegram import FaultKind, Person, TelegramSandbox

pytestmark = pytest.mark.usefixtures("bot")


async def test_refresh_edits_in_place_and_stamps_the_time(anna: Person, desk: Any, clock: Any) -> None:
    """The same message shows the new zone and time; the tap is answered; no second message."""
    message = await anna.ask("/status")
    assert "Updated 2026-11-21 12:00:05 UTC" in message.text
    (alice,) = desk.snapshots["user-anna"]
    desk.snapshots["user-anna"] = [replace(alice, zone=Zone.DANGER, reason="risk ratio 80 % is at or above 75 %")]
    clock.advance(60)
    notice = await anna.answer_to(anna.tap(message, texts.refresh(ENGLISH)))
    assert notice == "Updated 2026-11-21 12:01:05 UTC"
    assert "DANGER" in message.text
    assert "Updated 2026-11-21 12:01:05 UTC" in message.text
    assert "Data: fresh, 1 min 12 s old" in message.text
    assert message.labels == (texts.refresh(ENGLISH),)
    assert anna.seen() == [message]


async def test_refresh_of_one_account_stays_with_it(anna: Person, desk: Any, clock: Any) -> None:
    """A button under one account's card does not turn into the overview."""
    (alice,) = desk.snapshots["user-anna"]
    desk.snapshots["user-anna"].append(replace(alice, account_id="account-bob", account="bob"))
    message = await anna.ask("/status bob")
    clock.advance(5)
    await anna.answer_to(anna.tap(message, texts.refresh(ENGLISH)))
    assert message.text.startswith("🟠 bob")
    assert "alice" not in message.text


async def test_nothing_new_is_no_error(anna: Person) -> None:
    """Telegram refuses an edit that changes nothing; the person sees the usual notice."""
    message = await anna.ask("/status")
    assert await anna.answer_to(anna.tap(message, texts.refresh(ENGLISH))) == "Updated 2026-11-21 12:00:05 UTC"
    assert message.versions == []


async def test_a_strangers_tap_is_refused(anna: Person, mallory: Person, desk: Any, clock: Any) -> None:
    """By the tapping person's id: nothing is redrawn, the refusal is recorded, words come once in a while only."""
    message = await anna.ask("/status")
    clock.advance(5)
    assert await mallory.answer_to(mallory.tap(message, texts.refresh(ENGLISH))) == texts.stranger_tap(ENGLISH)
    assert await mallory.answer_to(mallory.tap(message, texts.refresh(ENGLISH))) == ""
    assert message.versions == []
    assert desk.refusals == [(1001, 6666, "tap status")] * 2


async def test_another_linked_person_cannot_redraw_it(telegram: TelegramSandbox, anna: Person, desk: Any) -> None:
    """In a group a button belongs to who asked: nobody's figures replace another's."""
    group = telegram.group("Desk")
    berta = telegram.person(1002, "Berta")
    desk.people[1002] = replace(desk.people[1001], user_id="user-berta", name="berta")
    message = await anna.ask("/status", chat=group)
    assert await berta.answer_to(berta.tap(message, texts.refresh(ENGLISH))) == texts.not_your_button(ENGLISH)
    assert message.versions == []


@pytest.mark.parametrize("data", ["reduce:all", "status:1001", "x", "status:1001:0123456789abcdef"])
async def test_unknown_and_old_buttons_are_refused_kindly(anna: Person, data: str) -> None:
    """A button of an earlier version, a forged one, and one of an account that is gone."""
    message = await anna.ask("/status")
    assert await anna.answer_to(anna.tap(message, "", data=data)) == texts.stale_button(ENGLISH)


async def test_a_forged_account_shows_nothing(anna: Person, desk: Any) -> None:
    """The key of somebody else's account in one's own button opens nothing."""
    (alice,) = desk.snapshots["user-anna"]
    desk.snapshots["user-berta"] = [replace(alice, account_id="account-berta", account="berta's")]
    message = await anna.ask("/status")
    forged = TapTarget(STATUS, 1001, account_key("account-berta")).data
    assert await anna.answer_to(anna.tap(message, "", data=forged)) == texts.stale_button(ENGLISH)
    assert "berta" not in message.text


async def test_a_deleted_message_cannot_be_redrawn(telegram: TelegramSandbox, anna: Person, clock: Any) -> None:
    """The tap is still answered."""
    message = await anna.ask("/status")
    clock.advance(5)
    tap = anna.tap(message, texts.refresh(ENGLISH))
    telegram.fail_next(1, method="editMessageText", status=400)
    assert await anna.answer_to(tap) == texts.stale_button(ENGLISH)


async def test_limits_and_failures_while_redrawing_are_told(
    telegram: TelegramSandbox, anna: Person, clock: Any
) -> None:
    """The notice says how long to wait; nothing hangs."""
    message = await anna.ask("/status")
    clock.advance(5)
    telegram.fail_next(1, method="editMessageText", retry_after_s=7)
    assert await anna.answer_to(anna.tap(message, texts.refresh(ENGLISH))) == "Telegram asks to wait 7 s."
    telegram.fail_next(1, FaultKind.CLOSE, method="editMessageText")
    assert "not reachable" in await anna.answer_to(anna.tap(message, texts.refresh(ENGLISH)))


async def test_an_expired_tap_harms_nothing(anna: Person) -> None:
    """Telegram no longer takes the answer; the message is redrawn all the same, and the bot lives."""
    message = await anna.ask("/status")
    tap = anna.tap(message, "", data=TapTarget(STATUS, 1001, ALL_ACCOUNTS).data)
    tap.expired = True
    assert "anna" in (await anna.ask("/whoami")).text
