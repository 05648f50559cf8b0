"""How far a pool is from its target, as amounts of money that add up: the planner's measure. Pure.

Formula:
    slack_0 = target_risk_ratio * equity - requirement             now
    slack_- = equity - requirement  after a common move of -target_distance
    slack_+ = equity - requirement  after a common move of +target_distance

    The target holds exactly when all three are >= 0. Along the common move equity - requirement is concave
    (`guard.risk.liquidation`), so it is above 0 between two points at which it is not below 0: both ends are enough.
    Each slack is concave in the sizes of all legs together (equity is linear in them, the requirement convex), so the
    sizes that meet the target form one convex set.

Evaluated by the risk engine's own translation and valuation; only its search for liquidation prices is left out, which
makes this an order of magnitude faster than a full assessment. A finished plan is assessed in full.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from guard.protect.plan_values import Target
from guard.protect.poolkey import PoolKey
from guard.risk.book import Book
from guard.risk.movers import market_after, movers_of
from guard.risk.pool import Array
from guard.risk.rules import pools_of
from guard.risk.valuation import value_pool

Slack: TypeAlias = Array
"""Shape (3,): now, after the move down, after the move up; in the pool's currency."""


def slack_of(book: Book, key: PoolKey, target: Target) -> Slack:
    """The three slacks of a pool of `book`; infinite where the pool is no more (an isolated leg that was closed).

    Raises:
        BookError: the book cannot be assessed.
    """
    for pool in pools_of(book):
        if key.names(pool):
            movers = movers_of(pool)
            moves = np.outer([0.0, -target.distance, target.distance], movers.common())
            figures = value_pool(pool, market_after(pool, movers, moves))
            share = np.array([target.risk_ratio, 1.0, 1.0])
            slack: Array = share * figures.equity - figures.requirement
            return slack
    return np.full(3, np.inf)


def deficit(slack: Slack) -> float:
    """What is missing in total, in the pool's currency; 0 when the target holds."""
    return float(-np.minimum(slack, 0.0).sum())
