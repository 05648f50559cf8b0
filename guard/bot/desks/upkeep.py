"""What upkeep asks for: health, the log, a drill."""

from __future__ import annotations

from typing import Protocol


class UpkeepDesk(Protocol):
    """What upkeep asks for: health, the log, a drill.

    Every method may raise a `GuardError` when the answer cannot be had now.
    """
