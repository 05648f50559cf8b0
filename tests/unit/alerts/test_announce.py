"""One event, one message for each recipient, and the records that belong to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from guard.alerts.announce import CONSOLE, announce_reading, messages_of
from guard.alerts.buttons import alert_buttons
from guard.alerts.rules import Rule
from guard.language.speech import Speech
from guard.ports.buttons import account_key
from guard.ports.recipients import Recipient
from guard.ports.records import AlertReason, AlertRecord, Reading
from guard.risk.quality import DataQuality, Quality
from guard.risk.report import AccountRisk, PoolRisk, PositionRisk
from guard.risk.zones import Zone, ZoneState
from guard.sim.seeded import SeededIds

NOW = datetime(2026, 11, 21, 12, 0, 5, tzinfo=UTC)
CHATS = (Recipient("telegram:1"), Recipient("telegram:2"))
MakeReading = Callable[..., Reading]
DISPUTED = DataQuality(Quality.DISPUTED, ("maintenance margin differs by 3 %",), 1.0)


def test_nothing_changed_nothing_told(reading: MakeReading) -> None:
    """A quiet cycle leaves no record and no message, in alarm or not."""
    for zone in Zone:
        told = announce_reading(
            reading(zone),
            ZoneState(zone=zone, last_known=Zone.WATCH),
            earlier=None,
            last_dispute=None,
            recipients=CHATS,
            ids=SeededIds(1),
        )
        assert told.alerts == ()
        assert told.messages == ()


def test_a_worsening_goes_to_every_recipient_once(reading: MakeReading) -> None:
    """One record, one message for each destination, all with the same text and the record's id."""
    told = announce_reading(
        reading(Zone.DANGER),
        ZoneState(zone=Zone.WARNING, last_known=Zone.WARNING),
        earlier=None,
        last_dispute=None,
        recipients=(*CHATS, Recipient("telegram:1", language="ja")),
        ids=SeededIds(1),
    )
    [alert] = told.alerts
    assert (alert.rule, alert.reason, alert.zone, alert.fingerprint) == (
        Rule.ZONE,
        AlertReason.WORSE,
        Zone.DANGER,
        "account-1/zone",
    )
    assert [message.destination for message in told.messages] == [chat.destination for chat in CHATS]
    assert {message.alert_id for message in told.messages} == {alert.alert_id}
    assert len({message.message_id for message in told.messages}) == 2
    assert alert.text.startswith("🔴 DANGER")
    assert all(message.html.startswith("🔴 <b>DANGER</b>") for message in told.messages)
    assert all(message.created_at == NOW for message in told.messages)


def test_without_recipients_the_console_is_told(reading: MakeReading) -> None:
    """An account of nobody still warns somebody."""
    told = announce_reading(
        reading(Zone.WATCH), ZoneState(), earlier=None, last_dispute=None, recipients=(), ids=SeededIds(1)
    )
    assert [message.destination for message in told.messages] == [CONSOLE]


def test_the_same_event_has_the_same_dedupe_keys(reading: MakeReading) -> None:
    """Announcing an event again, with fresh identifiers, makes messages that the store knows already."""

    def keys(seed: int, at: datetime) -> list[str]:
        told = announce_reading(
            reading(Zone.WATCH, at=at),
            ZoneState(),
            earlier=None,
            last_dispute=None,
            recipients=CHATS,
            ids=SeededIds(seed),
        )
        return [message.dedupe_key for message in told.messages]

    assert keys(1, NOW) == keys(2, NOW)
    assert not set(keys(1, NOW)) & set(keys(1, NOW + timedelta(seconds=1)))


def test_data_that_is_back_moves_two_alerts_with_one_message(reading: MakeReading) -> None:
    """Blindness is closed, the level is worse: two records, one message, about the worse level."""
    told = announce_reading(
        reading(Zone.DANGER),
        ZoneState(zone=Zone.UNKNOWN, last_known=Zone.WARNING),
        earlier=None,
        last_dispute=None,
        recipients=CHATS[:1],
        ids=SeededIds(1),
    )
    assert [(alert.rule, alert.reason) for alert in told.alerts] == [
        (Rule.ZONE, AlertReason.WORSE),
        (Rule.BLIND, AlertReason.RESOLVED),
    ]
    [message] = told.messages
    assert message.alert_id == told.alerts[0].alert_id


def test_a_dispute_is_told_by_itself_and_not_beside_a_zone_change(reading: MakeReading) -> None:
    """The zone's message names the doubt already; the dispute is then recorded only."""
    calm = ZoneState(zone=Zone.WATCH, last_known=Zone.WATCH)
    alone = announce_reading(
        reading(Zone.WATCH, quality=DISPUTED),
        calm,
        earlier=None,
        last_dispute=None,
        recipients=CHATS[:1],
        ids=SeededIds(1),
    )
    assert [alert.rule for alert in alone.alerts] == [Rule.DISPUTED]
    assert len(alone.messages) == 1
    together = announce_reading(
        reading(Zone.DANGER, quality=DISPUTED),
        calm,
        earlier=None,
        last_dispute=None,
        recipients=CHATS[:1],
        ids=SeededIds(1),
    )
    assert [alert.rule for alert in together.alerts] == [Rule.ZONE, Rule.DISPUTED]
    assert len(together.messages) == 1
    again = announce_reading(
        reading(Zone.WATCH, quality=DISPUTED),
        calm,
        earlier=None,
        last_dispute=alone.alerts[0],
        recipients=CHATS[:1],
        ids=SeededIds(1),
    )
    assert again.alerts == ()


def test_a_figure_of_the_past_reaches_the_text(reading: MakeReading, risk: Callable[..., AccountRisk]) -> None:
    """What memory holds is compared with in the message."""
    earlier = reading(Zone.SAFE, risk(), at=NOW - timedelta(minutes=5))
    told = announce_reading(
        reading(Zone.UNKNOWN, None),
        ZoneState(),
        earlier=earlier,
        last_dispute=None,
        recipients=CHATS,
        ids=SeededIds(1),
    )
    assert "Last known, 5 min ago" in told.messages[0].html


def test_announcements_add_up(reading: MakeReading) -> None:
    """Parts of one cycle become one record."""
    told = announce_reading(
        reading(Zone.WATCH), ZoneState(), earlier=None, last_dispute=None, recipients=CHATS, ids=SeededIds(1)
    )
    both = told + told
    assert both.alerts == told.alerts * 2
    assert both.messages == told.messages * 2


def test_positions_that_vanish_in_safe_are_told_as_urgently_as_an_alarm(
    reading: MakeReading,
    risk: Callable[..., AccountRisk],
    pool: Callable[..., PoolRisk],
    leg: Callable[..., PositionRisk],
) -> None:
    """A gap in price liquidates from safe to safe: no zone changes, and still the user must learn it."""
    full = reading(Zone.SAFE, risk=risk(pool(leg())))
    empty = reading(Zone.SAFE, risk=risk(pool()))
    for earlier, messages in ((full, 2), (empty, 0), (None, 0)):
        told = announce_reading(
            empty, ZoneState(), earlier=earlier, last_dispute=None, recipients=CHATS, ids=SeededIds(1)
        )
        assert len(told.messages) == messages
        assert [alert.rule for alert in told.alerts] == [Rule.EMPTIED] * (messages > 0)
        assert all("NO POSITIONS" in message.html and message.priority == 50 for message in told.messages)


def test_each_reads_in_their_own_language_and_only_private_chats_have_buttons() -> None:
    """One text for each way of reading, however many share it; a group and a console cannot be tapped."""
    made: list[Speech] = []

    def render(speech: Speech) -> str:
        made.append(speech)
        return f"<b>{speech.language}</b>"

    alert = AlertRecord("a", "account-1", Rule.ZONE, "account-1/zone", Zone.DANGER, AlertReason.FIRST, NOW, "x")
    people = [
        Recipient("telegram:1", "ja", "Asia/Tokyo", user_id="u1"),
        Recipient("telegram:2", "ja", "Asia/Tokyo", user_id="u2"),
        Recipient("telegram:-3/7", user_id="u1", group=True),
        Recipient(CONSOLE),
    ]
    messages = messages_of(alert, render, 50, people, SeededIds(1), buttons=alert_buttons("account-1", 3))
    assert [message.html for message in messages] == ["<b>ja</b>", "<b>ja</b>", "<b>en</b>", "<b>en</b>"]
    assert [speech.language for speech in made] == ["ja", "en"]
    assert [bool(message.buttons) for message in messages] == [True, True, False, False]
    labels = [label for row in messages[0].buttons for label, _ in row]
    data = [data for row in messages[0].buttons for _, data in row]
    assert labels[1:3] == ["🔕 15分", "🔕 1時間"]
    key = account_key("account-1")
    assert data == [f"ack:{key}:3", f"snooze:{key}:3:15", f"snooze:{key}:3:60", f"details:{key}", f"plan:{key}"]
    assert max(len(each.encode()) for each in data) <= 64
