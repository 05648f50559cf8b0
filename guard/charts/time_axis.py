"""Where a time axis has its ticks, and what stands at them. Pure; UTC."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Final

TICKS_MAX: Final = 7
_DAY_S: Final = 86_400
_STEPS_S: Final = (1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 10_800, 14_400, 21_600, 43_200, _DAY_S)


def ticks(start_s: float, end_s: float) -> list[tuple[float, str]]:
    """At most eight round moments between two, with labels: the time, and the date at midnight and at the first.

    Args:
        start_s: Unix seconds.
        end_s: Unix seconds, later.
    """
    length_s = end_s - start_s
    step = next((step for step in _STEPS_S if length_s / step <= TICKS_MAX), 0)
    if not step:
        step = math.ceil(length_s / TICKS_MAX / _DAY_S) * _DAY_S
    first = math.ceil(start_s / step) * step
    places = [float(first + n * step) for n in range(TICKS_MAX + 1) if first + n * step <= end_s]
    return [(place, _label(place, step, dated=index == 0)) for index, place in enumerate(places)]


def _label(at_s: float, step: int, *, dated: bool) -> str:
    at = datetime.fromtimestamp(at_s, tz=UTC)
    date = f"{at.day} {at:%b}"
    if step >= _DAY_S:
        return date
    time = f"{at:%H:%M}" if step >= 60 else f"{at:%H:%M:%S}"
    return f"{time}\n{date}" if dated or at_s % _DAY_S == 0 else time
