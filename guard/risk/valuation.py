"""Figures of a pool over a scenario axis. The live report is scenario 0 of this code.

Owns the arithmetic of equity, requirement and initial margin. Knows no venue and no search. The formulas and the
meaning of the arrays stand in `guard.risk.pool`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np

from guard.risk.pool import Array, Assets, Legs, Pool

CHUNK_CELLS = 32_768
"""Scenarios x legs worked on at a time: what stays in cache, and what bounds memory."""


_ONE = np.ones(1)


@dataclass(slots=True)
class Market:
    """Where prices stand in each scenario, in a reference currency of our choice (scenario 0: the pool's own).

    `v` (scenarios, legs): marks of linear legs, reciprocal marks of inverse legs. `price` (scenarios, assets): price
    of each asset. `own` (scenarios,): price of the pool's currency.
    """

    v: Array
    price: Array
    own: Array

    def rows(self, size: int) -> Iterator[Market]:
        """The same market in pieces of `size` scenarios."""
        for start in range(0, len(self.v), size):
            part = slice(start, start + size)
            yield Market(self.v[part], self.price[part], self.own[part])


class LegFigures:
    """Figures of each leg in its settlement asset; arrays have shape (scenarios, legs).

    They are rows of one array, `rows` of shape (5, scenarios, legs), so that one call adds all of them up.
    """

    __slots__ = ("fee", "initial", "maintenance", "rows", "unrealized_pnl", "value")

    def __init__(self, rows: Array) -> None:
        self.rows = rows
        self.value, self.unrealized_pnl, self.maintenance, self.fee, self.initial = rows


@dataclass(slots=True)
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

    @property
    def risk_ratio(self) -> Array:
        """Requirement / equity; infinity where there is no equity left."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.equity > 0.0, self.requirement / self.equity, np.inf)


def market_now(pool: Pool) -> Market:
    """Scenario 0: prices as the book has them."""
    return Market(v=pool.legs.mark[None, :], price=pool.assets.price[None, :], own=_ONE)


def maintenance(legs: Legs, v: Array) -> Array:
    """Maintenance margin of each leg at marks `v`: the highest of its lines, never below 0."""
    return _maintenance(legs, v * (legs.size if legs.charged is None else legs.charged))


def _maintenance(legs: Legs, charged: Array) -> Array:
    if charged.size * len(legs.line_rate) <= CHUNK_CELLS:
        lines = charged[..., None, :] * legs.line_rate
        lines -= legs.line_deduction
        highest: Array = np.maximum.reduce(lines, axis=-2)
        if legs.may_be_negative:
            np.maximum(highest, 0.0, out=highest)
    else:
        highest = np.zeros_like(charged)
        line = np.empty_like(charged)
        for rate, deduction in zip(legs.line_rate, legs.line_deduction, strict=True):
            np.multiply(charged, rate, out=line)
            np.subtract(line, deduction, out=line)
            np.maximum(highest, line, out=highest)
    if legs.flat is None or legs.flat_floor is None:
        return highest
    reached = np.zeros_like(charged)
    for rate, floor in zip(legs.line_rate, legs.flat_floor, strict=True):
        np.maximum(reached, np.where(charged > floor, charged * rate, 0.0), out=reached)
    charged_flat: Array = np.where(legs.flat, reached, highest)
    return charged_flat


def value_legs(legs: Legs, v: Array) -> LegFigures:
    """Figures of the legs at marks `v` of shape (scenarios, legs)."""
    figures = LegFigures(np.zeros((5, *v.shape)))
    value, upl, fee, initial = figures.value, figures.unrealized_pnl, figures.fee, figures.initial
    np.multiply(v, legs.size, out=value)
    np.subtract(v, legs.entry, out=upl)
    upl *= legs.exposure
    charged = value if legs.charged is None else v * legs.charged
    figures.maintenance[...] = _maintenance(legs, charged)
    if legs.fee_rate is not None:
        np.multiply(charged, legs.fee_rate, out=fee)
    if legs.fee_fixed is not None:
        fee += legs.fee_fixed
    np.multiply(value, legs.im_rate, out=initial)
    if legs.im_fixed is not None:
        initial += legs.im_fixed
    return figures


def counted(assets: Assets, amounts: Array) -> Array:
    """What amounts of shape (..., assets) count for, in units of each asset: `min_k(rate_k * x + constant_k)`."""
    lines = amounts[..., None, :] * assets.line_rate + assets.line_constant
    least: Array = lines[..., 0, :] if len(assets.line_rate) == 1 else lines.min(axis=-2)
    return least


def value_pool(pool: Pool, market: Market) -> PoolFigures:
    """Figures of the pool in each scenario of `market`; memory is bounded by working in chunks."""
    size = max(1, CHUNK_CELLS // max(1, pool.legs.size.size))
    if len(market.v) <= size:
        return add_up(pool, value_legs(pool.legs, market.v), market)
    pieces = market.rows(size)
    if pool.plain:
        return _joined([_totals(pool, piece) for piece in pieces])
    return _joined([add_up(pool, value_legs(pool.legs, piece.v), piece) for piece in pieces])


def _joined(parts: list[PoolFigures]) -> PoolFigures:
    return PoolFigures(*(np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(PoolFigures)))


def _totals(pool: Pool, market: Market) -> PoolFigures:
    """Figures of a plain pool without those of its legs: what is linear in the marks is one matrix product."""
    legs, own, v = pool.legs, market.own, market.v
    charged = legs.size if legs.charged is None else legs.charged
    exposure = legs.exposure
    nothing = np.zeros_like(charged)
    columns = np.stack(
        [exposure, legs.size * legs.im_rate, nothing if legs.fee_rate is None else charged * legs.fee_rate]
    )
    upl, initial, fees = (v @ columns.T).T
    upl = (upl - float(exposure @ legs.entry)) * own
    im_fixed = 0.0 if legs.im_fixed is None else float(legs.im_fixed.sum())
    fee_fixed = 0.0 if legs.fee_fixed is None else float(legs.fee_fixed.sum())
    highest = _highest_lines(legs, v, charged)
    return PoolFigures(
        equity=pool.wallet * own + upl,
        unrealized_pnl=upl,
        maintenance=np.add.reduce(highest, axis=-1) * own,
        fees=(fees + fee_fixed) * own,
        initial=(initial + im_fixed + pool.im_orders) * own,
    )


def _highest_lines(legs: Legs, v: Array, charged: Array) -> Array:
    """Maintenance margin of each leg in many scenarios, from the lines that its marks can reach.

    Lines are in the order of their rates, so between the lowest and the highest mark of a leg only the lines between
    those that are active there can be.
    """
    rates, deductions = legs.line_rate * charged, legs.line_deduction
    if not legs.may_be_negative and len(rates) > 1:
        ends = np.stack([v.min(axis=0), v.max(axis=0)])
        active = (ends[:, None, :] * rates - deductions).argmax(axis=1)
        first = active.min(axis=0)
        rows = first + np.arange(int((active.max(axis=0) - first).max()) + 1)[:, None]
        rows = np.minimum(rows, active.max(axis=0))
        rates, deductions = np.take_along_axis(rates, rows, axis=0), np.take_along_axis(deductions, rows, axis=0)
    highest: Array = v * rates[0]
    highest -= deductions[0]
    line = np.empty_like(highest)
    for rate, deduction in zip(rates[1:], deductions[1:], strict=True):
        np.multiply(v, rate, out=line)
        np.subtract(line, deduction, out=line)
        np.maximum(highest, line, out=highest)
    if legs.may_be_negative:
        np.maximum(highest, 0.0, out=highest)
    return highest


def add_up(pool: Pool, figures: LegFigures, market: Market) -> PoolFigures:
    """Add figures of the legs up to those of the pool."""
    return _add_up_plain(pool, figures, market) if pool.plain else _add_up(pool, figures, market)


def _add_up_plain(pool: Pool, figures: LegFigures, market: Market) -> PoolFigures:
    own = market.own
    _, upl, maintenance, fees, initial = np.add.reduce(figures.rows, axis=-1) * own
    return PoolFigures(pool.wallet * own + upl, upl, maintenance, fees, initial + pool.im_orders * own)


def _add_up(pool: Pool, figures: LegFigures, market: Market) -> PoolFigures:
    legs, assets = pool.legs, pool.assets
    settle_price = market.price[:, legs.settle]
    charge = settle_price if assets.charge_factor is None else settle_price * assets.charge_factor[legs.settle]
    upl: Array = (figures.unrealized_pnl * settle_price).sum(axis=-1)
    if assets.upl_counts_inside:
        amounts = assets.free + figures.unrealized_pnl @ pool.leg_in_asset
        equity = (counted(assets, amounts) * market.price).sum(axis=-1)
    else:
        equity = market.price @ counted(assets, assets.free) + upl
    equity = equity - pool.withheld * market.own
    margins = figures.maintenance * charge
    if legs.loss is not None:
        equity = equity - margins[:, legs.loss].sum(axis=-1)
        margins = np.where(legs.loss, 0.0, margins)
    total = margins.sum(axis=-1) if legs.offset_group is None else _larger_sides(pool, margins).sum(axis=-1)
    if assets.charge is not None:
        total = total + market.price @ assets.charge
    return PoolFigures(
        equity=equity,
        unrealized_pnl=upl,
        maintenance=total,
        fees=(figures.fee * charge).sum(axis=-1),
        initial=(figures.initial * charge).sum(axis=-1) + pool.im_orders * market.own,
    )


def _larger_sides(pool: Pool, margins: Array) -> Array:
    """What each group pays: the larger of its long and its short side, shape (scenarios, groups)."""
    long, short = side_in_group(pool)
    return np.maximum(margins @ long, margins @ short)


def side_in_group(pool: Pool) -> tuple[Array, Array]:
    """Two of shape (legs, groups): 1 where a long (a short) leg belongs to the group."""
    group = pool.legs.offset_group
    if group is None:
        raise ValueError("the pool has no groups")
    member = np.equal.outer(group, np.arange(int(group.max(initial=0)) + 1)).astype(np.float64)
    is_long = (pool.legs.direction > 0.0) != pool.legs.inverse
    return member * is_long[:, None], member * ~is_long[:, None]
