"""`guard alerts`: where what holds stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from guard.cli.alert_states import alert_row, open_line
from guard.ports.alerting import AlertState, AlertStatus
from guard.risk.zones import Zone

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
FIRING = AlertState("a/zone", "a", "zone", AlertStatus.FIRING, Zone.DANGER, "distance 3 %", NOW, NOW)


def test_a_line_says_what_since_when_and_who_has_seen_it() -> None:
    """Nobody, or a name; a snooze with its end."""
    assert open_line(alert_row(FIRING, "alice", None)) == (
        "alice  danger, zone, since 2026-11-21T12:00:00+00:00: firing: distance 3 %"
    )
    snoozed = replace(FIRING, status=AlertStatus.SNOOZED, snoozed_until=NOW + timedelta(hours=1), seen_by="u")
    row = alert_row(snoozed, "alice", "anna")
    assert "snoozed by anna until 2026-11-21T13:00:00+00:00" in open_line(row)
    assert (row["seen_by"], row["told_at"], row["rule"]) == ("anna", None, "zone")
