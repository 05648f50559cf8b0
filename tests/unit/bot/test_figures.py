"""Numbers, ages and times as texts."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone

import pytest

from guard.bot.figures import age, amount, clock_time, contracts, multiple, percent


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1_030_895.56, "1,030,895.56 USDT"),
        (-504_547.454, "-504,547.45 USDT"),
        (100.0, "100.00 USDT"),
        (26.5, "26.50 USDT"),
        (3.14159, "3.1416 USDT"),
        (0.0421, "0.0421 USDT"),
        (0.00001234, "0.00001234 USDT"),
        (-0.5, "-0.50 USDT"),
        (0.0, "0.00 USDT"),
        (math.nan, "unknown"),
        (math.inf, "unknown"),
    ],
)
def test_amount_keeps_the_digits_that_matter(value: float, text: str) -> None:
    """Large amounts to the cent, small ones to four significant digits."""
    assert amount(value, "USDT") == text


def test_amount_without_unit_has_no_loose_space() -> None:
    """A venue may not tell the currency."""
    assert amount(5.0, "") == "5.00"


@pytest.mark.parametrize(
    ("value", "text"),
    [(109.488, "109.488 contracts"), (1.0, "1 contract"), (12_000.0, "12,000 contracts"), (math.nan, "unknown")],
)
def test_contracts_lose_no_digit(value: float, text: str) -> None:
    """A size is shown as it is."""
    assert contracts(value) == text


@pytest.mark.parametrize(
    ("fraction", "text"),
    [
        (0.414895, "41.5 %"),
        (0.076942, "7.69 %"),
        (2.449, "244.9 %"),
        (0.0, "0.00 %"),
        (-0.1768, "-17.7 %"),
        (123.4, "12,340.0 %"),
        (math.inf, "unknown"),
    ],
)
def test_percent(fraction: float, text: str) -> None:
    """Two decimals below 10 %, one above."""
    assert percent(fraction) == text


def test_multiple() -> None:
    """A leverage has its sign."""
    assert multiple(8.1665) == "8.17x"
    assert multiple(math.nan) == "unknown"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3.0, "0 s"),
        (0.9, "0 s"),
        (59.9, "59 s"),
        (60.0, "1 min"),
        (200.0, "3 min 20 s"),
        (600.0, "10 min"),
        (3599.0, "59 min"),
        (7500.0, "2 h 5 min"),
        (86_400.0, "1 d"),
        (273_600.0, "3 d 4 h"),
    ],
)
def test_age(seconds: float, text: str) -> None:
    """Two units at most; a clock that went back reads zero."""
    assert age(seconds) == text


def test_clock_time_is_utc_whatever_comes_in() -> None:
    """A moment of another zone is converted, not relabelled."""
    at = datetime(2026, 11, 21, 21, 0, 5, tzinfo=timezone(timedelta(hours=9)))
    assert clock_time(at) == "21 Nov 12:00:05 UTC"
    assert clock_time(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)) == "2 Jan 03:04:05 UTC"
