"""The words that say that somebody looks: once a day, and after an absence."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from guard.alerts.markup import plain_text
from guard.alerts.watching import (
    AWAY_PRIORITY,
    AccountDay,
    away_messages,
    daily_messages,
    render_away,
    render_daily,
    unseen_s,
    worst_of,
)
from guard.language.speech import ENGLISH
from guard.ports.history import Level
from guard.ports.recipients import Recipient
from guard.ports.records import QUIET_PRIORITY
from guard.risk.zones import Zone
from guard.sim.seeded import SeededIds

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
SAFE = AccountDay("alice", Zone.SAFE, 0.12, 0.21, 0.45, 0.09, 0.0)
NEVER = AccountDay("bob <b>", None, None, None, None, None, 0.0)


def level(minutes_ago: float, quality: str = "fresh", ratio: float | None = 0.1, distance: float | None = 0.3) -> Level:
    """A reading so long ago."""
    at = NOW - timedelta(minutes=minutes_ago)
    return Level(at.timestamp(), "safe", quality, "USDT", 1000.0, ratio, distance)


def test_the_daily_line_has_each_account_and_what_was_lost() -> None:
    """Zone, figures now and at their worst, time without data, messages that did not arrive."""
    blind = AccountDay("carol", Zone.UNKNOWN, None, None, 0.5, None, 5400.0)
    text = plain_text(render_daily(ENGLISH, [SAFE, blind], 2, NOW))
    assert text.splitlines() == [
        "⚫ Still watching · 2 accounts",
        "alice: safe · risk ratio 12.0 % (24 h: up to 45.0 %) · distance 21.0 % (24 h: down to 9.0 %)",
        "carol: unknown · risk ratio unknown (24 h: up to 50.0 %) · without data 1.5 h of 24 h",
        "⚠️ Messages not delivered in 24 h: 2",
        "2026-11-21 08:00:00 UTC",
    ]


@pytest.mark.parametrize(
    ("days", "first"),
    [
        ([SAFE], "🟢 Still watching · 1 account"),
        ([NEVER], "⚫ Still watching · 1 account"),
        ([SAFE, AccountDay("x", Zone.DANGER, 0.8, 0.03, 0.8, 0.03, 0.0)], "🔴 Still watching · 2 accounts"),
    ],
)
def test_the_mark_is_the_worst_zones(days: list[AccountDay], first: str) -> None:
    """An account that was never read is not safe."""
    assert plain_text(render_daily(ENGLISH, days, 0, NOW)).splitlines()[0] == first


def test_an_account_that_was_never_read_says_so() -> None:
    """No figures are made up, and names are escaped."""
    assert "bob <b>: not read yet" in plain_text(render_daily(ENGLISH, [NEVER], 0, NOW))
    assert "bob <b>: not read yet" in plain_text(render_away(ENGLISH, [NEVER], NOW, NOW))


def test_the_absence_has_its_times_and_what_was_before() -> None:
    """From, to, how long; and the accounts as they were last known."""
    text = plain_text(render_away(ENGLISH, [SAFE], NOW - timedelta(minutes=37), NOW))
    assert text.splitlines()[0] == (
        "💤 The guard was away from 2026-11-21 07:23:00 UTC to 2026-11-21 08:00:00 UTC (37 min)"
    )
    assert text.splitlines()[-1] == "Before: alice: safe, risk ratio 12.0 %, distance 21.0 %"


@pytest.mark.parametrize(
    ("levels", "expected_min"),
    [
        ([], 60),
        ([level(minutes) for minutes in range(60, -1, -1)], 0),
        ([level(minutes) for minutes in (59, 58, 30, 29, *range(28, 0, -1))], 28),
        ([level(minutes, "missing") for minutes in range(60, -1, -1)], 60),
        ([level(minutes, "disputed") for minutes in range(60, -1, -1)], 0),
        ([level(minutes) for minutes in range(60, 9, -1)], 10),
        ([level(minutes) for minutes in range(50, -1, -1)], 10),
    ],
)
def test_time_without_data(levels: list[Level], expected_min: float) -> None:
    """Pauses longer than the cadence allows count whole, at the beginning and the end too; disputed data is data."""
    found = unseen_s(levels, NOW - timedelta(minutes=60), NOW, 110)
    assert found == pytest.approx(expected_min * 60)


def test_the_worst_of_a_day_leaves_out_what_was_not_known() -> None:
    """The highest ratio, the smallest distance, each by itself."""
    assert worst_of([level(3, ratio=0.2), level(2, ratio=None, distance=None), level(1, distance=0.05)]) == (0.2, 0.05)
    assert worst_of([]) == (None, None)


def test_messages_are_named_by_what_they_tell() -> None:
    """Written twice they are the same; the daily one is quiet; second channels stand in for a missing chat only."""
    ids, recipients = SeededIds(1), [Recipient(place) for place in ("telegram:1", "apprise:0a1b2c3d", "console")]
    daily = daily_messages("user-1", date(2026, 11, 21), lambda _: "x", recipients, NOW, ids)
    again = daily_messages("user-1", date(2026, 11, 21), lambda _: "y", recipients, NOW + timedelta(hours=1), ids)
    assert [message.dedupe_key for message in daily] == [message.dedupe_key for message in again]
    assert [message.dedupe_key for message in daily] == [
        "daily|user-1|2026-11-21|telegram:1",
        "daily|user-1|2026-11-21|console",
    ]
    assert {message.priority for message in daily} == {QUIET_PRIORITY}
    away = away_messages("user-1", NOW, lambda _: "x", [Recipient("apprise:0a1b2c3d")], NOW, ids)
    assert [(message.destination, message.priority) for message in away] == [("apprise:0a1b2c3d", AWAY_PRIORITY)]
    assert [message.destination for message in away_messages("nobody", NOW, lambda _: "x", (), NOW, ids)] == ["console"]
