"""What a picture of a history shows: its title, marks, bars and gaps, in numbers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from guard.charts.history import MARK_PLACES, bars_of, history_picture, thin_spans
from guard.charts.picture import PICTURE, Bar, HistoryPicture
from guard.ports.history import Level
from guard.ports.records import AlertRecord, IntentRecord
from guard.risk.zones import Zone, ZoneBars, ZonePolicy

Build = Callable[..., Level]


def picture(start: datetime, levels: list[Level], seconds: float = 3600, **changes: Any) -> HistoryPicture:
    """The picture of an hour."""
    arguments: dict[str, Any] = {"gap_s": 60.0, "policy": ZonePolicy()} | changes
    return history_picture("main", levels, since=start, until=start + timedelta(seconds=seconds), **arguments)


def test_nothing_recorded_is_said(start: datetime) -> None:
    """A sentence with the account and the time."""
    empty = picture(start, [])
    assert empty.title == "main:\nnothing was recorded in the last 60 min."
    assert empty.subtitle == "21 Nov 02:50 UTC to 21 Nov 03:50 UTC"
    assert empty.zones == ()


def test_the_words_name_account_time_and_age(start: datetime, level: Build, blind: Build) -> None:
    """Data is as of the last reading that showed something."""
    shown = picture(start, [level(0), level(30, zone="danger"), level(60), blind(90)], seconds=100)
    assert shown.title == "main: now BLIND.\nAt worst DANGER, and blind at times."
    assert shown.subtitle == "Last 1.67 min, 4 readings\nData as of 21 Nov 02:51:00 UTC"
    assert (shown.start_s, shown.end_s) == (start.timestamp(), start.timestamp() + 100)


@pytest.mark.parametrize(
    ("zones", "title"),
    [
        (["safe"], "main: now SAFE.\nAll the time."),
        (["safe", "danger", "watch"], "main: now WATCH.\nAt worst DANGER."),
        (["watch", "unknown"], "main: now BLIND.\nAt worst WATCH, and blind at times."),
        (["unknown", "unknown"], "main: now BLIND.\nThe guard never saw the account."),
    ],
)
def test_the_title(start: datetime, level: Build, zones: list[str], title: str) -> None:
    """Where the account is, what its worst was, and whether it was seen."""
    levels = [level(10 * n, zone=zone) for n, zone in enumerate(zones)]
    assert picture(start, levels, seconds=10 * len(zones)).title == title


def test_a_guard_that_stopped_is_blind_now(start: datetime, level: Build) -> None:
    """The last zone is not the present one when nobody has looked for long."""
    assert picture(start, [level(0), level(10)], seconds=3600).title.startswith("main: now BLIND.")


def test_the_axis_begins_with_the_first_reading(start: datetime, level: Build) -> None:
    """An account that was added an hour ago is not squeezed into the end of a week; the picture says since when."""
    shown = picture(start, [level(3000), level(3050)], seconds=3060)
    assert shown.start_s == start.timestamp() + 3000
    assert "2 readings, the first at 21 Nov 03:40 UTC" in shown.subtitle


def test_the_axis_ends_now(start: datetime, level: Build) -> None:
    """Nothing is said of the future; a single moment is shown as a minute."""
    assert picture(start, [level(0), level(10)], seconds=12).end_s == start.timestamp() + 12
    assert picture(start, [level(0)], seconds=0).end_s == start.timestamp() + 60


def test_marks_are_of_the_time_and_tell_what_was_done(
    start: datetime,
    level: Build,
    alert: Callable[..., AlertRecord],
    intent: Callable[..., IntentRecord],
) -> None:
    """Alerts, actions, and actions that were not taken; none from before."""
    shown = picture(
        start,
        [level(30 * n) for n in range(120)],
        alerts=[alert(-5, Zone.DANGER), alert(100, Zone.WATCH)],
        intents=[intent(1000, "done"), intent(2000, "refused"), intent(3000, "open")],
    )
    marks = [(mark.at_s - start.timestamp(), mark.kind, mark.zone) for mark in shown.marks]
    assert marks == [
        (100, "alert", Zone.WATCH),
        (1000, "acted", Zone.DANGER),
        (2000, "held", Zone.DANGER),
        (3000, "acted", Zone.DANGER),
    ]


def test_many_alerts_are_counted_and_the_worst_is_kept(
    start: datetime, level: Build, alert: Callable[..., AlertRecord]
) -> None:
    """What would stand at one place is one mark."""
    alerts = [alert(n, Zone.DANGER if n == 777 else Zone.WATCH) for n in range(3600)]
    shown = picture(start, [level(30 * n) for n in range(121)], alerts=alerts)
    assert len(shown.marks) == MARK_PLACES
    assert sum(mark.count for mark in shown.marks) == 3600
    assert [mark.zone for mark in shown.marks].count(Zone.DANGER) == 1


def test_bars_are_those_of_the_account() -> None:
    """In the order of the ladder; a zone without a bar has no band."""
    policy = ZonePolicy(watch=ZoneBars(risk_ratio=0.2), warning=ZoneBars(distance=0.1))
    assert bars_of(policy, "risk_ratio") == (Bar(Zone.WATCH, 0.2), Bar(Zone.DANGER, 0.75), Bar(Zone.LIQUIDATION, 0.95))
    assert bars_of(policy, "distance")[0] == Bar(Zone.WARNING, 0.1)


def test_spans_that_cannot_be_told_apart_are_one() -> None:
    """None is narrower than a column, or it would not be seen."""
    assert thin_spans([(0, 0.1), (0.5, 0.6), (100, 200)], 0, 360) == ((0, 1.5), (100, 200))
    assert thin_spans([(359.9, 360)], 0, 360) == ((359.9, 360),)


def test_a_picture_travels_as_json(start: datetime, level: Build, blind: Build) -> None:
    """Nothing is lost, gaps and zones included."""
    shown = picture(start, [level(0), blind(10), level(20, risk_ratio=None, equity=-1.0)])
    assert PICTURE.validate_json(PICTURE.dump_json(shown)) == shown
    assert None in shown.ratio.ys
