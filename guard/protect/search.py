"""The search for the sizes that restore a pool's target with the least notional. Pure.

Sizes are whole numbers of the venue's step. Three ways are tried, and every size is judged by the risk engine:

1. one leg alone: the smallest size of each that restores the target; the leg with the least notional wins;
2. where no leg can do it alone, pieces of legs in turn, always the piece that takes away most of the deficit per
   notional; what came last is then trimmed;
3. all legs in proportion: closing everything is the end of that road, so it finds a way whenever there is one.

The sizes that meet the target form a convex set (`guard.protect.slack`): along one leg they are one interval, so
bisection is exact once a point inside is known. Of 2 and 3 the one with less notional is taken.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

import numpy as np

from guard.ports.venue import Instrument
from guard.protect.cost import CostCurve
from guard.protect.legs import LegKey
from guard.protect.plan_values import Target
from guard.protect.poolkey import PoolKey
from guard.protect.reduced import Cut, reduce_book
from guard.protect.slack import Slack, deficit, slack_of
from guard.risk.book import Book, Position

Units: TypeAlias = tuple[int, ...]
"""For each leg of a search, how many steps of its venue are taken off."""

# Where closing a leg overshoots (a hedge), its interval of good sizes is looked for at this many points.
_SCAN = 12
# The deficit is taken away in pieces of about this part of the pool's notional.
_PIECES = 24
_PROPORTION_STEPS = 14
_TRIMMED_LEGS = 4


@dataclass(frozen=True, slots=True)
class SellableLeg:
    """A leg that may be cut: `top` steps close what can be closed, an order takes at least `smallest` steps."""

    position: Position
    instrument: Instrument
    curve: CostCurve
    top: int
    smallest: int

    @property
    def key(self) -> LegKey:
        """The leg's name."""
        return (self.position.symbol, self.position.side)

    def contracts(self, units: int) -> Decimal:
        """Contracts of `units` steps."""
        return units * self.instrument.step

    def notional(self, units: int) -> float:
        """Quote value of `units` steps at the mark."""
        return float(self.contracts(units)) * self.curve.unit

    def cost(self, units: int) -> float:
        """Expected cost of closing `units` steps, in quote currency."""
        return self.curve.cost(float(self.contracts(units)))

    def fit(self, units: int) -> int:
        """At least `units`, such that the venue takes the order and could close what is left; never above `top`."""
        if units <= 0:
            return 0
        units = min(max(units, self.smallest), self.top)
        return self.top if self.top - units < self.smallest else units


@dataclass(frozen=True, slots=True)
class Search:
    """The search in one pool of a book."""

    book: Book
    pool: PoolKey
    legs: tuple[SellableLeg, ...]
    target: Target

    def cuts(self, units: Units) -> list[Cut]:
        """The cuts that `units` stand for."""
        return [
            Cut(leg.key, leg.contracts(count), leg.cost(count))
            for leg, count in zip(self.legs, units, strict=True)
            if count
        ]

    def slack(self, units: Units) -> Slack:
        """The pool's slacks after the cuts."""
        return slack_of(reduce_book(self.book, self.cuts(units)), self.pool, self.target)

    def holds(self, units: Units) -> bool:
        """Whether the target holds after the cuts."""
        return bool(np.all(self.slack(units) >= 0.0))

    def notional(self, units: Units) -> float:
        """What the cuts trade, in quote currency."""
        return sum(leg.notional(count) for leg, count in zip(self.legs, units, strict=True))

    def find(self, least: Sequence[float]) -> Units | None:
        """The sizes to take, None when nothing restores the target.

        Args:
            least: for each leg, a notional below which it certainly cannot do it alone (`guard.protect.bound`);
                legs that cannot beat the best one found are not searched.
        """
        alone = self._one_leg(least)
        if alone is not None:
            return alone
        found = [units for units in (self._pieces(), self._in_proportion()) if units is not None]
        return min(found, key=self.notional, default=None)

    def _one_leg(self, least: Sequence[float]) -> Units | None:
        best: tuple[float, float, Units] | None = None
        for index in sorted(range(len(self.legs)), key=lambda leg: (least[leg], self.legs[leg].key)):
            if best is not None and least[index] >= best[0]:
                break
            if least[index] > self.legs[index].notional(self.legs[index].top):
                continue
            count = self._smallest_alone(index)
            if count is not None:
                units = self._only(index, count)
                rank = (self.notional(units), self.legs[index].cost(count), units)
                best = rank if best is None else min(best, rank)
        return None if best is None else best[2]

    def _only(self, index: int, count: int) -> Units:
        return tuple(count if leg == index else 0 for leg in range(len(self.legs)))

    def _smallest_alone(self, index: int) -> int | None:
        leg = self.legs[index]

        def holds(count: int) -> bool:
            return self.holds(self._only(index, leg.fit(count)))

        if holds(leg.top):
            return leg.fit(_first(holds, 0, leg.top))
        below = 0
        for point in range(1, _SCAN):
            count = leg.top * point // _SCAN
            if count > below and holds(count):
                return leg.fit(_first(holds, below, count))
            below = count
        return None

    def _pieces(self) -> Units | None:
        """Pieces of legs in turn, by deficit taken away per notional; a rank is renewed when it leads."""
        units = (0,) * len(self.legs)
        now = deficit(self.slack(units))
        piece = max(self.notional(tuple(leg.top for leg in self.legs)) / _PIECES, 1e-12)
        queue = [(-math.inf, index) for index in range(len(self.legs))]
        order: list[int] = []
        while now > 0.0 and queue:
            _, index = heapq.heappop(queue)
            taken = self._with_piece(units, index, piece)
            then = deficit(self.slack(taken))
            gain = (now - then) / max(self.notional(taken) - self.notional(units), 1e-12)
            if gain <= 0.0:
                continue  # it may help later, beside others; the way in proportion covers that
            if queue and gain < -queue[0][0]:
                heapq.heappush(queue, (-gain, index))
                continue
            units, now = taken, then
            order.append(index)
            if units[index] < self.legs[index].top:
                heapq.heappush(queue, (-gain, index))
        return None if now > 0.0 else self._trimmed(units, list(dict.fromkeys(reversed(order))))

    def _with_piece(self, units: Units, index: int, notional: float) -> Units:
        leg = self.legs[index]
        more = max(1, math.ceil(notional / max(leg.notional(1), 1e-300)))
        return tuple(leg.fit(min(units[index] + more, leg.top)) if i == index else each for i, each in enumerate(units))

    def _in_proportion(self) -> Units | None:
        whole = 1 << _PROPORTION_STEPS

        def at(part: int) -> Units:
            return tuple(leg.fit(math.ceil(leg.top * part / whole)) for leg in self.legs)

        if not self.holds(at(whole)):
            return None
        units = at(_first(lambda part: self.holds(at(part)), 0, whole))
        return self._trimmed(units, sorted(range(len(self.legs)), key=lambda leg: -self.legs[leg].curve.lowest_rate))

    def _trimmed(self, units: Units, order: Sequence[int]) -> Units:
        """The same sizes without what is not needed, leg by leg in `order`."""
        for index in order[:_TRIMMED_LEGS]:
            units = self._trimmed_leg(units, index)
        return units

    def _trimmed_leg(self, units: Units, index: int) -> Units:
        leg = self.legs[index]

        def at(count: int) -> Units:
            return tuple(leg.fit(count) if i == index else each for i, each in enumerate(units))

        if self.holds(at(0)):
            return at(0)
        return at(_first(lambda count: self.holds(at(count)), 0, units[index]))


def _first(holds: Callable[[int], bool], bad: int, good: int) -> int:
    """The smallest number in (bad, good] that holds; `good` does, `bad` does not, what holds is an interval."""
    while good - bad > 1:
        middle = (bad + good) // 2
        if holds(middle):
            good = middle
        else:
            bad = middle
    return good
