"""What the commands that act ask for: modes, plans, consent, freezing."""

from __future__ import annotations

from typing import Protocol


class ActingDesk(Protocol):
    """What the commands that act ask for: modes, plans, consent, freezing.

    Every method may raise a `GuardError` when the answer cannot be had now.
    """
