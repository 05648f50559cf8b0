"""An alert with its buttons, and the commands over alerts: real bot, real store, loopback Telegram."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest

from guard.alerts.announce import messages_of
from guard.alerts.buttons import alert_buttons
from guard.alerts.engine import gravity
from guard.alerts.rules import Rule, fingerprint
from guard.alerts.sinks.telegram import TelegramSink
from guard.app.answered_copies import AlertAnswer, AnsweredCopies
from guard.app.opening import opened
from guard.app.settings import Database, Settings
from guard.bot.app import ChatBot
from guard.bot.connection import Pace
from guard.bot.polling import BotState
from guard.ports.alerting import AlertState, AlertStatus
from guard.ports.records import AlertReason, AlertRecord
from guard.risk.zones import Zone
from guard.sandbox.telegram import Message, Person, TelegramSandbox
from tests.harness import house as houses
from tests.harness.house import ALICES, House

ACCOUNT = f"id-{ALICES}"
ZONE = fingerprint(ACCOUNT, Rule.ZONE)


@dataclass
class Alarm:
    """The house, and an alert of Anna's account that everybody with a role has been sent."""

    house: House
    sink: TelegramSink
    copies: AnsweredCopies

    async def state(self) -> AlertState:
        """Where the alert stands."""
        state = await self.house.opened.store.alert_state(ZONE)
        assert state is not None
        return state

    async def set(self, **changes: Any) -> None:
        """Let the alert stand otherwise."""
        await self.house.opened.store.save_alert_states([replace(await self.state(), **changes)])

    async def send(self) -> None:
        """The message, as everybody reads it."""
        state, opened_ = await self.state(), self.house.opened
        now = opened_.clock.now()
        alert = AlertRecord("a", ACCOUNT, Rule.ZONE, ZONE, state.level, AlertReason.FIRST, now, "x")
        people = await opened_.store.recipients(ACCOUNT)
        html = f"<b>{state.level}</b> &amp; so on"
        buttons = alert_buttons(ACCOUNT, gravity(state.level))
        alert = replace(alert, alert_id=opened_.ids.new("alert"))
        messages = messages_of(
            alert, lambda _: html, 50, people, opened_.ids, opened_.ids.new("event"), buttons=buttons
        )
        await opened_.store.record_announcement([alert], messages)
        for message in messages:
            receipt = await self.sink.deliver(message.destination, message.html, buttons=message.buttons)
            await opened_.store.mark_delivered(message.message_id, now, receipt)

    def message(self, name: str) -> Message:
        """The newest message of a person."""
        return self.house[name].seen()[-1]

    async def tap(self, name: str, label: str, message: Message | None = None) -> str:
        """A tap on the button that begins so; the notice."""
        person, under = self.house[name], message or self.message(name)
        button = next(each for each in under.labels if each.startswith(label))
        return await person.answer_to(person.tap(under, button), 10)


@pytest.fixture
async def alarm(telegram: TelegramSandbox, clock: Any, tmp_path: Path, empty_database: Path) -> AsyncIterator[Alarm]:
    """Danger that was told to the owner, who reads Japanese, to the operator and to the viewer."""
    file = tmp_path / "guard.db"
    settings = Settings(database=Database(url=f"sqlite:///{file}"))
    shutil.copy(empty_database, file)
    async with opened(settings, clock=clock) as everything:
        copies: list[AnsweredCopies] = []

        def hear(answer: AlertAnswer) -> None:
            copies[0].answered(answer)  # made below, from the bot

        house = await houses.build(everything, telegram, file, hear)
        pace = Pace(connect_s=5.0, answer_s=10.0, poll_s=10)
        bot = ChatBot(telegram.token, house.desk, clock, base_url=telegram.base_url, pace=pace)
        await bot.start()
        await bot.wait_for(BotState.RUNNING, timeout_s=10)
        now = clock.now()
        state = AlertState(
            ZONE, ACCOUNT, Rule.ZONE, AlertStatus.FIRING, Zone.DANGER, "risk_ratio 80 % is at or above 75 %", now, now
        )
        await everything.store.save_alert_states([replace(state, told_at=now, told_level=Zone.DANGER, times_told=1)])
        anna = await everything.store.user_named("anna")
        assert anna is not None
        await everything.store.set_speech(anna.user_id, language="ja", timezone="Asia/Tokyo")
        copies.append(AnsweredCopies(everything.store, bot.sender))
        made = Alarm(house, TelegramSink(bot.sender), copies[0])
        await made.send()
        yield made
        await copies[0].stop()
        await bot.stop()
        assert bot._dispatch.defects == 0


async def said(person: Person, text: str) -> str:
    """The answer to a command."""
    return (await person.ask(text, timeout_s=10)).text


async def test_a_tap_answers_nothing_that_nobody_was_told(alarm: Alarm) -> None:
    """Blindness that waits to be told with other accounts is milder than danger, and nobody has seen it yet."""
    store = alarm.house.opened.store
    blind = replace(
        await alarm.state(),
        fingerprint=fingerprint(ACCOUNT, Rule.BLIND),
        rule=Rule.BLIND,
        level=Zone.UNKNOWN,
        told_at=None,
        told_level=Zone.SAFE,
    )
    await store.save_alert_states([blind])
    await alarm.tap("otto", "✅")
    assert (await alarm.state()).status is AlertStatus.ACKNOWLEDGED
    assert await store.alert_state(blind.fingerprint) == blind


async def test_an_answer_is_drawn_into_the_message_by_whom_and_when(alarm: Alarm) -> None:
    """The operator snoozes, the owner acknowledges in Japanese and Japanese time; the viewer has nothing to tap."""
    vera, hers = alarm.house["vera"], alarm.message("vera")
    assert hers.labels == ("🔎 Details",)
    forged = vera.tap(hers, "✅ Acknowledge", data=alarm.message("otto").buttons[0][0].data)
    assert "this needs the role operator, yours is viewer" in await vera.answer_to(forged, 10)
    assert (await alarm.state()).status is AlertStatus.FIRING
    assert alarm.message("otto").labels == ("✅ Acknowledge", "🔕 15 min", "🔕 1 h", "🔎 Details", "🧭 Plan")
    assert await alarm.tap("otto", "🔕 15 min") == "Done"
    assert (await alarm.state()).status is AlertStatus.SNOOZED
    shown = alarm.message("otto")
    assert shown.text.startswith("danger & so on\n🔕 Snoozed by otto, 12:00:05 UTC, until 2026-11-21 12:15:05 UTC")
    assert shown.labels == ("🔎 Details", "🧭 Plan")
    await alarm.copies.settled()
    await alarm.send()
    await alarm.tap("anna", "✅ 確認")
    assert alarm.message("anna").text.endswith("✅ anna が確認、21:00:05 JST")
    state = await alarm.state()
    anna = await alarm.house.opened.store.user_named("anna")
    assert (state.status, state.seen_by) == (AlertStatus.ACKNOWLEDGED, anna.user_id if anna else None)
    entries = await alarm.house.opened.store.audit(alarm.house.opened.clock.now() - timedelta(days=1), 10)
    assert [(entry.what, entry.account_id) for entry in entries] == [("snooze", ACCOUNT), ("acknowledge", ACCOUNT)]


async def test_the_others_see_who_has_answered(alarm: Alarm) -> None:
    """In their own language and zone, and cannot answer it again; whoever has no role has nothing of it."""
    await alarm.tap("otto", "✅")
    await alarm.copies.settled()
    assert alarm.message("anna").text == "danger & so on\n✅ otto が確認、21:00:05 JST"
    assert alarm.message("vera").text == "danger & so on\n✅ Acknowledged by otto, 12:00:05 UTC"
    for name, left in (("anna", "🔎🧭"), ("vera", "🔎"), ("otto", "🔎🧭")):
        assert "".join(label[0] for label in alarm.message(name).labels) == left
    assert not alarm.house["bert"].seen()


async def test_an_answer_that_was_typed_is_drawn_into_ones_own_message_too(alarm: Alarm) -> None:
    """Its buttons asked for what was answered already."""
    message = alarm.message("otto")
    assert "alert acknowledged" in await said(alarm.house["otto"], "/ack")
    await alarm.copies.settled()
    (shown,) = [each for each in alarm.house["otto"].seen() if each.message_id == message.message_id]
    assert shown.text == "danger & so on\n✅ Acknowledged by otto, 12:00:05 UTC"


async def test_an_old_message_answers_nothing_that_came_after_it(alarm: Alarm) -> None:
    """Worse than was shown is left alone and said; over is said; details come as a message of their own."""
    old = alarm.message("otto")
    await alarm.set(level=Zone.LIQUIDATION)
    notice = await alarm.tap("otto", "✅", old)
    assert notice == f"{ALICES} is worse than this message says: LIQUIDATION. Answer the newest message."
    assert (await alarm.state()).status is AlertStatus.FIRING
    await alarm.send()
    assert await alarm.tap("otto", "✅") == "Done"
    await alarm.set(status=AlertStatus.RESOLVED)
    assert await alarm.tap("otto", "🔕 1 h", old) == "This alert is over already."
    assert await alarm.tap("vera", "🔎") == ""
    details = await alarm.house["vera"].wait_for(lambda message: "Margin level" in message.text)
    assert details.text.startswith(f"🟡 {ALICES}: WATCH")


async def test_alerts_are_listed_and_answered_by_command(alarm: Alarm) -> None:
    """What holds, who has seen it; an answer to the only one, to all, and to none; danger is not silent all night."""
    otto = alarm.house["otto"]
    listed = await said(otto, "/alerts")
    assert "🔴 Zone: danger, for 0 s\nrisk_ratio 80 % is at or above 75 %\n🔔 nobody has acknowledged it" in listed
    assert "alert acknowledged" in await said(otto, "/ack")
    assert "✅ acknowledged by otto" in await said(otto, "/alerts alpha 7d")
    silent = await said(otto, "/snooze until 07:00 alpha")
    assert "silent until 2026-11-21 16:00:" in silent
    assert "Danger is never silent for longer than that." in silent
    assert "🔕 snoozed by otto until 16:00:" in await said(otto, "/alerts")
    assert "For how long?" in await said(otto, "/snooze alpha")
    for typed in ("/ack alpha", "/ack", "/ack all", "/snooze 1h"):  # never "no alert holds" while one does
        assert "needs the role operator" in await said(alarm.house["vera"], typed)
    await alarm.set(status=AlertStatus.RESOLVED)
    assert await said(otto, "/ack all") == "No alert holds."
    assert "no alert holds" in await said(otto, "/alerts")


async def test_the_board_shows_the_figure_of_now_and_what_does_not_hold_any_more(alarm: Alarm) -> None:
    """Not that of the moment when it was told: the last reading's; what is over is so only when that lasts."""
    otto, store, now = alarm.house["otto"], alarm.house.opened.store, alarm.house.opened.clock.now()
    await alarm.set(level=Zone.WATCH, told_level=Zone.WATCH)  # as the last reading has it
    seen = await store.latest_snapshot(ACCOUNT)
    assert seen is not None
    assert f"🟡 Zone: watch, for 0 s\n{seen.reason}\n" in await said(otto, "/alerts")
    await alarm.set(level=Zone.DANGER, told_level=Zone.DANGER, clear_since=now)
    assert "at or above 75 %\nit has not held since 12:00:05 UTC, and is over when that lasts" in await said(
        otto, "/alerts"
    )
    await alarm.set(level=Zone.WARNING, clear_since=now)  # milder than told: it holds
    assert "it has not held" not in await said(otto, "/alerts")


async def test_the_board_is_drawn_anew_under_its_buttons(alarm: Alarm) -> None:
    """After a tap it says who has answered what, as of now; a viewer has no buttons."""
    await said(alarm.house["otto"], "/alerts alpha 7d")
    board = alarm.message("otto")
    assert board.labels == ("✅ Acknowledge", "🔕 1 h")
    assert await alarm.tap("otto", "✅", board) == "Done"
    shown = alarm.message("otto")
    assert "nobody has acknowledged it" not in shown.text
    assert "✅ acknowledged by otto" in shown.text
    assert "in the last 7 d" in shown.text
    assert await alarm.tap("otto", "🔕 1 h", shown) == "Done"
    assert "🔕 snoozed by otto until 13:00:" in alarm.message("otto").text
    await alarm.set(level=Zone.LIQUIDATION)
    assert "is worse than this message says" in await alarm.tap("otto", "✅", alarm.message("otto"))
    assert "🆘 Zone: liquidation" in alarm.message("otto").text
    alarm.house.telegram.fail_next(1, method="editMessageText", status=400)
    await said(alarm.house["otto"], "/alerts")
    assert await alarm.tap("otto", "✅") == "Done", "what was done is told, drawn or not"
    await alarm.set(status=AlertStatus.RESOLVED)
    assert await alarm.tap("otto", "✅", alarm.message("otto")) == "This alert is over already."
    assert alarm.message("otto").labels == ()
    assert "no alert holds" in alarm.message("otto").text
    assert alarm.message("vera").labels != ()
    await said(alarm.house["vera"], "/alerts")
    assert alarm.message("vera").labels == ()


async def test_thresholds_are_set_by_the_owner(alarm: Alarm) -> None:
    """With units and off and default; an unknown rule is answered with the nearest; everybody with a role may look."""
    anna, vera, store = alarm.house["anna"], alarm.house["vera"], alarm.house.opened.store
    assert "ドローダウン を 15 % にしました" in await said(anna, "/set drawdown 15%")
    assert [(each.rule, each.value) for each in await store.rule_settings(ACCOUNT)] == [("drawdown", 0.15)]
    assert "drawdown 15 % (set by a person)" in await said(vera, "/set drawdown")
    assert "stress 5 %" in await said(vera, "/set")
    assert "Did you mean drawdown?" in await said(vera, "/set drawdwn")
    assert "needs the role owner" in await said(alarm.house["otto"], "/set drawdown 99%")
    assert "オフ" in await said(anna, "/set stress off alpha")
    assert "40 %" in await said(anna, "/set drawdown default")
    assert "数値" in await said(anna, "/set drawdown much")
    assert [(each.rule, each.value) for each in await store.rule_settings(ACCOUNT)] == [("stress", None)]
    entries = await store.audit(alarm.house.opened.clock.now() - timedelta(days=1), 10)
    assert [entry.detail for entry in entries if entry.what == "set"] == [
        "drawdown 15%",
        "stress off",
        "drawdown default",
    ]


async def test_named_shocks_are_set_by_the_owner(alarm: Alarm) -> None:
    """As a value of several words; what the account does not hold is refused; off and default are theirs, too."""
    anna, vera, store = alarm.house["anna"], alarm.house["vera"], alarm.house.opened.store

    async def stored() -> list[tuple[str, float | None]]:
        return [(each.rule, each.value) for each in await store.rule_settings(ACCOUNT)]

    assert "BTC -10 %" in await said(anna, "/set stress BTC -10%")
    assert await stored() == [("shocks BTC -10 %", 1.0)]
    assert "BTC -8 % ALL -12 %, BTC +20 %" in await said(anna, '/set shocks "BTC -8% ALL -12%, BTC +20%" alpha')
    assert await stored() == [("shocks BTC -8 % ALL -12 %, BTC +20 %", 1.0)]
    assert "shocks BTC -8 % ALL -12 %, BTC +20 % (set by a person)" in await said(vera, "/set shocks")
    assert "XRP" in await said(anna, "/set stress XRP -10%")
    assert "needs the role owner" in await said(alarm.house["otto"], "/set stress BTC -50%")
    assert "オフ" in await said(anna, "/set shocks off")
    assert await stored() == [("shocks", None)]
    await said(anna, "/set shocks default")
    assert await stored() == []
    assert "stress 5 %" in await said(vera, "/set stress")


async def test_quiet_hours_and_maintenance(alarm: Alarm) -> None:
    """One's own hours; windows of one account or of all, with a reason, shown and ended."""
    otto, anna, store = alarm.house["otto"], alarm.house["anna"], alarm.house.opened.store
    assert "You have no quiet hours" in await said(otto, "/quiet")
    assert "Quiet hours: 22:00-07:00 (UTC)" in await said(otto, "/quiet 22:00-7:00")
    person = await store.user_named("otto")
    assert person is not None
    assert (person.quiet_from, person.quiet_to) == (time(22), time(7))
    assert "No quiet hours any more" in await said(otto, "/quiet off")
    assert "I do not understand" in await said(otto, "/quiet at night")
    assert "Did you mean alpha?" in await said(otto, "/maintenance 2h alpa moving funds")
    assert "Say why" in await said(otto, "/maintenance 2h alpha")
    assert "Maintenance of alpha until 2026-11-21 14:00:" in await said(otto, "/maintenance 2h alpha moving funds")
    assert "needs the role owner" not in await said(anna, "/maintenance 1h 取引所の更新")
    assert "UTC: moving funds" in await said(otto, "/alerts")
    assert len(await store.maintenance(alarm.house.opened.clock.now())) == 2
    assert await said(otto, "/maintenance off alpha") == "1 window ended."
    assert "of all accounts. Name yours" in await said(otto, "/maintenance 1h upgrade")
    await said(otto, "/maintenance 2h alpha moving funds")
    assert "needs the role operator" in await said(alarm.house["vera"], "/maintenance off")
    assert await said(otto, "/maintenance off") == "1 window ended."
    assert "1" in await said(anna, "/maintenance off")
