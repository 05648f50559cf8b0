"""What protection decided in a cycle: stored with the cycle, carried out after it."""

from __future__ import annotations

from dataclasses import dataclass

from guard.alerts.announce import Announcement
from guard.ports.records import IntentRecord, OrderRecord, Reading
from guard.protect.run import Assignment

SILENCE = Announcement()


@dataclass(frozen=True, slots=True)
class Decision:
    """An intent with its orders and what is told about it; `task` is set when there is something to carry out.

    `resumes`: an earlier intent is open, whose orders are to be looked up. `suggests`: the reading for which a plan is
    to be proposed to people: what they are alarmed by does not wait for its prices.
    """

    intent: IntentRecord | None = None
    orders: tuple[OrderRecord, ...] = ()
    announcement: Announcement = SILENCE
    task: Assignment | None = None
    resumes: bool = False
    suggests: Reading | None = None


NOTHING = Decision()
