"""Times as people type them."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from guard.bot.times_typed import next_moment, read_clock, read_hours, read_span, read_until

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
TOKYO = ZoneInfo("Asia/Tokyo")


@pytest.mark.parametrize(
    ("typed", "minutes"),
    [
        ("15m", 15),
        ("1h", 60),
        ("1H30min", 90),
        ("2d", 2880),
        ("15分", 15),
        ("1時間30分", 90),
        ("2日", 2880),
        ("0m", None),
        ("15", None),
        ("m", None),
        ("-1h", None),
    ],
)
def test_spans(typed: str, minutes: int | None) -> None:
    """A number without a unit is none: 15 may be minutes or hours."""
    assert read_span(typed) == (None if minutes is None else timedelta(minutes=minutes))


@pytest.mark.parametrize(("typed", "clock"), [("07:00", time(7)), ("7:05", time(7, 5)), ("24:00", None), ("7", None)])
def test_moments_of_the_day(typed: str, clock: time | None) -> None:
    """Hours and minutes."""
    assert read_clock(typed) == clock


@pytest.mark.parametrize(
    ("typed", "hours"),
    [
        ("22:00-07:00", (time(22), time(7))),
        ("22:00 - 7:00", (time(22), time(7))),
        ("22:00~7:00", (time(22), time(7))),
        ("22:00\u301c7:00", (time(22), time(7))),  # as it is typed in Japan
        ("22:00", None),
        ("7:00-7:00", None),
    ],
)
def test_hours(typed: str, hours: tuple[time, time] | None) -> None:
    """A span over midnight; an empty one is none."""
    assert read_hours(typed) == hours


def test_the_next_morning_is_that_of_the_reader() -> None:
    """Seven in the morning in Tokyo comes before seven in London; today's is over."""
    assert next_moment(time(7), NOON, TOKYO) == datetime(2026, 11, 21, 22, tzinfo=UTC)
    assert next_moment(time(7), NOON, UTC) == datetime(2026, 11, 22, 7, tzinfo=UTC)
    assert next_moment(time(13), NOON, UTC) == datetime(2026, 11, 21, 13, tzinfo=UTC)


def test_until_when_and_what_follows() -> None:
    """A while or a moment first, then the account."""
    assert read_until(["15m", "alice"], NOON, UTC) == (NOON + timedelta(minutes=15), ("alice",))
    assert read_until(["until", "13:00"], NOON, UTC) == (NOON + timedelta(hours=1), ())
    for words in ([], ["alice"], ["until"], ["until", "x"]):
        assert read_until(words, NOON, UTC) is None
