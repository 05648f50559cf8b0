"""Data quality from the times of the parts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from guard.risk.quality import Quality, qualify

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def ago(seconds: float) -> datetime:
    """A time before now."""
    return NOW - timedelta(seconds=seconds)


CASES = [
    ({}, (), (), Quality.MISSING, ("nothing was received",)),
    ({}, ("balances",), (), Quality.MISSING, ("balances",)),
    ({"marks": ago(1), "balances": ago(2)}, (), (), Quality.FRESH, ()),
    ({"marks": ago(10), "balances": ago(9)}, (), (), Quality.FRESH, ()),
    ({"marks": ago(11), "balances": ago(9)}, (), (), Quality.STALE, ("marks is 11.0 s old, at most 10 s are allowed",)),
    (
        {"marks": ago(0), "balances": ago(6)},
        (),
        (),
        Quality.TORN,
        ("balances is 6.0 s older than marks, at most 5 s are allowed",),
    ),
    ({"marks": ago(0)}, (), ("a fill came between",), Quality.TORN, ("a fill came between",)),
    ({"marks": ago(0)}, ("tiers of X",), (), Quality.INCOMPLETE, ("tiers of X is missing",)),
    (
        {"marks": ago(20)},
        ("tiers of X",),
        ("a fill came between",),
        Quality.INCOMPLETE,
        ("tiers of X is missing", "a fill came between", "marks is 20.0 s old, at most 10 s are allowed"),
    ),
    (
        {"marks": ago(-60)},
        (),
        (),
        Quality.TORN,
        ("marks was received 60.0 s in the future: the clock was set back",),
    ),
]


@pytest.mark.parametrize(("parts", "missing", "torn", "quality", "reasons"), CASES)
def test_qualify(
    parts: dict[str, datetime],
    missing: tuple[str, ...],
    torn: tuple[str, ...],
    quality: Quality,
    reasons: tuple[str, ...],
) -> None:
    """The worst verdict wins and every reason is kept."""
    found = qualify(parts=parts, missing=missing, torn=torn, now=NOW, stale_after_s=10.0, max_spread_s=5.0)
    assert (found.quality, found.reasons) == (quality, reasons)


def test_age_is_of_the_oldest_part() -> None:
    """Age counts from the oldest part and is never negative."""
    parts = {"marks": ago(1), "balances": ago(3)}
    assert qualify(parts=parts, missing=(), torn=(), now=NOW, stale_after_s=10, max_spread_s=5).age_s == 3.0
    ahead = {"marks": ago(-1)}
    assert qualify(parts=ahead, missing=(), torn=(), now=NOW, stale_after_s=10, max_spread_s=5).age_s == 0.0
