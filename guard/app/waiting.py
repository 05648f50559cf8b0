"""An armed account in danger that cannot act, because what became of an earlier order is still not known. Pure.

It was told when that began; somebody who sees the danger later must not believe that the guard acts.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from guard.app.watch import Watch, nearness_of
from guard.ports.records import IntentRecord, Reading
from guard.protect.gate import Refusal, RefusalCode, acts

LONG: Final = timedelta(minutes=1)
"""After a restart, or a silence of moments, nobody has to hear of it again."""


def waits_too_long(watch: Watch, reading: Reading, opened: Sequence[IntentRecord]) -> tuple[Refusal, ...]:
    """Why an armed account that calls for action does not act; empty = it need not, or its last plan is just over.

    Args:
        watch: whose account.
        reading: as it is now.
        opened: its intents that are not ended, oldest first.
    """
    distance, hours = nearness_of(reading)
    if watch.record.mode not in {"confirm", "auto"} or not acts(reading.zone, distance, watch.protect, hours):
        return ()
    if not opened or reading.at - opened[0].at < LONG:
        return ()
    return (Refusal(RefusalCode.IN_FLIGHT, "an earlier plan is still open"),)
