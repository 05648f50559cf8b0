"""Figures of a pool over a scenario axis. The live report is scenario 0 of this code.

Owns the arithmetic of equity, requirement and initial margin. Knows no venue and no search. The formulas and the
meaning of the arrays stand in `guard.risk.pool`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from guard.risk.pool import Array, Assets, Legs, Pool


@dataclass(frozen=True, slots=True)
class Market:
    """Where prices stand in each scenario, in a reference currency of our choice (scenario 0: the pool's own).

    `v` (scenarios, legs): marks of linear legs, reciprocal marks of inverse legs. `price` (scenarios, assets): price
    of each asset. `own` (scenarios,): price of the pool's currency.
    """

    v: Array
    price: Array
    own: Array


@dataclass(frozen=True, slots=True)
class LegFigures:
    """Figures of each leg in its settlement asset; arrays have shape (scenarios, legs)."""

    value: Array
    unrealized_pnl: Array
    maintenance: Array
    fee: Array


@dataclass(frozen=True, slots=True)
class PoolFigures:
    """Figures of a pool in the reference currency; arrays have shape (scenarios,)."""

    equity: Array
    unrealized_pnl: Array
    maintenance: Array
    fees: Array
    initial: Array

    @property
    def requirement(self) -> Array:
        """Maintenance margin plus what the venue adds for closing."""
        return self.maintenance + self.fees


def market_now(pool: Pool) -> Market:
    """Scenario 0: prices as the book has them."""
    return Market(v=pool.legs.mark[None, :], price=pool.assets.price[None, :], own=np.ones(1))


def market_after(pool: Pool, moves: Array) -> Market:
    """Prices after relative moves of shape (scenarios, movers), each above -1 (`-0.1` = down 10 %).

    The mark of a symbol moves with its base against its quote.
    """
    legs, assets = pool.legs, pool.assets
    grown = 1.0 + moves
    ratio = grown[:, legs.base] / grown[:, legs.quote]
    return Market(
        v=legs.mark * np.where(legs.inverse, 1.0 / ratio, ratio),
        price=assets.price * grown[:, assets.mover],
        own=grown[:, pool.currency_mover],
    )


def value_legs(legs: Legs, v: Array) -> LegFigures:
    """Figures of the legs at marks `v` of shape (scenarios, legs)."""
    value = v * legs.size
    charged = v * legs.charged
    maintenance = np.zeros_like(charged)
    for rate, deduction in zip(legs.line_rate, legs.line_deduction, strict=True):
        np.maximum(maintenance, charged * rate - deduction, out=maintenance)
    return LegFigures(
        value=value,
        unrealized_pnl=(v - legs.entry) * (legs.direction * legs.size),
        maintenance=maintenance,
        fee=value * legs.fee_rate + legs.fee_fixed,
    )


def counted(assets: Assets, amounts: Array) -> Array:
    """What amounts of shape (..., assets) count for, in units of each asset: `min_k(rate_k * x + constant_k)`."""
    lines = amounts[..., None, :] * assets.line_rate + assets.line_constant
    least: Array = lines.min(axis=-2)
    return least


def counted_slope(assets: Assets, amounts: Array) -> Array:
    """What one more unit counts for at amounts of shape (..., assets): the rate of the line that is active."""
    lines = amounts[..., None, :] * assets.line_rate + assets.line_constant
    active = lines.argmin(axis=-2)
    slope: Array = assets.line_rate[active, np.arange(assets.line_rate.shape[1])]
    return slope


def value_pool(pool: Pool, market: Market) -> PoolFigures:
    """Figures of the pool in each scenario of `market`.

    Formula:
        equity      = sum_a counted_a * price_a (+ sum_i upl_i * price_settle(i) where it counts at full price)
                      - withheld * own
        requirement = sum_i (mm_i + fee_i) * price_settle(i) * charge_factor_settle(i)
    """
    return add_up(pool, value_legs(pool.legs, market.v), market)


def add_up(pool: Pool, figures: LegFigures, market: Market) -> PoolFigures:
    """Add figures of the legs up to those of the pool."""
    legs, assets = pool.legs, pool.assets
    settle_price = market.price[:, legs.settle]
    charge = settle_price * assets.charge_factor[legs.settle]
    upl: Array = (figures.unrealized_pnl * settle_price).sum(axis=-1)
    if assets.upl_counts_inside:
        amounts = assets.free + figures.unrealized_pnl @ pool.leg_in_asset
        equity = (counted(assets, amounts) * market.price).sum(axis=-1)
    else:
        equity = (counted(assets, assets.free) * market.price).sum(axis=-1) + upl
    initial = figures.value * legs.im_rate + legs.im_fixed
    return PoolFigures(
        equity=equity - pool.withheld * market.own,
        unrealized_pnl=upl,
        maintenance=(figures.maintenance * charge).sum(axis=-1),
        fees=(figures.fee * charge).sum(axis=-1),
        initial=(initial * charge).sum(axis=-1) + pool.im_orders * market.own,
    )
