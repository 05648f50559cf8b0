"""Every pair of zones, and every rule, has one decided answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from guard.alerts.rules import (
    DISPUTE_HOLD,
    Rule,
    decide_dispute_alert,
    decide_zone_alert,
    fingerprint,
    zone_alerts,
    zone_priority,
)
from guard.ports.records import AlertReason, AlertRecord
from guard.risk.quality import Quality
from guard.risk.zones import Zone

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SAFE, WATCH, WARNING, DANGER, LIQUIDATION, UNKNOWN = Zone
LEVELS = (SAFE, WATCH, WARNING, DANGER, LIQUIDATION)
FIRST, WORSE, BETTER, REPEAT, RESOLVED, NONE = AlertReason

# Rows: before; columns: safe, watch, warning, danger, liquidation, unknown.
TABLE = {
    SAFE: (NONE, FIRST, FIRST, FIRST, FIRST, FIRST),
    WATCH: (RESOLVED, NONE, WORSE, WORSE, WORSE, WORSE),
    WARNING: (RESOLVED, BETTER, NONE, WORSE, WORSE, WORSE),
    DANGER: (RESOLVED, BETTER, BETTER, NONE, WORSE, WORSE),
    LIQUIDATION: (RESOLVED, BETTER, BETTER, BETTER, NONE, WORSE),
}

# Rows: the last known zone while the shown one is unknown; columns as above.
BACK_TABLE = {
    SAFE: (RESOLVED, FIRST, FIRST, FIRST, FIRST, NONE),
    WATCH: (RESOLVED, BETTER, WORSE, WORSE, WORSE, NONE),
    WARNING: (RESOLVED, BETTER, BETTER, WORSE, WORSE, NONE),
    DANGER: (RESOLVED, BETTER, BETTER, BETTER, WORSE, NONE),
    LIQUIDATION: (RESOLVED, BETTER, BETTER, BETTER, BETTER, NONE),
}


def test_tables_cover_every_pair() -> None:
    """Five known zones before, six after, for both tables: nothing is left to chance."""
    assert set(TABLE) == set(BACK_TABLE) == set(LEVELS)
    assert all(len(row) == len(Zone) for table in (TABLE, BACK_TABLE) for row in table.values())


@pytest.mark.parametrize(("before", "after"), list(product(LEVELS, Zone)))
def test_change_of_a_known_zone(before: Zone, after: Zone) -> None:
    """The decision between two zones stands in the table, whatever was known before."""
    expected = TABLE[before][list(Zone).index(after)]
    assert decide_zone_alert(before, after) is expected
    for last_known in LEVELS:
        assert decide_zone_alert(before, after, last_known) is expected


@pytest.mark.parametrize(("last_known", "after"), list(product(LEVELS, Zone)))
def test_data_that_is_back(last_known: Zone, after: Zone) -> None:
    """After a gap the level is compared with the one before the gap; being back is always told."""
    assert decide_zone_alert(UNKNOWN, after, last_known) is BACK_TABLE[last_known][list(Zone).index(after)]


def test_without_a_last_known_zone_an_alarm_after_a_gap_is_the_first() -> None:
    """An account never seen before it went blind is taken as safe, so that any alarm is news."""
    assert decide_zone_alert(UNKNOWN, DANGER) is FIRST


@pytest.mark.parametrize(("before", "after", "last_known"), list(product(Zone, Zone, LEVELS)))
def test_records_and_message_belong_together(before: Zone, after: Zone, last_known: Zone) -> None:
    """There is a record exactly when there is a message, and never two of one rule."""
    alerts = zone_alerts(before, after, last_known)
    assert bool(alerts) is (decide_zone_alert(before, after, last_known) is not NONE)
    assert NONE not in {reason for _, reason in alerts}
    assert len({rule for rule, _ in alerts}) == len(alerts)


@pytest.mark.parametrize(
    ("before", "after", "last_known", "expected"),
    [
        (SAFE, WATCH, SAFE, [(Rule.ZONE, FIRST)]),
        (DANGER, WATCH, DANGER, [(Rule.ZONE, BETTER)]),
        (WATCH, SAFE, WATCH, [(Rule.ZONE, RESOLVED)]),
        (WARNING, UNKNOWN, WARNING, [(Rule.BLIND, FIRST)]),
        (UNKNOWN, SAFE, SAFE, [(Rule.BLIND, RESOLVED)]),
        (UNKNOWN, WARNING, WARNING, [(Rule.BLIND, RESOLVED)]),
        (UNKNOWN, SAFE, WARNING, [(Rule.ZONE, RESOLVED), (Rule.BLIND, RESOLVED)]),
        (UNKNOWN, DANGER, WARNING, [(Rule.ZONE, WORSE), (Rule.BLIND, RESOLVED)]),
        (UNKNOWN, WATCH, DANGER, [(Rule.ZONE, BETTER), (Rule.BLIND, RESOLVED)]),
    ],
)
def test_blindness_and_level_are_two_conditions(
    before: Zone, after: Zone, last_known: Zone, expected: list[tuple[Rule, AlertReason]]
) -> None:
    """Going blind leaves the level's alert open; data that is back closes the blindness whatever the level."""
    assert list(zone_alerts(before, after, last_known)) == expected


def test_every_open_alert_is_closed_on_the_way_to_safe() -> None:
    """From any walk over three zones back to safe, no rule is left firing."""
    for walk in product(Zone, repeat=3):
        firing: set[Rule] = set()
        before, last_known = SAFE, SAFE
        for after in (*walk, SAFE):
            for rule, reason in zone_alerts(before, after, last_known):
                firing = firing - {rule} if reason is RESOLVED else firing | {rule}
            before, last_known = after, last_known if after is UNKNOWN else after
        assert not firing, walk


def _alert(reason: AlertReason, at: datetime) -> AlertRecord:
    return AlertRecord("alert-1", "account-1", Rule.DISPUTED, "account-1/disputed", WARNING, reason, at, "text")


@pytest.mark.parametrize(
    ("last", "quality", "expected"),
    [
        (None, Quality.DISPUTED, FIRST),
        (None, Quality.FRESH, NONE),
        (None, Quality.MISSING, NONE),
        (_alert(FIRST, NOW - DISPUTE_HOLD), Quality.DISPUTED, NONE),
        (_alert(FIRST, NOW - DISPUTE_HOLD), Quality.FRESH, RESOLVED),
        (_alert(FIRST, NOW - DISPUTE_HOLD + timedelta(seconds=1)), Quality.FRESH, NONE),
        (_alert(FIRST, NOW - DISPUTE_HOLD), Quality.STALE, NONE),
        (_alert(FIRST, NOW - DISPUTE_HOLD), Quality.MISSING, NONE),
        (_alert(RESOLVED, NOW), Quality.FRESH, NONE),
        (_alert(RESOLVED, NOW), Quality.DISPUTED, FIRST),
    ],
)
def test_dispute(last: AlertRecord | None, quality: Quality, expected: AlertReason) -> None:
    """A dispute is told at once, and its end only on fresh data and not within the hold."""
    assert decide_dispute_alert(last, quality, NOW) is expected


def test_dispute_that_flickers_for_an_hour_is_told_a_few_times() -> None:
    """Agreement that comes and goes every 10 s makes at most two messages in each hold."""
    last: AlertRecord | None = None
    told = 0
    for second in range(0, 3600, 10):
        now = NOW + timedelta(seconds=second)
        quality = Quality.DISPUTED if second % 20 else Quality.FRESH
        reason = decide_dispute_alert(last, quality, now)
        if reason is not NONE:
            told += 1
            last = _alert(reason, now)
    assert told <= 8


def test_fingerprints_name_conditions() -> None:
    """Equal conditions share a fingerprint; another account, rule or part has another one."""
    assert fingerprint("account-1", Rule.ZONE) == fingerprint("account-1", Rule.ZONE) == "account-1/zone"
    names = {
        fingerprint("account-1", Rule.ZONE),
        fingerprint("account-2", Rule.ZONE),
        fingerprint("account-1", Rule.BLIND),
        fingerprint("account-1", Rule.PROTECTION, "refused:frozen"),
        fingerprint("account-1", Rule.PROTECTION, "failed"),
    }
    assert len(names) == 5


def test_priorities_follow_the_danger() -> None:
    """A worse zone is more urgent; blind in danger is no less urgent than danger."""
    ranks = [zone_priority(SAFE, zone) for zone in LEVELS]
    assert ranks == sorted(set(ranks))
    assert zone_priority(LIQUIDATION, UNKNOWN) == zone_priority(SAFE, LIQUIDATION)
    assert zone_priority(SAFE, UNKNOWN) > zone_priority(SAFE, WARNING)
