"""Liquidation prices in closed form, for all symbols with one or two legs at once.

With all else standing still, slack as a function of a symbol's `v` is the least of a few straight lines: one for each
line of the requirement (each pair of lines, for two legs) and each line of the asset in which it settles. Where the
least of lines is not negative is an interval, and its ends are the nearest of the lines' roots.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from guard.risk.pool import Array, Index, Mask, Pool

FAR: Final = 1e12
"""Prices beyond this multiple of the mark, or below this part of it, count as unreachable."""
MOST_LINES: Final = 2048
"""Lines of a symbol up to which the closed form is the cheaper way."""


def has_closed_form(pool: Pool, legs_each: int) -> bool:
    """Whether symbols with so many legs have a closed form: no offsets, no steps, not too many lines."""
    legs = pool.legs
    lines = (len(legs.line_rate) + 1) ** legs_each * len(pool.assets.line_rate)
    return legs.offset_group is None and legs.flat is None and lines <= MOST_LINES


def closed_roots(pool: Pool, mine: Index, slack_now: float, weight: float) -> Array:
    """Roots in `v` of symbols with the same number of legs.

    Args:
        pool: the pool in normal form.
        mine: legs of each symbol, shape (legs of each, symbols).
        slack_now: slack at present.
        weight: what the requirement counts: 1 for liquidation, 0 for bankruptcy.

    Returns:
        Shape (symbols,); NaN = unreachable.
    """
    legs, assets = pool.legs, pool.assets
    every = mine.shape[0] == 1 and mine.shape[1] == legs.size.size
    pick: Index | slice = slice(None) if every else mine

    def of(column: Array) -> Array:
        return column[None, :] if every else column[pick]

    size, mark = of(legs.size), of(legs.mark)
    charged = size if legs.charged is None else of(legs.charged)
    exposure = of(legs.exposure)
    rates, offsets = _requirement_lines(pool, mine, charged, weight)
    top = rates * mark + offsets
    required = np.maximum(np.maximum.reduce(top, axis=0), 0.0).sum(axis=0)
    slope, offset = _sums_of_lines(rates, offsets)
    if legs.fee_rate is not None:
        fee_slope = (weight * of(legs.fee_rate) * charged * _charge(pool, mine)).sum(axis=0)
        slope, required = slope + fee_slope, required + fee_slope * mark[0]
    exposed = exposure.sum(axis=0)
    level = None if pool.plain else assets.price[legs.settle[mine[0]]]
    if assets.upl_counts_inside and level is not None:
        settle = legs.settle[mine[0]]
        amount = (assets.free + ((legs.mark - legs.entry) * legs.exposure) @ pool.leg_in_asset)[settle]
        gain, constant = assets.line_rate[:, settle], assets.line_constant[:, settle]
        held_now = (gain * amount + constant).min(axis=0)
        rise = (level * gain * exposed)[:, None]
        rest = (slack_now + required + level * (gain * (amount - exposed * mark[0]) + constant - held_now))[:, None]
    else:
        exposed = exposed if level is None else exposed * level
        rise, rest = exposed, slack_now + required - exposed * mark[0]
    alpha, beta = rest - offset, rise - slope
    shape = (-1, mine.shape[1])
    return _nearest_root(alpha.reshape(shape), beta.reshape(shape), mark[0], pool, mine)


def _charge(pool: Pool, mine: Index) -> Array | float:
    """What a requirement of 1 in the settlement asset counts for in the pool's currency."""
    if pool.plain:
        return 1.0
    settle = pool.legs.settle[mine]
    level = pool.assets.price[settle]
    return level if pool.assets.charge_factor is None else level * pool.assets.charge_factor[settle]


def _requirement_lines(pool: Pool, mine: Index, charged: Array, weight: float) -> tuple[Array, Array]:
    """Slopes and offsets of the lines of each leg, shape (lines, legs of each, symbols), with a line of 0 if needed."""
    legs = pool.legs
    counts = weight if legs.loss is None else np.where(legs.loss[mine], 1.0, weight)
    charge = _charge(pool, mine) * counts
    rates = legs.line_rate[:, mine] * (charged * charge)
    offsets = legs.line_deduction[:, mine] * -charge
    if not legs.may_be_negative:
        return rates, offsets
    zero = np.zeros((1, *mine.shape))
    return np.concatenate([zero, rates]), np.concatenate([zero, offsets])


def _sums_of_lines(rates: Array, offsets: Array) -> tuple[Array, Array]:
    """All sums of one line of each leg, shape (sums, symbols)."""
    slope, offset = rates[:, 0], offsets[:, 0]
    for leg in range(1, rates.shape[1]):
        slope = (slope[:, None] + rates[:, leg]).reshape(-1, rates.shape[2])
        offset = (offset[:, None] + offsets[:, leg]).reshape(-1, rates.shape[2])
    return slope, offset


def _nearest_root(alpha: Array, beta: Array, mark: Array, pool: Pool, mine: Index) -> Array:
    """Root of `min_k(alpha_k + beta_k v)` nearest to the mark; arrays of shape (lines, symbols)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = -alpha / beta
        low = np.maximum.reduce(np.where(beta > 0.0, crossing, -np.inf), axis=0)
        high = np.minimum.reduce(np.where(beta < 0.0, crossing, np.inf), axis=0)
        impossible = low > high
        level = beta == 0.0
        if level.any():
            impossible |= (level & (alpha < 0.0)).any(axis=0)
        # A dead pool may have both of its roots on one side of the mark, at prices that do not exist.
        nearest, farthest = mark / FAR, mark * FAR
        low = np.where((low >= nearest) & (low <= farthest) & ~impossible, low, np.nan)
        high = np.where((high >= nearest) & (high <= farthest) & ~impossible, high, np.nan)
        inverse: Mask | None = pool.legs.inverse[mine[0]] if pool.legs.any_inverse else None
        nearer = ~(_distance(high, mark, inverse) < _distance(low, mark, inverse))
        return np.where(nearer & ~np.isnan(low), low, high)


def _distance(point: Array, mark: Array, inverse: Mask | None) -> Array:
    """How far a point lies from the mark, as a relative move of the price."""
    ratio = point / mark
    return np.abs((ratio if inverse is None else np.where(inverse, 1.0 / ratio, ratio)) - 1.0)
