"""Second channels ring for what must not be missed, and stand in where there is no chat."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from guard.alerts.announce import announce_reading
from guard.alerts.second import reached
from guard.ports.recipients import Recipient
from guard.ports.records import Reading
from guard.risk.zones import Zone, ZoneState
from guard.sim.seeded import SeededIds

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


def told(before: Zone, after: Zone, reading: Callable[..., Reading], recipients: Sequence[Recipient]) -> set[Recipient]:
    """Who is told of a change of zone."""
    announcement = announce_reading(
        reading(after),
        ZoneState(zone=before, last_known=before),
        earlier=None,
        last_dispute=None,
        recipients=recipients,
        ids=SeededIds(1),
    )
    return {Recipient(message.destination) for message in announcement.messages}


@pytest.mark.parametrize(
    ("before", "after", "rings"),
    [
        (Zone.SAFE, Zone.WARNING, False),
        (Zone.WARNING, Zone.DANGER, True),
        (Zone.DANGER, Zone.LIQUIDATION, True),
        (Zone.DANGER, Zone.SAFE, True),
        (Zone.DANGER, Zone.UNKNOWN, True),
        (Zone.SAFE, Zone.UNKNOWN, False),
        (Zone.WARNING, Zone.SAFE, False),
    ],
)
def test_danger_and_what_leads_out_of_it_ring(
    before: Zone, after: Zone, rings: bool, reading: Callable[..., Reading]
) -> None:
    """Who was woken by the alarm reads its end too."""
    assert told(before, after, reading, (CHAT, PHONE)) == ({CHAT, PHONE} if rings else {CHAT})


def test_an_owner_without_a_chat_is_told_of_everything(reading: Callable[..., Reading]) -> None:
    """A dead chat is no recipient any more: the second channel takes its place."""
    assert told(Zone.SAFE, Zone.WATCH, reading, (PHONE, CONSOLE)) == {PHONE, CONSOLE}
