"""Does an account stand where it stood, now that marks have moved? A tick as three scenarios of pools that are kept.

Between two readings only marks move. Where the rule says that nothing but the legs' marks follows them
(`Rule.follows_marks`), the pools of the reading are kept and valued at the newer marks by `guard.risk.valuation`, the
one valuation there is. What costs the time, the search for the distance to liquidation, is left out where it cannot
matter:

    slack(x) = equity - requirement after a common relative move x of the market
    slack(0) > 0, slack(-D) > 0 and slack(D) > 0   imply   slack(x) > 0 for all x in [-D, D]

because slack is concave in `x`: worth of a leg and price of an asset are straight in `x`, what is counted of assets is
the least of straight lines, a requirement (loss, larger side of an offset) the greatest of such. So no move of `D` or
less leads to liquidation: the distance is above `D`, the greatest bar of distance of any worse zone, and no zone is
entered for its sake. It is not concave where a tier applies to the whole value (flat legs: it jumps) or a leg settles
in a coin that is neither its base nor its quote (a product of two moves): such pools are not kept.

This way only ever says that no bar is reached, and with `MARGIN` to spare, far above any rounding. Where it cannot say
so it says nothing, and the book is assessed as always: a worse zone is never found here, and never missed. Owns this
proof; knows neither zones' history nor time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from guard.risk.book import Book
from guard.risk.movers import Movers, market_after, movers_of
from guard.risk.pool import Array, Pool
from guard.risk.rules import pools_of, rule_of
from guard.risk.valuation import Market, add_up, value_legs
from guard.risk.zones import LADDER, Zone, ZoneBars, ZonePolicy, severity

MARGIN: Final = 1e-8
"""What is left between a figure and a bar, as a part of everything that was added up for it."""

WIDEST: Final = 0.9
"""Bars of distance above this are not looked at: a move has to leave prices above 0."""


@dataclass(frozen=True, slots=True)
class Levels:
    """Of an account that stands: its worst risk_ratio and lowest margin_level, as in `guard.risk.report`."""

    risk_ratio: float
    margin_level: float | None


def bars_beyond(policy: ZonePolicy, zone: Zone) -> ZoneBars:
    """The bar of each kind that is reached first on the way into any zone worse than `zone`; None = there is none."""
    worse = [policy.bars(each) for each in LADDER if severity(each) > severity(zone)]
    return ZoneBars(
        risk_ratio=min((bars.risk_ratio for bars in worse if bars.risk_ratio is not None), default=None),
        distance=max((bars.distance for bars in worse if bars.distance is not None), default=None),
        margin_level=max((bars.margin_level for bars in worse if bars.margin_level is not None), default=None),
    )


class Standing:
    """A book's pools, kept to look at them at newer marks. Make one with `standing_of`."""

    __slots__ = ("_bars", "_pools")

    def __init__(self, pools: tuple[_KeptPool, ...], bars: ZoneBars) -> None:
        self._pools = pools
        self._bars = bars

    def at(self, marks: Mapping[str, float]) -> Levels | None:
        """The account's levels at newer marks, if it is certain that no bar is reached.

        Args:
            marks: prices by symbol, > 0; of symbols that are not named the mark stays as the book has it.

        Returns:
            None when a bar is reached or nearly so, or a figure is out of what was kept: assess the book.
        """
        worst, lowest = 0.0, None
        for pool in self._pools:
            levels = pool.at(marks, self._bars)
            if levels is None:
                return None
            worst = max(worst, levels.risk_ratio)
            if levels.margin_level is not None:
                lowest = levels.margin_level if lowest is None else min(lowest, levels.margin_level)
        return Levels(worst, lowest)


def standing_of(book: Book, bars: ZoneBars) -> Standing | None:
    """Keep the pools of a book.

    Args:
        book: a well-formed book.
        bars: the nearest bars of any worse zone (`bars_beyond`).

    Returns:
        None where newer marks would change more than the marks of legs, or the proof does not hold.

    Raises:
        BookError: as `guard.risk.assess.assess`.
    """
    distance = bars.distance or 0.0
    if not rule_of(book.model).follows_marks(book) or distance > WIDEST:
        return None
    kept = []
    for pool in pools_of(book):
        if not pool.positions:  # carries nothing: no level of it follows marks
            continue
        movers = movers_of(pool)
        if not pool.solvable or not _is_concave(pool, movers):
            return None
        kept.append(_KeptPool(pool, _scenarios(pool, movers, distance), _last_marks(book, pool)))
    return Standing(tuple(kept), bars)


class _KeptPool:
    """One pool, the moves of its prices in each scenario, and the `v` beyond which its rule may know no tier."""

    __slots__ = ("_added_up", "_last", "_market", "_movable", "_pool")

    def __init__(self, pool: Pool, market: Market, last: Array | None) -> None:
        self._pool = pool
        self._market = market
        self._last = last
        self._movable = [
            (pool.symbols[symbol], leg, bool(pool.legs.inverse[leg]))
            for leg, symbol in enumerate(pool.legs.symbol.tolist())
        ]
        legs, assets = pool.legs, pool.assets
        gross = (legs.size * (legs.mark + legs.entry)) @ assets.price[legs.settle]
        self._added_up = float(gross + np.abs(assets.balance * assets.price).sum())

    def at(self, marks: Mapping[str, float], bars: ZoneBars) -> Levels | None:
        """Levels of the pool; None as in `Standing.at`."""
        pool, moves = self._pool, self._market
        mark = pool.legs.mark.copy()
        for symbol, leg, inverse in self._movable:
            price = marks.get(symbol)
            if price is not None:
                mark[leg] = 1.0 / price if inverse else price
        if self._last is not None and bool((mark > self._last).any()):
            return None
        market = Market(moves.v * mark, moves.price, moves.own)
        figures = add_up(pool, value_legs(pool.legs, market.v), market)
        equities, requirements = figures.equity.tolist(), figures.requirement.tolist()
        equity, requirement, initial = equities[0], requirements[0], float(figures.initial[0])
        spare = MARGIN * (self._added_up + abs(equity) + requirement)
        sure = equity - spare
        if not sure > 0.0:  # also where a figure is no number
            return None
        if bars.risk_ratio is not None and not requirement + spare < bars.risk_ratio * sure:
            return None
        if bars.margin_level is not None and not sure > bars.margin_level * (initial + spare):
            return None
        if bars.distance is not None and not min(map(float.__sub__, equities, requirements)) > spare:
            return None
        return Levels(requirement / equity, equity / initial if initial > 0.0 else None)


def _is_concave(pool: Pool, movers: Movers) -> bool:
    """Whether slack along a common move is: no jumps, and every leg settles in its quote or, inverse, in its base."""
    weights, legs = movers.common(), pool.legs
    own = np.where(legs.inverse, weights[movers.base], weights[movers.quote])
    return legs.flat is None and bool((own == weights[movers.asset][legs.settle]).all())


def _scenarios(pool: Pool, movers: Movers, distance: float) -> Market:
    """No move, and a common move of `distance` down and up; `v` as multiples of the mark."""
    moves = np.array([0.0] if distance == 0.0 else [0.0, -distance, distance])
    unit = replace(pool, legs=replace(pool.legs, mark=np.ones_like(pool.legs.mark)))
    return market_after(unit, movers, np.multiply.outer(moves, movers.common()))


def _last_marks(book: Book, pool: Pool) -> Array | None:
    """The `v` of each leg up to which its value is within its last tier; None where no table ends.

    Some rules look their tiers up by another measure, which marks do not move: for them this may be too careful, which
    costs time and nothing else.
    """
    found = np.full(pool.legs.size.size, np.inf)
    for leg, position in enumerate(pool.positions):
        tiers = book.tiers.get(position.symbol)
        cap, size = tiers[-1].cap if tiers else None, float(pool.legs.size[leg])
        if cap is not None and 0.0 < size * float(pool.legs.mark[leg]) <= cap:
            found[leg] = cap * (1.0 - MARGIN) / size
    return found if bool(np.isfinite(found).any()) else None
