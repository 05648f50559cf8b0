"""What the commands that compute ask for: fresh reads, stress, what-if."""

from __future__ import annotations

from typing import Protocol


class MeasuringDesk(Protocol):
    """What the commands that compute ask for: fresh reads, stress, what-if.

    Every method may raise a `GuardError` when the answer cannot be had now.
    """
