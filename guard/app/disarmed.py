"""The kill switch of one account, asked before each of its orders."""

from __future__ import annotations

from guard.app.watch import Watch
from guard.ports.clock import Clock
from guard.protect.gate import mode_at
from guard.protect.outcome import StopSignal


class Disarmed:
    """The kill switch of one account: that of all, or it was disarmed, frozen or removed meanwhile."""

    def __init__(self, stop: StopSignal, watch: Watch, clock: Clock) -> None:
        self._stop = stop
        self._watch = watch
        self._clock = clock

    def is_set(self) -> bool:
        """Whether no further order may be sent."""
        record = self._watch.record
        mode = mode_at(record.mode, record.mode_until, self._clock.now())
        armed = mode == "auto" or (mode == "confirm" and self._watch.consented)
        return record.frozen or not armed or self._stop.is_set()
