"""Second channels ring for what must not be missed, and stand in where there is no chat."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from guard.alerts.announce import messages_of
from guard.alerts.rules import GRAVE_PRIORITY
from guard.alerts.second import reached
from guard.ports.recipients import Recipient
from guard.ports.records import AlertReason, AlertRecord
from guard.risk.zones import Zone
from guard.sim.seeded import SeededIds

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
CHAT, PHONE, CONSOLE = (Recipient(place) for place in ("telegram:1", "apprise:0a1b2c3d", "console"))


@pytest.mark.parametrize(
    ("recipients", "grave", "expected"),
    [
        ([CHAT, PHONE, CONSOLE], True, [CHAT, PHONE, CONSOLE]),
        ([CHAT, PHONE, CONSOLE], False, [CHAT, CONSOLE]),
        ([PHONE, CONSOLE], False, [PHONE, CONSOLE]),
        ([PHONE], False, [PHONE]),
        ([CHAT], True, [CHAT]),
        ([], False, []),
    ],
)
def test_who_gets_a_message(recipients: list[Recipient], grave: bool, expected: list[Recipient]) -> None:
    """Chats and the console get everything; second channels what is grave, or everything when no chat lives."""
    assert reached(recipients, grave=grave) == expected


@pytest.mark.parametrize(
    ("priority", "grave", "rings"),
    [(GRAVE_PRIORITY, False, True), (GRAVE_PRIORITY - 1, False, False), (10, True, True), (10, False, False)],
)
def test_danger_and_what_leads_out_of_it_ring(priority: int, grave: bool, rings: bool) -> None:
    """Who was woken by the alarm reads its end too."""
    alert = AlertRecord("a", "account-1", "zone", "account-1/zone", Zone.DANGER, AlertReason.FIRST, NOW, "x")
    messages = messages_of(alert, lambda _: "x", priority, (CHAT, PHONE), SeededIds(1), grave=grave)
    told = {message.destination for message in messages}
    assert told == ({CHAT.destination, PHONE.destination} if rings else {CHAT.destination})
