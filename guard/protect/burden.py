"""What each leg of a pool asks for as it grows or shrinks: convex, piecewise linear, read off the account's own rule.

Everything comes from the rule's translation of a book (`guard.risk.rules`), not from knowledge of venues. A leg's size
is a fraction of its *base*, the largest size that it may get. Two kinds of legs:

- *direct*: a leg of almost nothing is translated into the same lines as the whole leg (marginal tiers, one rate). Then
  the lines of the normal form hold at every size, and where two of them meet is a corner.
- *sampled*: the rule looks at the size itself (tiers that apply to all of a leg, rates that grow with the size, margins
  on the entry). The leg is translated at many sizes, the ends of its tiers among them, and the lower convex hull of
  what it asks for there stands for it: never more than the leg asks for, up to `gap`, measured between the samples
  (infinite where the rule jumps at more sizes than can be looked at).

Legs of one group may share: a venue that charges the larger side of a hedged symbol, the larger side of an underlying,
or the difference of both sides (`pairing_of`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, Literal

import numpy as np

from guard.protect.poolkey import PoolKey
from guard.protect.slack import Goal, pool_named
from guard.risk.book import Book, Position
from guard.risk.movers import movers_of
from guard.risk.pool import Array, Index, Mask, Pool
from guard.risk.valuation import Market, value_legs

Pairing = Literal["sum", "larger", "net"]

REQUIREMENT_PAIRING: Final[Mapping[str, Pairing]] = MappingProxyType(
    {"gate": "larger", "bitget": "larger", "kucoin": "net"}
)
"""Rules under which the legs of a symbol do not each pay maintenance margin; a test holds it against every rule."""

INITIAL_PAIRING: Final[Mapping[str, Pairing]] = MappingProxyType(
    {
        "gate": "larger",
        "bitget": "larger",
        "binance-usdm": "larger",
        "binance-usdm-multi": "larger",
        "binance-coinm": "larger",
        "binance-pm": "larger",
        "kucoin": "net",
    }
)
"""The same for initial margin."""

_TINY: Final = 1e-6
_SAMPLES: Final = 17
_MOST_SAMPLES: Final = 48


@dataclass(slots=True)
class Sides:
    """A translation of some legs: a pool, and which legs of the universe its legs are."""

    pool: Pool
    legs: Index
    market: Market


class Burdens:
    """What each leg of a universe asks for at any fraction of its base, for each demand of a goal.

    Args:
        book: whose positions are the universe: the legs of one cross pool at their base size, and no orders.
        key: the pool.
        goal: what is demanded of it.

    Raises:
        BookError: the rule cannot answer for legs of these sizes.
    """

    def __init__(self, book: Book, key: PoolKey, goal: Goal) -> None:
        self._book, self._key, self._goal = book, key, goal
        self.positions = book.positions
        # One side alone where the other would hide it.
        split = REQUIREMENT_PAIRING.get(book.model, "sum") != "sum" or INITIAL_PAIRING.get(book.model, "sum") != "sum"
        sides = (("long",), ("short",)) if split and book.position_mode == "hedge" else (("long", "short"),)
        self._groups = [
            np.array([i for i, leg in enumerate(self.positions) if leg.side in wanted], dtype=np.intp)
            for wanted in sides
        ]
        self.whole = self._translated(np.ones(len(self.positions)))
        little = self._translated(np.full(len(self.positions), _TINY))
        self.direct = np.zeros(len(self.positions), dtype=np.bool_)
        for side, small in zip(self.whole, little, strict=True):
            self.direct[side.legs] = _same_lines(side.pool, small.pool, initial=goal.target.margin_level is not None)
        self.gap = np.zeros((goal.demands, len(self.positions)))
        self._fractions = np.zeros((0, len(self.positions)))
        self._hulls: Array | None = None
        if not self.direct.all():
            self._sample()

    def _translated(self, fractions: Array) -> list[Sides]:
        """The legs at fractions of their base, under the rule."""
        found = []
        for legs in self._groups:
            held = tuple(
                replace(self.positions[i], contracts=self.positions[i].contracts * float(fractions[i])) for i in legs
            )
            pool = pool_named(replace(self._book, positions=held), self._key) if held else None
            if pool is not None:
                found.append(Sides(pool, legs, self._goal.markets(pool, movers_of(pool))))
        return found

    def _asked(self, side: Sides, scale: Array | None) -> Array:
        """What the legs of a pool ask for, shape (points, demands, legs); `scale` (points, legs) scales their size."""
        pool, market = side.pool, side.market
        legs, v = pool.legs, market.v
        scale = np.ones((1, v.shape[1])) if scale is None else scale
        shape = (len(scale), *v.shape)
        figures = value_legs(legs, (v[None] * scale[:, None, :]).reshape(-1, v.shape[1]))
        fixed = scale[:, None, :] - 1.0  # what does not move with the mark was counted in full
        asked = (figures.maintenance + figures.fee).reshape(shape)
        if legs.fee_fixed is not None:
            asked = asked + fixed * legs.fee_fixed
        settle = (market.price / market.own[:, None])[:, legs.settle]
        charge = settle if pool.assets.charge_factor is None else settle * pool.assets.charge_factor[legs.settle]
        asked = asked * charge + figures.value.reshape(shape) * settle * self._goal.funding[:, None]
        level = self._goal.target.margin_level
        if level is None:
            return np.asarray(asked)
        initial = figures.initial.reshape(shape)[:, :1]
        if legs.im_fixed is not None:
            initial = initial + fixed * legs.im_fixed
        return np.concatenate([asked, level * initial * charge[:1]], axis=1)

    def at(self, fractions: Array) -> Array:
        """What each leg asks for at `fractions` of shape (points, legs): shape (points, demands, legs)."""
        found = np.zeros((len(fractions), self._goal.demands, len(self.positions)))
        for side in self.whole:
            found[:, :, side.legs] = self._asked(side, fractions[:, side.legs])
        if self._hulls is not None:
            for leg in np.flatnonzero(~self.direct):
                for demand in range(self._goal.demands):
                    found[:, demand, leg] = np.interp(
                        fractions[:, leg], self._fractions[:, leg], self._hulls[:, demand, leg]
                    )
        return found

    def corners(self, leg: int) -> Array:
        """Fractions of a leg at which what it asks for bends in any demand."""
        if not self.direct[leg]:
            return np.asarray(self._fractions[:, leg])
        side = next(side for side in self.whole if leg in side.legs)
        place = int(np.flatnonzero(side.legs == leg)[0])
        legs = side.pool.legs
        charged = legs.size if legs.charged is None else legs.charged
        if charged[place] <= 0.0:
            return np.zeros(0)
        if legs.flat is not None and legs.flat_floor is not None and legs.flat[place]:
            values = legs.flat_floor[1:, place]
        else:
            rate = np.append(0.0, legs.line_rate[:, place])
            deduction = np.append(0.0, legs.line_deduction[:, place])
            with np.errstate(divide="ignore", invalid="ignore"):
                values = np.diff(deduction) / np.diff(rate)
        values = values[np.isfinite(values) & (values > 0.0)]
        return np.asarray(np.divide.outer(values, charged[place] * side.market.v[:, place]).ravel())

    def _sample(self) -> None:
        """Translate the sampled legs at many sizes, and take the hulls."""
        wanted = [
            _sizes(self._book, leg) if not self.direct[i] else np.array([0.0, 1.0])
            for i, leg in enumerate(self.positions)
        ]
        most = max(map(len, wanted))
        # Padding repeats the end. Odd places are the middles, at which the hull of the others is checked.
        grid = np.array([np.append(each, np.ones(most - len(each))) for each in wanted]).T
        points = np.zeros((2 * most - 1, grid.shape[1]))
        points[::2], points[1::2] = grid, (grid[1:] + grid[:-1]) / 2.0
        samples = np.zeros((len(points), self._goal.demands, grid.shape[1]))
        for row, fractions in enumerate(points):
            for side in self._translated(np.maximum(fractions, 1e-12)):
                samples[row][:, side.legs] = self._asked(side, None)[0]
        samples[0] = 0.0
        hulls = np.zeros((most, *samples.shape[1:]))
        for leg in np.flatnonzero(~self.direct):
            for demand in range(self._goal.demands):
                hull = _lower_hull(grid[:, leg], samples[::2, demand, leg])
                middle = np.interp(points[1::2, leg], grid[:, leg], hull)
                hulls[:, demand, leg] = hull
                self.gap[demand, leg] = max(0.0, float((middle - samples[1::2, demand, leg]).max(initial=0.0)))
                if self._book.parameters.get(self.positions[leg].symbol, {}).get("step"):
                    self.gap[demand, leg] = np.inf  # it jumps at more sizes than can be looked at
        self._fractions, self._hulls = grid, hulls

    def hidden(self, fractions: Array) -> Array:
        """What legs ask for at `fractions` (legs,) beyond their hull, shape (demands, legs)."""
        if self._hulls is None:
            return np.zeros((self._goal.demands, len(self.positions)))
        real = np.zeros((self._goal.demands, len(self.positions)))
        for side in self._translated(np.maximum(fractions, 1e-12)):
            real[:, side.legs] = self._asked(side, None)[0]
        beyond = np.where(self.direct, 0.0, real - self.at(fractions[None, :])[0])
        return np.maximum(beyond, 0.0)


def _same_lines(whole: Pool, little: Pool, *, initial: bool) -> Mask:
    """Legs whose terms do not depend on their size."""
    one, two = whole.legs, little.legs
    same = (one.line_rate == two.line_rate).all(axis=0) if one.line_rate.shape == two.line_rate.shape else None
    if same is None:
        return np.zeros(one.size.size, dtype=np.bool_)
    same &= np.isclose(one.line_deduction, two.line_deduction, rtol=1e-9, atol=0.0).all(axis=0)
    for a, b in ((one.fee_rate, two.fee_rate), (one.im_rate, two.im_rate) if initial else (None, None)):
        if a is not None and b is not None:
            same &= np.isclose(a, b, rtol=1e-12, atol=0.0)
    for a, b in ((one.fee_fixed, two.fee_fixed), (one.charged, two.charged)):
        if a is not None and b is not None:
            same &= np.isclose(a * _TINY, b, rtol=1e-6, atol=0.0)
    if one.flat is not None:  # steps: the corners are known, but what stands between them is not convex
        same &= ~one.flat
    return np.asarray(same)


def _sizes(book: Book, leg: Position) -> Array:
    """Fractions of a leg at which to look: evenly, and at the ends of its tiers in every unit that rules count in."""
    size = leg.contracts * leg.contract_size
    units = [leg.contracts, size]
    prices = (leg.mark_price, leg.entry_price)
    units += [size / price if leg.kind == "inverse" else size * price for price in prices]
    floors = [tier.floor for tier in book.tiers.get(leg.symbol, ())]
    terms = book.parameters.get(leg.symbol, {})
    ends = {floor / unit for floor in floors for unit in units if 0.0 < floor < unit}
    if terms.get("mmr_limit") and terms.get("m"):  # the size from which the rate stands still
        limit = (2.0 * float(terms["mmr_lev_constant"]) * float(terms["mmr_limit"]) - 1.0) * float(terms["m"])
        ends |= {limit / size} if 0.0 < limit < size else set()
    nearest = sorted(ends, reverse=True)[: _MOST_SAMPLES - _SAMPLES]
    return np.unique(np.concatenate([np.linspace(0.0, 1.0, _SAMPLES), nearest]))


def _lower_hull(x: Array, y: Array) -> Array:
    """The lower convex hull of points (x rising, repeats allowed at the end), evaluated at each x."""
    kept: list[int] = []
    for index in range(len(x)):
        if kept and x[index] <= x[kept[-1]]:
            continue
        while len(kept) > 1:
            first, second = kept[-2], kept[-1]
            slope = (y[second] - y[first]) / (x[second] - x[first])
            if y[first] + slope * (x[index] - x[first]) > y[index]:
                kept.pop()
            else:
                break
        kept.append(index)
    return np.interp(x, x[kept], y[kept])


def pairing_of(model: str, mode: str, *, initial: bool) -> Pairing:
    """How the legs of a symbol share a demand under a rule."""
    if mode != "hedge":
        return "sum"
    return (INITIAL_PAIRING if initial else REQUIREMENT_PAIRING).get(model, "sum")


def groups_of(positions: Sequence[Position], names: Sequence[object]) -> list[tuple[Index, Index]]:
    """Long and short legs of each group that has both, by the name of each leg's group."""
    found = []
    for name in dict.fromkeys(names):
        members = [i for i, other in enumerate(names) if other == name]
        long = np.array([i for i in members if positions[i].side == "long"], dtype=np.intp)
        short = np.array([i for i in members if positions[i].side == "short"], dtype=np.intp)
        if len(long) and len(short):
            found.append((long, short))
    return found
