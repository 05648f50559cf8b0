"""Roots of slack where some legs are charged by the tier of their whole value: slack jumps at the tiers' floors.

Owns the walk over the stretches between floors. Within a stretch every leg is in one tier, slack is concave again and
is searched as everywhere else; at a floor slack may jump through zero, and then the floor itself is the answer (there
is no mark with a risk_ratio of exactly 1: it is below on one side and above on the other).
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from guard.risk.path import Path, at_present

Search = Callable[[Path, float, float], float | None]


def nearest_change(path: Path, start: float, end: float, search: Search) -> float | None:
    """The nearest point between `start` and `end` where slack changes its sign; None where it does not.

    Args:
        path: the path with its `steps`.
        start: the present.
        end: how far to look.
        search: finds the root in a stretch between a point where slack is not negative and one where it is.
    """
    fine: bool | None = None
    for near, far in pairwise(_floors(path, start, end)):
        stretch = at_present(path, 0.5 * (near + far))
        near_fine, far_fine = stretch.slack(near)[0] >= 0.0, stretch.slack(far)[0] >= 0.0
        fine = near_fine if fine is None else fine
        if near_fine is not fine:
            return near
        if far_fine is not fine:
            return search(stretch, near, far) if fine else search(stretch, far, near)
    return None


def _floors(path: Path, start: float, end: float) -> list[float]:
    """From start to end, by way of every point where a leg changes its tier."""
    low, high = min(start, end), max(start, end)
    kinks = () if path.steps is None else path.steps.kinks.tolist()
    return [start, *sorted({kink for kink in kinks if low < kink < high}, reverse=end < start), end]
