"""Where a time axis has its ticks, and what stands at them, in the reader's time. Pure."""

from __future__ import annotations

import math
from datetime import UTC, datetime, tzinfo
from typing import Final

from guard.charts.words import day
from guard.language.speech import ENGLISH, Speech

TICKS_MAX: Final = 7
_DAY_S: Final = 86_400
_STEPS_S: Final = (1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 10_800, 14_400, 21_600, 43_200, _DAY_S)


def ticks(start_s: float, end_s: float, speech: Speech = ENGLISH) -> tuple[tuple[float, str], ...]:
    """At most eight round moments between two, with labels: the time, and the date at midnight and at the first.

    Round is what the reader's clock shows, on both sides of the night in which it is put forward or back.

    Args:
        start_s: Unix seconds.
        end_s: Unix seconds, later.
        speech: the reader's.
    """
    length_s = end_s - start_s
    step = next((step for step in _STEPS_S if length_s / step <= TICKS_MAX), 0)
    if not step:
        step = math.ceil(length_s / TICKS_MAX / _DAY_S) * _DAY_S
    first = math.ceil(_shown_s(start_s, speech.zone) / step) * step
    shown = [_unix_s(first + n * step, speech.zone) for n in range(TICKS_MAX + 1)]
    places = [place for place in shown if start_s <= place <= end_s]
    return tuple((place, _label(place, step, speech, dated=index == 0)) for index, place in enumerate(places))


def _shown_s(at_s: float, zone: tzinfo) -> float:
    """What the reader's clock shows at a moment, as seconds since it showed the year 1970."""
    offset = datetime.fromtimestamp(at_s, tz=zone).utcoffset()
    return at_s + (offset.total_seconds() if offset is not None else 0.0)


def _unix_s(shown_s: float, zone: tzinfo) -> float:
    """When the reader's clock shows that, for the first time."""
    return datetime.fromtimestamp(shown_s, tz=UTC).replace(tzinfo=zone).timestamp()


def _label(at_s: float, step: int, speech: Speech, *, dated: bool) -> str:
    at = datetime.fromtimestamp(at_s, tz=speech.zone)
    date = day(speech, at)
    if step >= _DAY_S:
        return date
    time = f"{at:%H:%M}" if step >= 60 else f"{at:%H:%M:%S}"
    return f"{time}\n{date}" if dated or (at.hour, at.minute, at.second) == (0, 0, 0) else time
