"""Where does the requirement meet equity? Exact roots along one symbol's mark, or along a move of many assets.

Owns the search. The slack `equity - requirement` of a pool is concave and piecewise linear in each variable searched
(`guard.risk.pool` says why), so on each side of the present there is at most one root, and Newton's method started
beyond it arrives from the negative side in a handful of steps, each of which lands on the root of the line that is
active: the result is exact, tiers re-evaluated. A bisection guard keeps every step inside its bracket.

Choices where a question has two answers:
- a symbol can have a root on both sides of the mark (a hedged book on a venue that charges both legs): the nearest
  one in relative terms is reported;
- a pool already past liquidation has liquidation shocks of 0 in both directions; its liquidation prices are where the
  symbol's mark would have to return to;
- a mark further away than `FAR` times the present counts as unreachable.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from guard.risk.assets import moves
from guard.risk.pool import Array, Legs, Mask, Pool
from guard.risk.valuation import PoolFigures, counted, counted_slope, market_after

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


@dataclass(frozen=True, slots=True)
class _LegLines:
    """Value and slope (in `v`) of upl and requirement of each leg; arrays have shape (scenarios, legs)."""

    upl: Array
    upl_slope: Array
    requirement: Array
    requirement_slope: Array


def _leg_lines(legs: Legs, v: Array, weight: float) -> _LegLines:
    """The active line of every leg at `v`; `weight` 0 leaves the requirement out (bankruptcy)."""
    charged = v * legs.charged
    lines = charged[..., None, :] * legs.line_rate - legs.line_deduction
    active = lines.argmax(axis=-2)
    maintenance = np.take_along_axis(lines, active[..., None, :], axis=-2)[..., 0, :]
    rate = legs.line_rate[active, np.arange(legs.line_rate.shape[1])]
    positive = maintenance > 0.0
    fee_slope = legs.size * legs.fee_rate
    exposure = legs.direction * legs.size
    return _LegLines(
        upl=(v - legs.entry) * exposure,
        upl_slope=np.broadcast_to(exposure, v.shape),
        requirement=weight * (np.where(positive, maintenance, 0.0) + v * fee_slope + legs.fee_fixed),
        requirement_slope=weight * (np.where(positive, rate * legs.charged, 0.0) + fee_slope),
    )


def _search(inside: Array, outside: Array, slack: Slack, wanted: Mask) -> Array:
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


def _climb(start: Array, slack: Slack, wanted: Mask) -> Array:
    """Roots uphill of points where slack is negative; NaN where slack never becomes positive or not `wanted`.

    From the negative side of a concave function Newton never passes the root, so a slope that changes its sign means
    that there is none.
    """
    point = np.where(wanted, start, np.nan)
    value, slope = slack(point)
    uphill = np.sign(slope)
    for _ in range(_STEPS):
        lost = (np.sign(slope) != uphill) | (slope == 0.0) | (point < 0.0)
        point = np.where(lost & (value < 0.0), np.nan, point)
        with np.errstate(divide="ignore", invalid="ignore"):
            step = np.where(value < 0.0, point - value / slope, point)
        if np.array_equal(step, point, equal_nan=True):
            break
        point = step
        value, slope = slack(point)
    return np.where(point > 0.0, point, np.nan)


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
    slack = _slack_by_symbol(pool, now, weight)
    first = pool.first_leg
    mark, inverse = pool.legs.mark[first], pool.legs.inverse[first]
    present, _ = slack(mark)
    roots = np.full(len(pool.symbols), np.nan)
    for outside in (np.zeros_like(mark), mark * FAR):
        found = _search(mark, outside, slack, (present >= 0.0) & (slack(outside)[0] < 0.0))
        nearer = np.isnan(roots) | (_distance(found, mark, inverse) < _distance(roots, mark, inverse))
        roots = np.where(nearer, found, roots)
    past = present < 0.0
    if bool(past.any()):
        roots = np.where(past, _climb(mark, slack, past), roots)
    return np.where(inverse, 1.0 / roots, roots)


def _distance(point: Array, mark: Array, inverse: Mask) -> Array:
    """How far a point lies from the mark, as a relative move of the price."""
    return np.abs(np.where(inverse, mark / point, point / mark) - 1.0)


def _slack_by_symbol(pool: Pool, now: PoolFigures, weight: float) -> Slack:
    """Slack of the pool when one symbol stands at a given mark and all others where they are now, for all symbols."""
    legs, assets = pool.legs, pool.assets
    belongs = pool.leg_in_symbol
    settle = legs.settle[pool.first_leg]
    price = assets.price[settle]
    charge = price * assets.charge_factor[settle]
    present = _leg_lines(legs, legs.mark, weight)
    upl_now, requirement_now = present.upl @ belongs, charge * (present.requirement @ belongs)
    equity, requirement = float(now.equity[0]), weight * float(now.requirement[0])
    rates, constants = assets.line_rate[:, settle], assets.line_constant[:, settle]
    amount = (assets.free + present.upl @ pool.leg_in_asset)[settle]
    counted_now = (amount * rates + constants).min(axis=0)
    every = np.arange(len(pool.symbols))

    def slack(point: Array) -> tuple[Array, Array]:
        lines = _leg_lines(legs, point[legs.symbol], weight)
        gained = lines.upl @ belongs - upl_now
        gained_slope = lines.upl_slope @ belongs
        if assets.upl_counts_inside:
            counted_lines = (amount + gained) * rates + constants
            active = counted_lines.argmin(axis=0)
            gained = counted_lines[active, every] - counted_now
            gained_slope = gained_slope * rates[active, every]
        value = equity + price * gained - (requirement - requirement_now + charge * (lines.requirement @ belongs))
        slope = price * gained_slope - charge * (lines.requirement_slope @ belongs)
        return value, slope

    return slack


def market_weights(pool: Pool) -> Array:
    """A common move of the whole market: 1 for every asset that is not stable, shape (movers,)."""
    underlyings = frozenset(pool.movers[index] for index in pool.legs.base)
    return np.array([1.0 if moves(name, underlyings) else 0.0 for name in pool.movers])


def shocks(pool: Pool, now: PoolFigures, weights: Array, *, weight: float = 1.0) -> Shocks:
    """The nearest relative moves, down and up, at which equity meets `weight` times the requirement.

    Along the path asset `a` moves by `x * weights_a`: marks move with their base against their quote, coin collateral
    loses value with them, tiers and fees are taken anew.

    Args:
        pool: the pool in normal form.
        now: its figures at present (scenario 0).
        weights: how much of the move each of `pool.movers` takes; all 1 is the common shock, betas a beta vector.
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
    rising, falling = weights[weights > 0.0], weights[weights < 0.0]
    low = max([LOWEST_MOVE, *(-1.0 / rising)]) * (1.0 - _EDGE)
    high = min([HIGHEST_MOVE, *(-1.0 / falling)]) * (1.0 - _EDGE)
    slack = _slack_along(pool, weights, weight)
    ends = np.array([low, high])
    found = _search(np.zeros(2), ends, slack, slack(ends)[0] < 0.0)
    down, up = (None if np.isnan(root) else float(root) for root in found)
    return Shocks(down, up)


def _slack_along(pool: Pool, weights: Array, weight: float) -> Slack:
    """Slack of the pool after a move of all assets by `x * weights`."""
    legs, assets = pool.legs, pool.assets
    inside = pool.leg_in_asset if assets.upl_counts_inside else None
    w_base, w_quote, w_asset = weights[legs.base], weights[legs.quote], weights[assets.mover]
    price_slope = assets.price * w_asset
    factor = assets.charge_factor[legs.settle]

    def slack(x: Array) -> tuple[Array, Array]:
        market = market_after(pool, np.multiply.outer(x, weights))
        x = x[:, None]
        growth = w_base / (1.0 + x * w_base) - w_quote / (1.0 + x * w_quote)
        v_slope = market.v * np.where(legs.inverse, -growth, growth)
        lines = _leg_lines(legs, market.v, weight)
        upl_slope, requirement_slope = lines.upl_slope * v_slope, lines.requirement_slope * v_slope
        settle_price, settle_slope = market.price[:, legs.settle], price_slope[legs.settle]
        if inside is None:
            held = counted(assets, assets.free)
            equity = market.price @ held + (lines.upl * settle_price).sum(axis=-1)
            slope = price_slope @ held + (upl_slope * settle_price + lines.upl * settle_slope).sum(axis=-1)
        else:
            amounts = assets.free + lines.upl @ inside
            held, held_slope = counted(assets, amounts), counted_slope(assets, amounts) * (upl_slope @ inside)
            equity = (held * market.price).sum(axis=-1)
            slope = (held * price_slope + held_slope * market.price).sum(axis=-1)
        charged = (lines.requirement * settle_price * factor).sum(axis=-1)
        charged_slope = ((requirement_slope * settle_price + lines.requirement * settle_slope) * factor).sum(axis=-1)
        withheld, withheld_slope = pool.withheld * market.own, pool.withheld * weights[pool.currency_mover]
        return equity - charged - withheld, slope - charged_slope - withheld_slope

    return slack
