"""The highest equity of the last 24 hours, hour by hour. Pure; holds what one account's rule compares with."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

WINDOW: Final = timedelta(hours=24)
_HOUR: Final = timedelta(hours=1)


class EquityPeaks:
    """Peaks by hour, in dollars. An hour counts until all of it is older than the window."""

    def __init__(self, known: Iterable[tuple[datetime, float]] = ()) -> None:
        self._peaks: dict[datetime, float] = {}
        for at, equity in known:
            self.add(at, equity)

    def add(self, at: datetime, equity: float) -> None:
        """One more figure."""
        hour = at.replace(minute=0, second=0, microsecond=0)
        if equity > self._peaks.get(hour, float("-inf")):
            self._peaks[hour] = equity

    def restart(self) -> None:
        """Money came or went: what was before is no measure any more."""
        self._peaks.clear()

    def peak(self, now: datetime) -> float | None:
        """The highest of the window; None: nothing is known."""
        if len(self._peaks) > WINDOW // _HOUR + 1:
            self._peaks = {hour: top for hour, top in self._peaks.items() if hour + _HOUR > now - WINDOW}
        return max((top for hour, top in self._peaks.items() if hour + _HOUR > now - WINDOW), default=None)
