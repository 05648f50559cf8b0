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
from guard.risk.pool import Array, Index, Mask, Pool
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
class Path:
    """Coefficients by power of the variable: `base` (3,), `assets` (3, lines, assets), `legs` (3, lines, legs)."""

    base: Array
    legs: Array
    assets: Array | None = None
    groups: Groups | None = None
    steps: Steps | None = None

    def slack(self, at: Array) -> tuple[Array, Array]:
        """Slack and its slope at points of shape (problems,)."""
        value = self.base[0] + at * (self.base[1] + at * self.base[2])
        slope = self.base[1] + 2.0 * at * self.base[2]
        if self.assets is not None:
            least, least_slope = _active(-self.assets, at)
            value, slope = value - least.sum(axis=-1), slope - least_slope.sum(axis=-1)
        top, top_slope = _active(self.legs, at)
        positive = top > 0.0
        top, top_slope = np.where(positive, top, 0.0), np.where(positive, top_slope, 0.0)
        if self.groups is None:
            return value - top.sum(axis=-1), slope - top_slope.sum(axis=-1)
        groups = self.groups
        long, short = top @ groups.long + groups.base_long, top @ groups.short + groups.base_short
        chosen = long >= short
        charge = np.where(chosen, long, short)
        charge_slope = np.where(chosen, top_slope @ groups.long, top_slope @ groups.short)
        return value - charge.sum(axis=-1), slope - charge_slope.sum(axis=-1)


def _active(lines: Array, at: Array) -> tuple[Array, Array]:
    """The highest line and its slope at each point: two of shape (problems, columns)."""
    t = at[:, None, None]
    curved = bool(lines[2].any())
    values = lines[0] + t * (lines[1] + t * lines[2]) if curved else lines[0] + t * lines[1]
    best = values.argmax(axis=1)
    columns = np.arange(lines.shape[2])
    top = values[np.arange(len(at))[:, None], best, columns]
    slope = lines[1][best, columns]
    return top, slope + 2.0 * at[:, None] * lines[2][best, columns] if curved else slope


def _weights_of(pool: Pool, weight: float) -> float | Array:
    """How much each leg's line counts: `weight`, but losses always count in full."""
    if pool.legs.loss is None:
        return weight
    return np.where(pool.legs.loss, 1.0, weight)


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
    legs, assets = pool.legs, pool.assets
    w_settle = weights[movers.asset][legs.settle]
    level = assets.price[legs.settle]
    price = np.array([level, level * w_settle, np.zeros_like(level)])  # of the settlement asset
    worth = _worth(pool, movers, weights, w_settle) * (level * legs.mark)  # of one unit of size
    factor = 1.0 if assets.charge_factor is None else assets.charge_factor[legs.settle]
    counts = _weights_of(pool, weight) * factor
    charged = legs.size if legs.charged is None else legs.charged
    lines = (worth * charged)[:, None, :] * legs.line_rate - price[:, None, :] * legs.line_deduction
    exposure = legs.direction * legs.size
    upl = worth * exposure - price * (legs.entry * exposure)
    own = weights[movers.own]
    base = np.array([-pool.withheld, -pool.withheld * own, 0.0])
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
        asset_lines = amounts[:, None, :] * assets.line_rate + asset_price[:, None, :] * assets.line_constant
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
    return Path(base, lines * counts, asset_lines, groups, steps)


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
    factor = 1.0 if assets.charge_factor is None else assets.charge_factor[legs.settle]
    counts = _weights_of(pool, weight) * level * factor
    charged = legs.size if legs.charged is None else legs.charged
    lines = np.array([-legs.line_deduction * counts, legs.line_rate * charged * counts])[:, :, mine]
    exposure = (legs.direction * legs.size)[mine]
    base = np.zeros(3)
    fees = np.zeros(2)
    if legs.fee_rate is not None:
        fees[1] = float((weight * legs.fee_rate * charged * level * factor)[mine].sum())
    if legs.fee_fixed is not None:
        fees[0] = float((weight * legs.fee_fixed * level * factor)[mine].sum())
    base[:2] -= fees
    mark = legs.mark[mine]
    asset_lines = None
    if assets.upl_counts_inside:
        asset_lines = _asset_lines(pool, mine)
    else:
        price = level[mine]
        base[0] -= float((price * exposure * legs.entry[mine]).sum())
        base[1] += float((price * exposure).sum())
    groups = _groups_but(pool, mine, counts) if legs.offset_group is not None else None
    steps = None
    if legs.flat is not None and bool(legs.flat[mine].any()):
        columns = np.flatnonzero(legs.flat[mine])
        # v itself is the variable: v = 0 (1 + t) would not do, so take v = e (1 + t / e) with a unit e.
        unit = np.ones(len(columns))
        steps = _steps(pool, columns, mine[columns], (unit, unit, 0.0 * unit))
        steps = replace(steps, kinks=steps.kinks + 1.0, rows_at=_shifted(steps.rows_at))
    path = Path(base, np.concatenate([lines, np.zeros((1, *lines.shape[1:]))]), asset_lines, groups, steps)
    # What the moving part is worth at present, the rest of the pool is worth the difference.
    present, _ = at_present(path, float(mark[0])).slack(mark[:1])
    base[0] += slack_now - float(present[0])
    return path


def _shifted(rows_at: Callable[[float], Index]) -> Callable[[float], Index]:
    """Rows of a path in `v` from those of a path in `v - 1`."""
    return lambda point: rows_at(point - 1.0)


def at_present(path: Path, point: float) -> Path:
    """The path with every flat leg in the tier that it has at `point`."""
    steps = path.steps
    if steps is None:
        return path
    legs = path.legs.copy()
    chosen = legs[:, steps.rows_at(point), steps.columns]
    legs[:, :, steps.columns] = 0.0
    legs[:, 0, steps.columns] = chosen
    return replace(path, legs=legs, steps=None)


def _asset_lines(pool: Pool, mine: Index) -> Array:
    """Lines of the one asset in which the moving legs settle; all legs settle in it, or the symbol is refused."""
    legs, assets = pool.legs, pool.assets
    asset = int(legs.settle[mine[0]])
    exposure = legs.direction * legs.size
    upl = (legs.mark - legs.entry) * exposure
    others = np.delete(upl, mine)[np.delete(legs.settle, mine) == asset].sum()
    held = assets.free[asset] + others - (exposure * legs.entry)[mine].sum()
    price, rate, constant = assets.price[asset], assets.line_rate[:, asset], assets.line_constant[:, asset]
    zero = np.zeros_like(rate)
    return np.array([price * (rate * held + constant), price * rate * exposure[mine].sum(), zero])[:, :, None]


def _groups_but(pool: Pool, mine: Index, counts: Array) -> Groups:
    """Groups of the moving legs, with what the other legs add to each side."""
    long, short = side_in_group(pool)
    margins = maintenance(pool.legs, pool.legs.mark[None, :])[0] * counts
    margins[mine] = 0.0
    return Groups(long[mine], short[mine], margins @ long, margins @ short)


def is_closed(pool: Pool) -> Mask:
    """Symbols whose liquidation price has a closed form: one or two legs, no offsets between symbols, no steps."""
    legs = pool.legs
    if legs.offset_group is not None:
        return np.zeros(len(pool.symbols), dtype=np.bool_)
    count = np.bincount(legs.symbol, minlength=len(pool.symbols))
    small = len(legs.line_rate) ** 2 <= 1024
    closed: Mask = (count == 1) | ((count == 2) & small)
    if legs.flat is not None:
        stepped = np.bincount(legs.symbol, weights=legs.flat.astype(np.float64), minlength=len(pool.symbols))
        closed &= stepped == 0.0
    return closed
