"""How long until the book's own volatility has eaten what is left? Marks of the last days, and the present book. Pure.

The distance to liquidation says how far the market has to move, not how soon it does: 8 % is a week of one book and an
afternoon of another. Here the prices of the past move the present book, and the answer is a time.

Formula, for each pool:
    r_k      what each price held was multiplied by in interval k of the past: price at its end / price at its start
    x_k      slack(present book, its prices times r_k) - slack(present book), in the pool's currency; slack is equity -
             requirement, as the engine values it: legs, margin tiers, fees, and coins held as collateral
    money    sqrt(sum x_k^2 / sum t_k), t_k the length of interval k in hours: money per square root of an hour
    fraction distance * money / slack: the same as a move of the market. slack / distance is what a common move of 1
             takes off slack on the way to liquidation, so x_k is counted in what distance counts (of one leg in one
             tier this is the volatility of its own price)
    hours    (slack / money)^2 = (distance / fraction)^2: a random walk without drift has travelled so far, by one
             standard deviation, after so many hours

- The mean is not taken off and nothing is winsorised: a crash is what is to be seen, not an outlier of it.
- Intervals are as long as they are: one that took 90 minutes counts for 1.5 hours. One of more than `GAP_H` hours is a
  gap, and counts for nothing; so does one at whose ends not every price that matters is known.
- The last interval ends now: a crash counts while it happens.
- Below `LEAST_H` hours in intervals that count nothing is said.
- Every leg matters, and every coin of the collateral that moves with the market. Only what is worth at most `DUST` of
  slack, all of it together, may have a shorter history and stands still then: were it to double or to vanish, the hours
  would be wrong by about twice that part. What is pegged stands still, as it does for distance.
- A coin moves with the mark of a contract on it; without one, with the price that its venue counts it at.
- A mark that has not moved once in all that time is no calm market but a mark that is not kept: it is not known.
- What is worth nothing (a symbol with orders only, a coin without a balance) stands still, and needs no history.
- No slack left: 0 hours, whatever the past was. Nothing held: no end.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from guard.risk.assets import moves, parts
from guard.risk.book import Book
from guard.risk.movers import Movers, movers_of
from guard.risk.pool import Array, Mask, Pool
from guard.risk.report import AccountRisk, PoolRisk
from guard.risk.rules import pools_of
from guard.risk.valuation import Market, value_pool

WINDOW_H: Final = 168.0
"""How far back prices are looked at."""
LEAST_H: Final = 24.0
"""Shorter than a day is no volatility: nights are calmer than days."""
GAP_H: Final = 2.0
"""Two hourly samples are less than this apart."""
DUST: Final = 0.01
NOISE: Final = 1e-9
"""What slack moves less than this part of itself in is what sums of figures round to: legs that cancel each other."""

_HOUR_S: Final = 3600.0


def hours_to_travel(way: float, per_root_hour: float) -> float:
    """How long a random walk takes, by one standard deviation: `(way / per_root_hour)^2` hours; never 0: no end.

    Args:
        way: how far, >= 0.
        per_root_hour: volatility per square root of an hour, in the unit of `way`.
    """
    return (way / per_root_hour) ** 2 if per_root_hour > 0.0 else math.inf


def way_in_hours(hours: float, per_root_hour: float) -> float:
    """How far a random walk travels in so many hours, by one standard deviation: `per_root_hour * sqrt(hours)`."""
    return per_root_hour * math.sqrt(hours)


@dataclass(frozen=True, slots=True, eq=False)
class MarkHistory:
    """Prices of the past, about one sample an hour: `at_s` (samples,) in Unix seconds, oldest first.

    `prices` (samples, names): marks by symbol, prices of coins by asset; NaN where one was not known then. `doubtful`:
    the last sample is of a reading that the venue's own figures contradict.
    """

    names: tuple[str, ...] = ()
    at_s: Array = field(default_factory=lambda: np.zeros(0))
    prices: Array = field(default_factory=lambda: np.zeros((0, 0)))
    doubtful: bool = False

    @property
    def size_bytes(self) -> int:
        """What the samples take."""
        return self.at_s.nbytes + self.prices.nbytes

    def sampled(self, at_s: float, prices: Mapping[str, float], *, doubtful: bool = False) -> MarkHistory:
        """With these prices where they are the first of their clock hour, without what has left the window.

        A doubtful sample is replaced by the first of its hour that is not. The same object where nothing changes.
        """
        past = self
        if len(self.at_s) and at_s // _HOUR_S <= self.at_s[-1] // _HOUR_S:
            if doubtful or not self.doubtful or at_s // _HOUR_S < self.at_s[-1] // _HOUR_S:
                return self
            past = MarkHistory(self.names, self.at_s[:-1], self.prices[:-1])
        grown = past.until(at_s, prices)
        kept = grown.at_s >= at_s - WINDOW_H * _HOUR_S
        seen = np.flatnonzero(np.isfinite(grown.prices[kept]).any(axis=0))
        names = tuple(grown.names[column] for column in seen.tolist())
        return MarkHistory(names, grown.at_s[kept], grown.prices[kept][:, seen], doubtful)

    def is_after(self, at_s: float) -> bool:
        """Whether a sample is of a time that is still to come: the clock was set back since."""
        return bool(len(self.at_s)) and bool(self.at_s[-1] > at_s)

    def until(self, at_s: float, prices: Mapping[str, float]) -> MarkHistory:
        """With these prices as the last sample, whenever the one before was."""
        names = tuple(dict.fromkeys([*self.names, *prices]))
        table = np.full((len(self.at_s) + 1, len(names)), np.nan)
        table[:-1, : len(self.names)] = self.prices
        table[-1] = [prices.get(name, math.nan) for name in names]
        return MarkHistory(names, np.append(self.at_s, at_s), table)


def prices_of(book: Book) -> dict[str, float]:
    """What a sample holds of a book: marks of its legs by symbol, prices of the coins of its collateral by asset."""
    underlyings = frozenset(parts(leg.symbol, leg.settle)[0] for leg in book.positions)
    # A coin that is its pool's own currency has the price 1 there, whatever it does.
    own = {pool.currency for pool in pools_of(book)}
    coins = {
        item.asset: item.price
        for item in book.collateral
        if item.price > 0.0 and item.asset not in own and moves(item.asset, underlyings)
    }
    return coins | {leg.symbol: leg.mark_price for leg in book.positions}


@dataclass(frozen=True, slots=True)
class PoolHours:
    """One pool: how many hours of its own volatility away liquidation is; None = not known.

    `money` and `fraction` per square root of an hour as in the module; None where they have no value or are not known.
    `history_h` is for how long the prices that matter are known, `lacking` which of them is known for so short a time.
    `of_present_only`: its requirement is known at present only, so no history helps.
    """

    hours: float | None
    money: float | None = None
    fraction: float | None = None
    history_h: float = 0.0
    lacking: str = ""
    of_present_only: bool = False


@dataclass(frozen=True, slots=True)
class OwnHours:
    """All pools of an account, in the order of its report."""

    pools: tuple[PoolHours, ...]

    @property
    def hours(self) -> float | None:
        """Of the pool that is the nearest by its own volatility; None where not one is known, infinite: none moves."""
        return min((pool.hours for pool in self.pools if pool.hours is not None), default=None)

    @property
    def unknown(self) -> PoolHours | None:
        """A pool of which it is not known."""
        return next((pool for pool in self.pools if pool.hours is None), None)


def own_hours(book: Book, risk: AccountRisk, history: MarkHistory) -> OwnHours:
    """How many hours of its own volatility each pool is away from liquidation.

    Args:
        book: the present book, well formed.
        risk: its assessment, shocks included.
        history: prices until now: the last sample is of the present (`MarkHistory.until`).

    Returns:
        One answer for each pool of `risk`.

    Raises:
        BookError: the book cannot be assessed.
    """
    pairs = zip(pools_of(book), risk.pools, strict=True)
    return OwnHours(tuple([_pool_hours(pool, figures, history) for pool, figures in pairs]))


def _pool_hours(pool: Pool, risk: PoolRisk, history: MarkHistory) -> PoolHours:
    if not pool.positions:
        return PoolHours(math.inf)
    if not pool.solvable:
        return PoolHours(None, of_present_only=True)
    slack = risk.equity - risk.maintenance_margin - risk.closing_fees
    past = _Past.of(pool, history)
    if past.covered_h < LEAST_H:
        past = past.without_dust(DUST * max(slack, 0.0))
    if past.covered_h < LEAST_H:
        hours = 0.0 if slack <= 0.0 else None
        return PoolHours(hours, history_h=past.covered_h, lacking=past.shortest)
    figures = value_pool(pool, past.market(pool))
    moved = figures.equity - figures.requirement - slack
    money = math.sqrt(float(moved @ moved) / past.covered_h)
    money = money if money > NOISE * slack else 0.0
    if slack <= 0.0:
        return PoolHours(0.0, money, history_h=past.covered_h)
    fraction = None if risk.distance is None else risk.distance * money / slack
    return PoolHours(hours_to_travel(slack, money), money, fraction, past.covered_h)


@dataclass(frozen=True, slots=True)
class _Past:
    """What each thing of a pool was multiplied by in each interval.

    `ratios` (intervals, names) and `worth` (names,) belong to `names`; `legs` (legs,) and `assets` (assets,) are places
    in them, `own` that of the pool's currency; -1 = stands still.
    """

    names: tuple[str, ...]
    ratios: Array
    worth: Array
    hours: Array
    legs: tuple[int, ...]
    assets: tuple[int, ...]
    own: int

    @classmethod
    def of(cls, pool: Pool, history: MarkHistory) -> _Past:
        movers = movers_of(pool)
        leg_names = [pool.symbols[index] for index in pool.legs.symbol.tolist()]
        held = pool.legs.size > 0.0
        contracts = _contracts_on(movers, leg_names, held)
        moving = dict(zip(movers.names, movers.moving, strict=True))
        coins = [contracts.get(asset, asset) if moving[asset] else "" for asset in pool.assets.names]
        own = contracts.get(pool.currency, pool.currency) if moving[pool.currency] else ""
        worth: dict[str, float] = {}
        values = pool.legs.size * pool.legs.mark * pool.assets.price[pool.legs.settle]
        stocks = np.abs(pool.assets.balance * pool.assets.price)
        for name, value in [*zip(leg_names, values.tolist(), strict=True), *zip(coins, stocks.tolist(), strict=True)]:
            worth[name] = worth.get(name, 0.0) + value
        worth = {name: value for name, value in worth.items() if name and value > 0.0}
        names = tuple(dict.fromkeys([*worth, *filter(None, [own])]))
        place = {name: index for index, name in enumerate(names)} | {"": -1}
        return cls(
            names,
            _ratios(history, names, frozenset(leg_names)),
            np.array([worth.get(name, 0.0) for name in names]),
            np.diff(history.at_s) / _HOUR_S,
            tuple(place.get(name, -1) for name in leg_names),
            tuple(place.get(name, -1) for name in coins),
            place[own],
        )

    @property
    def counts(self) -> Mask:
        """Which intervals count."""
        known: Mask = np.isfinite(self.ratios).all(axis=1) & (self.hours > 0.0) & (self.hours <= GAP_H)
        return known

    @property
    def covered_h(self) -> float:
        """The hours in intervals that count."""
        return float(self.hours[self.counts].sum())

    @property
    def shortest(self) -> str:
        """The name with the shortest history, where one is shorter than it has to be."""
        least = min(zip(self._covered().tolist(), self.names, strict=True), default=(LEAST_H, ""))
        return least[1] if least[0] < LEAST_H else ""

    def without_dust(self, most: float) -> _Past:
        """Whatever has too short a history stands still, if that is worth at most so much altogether."""
        short = self._covered() < LEAST_H
        if float(self.worth[short].sum()) > most:
            return self
        return _Past(
            self.names,
            np.where(short, 1.0, self.ratios),
            self.worth,
            self.hours,
            self.legs,
            self.assets,
            self.own,
        )

    def market(self, pool: Pool) -> Market:
        """The present prices of a pool, moved by each interval that counts."""
        ratios = self.ratios[self.counts]
        still = np.ones((len(ratios), 1))
        table = np.hstack([ratios, still])  # -1 is the last column
        legs = table[:, self.legs]
        if pool.legs.any_inverse:
            legs = np.where(pool.legs.inverse, 1.0 / legs, legs)
        return Market(pool.legs.mark * legs, pool.assets.price * table[:, self.assets], table[:, self.own])

    def _covered(self) -> Array:
        """For how many hours each name is known by itself."""
        usable = np.where((self.hours > 0.0) & (self.hours <= GAP_H), self.hours, 0.0)
        covered: Array = usable @ np.isfinite(self.ratios)
        return covered


def _contracts_on(movers: Movers, leg_names: list[str], held: Mask) -> dict[str, str]:
    """For each asset, a contract of the pool whose mark is its price in something that stands still.

    Held ones only: the marks of others are not kept.
    """
    found: dict[str, str] = {}
    columns = zip(leg_names, movers.base.tolist(), movers.quote.tolist(), held.tolist(), strict=True)
    for name, base, quote, is_held in columns:
        if is_held and not movers.moving[quote]:
            found.setdefault(movers.names[base], name)
    return found


def _ratios(history: MarkHistory, names: tuple[str, ...], legs: frozenset[str]) -> Array:
    """What each of these was multiplied by in each interval, shape (intervals, names); NaN = not known.

    The mark of a leg that never moved is not known; a coin may well be counted at one price.
    """
    intervals = max(0, len(history.at_s) - 1)
    table = np.full((intervals + 1, len(names)), np.nan)
    place = {name: index for index, name in enumerate(history.names)}
    for column, name in enumerate(names):
        if name in place and len(history.at_s):
            table[:, column] = history.prices[:, place[name]]
    ratios: Array = table[1:] / table[:-1]
    of_legs = np.array([name in legs for name in names], dtype=np.bool_)
    moved = (np.isfinite(ratios) & (ratios != 1.0)).any(axis=0)
    ratios[:, of_legs & ~moved] = np.nan
    return ratios
