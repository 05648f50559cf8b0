"""How far a pool is from what is asked of it, as amounts of money that add up: the planner's measure. Pure.

Formula, one slack for each demand:
    ratio         target_risk_ratio * equity - requirement                now
    down, up      equity - requirement  after a common move of -target_distance, +target_distance
    each shock    equity - requirement  after its moves and its funding
    margin level  equity - target_margin_level * initial margin           now, where such a level is asked for

    The goal holds exactly when all slacks are >= 0. Along the common move equity - requirement is concave
    (`guard.risk.liquidation`), so it is above 0 between two points at which it is not below 0: both ends are enough.
    Each slack is concave in the sizes of all legs together (equity is linear in them, the requirement convex), so the
    sizes that meet the goal form one convex set. Where a tier applies to all of a leg the requirement jumps and neither
    holds: what stands here is then necessary, and the full assessment of the book decides.

Evaluated by the risk engine's own translation and valuation; only its search for liquidation prices is left out, which
makes this an order of magnitude faster than a full assessment. A finished plan is assessed in full.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from guard.protect.plan_values import Target
from guard.protect.poolkey import PoolKey
from guard.risk.book import Book
from guard.risk.movers import Movers, market_after, movers_of
from guard.risk.pool import Array, Index, Pool
from guard.risk.report import AccountRisk, PoolRisk
from guard.risk.rules import pools_of
from guard.risk.scenarios import Scenario
from guard.risk.valuation import Market, add_up, value_legs

Slack: TypeAlias = Array
"""One figure for each demand of a goal, in the pool's currency as it is worth there."""


@dataclass(frozen=True, slots=True)
class Goal:
    """A target, and shocks that the pool must survive (none of which may fill orders)."""

    target: Target
    shocks: tuple[Scenario, ...] = ()
    _known: list[tuple[Movers, Array]] = field(default_factory=list, compare=False, repr=False)
    """The moves of the pool that was looked at last: a plan looks at one pool many times."""

    def of(self, key: PoolKey) -> Goal:
        """What is asked of one pool."""
        return Goal(self.target.of(key), self.shocks) if self.target.pools else self

    @property
    def demands(self) -> int:
        """How many slacks there are."""
        return 3 + len(self.shocks) + (self.target.margin_level is not None)

    @property
    def rows(self) -> Index:
        """Which market each demand looks at: 0 now, 1 down, 2 up, then the shocks."""
        rows = list(range(3 + len(self.shocks)))
        return np.array(rows if self.target.margin_level is None else [*rows, 0], dtype=np.intp)

    @property
    def weights(self) -> Array:
        """What equity counts in each demand."""
        weights = np.ones(self.demands)
        weights[0] = self.target.risk_ratio
        return weights

    def markets(self, pool: Pool, movers: Movers) -> Market:
        """Prices in each market."""
        if not self._known or self._known[0][0] is not movers:
            self._known[:] = [(movers, self._moves(movers))]
        return market_after(pool, movers, self._known[0][1])

    def _moves(self, movers: Movers) -> Array:
        """Relative moves in each market, shape (markets, movers)."""
        common = movers.common()
        distance = self.target.distance
        moves = [0.0 * common, -distance * common, distance * common]
        for shock in self.shocks:
            rest = np.array([0.0 if name in shock.moves else shock.otherwise for name in movers.names])
            moves.append(movers.vector(shock.moves) + rest * common)
        return np.array(moves)

    @property
    def funding(self) -> Array:
        """What every leg pays in each market, as a fraction of its value."""
        return np.array([0.0, 0.0, 0.0, *(shock.funding for shock in self.shocks)])

    def holds_for(self, pool: PoolRisk, slack: Slack) -> bool:
        """Whether an assessed pool with these slacks meets the goal."""
        survives = bool(np.all(slack[3 : 3 + len(self.shocks)] > 0.0)) if pool.positions else True
        return survives and self.target.holds_for(pool)


@dataclass(slots=True)
class Tally:
    """Both sides of each demand, shape (demands,): what stands in, and what is asked; slack is their difference."""

    equity: Array
    burden: Array

    def slack(self, goal: Goal) -> Slack:
        """What is left of each demand."""
        left: Slack = goal.weights * self.equity - self.burden
        return left


def tally_of(pool: Pool, goal: Goal) -> Tally:
    """Equity (not weighted) and burden of a pool for each demand."""
    market = goal.markets(pool, movers_of(pool))
    legs = value_legs(pool.legs, market.v)
    figures = add_up(pool, legs, market)
    paid = goal.funding * (legs.value * market.price[:, pool.legs.settle]).sum(axis=-1)
    equity, burden = (figures.equity - paid) / market.own, figures.requirement / market.own
    level = goal.target.margin_level
    if level is None:
        return Tally(equity, burden)
    initial = level * figures.initial[:1] / market.own[:1]
    return Tally(np.append(equity, equity[0]), np.append(burden, initial))


def pool_named(book: Book, key: PoolKey) -> Pool | None:
    """The pool of that name in normal form; None where it is no more.

    Raises:
        BookError: the book cannot be assessed.
    """
    return next((pool for pool in pools_of(book) if key.names(pool)), None)


def slack_of(book: Book, key: PoolKey, goal: Goal) -> Slack:
    """The slacks of a pool of `book`; infinite where the pool is no more (an isolated leg that was closed).

    Raises:
        BookError: the book cannot be assessed.
    """
    pool, goal = pool_named(book, key), goal.of(key)
    return np.full(goal.demands, np.inf) if pool is None else tally_of(pool, goal).slack(goal)


def holding(book: Book, risk: AccountRisk, goal: Goal) -> list[bool]:
    """For each assessed pool of a book, whether it meets the goal."""
    if not goal.shocks:
        return [goal.target.holds_for(pool) for pool in risk.pools]
    return [goal.holds_for(pool, slack_of(book, PoolKey.of(pool), goal)) for pool in risk.pools]
