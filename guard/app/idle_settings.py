"""Settings that have no effect as they stand, because what would use them is not allowed: told, not refused. Pure.

A guard that did not start for one of these would watch nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from guard.app.settings import Protect, Settings

_NEEDS: Final[tuple[tuple[Literal["betas", "transferable"], str], ...]] = (
    ("betas", "hedge"),
    ("transferable", "transfer"),
)


def idle_lines(settings: Settings) -> tuple[str, ...]:
    """One line for each key of `[protect]` that changes nothing; empty = all of them count."""
    lines = list(_idle(settings.protect, "protect", None))
    for name, overrides in sorted(settings.accounts.items()):
        if overrides.protect is not None:
            lines += _idle(overrides.protect, f"accounts.{name}.protect", settings.protect)
    return tuple(lines)


def _idle(protect: Protect, where: str, general: Protect | None) -> Iterator[str]:
    for key, remedy in _NEEDS:
        named = getattr(protect, key)
        # An account that only takes the remedy away, or only takes over what is general, has nothing of its own idle.
        own = general is None or named != getattr(general, key)
        if named and own and remedy not in protect.remedies:
            yield f'{where}.{key} has no effect: "{remedy}" is not among {where}.remedies'
