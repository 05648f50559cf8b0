"""One event, one message for each recipient, and the records that belong to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from guard.alerts.announce import CONSOLE, Announcement, messages_of
from guard.alerts.buttons import about_buttons, alert_buttons
from guard.alerts.rules import GRAVE_PRIORITY, Rule
from guard.language.speech import Speech
from guard.ports.buttons import account_key
from guard.ports.recipients import Recipient
from guard.ports.records import AlertReason, AlertRecord
from guard.risk.zones import Zone
from guard.sim.seeded import SeededIds

NOW = datetime(2026, 11, 21, 12, 0, 5, tzinfo=UTC)
CHATS = (Recipient("telegram:1"), Recipient("telegram:2"))
ALERT = AlertRecord("a", "account-1", Rule.ZONE, "account-1/zone", Zone.DANGER, AlertReason.FIRST, NOW, "x")


def rendered(_: Speech) -> str:
    """The same for everybody."""
    return "<b>DANGER</b>"


def test_an_alert_goes_to_every_recipient_once() -> None:
    """One message for each destination, whoever names it twice; each with the record's id."""
    people = (*CHATS, Recipient("telegram:1", language="ja"))
    messages = messages_of(ALERT, rendered, GRAVE_PRIORITY, people, SeededIds(1))
    assert [message.destination for message in messages] == [chat.destination for chat in CHATS]
    assert {(message.alert_id, message.account_id, message.created_at) for message in messages} == {
        ("a", "account-1", NOW)
    }
    assert len({message.message_id for message in messages}) == 2


def test_without_recipients_the_console_is_told() -> None:
    """A message without anybody to send it to is not lost."""
    [message] = messages_of(ALERT, rendered, 10, (), SeededIds(1))
    assert message.destination == CONSOLE


def test_the_same_event_has_the_same_dedupe_keys() -> None:
    """Written twice, by another process with other identifiers, it is one message; another moment is another one."""

    def keys(alert: AlertRecord, seed: int, event: str | None = None) -> list[str]:
        return [message.dedupe_key for message in messages_of(alert, rendered, 10, CHATS, SeededIds(seed), event)]

    later = replace(ALERT, at=NOW.replace(second=6))
    assert keys(ALERT, 1) == keys(ALERT, 2)
    assert keys(ALERT, 1) != keys(later, 1)
    assert keys(ALERT, 1, "once") == keys(later, 1, "once")


def test_announcements_add_up() -> None:
    """Alerts and messages of several causes are one record."""
    first = Announcement((ALERT,), messages_of(ALERT, rendered, 10, CHATS, SeededIds(1)))
    both = first + Announcement((ALERT,))
    assert (len(both.alerts), len(both.messages)) == (2, 2)
    assert first + Announcement() == first


def test_each_reads_in_their_own_language_and_only_private_chats_have_buttons() -> None:
    """One text for each way of reading, however many share it; a group and a console cannot be tapped."""
    made: list[Speech] = []

    def render(speech: Speech) -> str:
        made.append(speech)
        return f"<b>{speech.language}</b>"

    people = [
        Recipient("telegram:1", "ja", "Asia/Tokyo", user_id="u1"),
        Recipient("telegram:2", "ja", "Asia/Tokyo", user_id="u2"),
        Recipient("telegram:-3/7", user_id="u1", group=True),
        Recipient(CONSOLE),
    ]
    messages = messages_of(ALERT, render, 50, people, SeededIds(1), buttons=alert_buttons("account-1", 3))
    assert [message.html for message in messages] == ["<b>ja</b>", "<b>ja</b>", "<b>en</b>", "<b>en</b>"]
    assert [speech.language for speech in made] == ["ja", "en"]
    assert [bool(message.buttons) for message in messages] == [True, True, False, False]
    labels = [label for row in messages[0].buttons for label, _ in row]
    data = [data for row in messages[0].buttons for _, data in row]
    assert labels[1:3] == ["🔕 15分", "🔕 1時間"]
    key = account_key("account-1")
    assert data == [f"ack:{key}:3", f"snooze:{key}:3:15", f"snooze:{key}:3:60", f"details:{key}", f"plan:{key}"]
    assert max(len(each.encode()) for each in data) <= 64
    [plain] = messages_of(ALERT, render, 50, people[:1], SeededIds(1), buttons=about_buttons("account-1"))
    assert [data for row in plain.buttons for _, data in row] == [f"details:{key}", f"plan:{key}"]


def test_a_viewer_has_no_button_that_would_refuse_them() -> None:
    """They may look."""
    viewer = Recipient("telegram:1", user_id="u1", looks_only=True)
    buttons = alert_buttons("account-1", 3)
    [message] = messages_of(ALERT, rendered, 50, [viewer], SeededIds(1), buttons=buttons)
    assert [data for row in message.buttons for _, data in row] == [f"details:{account_key('account-1')}"]


@pytest.mark.parametrize(
    ("rule", "key"),
    [
        (Rule.ZONE, "account-1/sight"),
        (Rule.BLIND, "account-1/sight"),
        (Rule.DRAWDOWN, "f"),
        (Rule.POSITION, None),
        (Rule.PROTECTION, None),
    ],
)
def test_what_is_superseded_by_a_newer_message(rule: Rule, key: str | None) -> None:
    """How an account stands now makes old news of how it stood; an event stays one."""
    alert = replace(ALERT, rule=rule, fingerprint="f")
    assert messages_of(alert, rendered, 10, CHATS, SeededIds(1))[0].collapse_key == key
    assert messages_of(alert, rendered, 10, CHATS, SeededIds(1), collapses=False)[0].collapse_key is None
