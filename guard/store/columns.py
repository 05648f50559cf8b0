"""Column types: how a time and a figure are stored so that nothing changes on the way. Knows no table."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import BigInteger, Dialect, Double, Integer
from sqlalchemy.types import TypeDecorator

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

Serial: Final = BigInteger().with_variant(Integer(), "sqlite")
"""A growing integer key. SQLite numbers rows by itself only under the plain name INTEGER."""


class UtcMicros(TypeDecorator[datetime]):
    """A moment as whole microseconds since 1970-01-01 UTC; aware UTC in Python.

    Deliberately an integer: exact, the same on every database, sorts and compares as time does, half the size of ISO
    text, and no date adapter of a driver is involved (those of sqlite3 are deprecated). To read one by hand:
    `datetime(at / 1000000, 'unixepoch')`.

    Raises:
        ValueError: on a datetime without a time zone, whose moment nobody can know.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002  # SQLAlchemy's
        """To the database."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"the time {value.isoformat()} has no time zone, must be timezone-aware UTC")
        return (value - EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  # SQLAlchemy's
        """From the database."""
        return None if value is None else EPOCH + timedelta(microseconds=value)


class Finite(TypeDecorator[float]):
    """A float64 that is a number.

    SQLite stores NaN as NULL: a broken figure would come back as "has no value", so it is refused.

    Raises:
        ValueError: on NaN and infinity.
    """

    impl = Double
    cache_ok = True

    def process_bind_param(self, value: float | None, dialect: Dialect) -> float | None:  # noqa: ARG002  # SQLAlchemy's
        """To the database."""
        if value is not None and not math.isfinite(value):
            raise ValueError(f"the figure was {value}, must be finite")
        return value
