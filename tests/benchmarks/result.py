"""One figure of `make bench`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """A measured figure and the goal that it is held against; `goal` is words such as `<= 1.25`."""

    name: str
    value: float
    unit: str
    goal: str
    holds: bool

    def line(self) -> str:
        """One JSON object on one line."""
        return json.dumps(asdict(self) | {"value": float(f"{self.value:.6g}")})


def at_most(name: str, value: float, unit: str, most: float) -> Result:
    """A figure whose goal is an upper bound."""
    return Result(name, value, unit, f"<= {most:g}", value <= most)


def at_least(name: str, value: float, unit: str, least: float) -> Result:
    """A figure whose goal is a lower bound."""
    return Result(name, value, unit, f">= {least:g}", value >= least)


def percentile(values: Iterable[float], part: float) -> float:
    """The value below which a part of all others is; 0.5 is the median."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]
