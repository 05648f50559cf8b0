"""Where does the requirement meet equity? Exact roots along one symbol's mark, or along a move of many assets.

Owns the search. The slack `equity - requirement` of a pool is concave and made of straight pieces in each variable
searched (`guard.risk.path`), so on each side of the present there is at most one root:

- for a symbol with one or two legs slack is the least of a few straight lines, so the roots are the nearest of their
  roots: a closed form, for all symbols at once (`guard.risk.closed`);
- otherwise Newton's method, started beyond the root, arrives from the negative side in a handful of steps, each of
  which lands on the root of the piece that is active. A bisection guard keeps every step inside its bracket.

Choices where a question has two answers:
- a symbol can have a root on both sides of the mark (a hedged book on a venue that charges both legs): the one at the
  smaller relative move of the price is reported;
- a pool already past liquidation has liquidation shocks of 0 in both directions; its liquidation prices are where the
  symbol's mark would have to return to;
- a mark beyond `FAR` times the present, or below that part of it, counts as unreachable.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from guard.risk.closed import FAR, closed_roots, has_closed_form
from guard.risk.movers import Movers
from guard.risk.path import Path, along_moves, along_symbol
from guard.risk.pool import Array, Pool
from guard.risk.stepped import nearest_change
from guard.risk.valuation import PoolFigures

LOWEST_MOVE = -1.0
HIGHEST_MOVE = 10.0
_EDGE = 1e-12
_STEPS = 200
_ULPS = 4.0 * float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class Shocks:
    """Relative moves at which risk_ratio reaches 1: `down` <= 0 <= `up`; None = none in reach."""

    down: float | None
    up: float | None


def search(path: Path, inside: float, outside: float) -> float | None:
    """The root between `inside` (slack >= 0) and `outside`; None when slack is not negative there.

    Newton from the negative side; a step that leaves its bracket is replaced by the middle.
    """
    good, bad = inside, outside
    point = outside
    value, slope = path.slack(point)
    if value >= 0.0:
        return None
    best, best_value = point, abs(value)
    for _ in range(_STEPS):
        step = point - value / slope if slope else good
        if abs(step - point) <= _ULPS * abs(point) or value == 0.0:
            break
        point = step if min(good, bad) <= step <= max(good, bad) else 0.5 * (good + bad)
        value, slope = path.slack(point)
        if abs(value) <= best_value:
            best, best_value = point, abs(value)
        if value < 0.0:
            bad = point
        else:
            good = point
    return best


def climb(path: Path, start: float) -> float | None:
    """The root uphill of a point where slack is negative; None where slack never becomes positive.

    From the negative side of a concave function Newton never passes the root, so a slope that changes its sign means
    that there is none.
    """
    point = start
    value, slope = path.slack(point)
    uphill = slope > 0.0
    for _ in range(_STEPS):
        if value >= 0.0:
            break
        if slope == 0.0 or (slope > 0.0) != uphill:
            return None
        step = point - value / slope
        if step <= 0.0:
            return None
        if step == point:
            break
        point = step
        value, slope = path.slack(point)
    return point


def symbol_roots(pool: Pool, now: PoolFigures, *, weight: float = 1.0) -> Array:
    """The mark of each symbol at which equity meets `weight` times the requirement, all else equal.

    Both legs of a symbol share its mark; other marks and all collateral prices stay where they are.

    Args:
        pool: the pool in normal form.
        now: its figures at present (scenario 0).
        weight: 1 for liquidation, 0 for bankruptcy (equity 0).

    Returns:
        Shape (symbols,), in quote per base; NaN = unreachable.
    """
    slack_now = float(now.equity[0]) - weight * (float(now.maintenance[0]) + float(now.fees[0]))
    if not pool.symbols:
        return np.zeros(0)
    if pool.one_leg_each and has_closed_form(pool, 1):
        roots = closed_roots(pool, np.arange(len(pool.symbols))[None, :], slack_now, weight)
        return 1.0 / roots if pool.legs.any_inverse and bool(pool.legs.inverse.all()) else _prices(pool, roots)
    roots = np.full(len(pool.symbols), np.nan)
    count = np.bincount(pool.legs.symbol, minlength=len(pool.symbols))
    order = np.argsort(pool.legs.symbol, kind="stable")
    left = np.ones(len(pool.symbols), dtype=np.bool_)
    for legs_each in (1, 2):
        chosen = np.flatnonzero(count == legs_each)
        if chosen.size and has_closed_form(pool, legs_each):
            start = np.searchsorted(pool.legs.symbol[order], chosen)
            mine = order[start + np.arange(legs_each)[:, None]]
            roots[chosen] = closed_roots(pool, mine, slack_now, weight)
            left[chosen] = False
    for symbol in np.flatnonzero(left).tolist():
        roots[symbol] = _searched_root(pool, symbol, slack_now, weight)
    return _prices(pool, roots)


def _prices(pool: Pool, roots: Array) -> Array:
    """Prices from roots in `v`."""
    return np.where(pool.legs.inverse[pool.first_leg], 1.0 / roots, roots) if pool.legs.any_inverse else roots


def _searched_root(pool: Pool, symbol: int, slack_now: float, weight: float) -> float:
    """Root in `v` of one symbol, by search."""
    leg = int(np.argmax(pool.legs.symbol == symbol))
    mark, inverse = float(pool.legs.mark[leg]), bool(pool.legs.inverse[leg])
    path = along_symbol(pool, symbol, slack_now, weight)
    if path.steps is not None:
        found = [nearest_change(path, mark, end, search) for end in (0.0, mark * FAR)]
    elif slack_now < 0.0:
        found = [climb(path, mark)]
    else:
        found = [search(path, mark, end) for end in (0.0, mark * FAR)]
    reached = [root for root in found if root is not None and root >= mark / FAR]
    distance = {root: abs((mark / root if inverse else root / mark) - 1.0) for root in reached}
    return min(reached, key=lambda root: distance[root], default=float("nan"))


def shocks(pool: Pool, now: PoolFigures, movers: Movers, weights: Array, *, weight: float = 1.0) -> Shocks:
    """The nearest relative moves, down and up, at which equity meets `weight` times the requirement.

    Along the path asset `a` moves by `x * weights_a`: marks move with their base against their quote, coin collateral
    loses value with them, tiers and fees are taken anew.

    Args:
        pool: the pool in normal form.
        now: its figures at present (scenario 0).
        movers: its assets.
        weights: how much of the move each of `movers` takes; all 1 is the common shock, betas a beta vector.
        weight: 1 for liquidation, 0 for bankruptcy.

    Returns:
        `x` in (-1, +10), and such that no asset loses more than everything.
    """
    if not pool.positions:
        return Shocks(None, None)
    if float(now.equity[0]) <= weight * (float(now.maintenance[0]) + float(now.fees[0])):
        return Shocks(0.0, 0.0)
    largest, smallest = float(weights.max(initial=0.0)), float(weights.min(initial=0.0))
    if largest == 0.0 == smallest:
        return Shocks(None, None)
    path = along_moves(pool, movers, weights, weight)
    low = max(LOWEST_MOVE, -1.0 / largest if largest > 0.0 else LOWEST_MOVE) * (1.0 - _EDGE)
    high = min(HIGHEST_MOVE, -1.0 / smallest if smallest < 0.0 else HIGHEST_MOVE) * (1.0 - _EDGE)
    if path.steps is not None:
        return Shocks(nearest_change(path, 0.0, low, search), nearest_change(path, 0.0, high, search))
    return Shocks(search(path, 0.0, low), search(path, 0.0, high))
