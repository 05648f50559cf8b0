"""Where does the requirement meet equity? Exact roots along one symbol's mark, or along a move of many assets.

Owns the search. The slack `equity - requirement` of a pool is concave and made of straight pieces in each variable
searched (`guard.risk.path`), so on each side of the present there is at most one root:

- for a symbol with one or two legs slack is the least of a few straight lines, so the roots are the nearest of their
  roots: a closed form, for all symbols at once;
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

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from guard.risk.movers import Movers
from guard.risk.path import along_moves, along_symbol, is_closed
from guard.risk.pool import Array, Index, Mask, Pool
from guard.risk.stepped import nearest_steps
from guard.risk.valuation import PoolFigures

FAR = 1e12
LOWEST_MOVE = -1.0
HIGHEST_MOVE = 10.0
_EDGE = 1e-12
_STEPS = 200
_ULPS = 4.0 * float(np.finfo(np.float64).eps)

Slack = Callable[[Array], tuple[Array, Array]]
"""Slack and its slope at points of shape (problems,)."""


@dataclass(frozen=True, slots=True)
class Shocks:
    """Relative moves at which risk_ratio reaches 1: `down` <= 0 <= `up`; None = none in reach."""

    down: float | None
    up: float | None


def search(inside: Array, outside: Array, slack: Slack, wanted: Mask) -> Array:
    """Roots between `inside` (slack >= 0) and `outside` (slack < 0), elementwise; NaN where not `wanted`.

    Newton from the negative side; a step that leaves its bracket is replaced by the middle.
    """
    good, bad = inside.copy(), outside.copy()
    point = outside
    value, slope = slack(point)
    best, best_value = point, np.abs(value)
    for _ in range(_STEPS):
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            step = point - value / slope
        settled = np.abs(step - point) <= _ULPS * np.abs(point)
        if bool(np.all(settled | (value == 0.0) | ~wanted)):
            break
        low, high = np.minimum(good, bad), np.maximum(good, bad)
        point = np.where(settled, point, np.where((step >= low) & (step <= high), step, 0.5 * (good + bad)))
        value, slope = slack(point)
        closer = np.abs(value) <= best_value
        best, best_value = np.where(closer, point, best), np.where(closer, np.abs(value), best_value)
        good, bad = np.where(value < 0.0, good, point), np.where(value < 0.0, point, bad)
    return np.where(wanted, best, np.nan)


def climb(start: float, slack: Slack) -> float:
    """The root uphill of a point where slack is negative; NaN where slack never becomes positive.

    From the negative side of a concave function Newton never passes the root, so a slope that changes its sign means
    that there is none.
    """
    point = np.array([start])
    value, slope = slack(point)
    uphill = np.sign(slope[0])
    for _ in range(_STEPS):
        if value[0] >= 0.0:
            break
        if slope[0] == 0.0 or np.sign(slope[0]) != uphill:
            return float("nan")
        step = point - value / slope
        if step[0] <= 0.0:
            return float("nan")
        if step[0] == point[0]:
            break
        point = step
        value, slope = slack(point)
    return float(point[0])


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
    slack_now = float(now.equity[0] - weight * now.requirement[0])
    first = pool.first_leg
    roots = np.full(len(pool.symbols), np.nan)
    closed = is_closed(pool)
    count = np.bincount(pool.legs.symbol, minlength=len(pool.symbols))
    for legs_each in (1, 2):
        chosen = np.flatnonzero(closed & (count == legs_each))
        if chosen.size:
            order = np.argsort(pool.legs.symbol, kind="stable")
            start = np.searchsorted(pool.legs.symbol[order], chosen)
            legs = order[start + np.arange(legs_each)[:, None]]
            roots[chosen] = _closed_roots(pool, legs, slack_now, weight)
    for symbol in np.flatnonzero(~closed):
        leg = int(first[symbol])
        roots[symbol] = _searched_root(pool, int(symbol), leg, slack_now, weight)
    return np.where(pool.legs.inverse[first], 1.0 / roots, roots)


def _closed_roots(pool: Pool, mine: Index, slack_now: float, weight: float) -> Array:
    """Roots in `v` of symbols with the same number of legs, `mine` of shape (legs of each, symbols)."""
    legs, assets = pool.legs, pool.assets
    level = assets.price[legs.settle[mine]]
    factor = 1.0 if assets.charge_factor is None else assets.charge_factor[legs.settle[mine]]
    counts = weight if legs.loss is None else np.where(legs.loss[mine], 1.0, weight)
    size, mark, entry = legs.size[mine], legs.mark[mine], legs.entry[mine]
    charged = size if legs.charged is None else legs.charged[mine]
    # Requirement: all sums of one line of each leg, among them its line 0.
    rates = legs.line_rate[:, mine] * (charged * level * factor * counts)
    offsets = -legs.line_deduction[:, mine] * (level * factor * counts)
    zero = np.zeros((1, *mine.shape))
    rates, offsets = np.concatenate([zero, rates]), np.concatenate([zero, offsets])
    required = np.maximum(rates * mark + offsets, 0.0).max(axis=0).sum(axis=0)
    slope, offset = rates[:, 0], offsets[:, 0]
    for leg in range(1, len(mine)):
        slope = (slope[:, None] + rates[:, leg]).reshape(-1, mine.shape[1])
        offset = (offset[:, None] + offsets[:, leg]).reshape(-1, mine.shape[1])
    if legs.fee_rate is not None:
        fee_slope = (weight * legs.fee_rate[mine] * charged * level * factor).sum(axis=0)
        slope, required = slope + fee_slope, required + fee_slope * mark[0]
    exposure = (legs.direction[mine] * size).sum(axis=0)
    upl_offset = -(legs.direction[mine] * size * entry).sum(axis=0)
    if assets.upl_counts_inside:
        settle = legs.settle[mine[0]]
        amount = (assets.free + ((legs.mark - legs.entry) * legs.direction * legs.size) @ pool.leg_in_asset)[settle]
        gain, gain_now = assets.line_rate[:, settle], exposure * mark[0] + upl_offset
        constants = gain * (amount - gain_now + upl_offset) + assets.line_constant[:, settle]
        counted_now = (gain * amount + assets.line_constant[:, settle]).min(axis=0)
        rise, rest = level[0] * gain * exposure, level[0] * constants
        start = slack_now - level[0] * counted_now
    else:
        rise, rest = (level[0] * exposure)[None, :], (level[0] * upl_offset)[None, :]
        start = slack_now - level[0] * (exposure * mark[0] + upl_offset)
    alpha = ((start + required + rest)[:, None] - offset).reshape(-1, mine.shape[1])
    beta = (rise[:, None] - slope).reshape(-1, mine.shape[1])
    return _nearest_root(alpha, beta, mark[0], pool.legs.inverse[mine[0]])


def _nearest_root(alpha: Array, beta: Array, mark: Array, inverse: Mask) -> Array:
    """Root of `min_k(alpha_k + beta_k v)` nearest to the mark; arrays of shape (lines, symbols)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = -alpha / beta
    low = np.where(beta > 0.0, crossing, -np.inf).max(axis=0)
    high = np.where(beta < 0.0, crossing, np.inf).min(axis=0)
    impossible = (low > high) | ((beta == 0.0) & (alpha < 0.0)).any(axis=0)
    low = np.where((low >= mark / FAR) & ~impossible, low, np.nan)
    high = np.where((high <= mark * FAR) & ~impossible, high, np.nan)
    nearer = np.isnan(high) | (_distance(low, mark, inverse) <= _distance(high, mark, inverse))
    return np.where(nearer, low, high)


def _distance(point: Array, mark: Array, inverse: Mask) -> Array:
    """How far a point lies from the mark, as a relative move of the price."""
    return np.abs(np.where(inverse, mark / point, point / mark) - 1.0)


def _searched_root(pool: Pool, symbol: int, leg: int, slack_now: float, weight: float) -> float:
    """Root in `v` of one symbol, by search."""
    mark, inverse = float(pool.legs.mark[leg]), pool.legs.inverse[leg : leg + 1]
    path = along_symbol(pool, symbol, slack_now, weight)
    if path.steps is not None:
        found = nearest_steps(path, mark, (0.0, mark * FAR), search)
    elif slack_now < 0.0:
        return climb(mark, path.slack)
    else:
        here, ends = np.full(2, mark), np.array([0.0, mark * FAR])
        found = search(here, ends, path.slack, path.slack(ends)[0] < 0.0)
    marks = np.array([mark])
    by_distance = [(float(_distance(root, marks, inverse)[0]), float(root[0])) for root in found[:, None]]
    reached = [(distance, root) for distance, root in by_distance if not np.isnan(root) and root >= mark / FAR]
    return min(reached)[1] if reached else float("nan")


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
    if float(now.equity[0] - weight * now.requirement[0]) <= 0.0:
        return Shocks(0.0, 0.0)
    if not bool(weights.any()):
        return Shocks(None, None)
    path = along_moves(pool, movers, weights, weight)
    rising, falling = weights[weights > 0.0], weights[weights < 0.0]
    low = max([LOWEST_MOVE, *(-1.0 / rising)]) * (1.0 - _EDGE)
    high = min([HIGHEST_MOVE, *(-1.0 / falling)]) * (1.0 - _EDGE)
    if path.steps is not None:
        found = nearest_steps(path, 0.0, (low, high), search)
    else:
        ends = np.array([low, high])
        found = search(np.zeros(2), ends, path.slack, path.slack(ends)[0] < 0.0)
    down, up = (None if np.isnan(root) else float(root) for root in found)
    return Shocks(down, up)
