"""Slack (equity minus requirement) of a pool along a line through the market, as straight pieces in one variable.

Owns the coefficients: along a move of assets by `x * weights`, and along the mark of one symbol. Each part of slack is
a polynomial `c0 + c1 t + c2 t^2` of the variable (`c2` only for contracts that settle in a third asset):

    slack(t) = base(t) + sum_a min_k asset_line_ka(t) - sum_i max(0, max_k leg_line_ki(t))

`guard.risk.liquidation` looks for its zeros. That these coefficients say the same as `guard.risk.valuation` is held by
property tests.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from guard.risk.bookerror import BookError
from guard.risk.movers import Movers
from guard.risk.pool import Array, Index, Pool
from guard.risk.valuation import counted, maintenance, side_in_group


@dataclass(frozen=True, slots=True)
class Groups:
    """Legs that offset each other; `base_*` (groups,) is what legs that do not move add to each side."""

    long: Array
    short: Array
    base_long: Array
    base_short: Array


@dataclass(frozen=True, slots=True)
class Steps:
    """Flat legs: `columns` are their columns in the path, `kinks` the points where one of them changes its tier.

    `rows_at` tells the tier of each of them at a point.
    """

    columns: Index
    kinks: Array
    rows_at: Callable[[float], Index]


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of several columns: `c0`, `c1`, `c2` of shape (lines, columns); `c2` None = straight."""

    c0: Array
    c1: Array
    c2: Array | None = None

    def highest(self, at: float) -> tuple[Array, Array]:
        """The highest line of each column at a point, and its slope."""
        values = self.c1 * at
        values += self.c0
        if self.c2 is not None:
            values += self.c2 * (at * at)
        best = values.argmax(axis=0)
        columns = np.arange(best.size)
        slope = self.c1[best, columns]
        return values[best, columns], slope if self.c2 is None else slope + (2.0 * at) * self.c2[best, columns]

    def only(self, rows: Index, columns: Index) -> Lines:
        """The same lines, but of some columns one row alone (the others are 0)."""
        return Lines(*(None if c is None else _only(c, rows, columns) for c in (self.c0, self.c1, self.c2)))  # type: ignore[arg-type]  # c0, c1 are never None


def _only(coefficients: Array, rows: Index, columns: Index) -> Array:
    kept = coefficients.copy()
    kept[:, columns] = 0.0
    kept[0, columns] = coefficients[rows, columns]
    return kept


@dataclass(frozen=True, slots=True)
class Path:
    """Slack as a function of one variable: `base` has its coefficients by power; see the module."""

    base: tuple[float, float, float]
    legs: Lines
    assets: Lines | None = None
    groups: Groups | None = None
    steps: Steps | None = None

    def slack(self, at: float) -> tuple[float, float]:
        """Slack and its slope at a point."""
        c0, c1, c2 = self.base
        value, slope = c0 + at * (c1 + at * c2), c1 + 2.0 * at * c2
        if self.assets is not None:
            most, most_slope = self.assets.highest(at)
            value, slope = value - float(most.sum()), slope - float(most_slope.sum())
        top, top_slope = self.legs.highest(at)
        if self.groups is None:
            return value - float(np.add.reduce(top)), slope - float(np.add.reduce(top_slope))
        groups = self.groups
        long, short = top @ groups.long + groups.base_long, top @ groups.short + groups.base_short
        chosen = long >= short
        charge_slope = np.where(chosen, top_slope @ groups.long, top_slope @ groups.short)
        return value - float(np.maximum(long, short).sum()), slope - float(charge_slope.sum())


def _leg_lines(pool: Pool, c0: Array, c1: Array, c2: Array | None) -> Lines:
    """Lines of the legs, with a line of 0 where the first one may fall below it."""
    if not pool.legs.may_be_negative:
        return Lines(c0, c1, c2)
    zero = np.zeros((1, c0.shape[1]))
    grown = [None if c is None else np.concatenate([c, zero]) for c in (c0, c1, c2)]
    return Lines(*grown)  # type: ignore[arg-type]  # the first two are never None


def along_moves(pool: Pool, movers: Movers, weights: Array, weight: float) -> Path:
    """The path on which asset `a` moves by `x * weights_a`.

    Args:
        pool: the pool in normal form.
        movers: its assets.
        weights: shape (movers,).
        weight: what the requirement counts: 1 for liquidation, 0 for bankruptcy.

    Raises:
        BookError: a leg whose value along the path would need a price that the book does not have.
    """
    legs = pool.legs
    w_asset = weights[movers.asset]
    w_base, w_quote = weights[movers.base], weights[movers.quote]
    if pool.plain and not legs.any_inverse and not w_asset.any() and not w_quote.any():
        return _along_plain(pool, w_base, weight)
    return _along_any(pool, movers, weights, weight)


def _along_plain(pool: Pool, w_base: Array, weight: float) -> Path:
    """Linear legs of a pool whose currency stands still: values move by their base, everything else stays."""
    legs = pool.legs
    value = (legs.size if legs.charged is None else legs.charged) * legs.mark
    lines = legs.line_rate * value
    worth = legs.size * legs.mark * legs.direction
    upl = np.add.reduce(worth - legs.size * legs.entry * legs.direction)
    base = float(pool.wallet + upl), float(worth @ w_base)
    if legs.fee_rate is not None:
        fees = weight * value * legs.fee_rate
        base = base[0] - float(fees.sum()), base[1] - float(fees @ w_base)
    if legs.fee_fixed is not None:
        base = base[0] - weight * float(legs.fee_fixed.sum()), base[1]
    c0, c1 = lines - legs.line_deduction, lines * w_base
    return Path((*base, 0.0), _leg_lines(pool, weight * c0, weight * c1, None))


def _along_any(pool: Pool, movers: Movers, weights: Array, weight: float) -> Path:
    legs, assets = pool.legs, pool.assets
    w_settle = weights[movers.asset][legs.settle]
    level = assets.price[legs.settle]
    price = np.array([level, level * w_settle, np.zeros_like(level)])  # of the settlement asset
    worth = _worth(pool, movers, weights, w_settle) * (level * legs.mark)  # of one unit of size
    factor = 1.0 if assets.charge_factor is None else assets.charge_factor[legs.settle]
    charged = legs.size if legs.charged is None else legs.charged
    lines = (worth * charged)[:, None, :] * legs.line_rate - price[:, None, :] * legs.line_deduction
    lines *= factor * (weight if legs.loss is None else np.where(legs.loss, 1.0, weight))
    exposure = legs.exposure
    upl = worth * exposure - price * (legs.entry * exposure)
    base = np.array([-pool.withheld, -pool.withheld * weights[movers.own], 0.0])
    if legs.fee_rate is not None:
        base -= weight * (worth * charged * legs.fee_rate * factor).sum(axis=1)
    if legs.fee_fixed is not None:
        base -= weight * (price * legs.fee_fixed * factor).sum(axis=1)
    asset_price = np.array([assets.price, assets.price * weights[movers.asset], np.zeros_like(assets.price)])
    if assets.charge is not None:
        base -= weight * (asset_price @ assets.charge)
    asset_lines = None
    if assets.upl_counts_inside:
        amounts = asset_price * assets.free + upl @ pool.leg_in_asset
        held = -(amounts[:, None, :] * assets.line_rate + asset_price[:, None, :] * assets.line_constant)
        asset_lines = Lines(*held)
    else:
        base += asset_price @ counted(assets, assets.free) + upl.sum(axis=1)
    groups = None
    if legs.offset_group is not None:
        long, short = side_in_group(pool)
        groups = Groups(long, short, np.zeros(long.shape[1]), np.zeros(long.shape[1]))
    steps = None
    if legs.flat is not None:
        columns = np.flatnonzero(legs.flat)
        lead = np.where(legs.inverse, weights[movers.quote], weights[movers.base])[columns]
        drag = np.where(legs.inverse, weights[movers.base], weights[movers.quote])[columns]
        steps = _steps(pool, columns, columns, (legs.mark[columns], lead, drag))
    curved = lines[2] if lines[2].any() else None
    c0, c1, c2 = base.tolist()
    return Path((c0, c1, c2), _leg_lines(pool, lines[0], lines[1], curved), asset_lines, groups, steps)


def _steps(pool: Pool, columns: Index, mine: Index, move: tuple[Array, Array, Array]) -> Steps:
    """Steps of flat legs `mine` whose `v` is `v0 (1 + lead t) / (1 + drag t)`, `move` being `v0, lead, drag`."""
    legs = pool.legs
    floors = np.zeros((1, len(mine))) if legs.flat_floor is None else legs.flat_floor[:, mine]
    start, lead, drag = (legs.size if legs.charged is None else legs.charged)[mine] * move[0], move[1], move[2]
    with np.errstate(divide="ignore", invalid="ignore"):
        kinks = (floors - start) / (start * lead - floors * drag)

    def rows_at(point: float) -> Index:
        value = start * (1.0 + lead * point) / (1.0 + drag * point)
        rows: Index = np.maximum((value > floors).sum(axis=0) - 1, 0)
        return rows

    return Steps(columns, kinks[np.isfinite(kinks)], rows_at)


def at_present(path: Path, point: float) -> Path:
    """The path with every flat leg in the tier that it has at `point`."""
    if path.steps is None:
        return path
    return replace(path, legs=path.legs.only(path.steps.rows_at(point), path.steps.columns), steps=None)


def _worth(pool: Pool, movers: Movers, weights: Array, w_settle: Array) -> Array:
    """Worth of a unit of each leg in the reference currency relative to now: coefficients of shape (3, legs).

    A linear leg is worth `(1 + b x)` when it settles in its quote, `(1 + b x)(1 + s x)` when it settles in a third
    asset; an inverse leg is worth `(1 + q x)`: in the reference currency it does not move with its base.
    """
    inverse = pool.legs.inverse
    w_base, w_quote = weights[movers.base], weights[movers.quote]
    straight = np.where(inverse, w_base == w_settle, w_quote == w_settle)
    third = ~inverse & (w_quote == 0.0)
    if not bool((straight | third).all()):
        leg = int(np.argmin(straight | third))
        name = pool.symbols[pool.legs.symbol[leg]]
        raise BookError("positions", f"of {name} settle in an asset that is neither its base nor its quote")
    lead = np.where(inverse, w_quote, w_base)
    quanto = np.where(straight, 0.0, w_settle)
    return np.array([np.ones_like(lead), lead + quanto, lead * quanto])


def along_symbol(pool: Pool, symbol: int, slack_now: float, weight: float) -> Path:
    """The path on which one symbol's `v` moves and everything else stands still; the variable is `v` itself.

    Args:
        pool: the pool in normal form.
        symbol: index into `pool.symbols`.
        slack_now: slack at present.
        weight: what the requirement counts.
    """
    legs, assets = pool.legs, pool.assets
    mine: Index = np.flatnonzero(legs.symbol == symbol)
    level = assets.price[legs.settle]
    factor = np.ones_like(level) if assets.charge_factor is None else assets.charge_factor[legs.settle]
    counts = level * factor * (weight if legs.loss is None else np.where(legs.loss, 1.0, weight))
    charged = legs.size if legs.charged is None else legs.charged
    c0, c1 = (-legs.line_deduction * counts)[:, mine], (legs.line_rate * (charged * counts))[:, mine]
    exposure = legs.exposure[mine]
    base, slope = 0.0, 0.0
    if legs.fee_rate is not None:
        slope -= float((weight * legs.fee_rate * charged * level * factor)[mine].sum())
    if legs.fee_fixed is not None:
        base -= float((weight * legs.fee_fixed * level * factor)[mine].sum())
    asset_lines = None
    if assets.upl_counts_inside:
        asset_lines = _asset_lines(pool, mine)
    else:
        base -= float((level[mine] * exposure * legs.entry[mine]).sum())
        slope += float((level[mine] * exposure).sum())
    groups = _groups_but(pool, mine, counts) if legs.offset_group is not None else None
    steps = None
    if legs.flat is not None and bool(legs.flat[mine].any()):
        columns = np.flatnonzero(legs.flat[mine])
        unit = np.ones(len(columns))
        steps = _in_v(_steps(pool, columns, mine[columns], (unit, unit, 0.0 * unit)))
    path = Path((base, slope, 0.0), _leg_lines(pool, c0, c1, None), asset_lines, groups, steps)
    # What the moving part is worth at present, the rest of the pool is worth the difference.
    mark = float(legs.mark[mine[0]])
    present, _ = at_present(path, mark).slack(mark)
    return replace(path, base=(base + slack_now - present, slope, 0.0))


def _in_v(steps: Steps) -> Steps:
    """Steps of a path in `v` from those of a path in `t` with `v = 1 + t`."""
    rows_at = steps.rows_at
    return Steps(steps.columns, steps.kinks + 1.0, lambda point: rows_at(point - 1.0))


def _asset_lines(pool: Pool, mine: Index) -> Lines:
    """Lines (negated) of the one asset in which the moving legs settle."""
    legs, assets = pool.legs, pool.assets
    asset = int(legs.settle[mine[0]])
    exposure = legs.exposure
    upl = (legs.mark - legs.entry) * exposure
    others = np.delete(upl, mine)[np.delete(legs.settle, mine) == asset].sum()
    held = assets.free[asset] + others - (exposure * legs.entry)[mine].sum()
    price, rate, constant = assets.price[asset], assets.line_rate[:, asset], assets.line_constant[:, asset]
    return Lines(-(price * (rate * held + constant))[:, None], -(price * rate * exposure[mine].sum())[:, None])


def _groups_but(pool: Pool, mine: Index, counts: Array) -> Groups:
    """Groups of the moving legs, with what the other legs add to each side."""
    long, short = side_in_group(pool)
    margins = maintenance(pool.legs, pool.legs.mark[None, :])[0] * counts
    margins[mine] = 0.0
    return Groups(long[mine], short[mine], margins @ long, margins @ short)
