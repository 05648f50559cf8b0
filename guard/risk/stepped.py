"""Roots of slack where some legs are charged by the tier of their whole value: slack jumps at the tiers' floors.

Owns the walk over the stretches between floors. Within a stretch every leg is in one tier, slack is concave again and
is searched as everywhere else; at a floor slack may jump through zero, and then the floor itself is the answer (there
is no mark with a risk_ratio of exactly 1: it is below on one side and above on the other).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from guard.risk.path import Path, at_present
from guard.risk.pool import Array, Mask

Search = Callable[[Array, Array, Callable[[Array], tuple[Array, Array]], Mask], Array]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of the path in which all legs keep their tier; `near` is the end towards the present."""

    near: float
    far: float
    path: Path


def nearest_steps(path: Path, start: float, ends: Sequence[float], search: Search) -> Array:
    """The nearest points on each side of `start` where slack changes its sign; NaN where it does not.

    Args:
        path: the path with its `steps`.
        start: the present.
        ends: how far to look, one point for each side.
        search: finds a root in a stretch.
    """
    return np.array([_first_change(_stretches(path, start, end), search) for end in ends])


def _stretches(path: Path, start: float, end: float) -> list[Stretch]:
    steps = path.steps
    if steps is None:
        return [Stretch(start, end, path)]
    low, high = min(start, end), max(start, end)
    inside = sorted({float(kink) for kink in steps.kinks if low < kink < high}, reverse=end < start)
    points = [start, *inside, end]
    found = []
    for near, far in pairwise(points):
        found.append(Stretch(near, far, at_present(path, 0.5 * (near + far))))
    return found


def _first_change(stretches: Sequence[Stretch], search: Search) -> float:
    """Walk outwards until slack has another sign than at the start."""
    fine = None
    for stretch in stretches:
        values, _ = stretch.path.slack(np.array([stretch.near, stretch.far]))
        near_fine, far_fine = bool(values[0] >= 0.0), bool(values[1] >= 0.0)
        if fine is None:
            fine = near_fine
        if near_fine is not fine:
            return stretch.near
        if far_fine is not fine:
            inside, outside = (stretch.near, stretch.far) if fine else (stretch.far, stretch.near)
            found = search(np.array([inside]), np.array([outside]), stretch.path.slack, np.array([True]))
            return float(found[0])
    return float("nan")
