"""Hours of own volatility under every margin rule: never a number that is none, and the square that they are."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.risk.assess import assess
from guard.risk.book import Book
from guard.risk.own_volatility import MarkHistory, PoolHours, own_hours, prices_of
from guard.risk.rules import MODELS
from tests.harness.random_books import books

HOURS = 26


def hours_of(book: Book, seed: int, size: float) -> tuple[PoolHours, ...]:
    """The answers where each price has moved by about `size` in each hour, in a way of its own."""
    past, now = MarkHistory(), prices_of(book)
    for hour in range(HOURS + 1):
        moved = {
            name: price * (1.0 + size * math.sin(seed + hour * (2.0 + place)))
            for place, (name, price) in enumerate(now.items())
        }
        past = past.until(hour * 3600.0, moved)
    return own_hours(book, assess(book, prices=False), past).pools


@settings(max_examples=20)
@given(books(), st.integers(0, 9))
def test_every_rule_answers(book: Book, seed: int) -> None:
    """A time, none that is known, or no end; and the same by the slack in money as by the distance."""
    risk = assess(book, prices=False)
    for pool, found in zip(risk.pools, hours_of(book, seed, 0.01), strict=True):
        if found.hours is None:
            assert found.of_present_only or found.lacking
            continue
        assert found.hours >= 0.0
        if found.fraction and pool.distance is not None:
            assert found.hours == pytest.approx((pool.distance / found.fraction) ** 2)


@settings(max_examples=20)
@given(books(tuple(model for model in MODELS if model != "reported")), st.integers(0, 9))
def test_twice_the_volatility_is_a_quarter_of_the_hours(book: Book, seed: int) -> None:
    """Of small moves, in which nothing bends."""
    for calm, wild in zip(hours_of(book, seed, 1e-7), hours_of(book, seed, 2e-7), strict=True):
        assert (calm.hours is None) is (wild.hours is None)
        if calm.hours is None or wild.hours is None or not 0.0 < calm.hours < 1e18:
            continue
        assert wild.hours == pytest.approx(calm.hours / 4.0, rel=1e-3)
