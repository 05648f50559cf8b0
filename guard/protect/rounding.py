"""From the programme's optimum to whole steps of the venues: the cheapest sizes near it that the engine accepts. Pure.

Few levers of an optimum are cut in two by it (no more than there are demands); the others are untouched or used up. So:

1. Where there are few sizes at all, every combination is looked at.
2. Else the sizes next to the optimum, those of coarse levers first and widest, in every combination; the lever with
   the finest step is the *balance*: its size follows from the others.
3. Combinations are valued by the model, cheapest first, and the first one that the engine accepts is taken. What it
   does not need of any lever is then taken back step by step.
4. Where the engine accepts none (tiers that jump), the sizes are raised together until it does.

A size is one that the venue takes: at least its smallest order, and never a rest that could not be closed later.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import numpy as np

from guard.protect.lever import Lever
from guard.protect.poolmodel import PoolModel
from guard.protect.programme import Tie
from guard.protect.slack import Slack
from guard.risk.pool import Array

Units: TypeAlias = tuple[int, ...]
"""For each lever, how many steps of its venue it trades."""

_EVERY = 4_096
_COMBINATIONS = 32
_TRIALS = 12
_TRIALS_OF_ALL = 200
_FINE = 1e-4
_BALANCE_POINTS = 9
_TRIM_STEPS = 8
_TRIMMED = 4
_WORTH = 1e-5
_RAISES = 12


class Rounding:
    """The search around one optimum.

    Args:
        model: values sizes quickly.
        groups: levers that move together, by the same number of steps; most are alone.
        ties: what sizes must obey beside the demands.
        most_notional: the most that may be traded, None = no cap.
        holds: whether the engine accepts sizes.
    """

    def __init__(
        self,
        model: PoolModel,
        groups: Sequence[tuple[int, ...]],
        ties: Sequence[Tie],
        most_notional: float | None,
        holds: Callable[[Units], bool],
    ) -> None:
        self._model, self._groups, self._ties = model, list(groups), ties
        self._most = math.inf if most_notional is None else most_notional
        self._holds = holds
        self._steps = np.array([lever.step_notional for lever in model.levers])
        self._leads = [model.levers[group[0]] for group in self._groups]

    def near(self, traded: Array, correction: Slack) -> Units | None:
        """The cheapest sizes near `traded` (levers,) that are accepted, None when there are none."""
        ideal = np.array([traded[group[0]] / self._steps[group[0]] for group in self._groups])
        found = self._cheapest(ideal, correction)
        if found is None:
            found = self._raised(ideal)
        return None if found is None else self._trimmed(found)

    def _spread(self, sizes: Array) -> Array:
        """Sizes of groups (points, groups) as notional of levers (points, levers)."""
        traded = np.zeros((len(sizes), len(self._steps)))
        for index, group in enumerate(self._groups):
            for lever in group:
                traded[:, lever] = sizes[:, index] * self._steps[lever]
        return traded

    def _units(self, sizes: Sequence[int]) -> Units:
        units = [0] * len(self._steps)
        for group, size in zip(self._groups, sizes, strict=True):
            for lever in group:
                units[lever] = int(size)
        return tuple(units)

    def _allowed(self, sizes: Sequence[int]) -> bool:
        """Whether caps and ties allow sizes."""
        traded = self._spread(np.array([sizes], dtype=np.float64))[0]
        return float(traded.sum()) <= self._most * (1.0 + 1e-12) and all(tie.holds(traded) for tie in self._ties)

    def _accepts(self, sizes: Sequence[int]) -> bool:
        return self._allowed(sizes) and self._holds(self._units(sizes))

    def _cheapest(self, ideal: Array, correction: Slack) -> tuple[int, ...] | None:
        tops = [lead.top for lead in self._leads]
        every = math.prod(top + 1 for top in tops) <= _EVERY
        if every:
            choices = [sorted({lead.fit(size) for size in range(lead.top + 1)}) for lead in self._leads]
            sizes = np.array(list(itertools.product(*choices)), dtype=np.float64)
        else:
            sizes = self._around(ideal, correction)
        traded = self._spread(sizes)
        slack = (self._model.slack(traded) + correction).min(axis=1)
        cost = self._model.costs(traded).sum(axis=1)
        likely = np.flatnonzero(slack >= -1e-9 * self._model.scale)
        ranked = likely[np.lexsort((traded[likely].sum(axis=1), np.round(cost[likely], 9)))]
        for index in ranked[: _TRIALS_OF_ALL if every else _TRIALS]:
            found = tuple(int(size) for size in sizes[index])
            if self._accepts(found):
                return found
        return None

    def _around(self, ideal: Array, correction: Slack) -> Array:
        """Combinations of sizes next to the optimum, shape (points, groups)."""
        tops = np.array([lead.top for lead in self._leads], dtype=np.float64)
        near = np.where(np.abs(ideal - np.round(ideal)) < 1e-6, np.round(ideal), ideal)
        broken = np.flatnonzero((near > 0.0) & ((near != np.floor(near)) | (near < tops)))
        step_costs = np.array([lead.step_notional * lead.curve.lowest_rate for lead in self._leads])
        balance = int(broken[np.argmin(step_costs[broken])]) if len(broken) else None
        choices = [
            {lead.fit(math.floor(size)), lead.fit(math.ceil(size))}
            for lead, size in zip(self._leads, near.tolist(), strict=True)
        ]
        if balance is not None:
            choices[balance] = {0}
        total = float(step_costs @ near)
        coarse = [
            index
            for index in sorted(range(len(choices)), key=lambda index: -step_costs[index])
            if index != balance and step_costs[index] > _FINE * total
        ]
        for more in self._widenings(coarse, near):
            index, size = more
            grown = choices[index] | {self._leads[index].fit(size)}
            others = math.prod(len(each) for place, each in enumerate(choices) if place != index)
            if others * len(grown) > _COMBINATIONS:
                break
            choices[index] = grown
        limited = self._limited(choices)
        sizes = np.array(list(itertools.product(*limited)), dtype=np.float64)
        return sizes if balance is None else self._balanced(sizes, balance, float(near[balance]), correction)

    def _widenings(self, coarse: Sequence[int], near: Array) -> Iterator[tuple[int, int]]:
        """Further sizes to look at: levers in use first, then one order of the others."""
        used = [index for index in coarse if near[index] > 0.0]
        for step in (1, 2):
            for index in used:
                yield index, max(0, math.floor(near[index]) - step)
                yield index, math.ceil(near[index]) + step
        for index in used:
            yield index, 0
        for index in coarse:
            if near[index] == 0.0:
                yield index, 1

    def _limited(self, choices: Sequence[set[int]]) -> list[list[int]]:
        """As many levers with a choice as there is room for; the finest keep the larger of their sizes."""
        ordered = [sorted(each) for each in choices]
        count = 1
        for index in sorted(range(len(ordered)), key=lambda index: -self._leads[index].step_notional):
            if count * len(ordered[index]) > 2 * _COMBINATIONS:
                ordered[index] = ordered[index][-1:]
            count *= len(ordered[index])
        return ordered

    def _balanced(self, sizes: Array, balance: int, ideal: float, correction: Slack) -> Array:
        """The combinations with the least size of the balance at which the model meets the demands."""
        lead = self._leads[balance]
        moved = np.abs(sizes - sizes[:1]) @ np.array([each.step_notional for each in self._leads])
        span = 2.0 * float(moved.max(initial=0.0)) / lead.step_notional + 4.0
        low, high = max(0.0, ideal - span), min(float(lead.top), ideal + span)
        points = np.unique(np.concatenate([np.linspace(low, high, _BALANCE_POINTS), [min(ideal, high)]]))
        grid = np.repeat(sizes, len(points), axis=0)
        grid[:, balance] = np.tile(points, len(sizes))
        slack = (self._model.slack(self._spread(grid)) + correction).min(axis=1).reshape(len(sizes), len(points))
        for row, values in enumerate(slack):
            enough = np.flatnonzero(values >= 0.0)
            first = int(enough[0]) if len(enough) else int(np.argmax(values))
            at = float(points[first])
            if len(enough) and first > 0:  # slack is concave: the chord to the point before never promises too much
                before = values[first - 1]
                at = float(points[first - 1] + (points[first] - points[first - 1]) * -before / (values[first] - before))
            sizes[row, balance] = lead.fit(math.ceil(at - 1e-9))
        return sizes

    def _raised(self, ideal: Array) -> tuple[int, ...] | None:
        """The levers in use, then all that cut, raised together as little as is accepted."""
        cutting = np.array([not lead.grows for lead in self._leads])
        tops = np.array([lead.top for lead in self._leads], dtype=np.float64)
        for raised in (cutting & (ideal > 0.0), cutting):
            goal = np.where(raised, tops, ideal)

            def at(part: float, goal: Array = goal) -> tuple[int, ...]:
                wanted = ideal + part * (goal - ideal)
                return tuple(
                    lead.fit(math.ceil(size - 1e-9)) for lead, size in zip(self._leads, wanted.tolist(), strict=True)
                )

            if not self._accepts(at(1.0)):
                continue
            low, high = 0.0, 1.0
            for _ in range(_RAISES):
                middle = (low + high) / 2.0
                low, high = (low, middle) if self._accepts(at(middle)) else (middle, high)
            return at(high)
        return None

    def _trimmed(self, sizes: tuple[int, ...]) -> Units:
        """The same sizes without the steps that are not needed, the dearest lever first."""
        steps = [lead.step_notional * lead.curve.lowest_rate for lead in self._leads]
        total = sum(step * size for step, size in zip(steps, sizes, strict=True))
        worth = [index for index, size in enumerate(sizes) if size and steps[index] > _WORTH * total]
        for index in sorted(worth, key=lambda index: -steps[index])[:_TRIMMED]:
            sizes = self._trimmed_one(sizes, index)
        return self._units(sizes)

    def _trimmed_one(self, sizes: tuple[int, ...], index: int) -> tuple[int, ...]:
        lead: Lever = self._leads[index]
        for step in (_TRIM_STEPS, 4, 2, 1):
            smaller = lead.fit(max(0, sizes[index] - step))
            tried = (*sizes[:index], smaller, *sizes[index + 1 :])
            if smaller < sizes[index] and self._accepts(tried):
                sizes = tried
        return sizes
