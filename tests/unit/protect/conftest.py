"""Fixtures of protection: worlds in which an executor acts, and builders of values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from guard.protect.plan_values import PlanLimits, Target
from guard.risk.book import Book
from tests.unit.protect.memory_venue import BTC, Crash, book, instrument, position
from tests.unit.protect.world import World


@pytest.fixture
def btc_book() -> Book:
    """1 BTC long in danger: 3.8 % from liquidation."""
    return book([position(BTC, "long", 1.0, 40_000.0, 36_000.0)], 5_500.0)


@pytest.fixture
def world(btc_book: Book) -> World:
    """An account with one long leg in danger; a plan takes three children."""
    return World(btc_book)


@pytest.fixture
def new_world() -> Callable[..., World]:
    """Builds a world from a book."""
    return World


@pytest.fixture
def make() -> Any:
    """Builders of values: `make.book(...)`, `make.position(...)`, `make.instrument(...)`."""

    class Make:
        book = staticmethod(book)
        position = staticmethod(position)
        instrument = staticmethod(instrument)
        target = Target()
        limits = PlanLimits()

    return Make


@pytest.fixture
def crash() -> type[Crash]:
    """What a dying process raises."""
    return Crash
