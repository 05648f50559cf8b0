"""The highest equity of the last 24 hours, hour by hour. Pure; holds what one account's rule compares with."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

WINDOW: Final = timedelta(hours=24)
_HOUR_S: Final = 3600


class EquityPeaks:
    """Peaks by hour, in dollars. An hour counts until all of it is older than the window."""

    def __init__(self, known: Iterable[tuple[datetime, float]] = ()) -> None:
        self._peaks: dict[int, float] = {}
        for at, equity in known:
            self.add(at, equity)

    def add(self, at: datetime, equity: float) -> None:
        """One more figure."""
        hour = int(at.timestamp() // _HOUR_S)
        if equity > self._peaks.get(hour, -math.inf):
            self._peaks[hour] = equity

    def restart(self) -> None:
        """Money came or went: what was before is no measure any more."""
        self._peaks.clear()

    def peak(self, now: datetime) -> float | None:
        """The highest of the window; None: nothing is known."""
        first = int((now - WINDOW).timestamp() // _HOUR_S)
        if any(hour < first for hour in self._peaks):
            self._peaks = {hour: top for hour, top in self._peaks.items() if hour >= first}
        return max(self._peaks.values(), default=None)
