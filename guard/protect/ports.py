"""What an execution acts through, in one value: the venue, the journal, time, limits and the ways out of the room."""

from __future__ import annotations

from dataclasses import dataclass

from guard.ports.clock import Clock
from guard.ports.venue import VenueAccount
from guard.protect.journal import JournalPort
from guard.protect.outcome import Freeze, Judge, Notify, StopSignal
from guard.protect.policy import ExecutionBounds, ProtectPolicy


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything outside that an execution touches; one value per account."""

    account: VenueAccount
    journal: JournalPort
    clock: Clock
    policy: ProtectPolicy
    notify: Notify
    freeze: Freeze
    judge: Judge
    stop: StopSignal
    bounds: ExecutionBounds
