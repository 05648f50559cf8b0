"""A small picture, and studios that are closed at the end."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from guard.charts.exposure import exposure_picture
from guard.charts.history import history_picture
from guard.charts.picture import ExposurePicture, HistoryPicture
from guard.charts.studio import Studio
from guard.ports.history import Level
from guard.risk.zones import ZonePolicy

START = datetime(2026, 11, 21, 2, 50, tzinfo=UTC)


@pytest.fixture
def picture() -> HistoryPicture:
    """A day of an account, read every 30 s."""
    levels = [
        Level(START.timestamp() + 30 * n, "safe", "fresh", "USDT", 1000.0 + n % 7, 0.2 + 0.1 * math.sin(n / 99), 0.3)
        for n in range(2880)
    ]
    until = START + timedelta(days=1)
    return history_picture("main", levels, since=START, until=until, gap_s=120.0, policy=ZonePolicy())


@pytest.fixture
def small() -> ExposurePicture:
    """The picture that is drawn in the shortest time: words only."""
    return exposure_picture("main", [], currency="USDT", data_at=START)


@pytest.fixture
async def make_studio() -> AsyncIterator[Callable[..., Studio]]:
    """Builds studios that are closed at the end."""
    studios: list[Studio] = []

    def build(**changes: Any) -> Studio:
        # Patient: the machine may be busy with other tests.
        studios.append(Studio(**{"timeout_s": 90.0} | changes))
        return studios[-1]

    yield build
    for studio in studios:
        await studio.close()
