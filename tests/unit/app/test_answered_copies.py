"""What becomes of everybody else's message once somebody has answered an alert, on virtual time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from guard.app.answered_copies import PER_CHAT_MAX, AlertAnswer, AnsweredCopies
from guard.ports.errors import StoreError
from guard.ports.pace import GRAVE, Pacer
from guard.ports.recipients import Recipient
from guard.ports.records import AlertCopy, OutboxMessage
from guard.ports.sending import Buttons, SendError, SendRejected
from guard.sim.virtual_time import START, VirtualClock, run_virtual

MIA = Recipient("telegram:1", user_id="mia")
KEN = Recipient("telegram:2", "ja", "Asia/Tokyo", user_id="ken")
GROUP = Recipient("telegram:-5/7", user_id="mia", group=True)
ANSWERS = (("✅ Acknowledge", "ack:key:3"), ("🔕 15 min", "snooze:key:3:15"))
ABOUT = (("🔎 Details", "details:key"), ("🧭 Plan", "plan:key"))
SEEN = AlertAnswer("account-1", ("account-1/zone",), START, "mia", "Mia <3", START + timedelta(hours=1))


def copy(destination: str, receipt: str = "10", **fields: Any) -> AlertCopy:
    """A message about danger that was delivered; a group's has no buttons."""
    message = OutboxMessage(
        message_id=f"to {destination} {receipt}",
        dedupe_key=f"{destination} {receipt}",
        destination=destination,
        html="🔴 <b>alice</b>",
        created_at=START,
        buttons=() if ":-" in destination else (ANSWERS, ABOUT),
    )
    return AlertCopy(replace(message, **fields), receipt)


class Memory:
    """The store's part."""

    def __init__(self, copies: Sequence[AlertCopy], *readers: Recipient) -> None:
        self.copies, self.readers = list(copies), list(readers)
        self.error: StoreError | None = None

    async def recipients(self, account_id: str) -> list[Recipient]:
        """Those who may see it now."""
        assert account_id == "account-1"
        return self.readers

    async def alert_copies(
        self, account_id: str, fingerprints: Sequence[str], since: datetime, until: datetime
    ) -> list[AlertCopy]:
        """What was delivered of these alerts."""
        if self.error is not None:
            raise self.error
        assert (account_id, tuple(fingerprints), since) == ("account-1", ("account-1/zone",), START)
        assert until == SEEN.at, "what comes after the answer is not answered"
        return self.copies


class Chat:
    """The chat service: notes what is edited."""

    def __init__(self) -> None:
        self.edits: dict[tuple[int, str], tuple[str, Buttons]] = {}
        self.errors: dict[int, SendError] = {}

    async def edit_live(self, chat_id: int, message_id: str, html: str, buttons: Buttons = ()) -> None:
        """In place."""
        if chat_id in self.errors:
            raise self.errors[chat_id]
        assert (chat_id, message_id) not in self.edits
        self.edits[chat_id, message_id] = html, buttons


def play(memory: Memory, chat: Chat, answer: AlertAnswer = SEEN) -> Chat:
    """One answer, and all that follows."""

    async def main() -> None:
        copies = AnsweredCopies(memory, chat)
        copies.answered(answer)
        await copies.settled()

    run_virtual(main())
    return chat


def test_everybody_else_sees_who_has_answered_and_cannot_answer_again() -> None:
    """Each in their language and zone; what can be looked at stays; whoever answered has the answer on the screen."""
    memory = Memory([copy("telegram:1"), copy("telegram:2"), copy("telegram:-5/7")], MIA, KEN, GROUP)
    edits = play(memory, Chat()).edits
    assert edits.keys() == {(2, "10"), (-5, "10")}
    assert edits[2, "10"] == ("🔴 <b>alice</b>\n✅ Mia &lt;3 が確認、10:00:00 JST", (ABOUT,))
    assert edits[-5, "10"] == ("🔴 <b>alice</b>\n✅ Acknowledged by Mia &lt;3, 01:00:00 UTC", ())


def test_who_typed_the_answer_has_it_drawn_into_the_own_messages_too() -> None:
    """No tap has done so: the buttons of a phone at home ask no more either."""
    memory = Memory([copy("telegram:1"), copy("telegram:2")], MIA, KEN)
    assert play(memory, Chat(), replace(SEEN, typed=True)).edits.keys() == {(1, "10"), (2, "10")}


def test_a_snooze_says_until_when() -> None:
    """Also to a group."""
    snooze = replace(SEEN, until=START + timedelta(hours=2))
    html, _ = play(Memory([copy("telegram:1"), copy("telegram:-5/7")], GROUP), Chat(), snooze).edits[-5, "10"]
    assert html.endswith("🔕 Snoozed by Mia &lt;3, 01:00:00 UTC, until 2026-01-05 02:00:00 UTC")


def test_who_may_not_see_the_account_any_more_is_not_written_to() -> None:
    """A role that was withdrawn, another channel, and a chat that never was one."""
    memory = Memory([copy("telegram:2"), copy("apprise:ops"), copy("console"), copy("telegram:9")], MIA)
    assert play(memory, Chat()).edits == {}


def test_good_news_is_not_acknowledged() -> None:
    """A message without anything to answer, in a chat or a group, stays as it is."""
    eased = [copy("telegram:2", buttons=(ABOUT,), alert_id="better"), copy("telegram:-5/7", alert_id="better")]
    assert play(Memory(eased, KEN, GROUP), Chat()).edits == {}


def test_the_newest_of_many_repeats() -> None:
    """An old reminder far up in the chat is not worth the turns at the service."""
    copies = [copy("telegram:2", str(number)) for number in range(100, 0, -1)]
    assert set(play(Memory(copies, KEN), Chat()).edits) == {(2, str(number)) for number in range(96, 101)}
    assert PER_CHAT_MAX == 5


def test_what_the_message_stood_for_stays_in_it() -> None:
    """It told of older messages that were never sent: the edit does not take that back."""
    older = copy("telegram:2", created_at=START - timedelta(minutes=5)).message
    stands = replace(copy("telegram:2"), replaced=(older,))
    html, _ = play(Memory([stands], replace(KEN, language="en", timezone="UTC")), Chat()).edits[2, "10"]
    assert html.splitlines()[2:] == [
        "⏭ 1 older message about this was not sent, of 2026-01-04 23:55:00 UTC.",
        "✅ Acknowledged by Mia &lt;3, 01:00:00 UTC",
    ]


def test_of_a_message_in_parts_the_last_one_is_redrawn() -> None:
    """It is the one with the buttons, whose number is known."""
    long = "\n".join(f"<b>line {number}</b>" for number in range(900))
    html, _ = play(Memory([copy("telegram:2", html=long)], KEN), Chat()).edits[2, "10"]
    assert "line 899" in html
    assert "line 0<" not in html


@pytest.mark.parametrize("error", [SendRejected("message to edit not found"), SendError("no network")])
def test_an_edit_that_fails_is_dropped(error: SendError) -> None:
    """The others are redrawn all the same, and nothing is tried again."""
    chat = Chat()
    chat.errors[2] = error
    assert set(play(Memory([copy("telegram:2"), copy("telegram:-5/7")], KEN, GROUP), chat).edits) == {(-5, "10")}


def test_the_last_answer_stands() -> None:
    """Two people answer at once: what is still to be drawn for the first is not drawn over the second."""
    chat = Chat()

    async def main() -> None:
        copies = AnsweredCopies(Memory([copy("telegram:1"), copy("telegram:-5/7")], GROUP), chat)
        copies.answered(SEEN)
        copies.answered(replace(SEEN, user_id="ken", name="Ken"))
        await copies.settled()

    run_virtual(main())
    assert "Acknowledged by Ken" in chat.edits[-5, "10"][0]


def test_a_store_that_fails_leaves_the_messages_as_they_are() -> None:
    """The answer itself is stored; only the looks are not brought up to date."""
    memory = Memory([copy("telegram:2")], KEN)
    memory.error = StoreError("disk full")
    assert play(memory, Chat()).edits == {}


def test_a_chat_that_never_comes_free_holds_nobody_up() -> None:
    """Alarms go first, and an edit that is late is none any more."""

    class Busy(Chat):
        def __init__(self, pacer: Pacer) -> None:
            super().__init__()
            self.pacer = pacer

        async def edit_live(self, chat_id: int, message_id: str, html: str, buttons: Buttons = ()) -> None:
            async with self.pacer.turn(chat_id, -10):
                await super().edit_live(chat_id, message_id, html, buttons)

    async def main() -> tuple[Chat, float]:
        clock = VirtualClock.running()
        pacer = Pacer(clock)
        chat = Busy(pacer)
        async with pacer.turn(2, GRAVE):
            pacer.refused(2, 3600)
        copies = AnsweredCopies(Memory([copy("telegram:2"), copy("telegram:-5/7")], KEN, GROUP), chat)
        before = clock.monotonic()
        copies.answered(SEEN)
        await copies.settled()
        return chat, clock.monotonic() - before

    chat, took_s = run_virtual(main())
    assert set(chat.edits) == {(-5, "10")}
    assert took_s <= 120.5
