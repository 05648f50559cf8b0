"""Column types: nothing changes on the way to the database and back."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.dialects import sqlite

from guard.store.columns import EPOCH, Finite, UtcMicros

DIALECT = sqlite.dialect()


@pytest.mark.parametrize(
    "moment",
    [
        EPOCH,
        datetime(2026, 1, 5, 12, 0, 0, 123456, tzinfo=UTC),
        datetime(2026, 1, 5, 12, 0, 0, 999999, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(1, 1, 1, tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
    ],
)
def test_a_moment_comes_back_to_the_microsecond(moment: datetime) -> None:
    """Exact over the whole range of datetime."""
    column = UtcMicros()
    stored = column.process_bind_param(moment, DIALECT)
    assert isinstance(stored, int)
    back = column.process_result_value(stored, DIALECT)
    assert back == moment
    assert back.tzinfo is UTC


def test_another_zone_is_the_same_moment() -> None:
    """Whatever zone it was written in, UTC comes back."""
    tokyo = datetime(2026, 1, 5, 21, 0, tzinfo=timezone(timedelta(hours=9)))
    column = UtcMicros()
    back = column.process_result_value(column.process_bind_param(tokyo, DIALECT), DIALECT)
    assert back == datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
    assert back.utcoffset() == timedelta(0)


def test_a_naive_time_is_refused() -> None:
    """Nobody can know which moment it is."""
    naive = EPOCH.replace(tzinfo=None)
    with pytest.raises(ValueError, match="1970-01-01T00:00:00 has no time zone"):
        UtcMicros().process_bind_param(naive, DIALECT)


def test_nothing_stays_nothing() -> None:
    """None is stored as NULL and comes back as None."""
    assert UtcMicros().process_bind_param(None, DIALECT) is None
    assert UtcMicros().process_result_value(None, DIALECT) is None
    assert Finite().process_bind_param(None, DIALECT) is None


@pytest.mark.parametrize("figure", [0.0, -1.5, 5e-324, 1.7976931348623157e308])
def test_a_number_is_kept(figure: float) -> None:
    """Every finite number passes."""
    assert Finite().process_bind_param(figure, DIALECT) == figure


@pytest.mark.parametrize("figure", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused(figure: float) -> None:
    """It would come back as NULL, or break the next sum."""
    with pytest.raises(ValueError, match=f"the figure was {figure}, must be finite"):
        Finite().process_bind_param(figure, DIALECT)
