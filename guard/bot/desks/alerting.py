"""What the commands over alerts ask for: states, acknowledging, snoozing, thresholds."""

from __future__ import annotations

from typing import Protocol


class AlertingDesk(Protocol):
    """What the commands over alerts ask for: states, acknowledging, snoozing, thresholds.

    Every method may raise a `GuardError` when the answer cannot be had now.
    """
