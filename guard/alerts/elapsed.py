"""How long ago something was, on a clock that may be set back. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

_SET_BACK: Final = timedelta(minutes=1)


def elapsed(since: datetime, now: datetime) -> timedelta:
    """The time since a moment.

    A moment that lies ahead by more than clocks are corrected by was written before the clock was set back. Nobody
    knows how long ago that was; waiting until the clock is there again would be hours of silence, so it is long ago.
    """
    return now - since if since - now < _SET_BACK else timedelta.max
