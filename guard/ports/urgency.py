"""How urgent the work at hand is: whoever reads an account says so, and shared limits let the riskiest pass first.

Carried by the context of the running task, so that it reaches every request that the reading makes, and no other.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

ACTING: Final = 100
"""Of an account whose protection is under way: what it asks goes before the reading of any other."""

_URGENCY: ContextVar[int] = ContextVar("urgency", default=0)


def urgency() -> int:
    """Of the running task: 0 is ordinary, higher goes first."""
    return _URGENCY.get()


@contextmanager
def urgent(level: int) -> Iterator[None]:
    """Do what follows with this urgency."""
    token = _URGENCY.set(level)
    try:
        yield
    finally:
        _URGENCY.reset(token)
