"""A cross pool as straight lines in what is traded: the slacks of a goal as concave functions of the levers. Pure.

Formula, with t_j the quote notional that lever j trades:
    slack_d(t) = slack_d(now) + weight_d * rise_d(t) - (burden_d(t) - burden_d(now)) + correction_d
    rise_d     = change of equity: what a leg gains or loses by the demand's moves is linear in its size, what its PnL
                 realises counts as its asset counts, and the costs of the orders come off
    burden_d   = what the legs ask for (`guard.protect.burden`), shared where the rule shares it
    cost(t)    = sum over order books of their cost curves (`guard.protect.cost`)

Slack and burden now are the engine's own, so that everything that trades do not change (loans, idle collateral) is in
them exactly. `correction` is for what straight lines cannot say; see `guard.protect.restore`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from guard.protect.burden import Burdens, Pairing, groups_of, pairing_of
from guard.protect.lever import Lever
from guard.protect.poolkey import PoolKey
from guard.protect.sizing import leg_notional
from guard.protect.slack import Goal, Slack, pool_named, tally_of
from guard.risk.book import Book, Position
from guard.risk.movers import movers_of
from guard.risk.pool import Array, Pool

_CLOSE = 1e-9


@dataclass(slots=True)
class Curve:
    """A lever along what it trades: `traded` (points,) from 0 up, `burden` (demands, points) of its leg there."""

    traded: Array
    burden: Array

    def at(self, traded: Array) -> Array:
        """What the leg asks for at `traded` (points,): shape (demands, points)."""
        place = np.clip(np.searchsorted(self.traded, traded, side="right") - 1, 0, len(self.traded) - 2)
        left = self.traded[place]
        part = (traded - left) / (self.traded[place + 1] - left)
        low = self.burden[:, place]
        return np.asarray(low + part * (self.burden[:, place + 1] - low))


@dataclass(slots=True)
class Flow:
    """One side of an order book, and the levers that eat it: cost `cost[k]` of the first `traded[k]`, in quote."""

    levers: list[int]
    traded: Array
    cost: Array


@dataclass(slots=True)
class Couple:
    """Legs that share a demand: the larger of two sides, or the difference of two sides.

    `long`, `short` are levers; `long_now`, `short_now` (demands,) what each side asks for now; `net_now` its quote
    notional now (positive: long), `line` what a net notional asks for: `(points,), (demands, points)`; `signs` what a
    quote traded by each lever adds to the net notional.
    """

    pairing: Pairing
    demands: list[int]
    long: list[int]
    short: list[int]
    long_now: Array
    short_now: Array
    net_now: float = 0.0
    line: tuple[Array, Array] | None = None
    signs: dict[int, float] = field(default_factory=dict)


@dataclass(slots=True)
class Bend:
    """An asset that does not count alike for all of its amount: equity rises by `level * min_k(rate_k * dx + gap_k)`.

    For one demand; `moved` (levers,) is the change of the amount for each quote traded, `paid` (levers,) what a quote
    of cost takes off it.
    """

    demand: int
    level: float
    rate: Array
    gap: Array
    moved: Array
    paid: Array


@dataclass(slots=True)
class PoolModel:
    """See the module. Arrays over demands and levers have shape (demands, levers)."""

    goal: Goal
    levers: tuple[Lever, ...]
    base: Slack
    curves: list[Curve]
    flows: list[Flow]
    couples: list[Couple]
    bends: list[Bend]
    rise: Array
    """Change of equity for each quote traded, costs and bent assets left out."""
    paid: Array
    """Fall of equity for each quote of cost, bent assets left out."""
    alone: Array
    """Whether a lever's leg carries a demand by itself (1) or in a couple (0)."""
    gap: Slack
    """How far burdens may lie below their hulls: what a bound must allow for."""
    scale: float

    @property
    def weights(self) -> Array:
        """What equity counts in each demand."""
        return self.goal.weights

    def costs(self, traded: Array) -> Array:
        """Cost of each flow at `traded` of shape (points, levers): shape (points, flows)."""
        return np.stack(
            [np.interp(traded[:, flow.levers].sum(axis=1), flow.traded, flow.cost) for flow in self.flows], axis=1
        )

    def slack(self, traded: Array) -> Array:
        """Slacks at `traded` of shape (points, levers): shape (points, demands)."""
        costs = self.costs(traded)
        first = [flow.levers[0] for flow in self.flows]
        rise = traded @ self.rise.T - costs @ self.paid[:, first].T
        for bend in self.bends:
            moved = traded @ bend.moved - costs @ bend.paid[first]
            rise[:, bend.demand] += bend.level * (np.multiply.outer(moved, bend.rate) + bend.gap).min(axis=1)
        burden = np.zeros_like(rise)
        change = {}
        for index in np.flatnonzero((traded != 0.0).any(axis=0)).tolist():
            change[index] = self._change(index, traded[:, index])
            burden += change[index] * self.alone[:, index]
        for couple in self.couples:
            burden += _shared(couple, change, traded)
        slack: Array = self.base + self.weights * rise - burden
        return slack

    def _change(self, lever: int, traded: Array) -> Array:
        """Change of what a lever's leg asks for, shape (points, demands), or (1, demands) where all points are one."""
        curve = self.curves[lever]
        if bool((traded == traded[0]).all()):
            traded = traded[:1]
        return np.asarray((curve.at(traded) - curve.burden[:, :1]).T)


def _shared(couple: Couple, change: dict[int, Array], traded: Array) -> Array:
    """Change of what a couple asks for, shape (points, demands); 0 in demands that it does not share."""
    found = np.zeros((len(traded), len(couple.long_now)))
    if couple.pairing == "net" and couple.line is not None:
        x, lines = couple.line
        net = couple.net_now + net_of(couple, traded)
        for demand in couple.demands:
            now = np.interp(abs(couple.net_now), x, lines[demand])
            found[:, demand] = np.interp(np.abs(net), x, lines[demand]) - now
        return found
    zero = np.zeros_like(found)
    long = couple.long_now + sum((change.get(index, zero) for index in couple.long), zero)
    short = couple.short_now + sum((change.get(index, zero) for index in couple.short), zero)
    both = np.maximum(long, short) - np.maximum(couple.long_now, couple.short_now)
    found[:, couple.demands] = both[:, couple.demands]
    return found


def net_of(couple: Couple, traded: Array) -> Array:
    """Change of a couple's net notional at `traded` (points, levers)."""
    total = np.zeros(len(traded))
    for index, sign in couple.signs.items():
        total += sign * traded[:, index]
    return total


def universe_of(book: Book, key: PoolKey, levers: Sequence[Lever]) -> tuple[Position, ...]:
    """The legs of a cross pool at their base size: what they are now, or may grow to."""
    growth = {lever.key: float(lever.contracts(lever.top)) for lever in levers if lever.grows}
    pool = pool_named(book, key)
    held = () if pool is None else pool.positions
    legs = [
        replace(leg, contracts=leg.contracts + growth.pop((leg.symbol, leg.side), 0.0)) if growth else leg
        for leg in held
    ]
    templates = {lever.key: lever.position for lever in levers if not lever.held}
    legs += [replace(templates[name], contracts=size) for name, size in growth.items() if name in templates]
    return tuple(legs)


def model_of(book: Book, key: PoolKey, goal: Goal, levers: Sequence[Lever]) -> PoolModel:
    """The model of a cross pool.

    Args:
        book: the book as it stands, orders and all.
        key: a cross pool of it.
        goal: what is demanded.
        levers: what can be traded, at least one.

    Raises:
        BookError: the rule cannot answer for a leg that a lever would open or grow.
    """
    pool = pool_named(book, key)
    if pool is None:
        raise ValueError(f"{key.text} is not in the book")
    universe = universe_of(book, key, levers)
    burdens = Burdens(replace(book, positions=universe, orders=()), key, goal)
    tally = tally_of(pool, goal)
    place = {(leg.symbol, leg.side): index for index, leg in enumerate(universe)}
    legs = [place[lever.key] for lever in levers]
    held = {(leg.symbol, leg.side): leg.contracts for leg in pool.positions}
    start = np.array([held.get((leg.symbol, leg.side), 0.0) / leg.contracts for leg in universe])
    curves = _curves(burdens, levers, legs, start)
    now = burdens.at(start[None, :])[0]
    couples, alone = _couples(book, burdens, levers, legs, start, now, goal)
    rise, paid, bends = _equity(pool, book, goal, levers)
    gap = burdens.gap.sum(axis=1) + burdens.hidden(start).sum(axis=1)
    if _unlike(book, burdens, couples):
        gap = np.full_like(gap, np.inf)
    scale = max(1.0, sum(lever.top_notional for lever in levers))
    return PoolModel(
        goal=goal,
        levers=tuple(levers),
        base=goal.weights * tally.equity - tally.burden,
        curves=curves,
        flows=_flows(levers),
        couples=couples,
        bends=bends,
        rise=rise,
        paid=paid,
        alone=alone,
        gap=gap,
        scale=scale,
    )


def _flows(levers: Sequence[Lever]) -> list[Flow]:
    found: dict[tuple[str, str], Flow] = {}
    for index, lever in enumerate(levers):
        flow = found.get(lever.flow)
        if flow is None:
            found[lever.flow] = Flow([index], np.zeros(0), np.zeros(0))
        else:
            flow.levers.append(index)
    for flow in found.values():
        curve = levers[flow.levers[0]].curve
        most = sum(levers[index].top_notional for index in flow.levers)
        ends = np.cumsum([size * curve.unit for size, _ in curve.levels])
        flow.traded = np.concatenate([[0.0], ends[ends < most * (1.0 - _CLOSE)], [most]])
        flow.cost = np.array([curve.cost(traded / curve.unit) for traded in flow.traded.tolist()])
    return list(found.values())


def _curves(burdens: Burdens, levers: Sequence[Lever], legs: Sequence[int], start: Array) -> list[Curve]:
    """Each lever along its corners; cuts first, then growths, so that each pass looks at a leg once."""
    found: dict[int, Curve] = {}
    for grows in (False, True):
        mine = [index for index, lever in enumerate(levers) if lever.grows == grows]
        if not mine:
            continue
        grids = [_grid(burdens, levers[index], legs[index], float(start[legs[index]])) for index in mine]
        most = max(map(len, grids))
        fractions = np.tile(start, (most, 1))
        for index, grid in zip(mine, grids, strict=True):
            whole = _whole(levers[index], burdens.positions[legs[index]])
            sign = 1.0 if grows else -1.0
            padded = np.append(grid, np.full(most - len(grid), grid[-1]))
            fractions[:, legs[index]] = np.maximum(start[legs[index]] + sign * padded / whole, 0.0)
        asked = burdens.at(fractions)
        for index, grid in zip(mine, grids, strict=True):
            found[index] = Curve(grid, asked[: len(grid), :, legs[index]].T)
    return [found[index] for index in range(len(levers))]


def _whole(lever: Lever, leg: Position) -> float:
    """Quote notional of a leg at its base."""
    return leg.contracts * lever.curve.unit


def _grid(burdens: Burdens, lever: Lever, leg: int, start: float) -> Array:
    """What a lever has traded at each corner of its leg."""
    whole, end = _whole(lever, burdens.positions[leg]), lever.top_notional
    sign = 1.0 if lever.grows else -1.0
    corners = sign * (burdens.corners(leg) - start) * whole
    inside = np.sort(corners[(corners > end * _CLOSE) & (corners < end * (1.0 - _CLOSE))])
    if len(inside) > 1:
        inside = inside[np.append(True, np.diff(inside) > end * _CLOSE)]
    return np.concatenate([[0.0], inside, [end]])


def _equity(pool: Pool, book: Book, goal: Goal, levers: Sequence[Lever]) -> tuple[Array, Array, list[Bend]]:
    """How equity rises with each lever and falls with its costs, and the assets that bend."""
    universe = replace(book, positions=(*book.positions, *[lever.position for lever in levers if not lever.held]))
    wide = pool_named(universe, PoolKey(pool.currency)) or pool
    market = goal.markets(wide, movers_of(wide))
    place = {(leg.symbol, leg.side): index for index, leg in enumerate(wide.positions)}
    rows, legs, assets = goal.rows, wide.legs, wide.assets
    count = len(levers)
    amount, full, paid = np.zeros((goal.demands, count)), np.zeros((goal.demands, count)), np.zeros(count)
    settle = np.zeros(count, dtype=np.intp)
    for index, lever in enumerate(levers):
        leg = place[lever.key]
        settle[index] = legs.settle[leg]
        # Exposure of a quote of notional, in the settlement asset for each unit of `v`.
        exposure = legs.direction[leg] * lever.position.contract_size / lever.curve.unit
        mark, entry, moved = legs.mark[leg], legs.entry[leg], market.v[rows, leg]
        if lever.grows:
            full[:, index] = exposure * (moved - mark)
        else:
            amount[:, index] = exposure * (mark - entry)
            full[:, index] = -exposure * (moved - entry)
        paid[index] = 1.0 / lever.position.mark_price if lever.position.kind == "inverse" else 1.0
    if assets.upl_counts_inside:
        amount, full = amount + full, np.zeros_like(full)
    price = (market.price / market.own[:, None])[rows]
    rise, falls, bends = full * price[:, settle], np.zeros_like(full), []
    amounts = np.tile(assets.free, (goal.demands, 1))
    if assets.upl_counts_inside:
        new = [place[lever.key] for lever in levers if not lever.held]
        exposure = legs.exposure.copy()
        exposure[new] = 0.0
        amounts = amounts + ((market.v - legs.entry) * exposure)[rows] @ wide.leg_in_asset
    for asset in sorted(set(settle.tolist())):
        mine = settle == asset
        lines = np.unique(np.stack([assets.line_rate[:, asset], assets.line_constant[:, asset]], axis=1), axis=0)
        for demand in range(goal.demands):
            level = float(price[demand, asset])
            if len(lines) == 1:
                rise[demand] += np.where(mine, level * lines[0, 0] * amount[demand], 0.0)
                falls[demand] += np.where(mine, level * lines[0, 0] * paid, 0.0)
                continue
            at = lines[:, 0] * amounts[demand, asset] + lines[:, 1]
            moved_here, paid_here = np.where(mine, amount[demand], 0.0), np.where(mine, paid, 0.0)
            bends.append(Bend(demand, level, lines[:, 0], at - at.min(), moved_here, paid_here))
    return rise, falls, bends


def _couples(
    book: Book,
    burdens: Burdens,
    levers: Sequence[Lever],
    legs: Sequence[int],
    start: Array,
    now: Array,
    goal: Goal,
) -> tuple[list[Couple], Array]:
    """Legs that share a demand, and for each demand and lever whether its leg carries it alone."""
    alone = np.ones((goal.demands, len(levers)))
    initial = [goal.demands - 1] if goal.target.margin_level is not None else []
    required = list(range(goal.demands - len(initial)))
    offset = burdens.whole[0].pool.legs.offset_group if burdens.whole else None
    symbols: list[object] = [leg.symbol for leg in burdens.positions]
    plans: list[tuple[Pairing, list[int], list[object]]] = []
    if offset is not None:
        plans = [("larger", [*required, *initial], offset.tolist())]
    else:
        plans = [
            (pairing_of(book.model, book.position_mode, initial=False), required, symbols),
            (pairing_of(book.model, book.position_mode, initial=True), initial, symbols),
        ]
    found = []
    for pairing, demands, names in plans:
        if pairing == "sum" or not demands:
            continue
        for long, short in groups_of(burdens.positions, names):
            mine = {
                side: [j for j, leg in enumerate(legs) if leg in members]
                for side, members in (("long", long), ("short", short))
            }
            alone[np.ix_(demands, mine["long"] + mine["short"])] = 0.0
            couple = Couple(
                pairing, demands, mine["long"], mine["short"], now[:, long].sum(axis=1), now[:, short].sum(axis=1)
            )
            if pairing == "net":
                _net(couple, burdens, levers, int(long[0]), int(short[0]), start)
            found.append(couple)
    return found, alone


def _unlike(book: Book, burdens: Burdens, couples: Sequence[Couple]) -> bool:
    """Whether both legs of a symbol pay by different rules and the one of more value is charged, not of more margin.

    The larger of both is then no lower bound of what is charged; nothing is known of the least cost.
    """
    if pairing_of(book.model, book.position_mode, initial=False) != "larger" or not couples:
        return False
    by_symbol: dict[str, set[bool]] = {}
    for leg, direct in zip(burdens.positions, burdens.direct.tolist(), strict=True):
        by_symbol.setdefault(leg.symbol, set()).add(direct)
    return any(len(kinds) > 1 for kinds in by_symbol.values())


def _net(couple: Couple, burdens: Burdens, levers: Sequence[Lever], long: int, short: int, start: Array) -> None:
    """What the difference of both sides asks for: the curve of the leg with the larger base, by its notional."""
    positions = burdens.positions
    for index in (*couple.long, *couple.short):
        couple.signs[index] = levers[index].position.sign * (1.0 if levers[index].grows else -1.0)
    whole = {leg: leg_notional(positions[leg]) for leg in (long, short)}
    couple.net_now = float(start[long] * whole[long] - start[short] * whole[short])
    larger = max((long, short), key=lambda leg: whole[leg])
    corners = burdens.corners(larger)
    grid = np.unique(np.concatenate([[0.0, 1.0], corners[(corners > 0.0) & (corners < 1.0)]]))
    fractions = np.tile(start, (len(grid), 1))
    fractions[:, larger] = grid
    couple.line = (grid * whole[larger], burdens.at(fractions)[:, :, larger].T)
