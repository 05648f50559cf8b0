"""What any plan must cost at least: a true lower bound from the concavity of slack. Pure.

Formula:
    For a slack g that is below 0 and concave in the sizes of the legs, taking notional n_i off the legs gains at most
    sum_i e_i * n_i, where e_i = (g(now) - g(leg i a little larger)) / (that little notional): by concavity no cut gains
    more per notional than growing the leg loses. (Growing, not cutting: at the edge of a tier the two differ.)
    With r_i the cost rate of the first contract (none is cheaper) and N_i the leg's notional, any plan costs at least

        min sum_i r_i * n_i   subject to   sum_i e_i * n_i >= -g,  0 <= n_i <= N_i

    a fractional knapsack: legs are taken by e_i / r_i until the deficit is gone. The bound is the largest over the
    three slacks. Costs themselves lower equity; leaving that out keeps the bound below the truth.

Limits: isolated pools and books at the very end of a tier table count with a bound of 0; a cross pool beside isolated
legs counts with what these could release.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from guard.protect.reduced import Cut, add_collateral, reduce_book
from guard.protect.search import Search
from guard.protect.sizing import exact
from guard.protect.slack import Slack, slack_of
from guard.risk.book import Book
from guard.risk.bookerror import BookError
from guard.risk.pool import Array
from guard.risk.report import AccountRisk

_GROWTH = Decimal("1e-6")
# The finite difference above is right to about this part.
_SAFETY = 1.0 - 1e-6


@dataclass(frozen=True, slots=True)
class Bounds:
    """`cost`: no plan in this pool is cheaper. `least`: for each leg, a notional below which it cannot do it alone."""

    cost: float
    least: tuple[float, ...]


def bounds_of(search: Search, before: AccountRisk) -> Bounds:
    """The bounds of a pool's search."""
    slack = search.slack((0,) * len(search.legs))
    try:
        effects = np.array([_effect(search, index, slack) for index in range(len(search.legs))]).reshape(-1, 3)
    except BookError:  # the leg ends its tier table: growing it has no answer
        return Bounds(0.0, (0.0,) * len(search.legs))
    alone = [_alone(-slack, effect) * _SAFETY for effect in effects]
    if search.pool.isolated is not None:
        return Bounds(0.0, (0.0,) * len(search.legs))
    missing = -slack_of(_with_releases(search, before), search.pool, search.target)
    costs = [_knapsack(search, float(missing[case]), effects[:, case]) for case in range(3) if missing[case] > 0.0]
    return Bounds(max(costs, default=0.0) * _SAFETY, tuple(alone))


def _effect(search: Search, index: int, slack: Slack) -> Array:
    """Gain of each slack per notional taken off a leg, at most."""
    leg = search.legs[index]
    grown = exact(leg.position.contracts) * _GROWTH
    after = slack_of(reduce_book(search.book, [Cut(leg.key, -grown)]), search.pool, search.target)
    effect: Array = (slack - after) / (float(grown) * leg.curve.unit)
    return effect


def _alone(missing: Slack, effect: Array) -> float:
    """Notional of one leg below which it cannot fill every deficit; infinite when it helps none of some."""
    needed = 0.0
    for lack, gain in zip(missing, effect, strict=True):
        if lack > 0.0:
            needed = max(needed, lack / gain if gain > 0.0 else math.inf)
    return float(needed)


def _with_releases(search: Search, before: AccountRisk) -> Book:
    """The book as if every isolated leg had given back all of its equity; it may reach this pool or another."""
    book = search.book
    for pool in before.pools:
        if pool.margin_mode == "isolated" and pool.equity > 0.0:
            book = add_collateral(book, pool.currency, pool.equity, None)
    return book


def _knapsack(search: Search, missing: float, effects: Array) -> float:
    cost = 0.0
    rates = [max(leg.curve.lowest_rate, 1e-300) for leg in search.legs]
    helpful = [index for index in range(len(rates)) if effects[index] > 0.0]
    for index in sorted(helpful, key=lambda leg: effects[leg] / rates[leg], reverse=True):
        leg = search.legs[index]
        taken = min(missing / float(effects[index]), leg.notional(leg.top))
        cost += taken * leg.curve.lowest_rate
        missing -= taken * float(effects[index])
        if missing <= 0.0:
            break
    return cost
