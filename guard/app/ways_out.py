"""How a person could get an account out of an alarm: sums and sizes with the level after each, by the risk engine.

Three ways, each by itself, for the pool of the account's worst position: add collateral, close a part of one position,
hedge a part of it where the account can hold both sides and the venue asks no more for that. The position is the worst
one, or where making that smaller does not help (it may be a hedge) the largest that a move against the pool would hurt.
Sizes are rounded up to three digits and assessed again, so that what is written leads where it says. Bounded in time:
a large book or a slow machine gets sizes that are less tight, never one way in place of all; what is not found even so
is left out, and where an alarm of many accounts takes too much of the processor the later ones are told without.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from guard.alerts.worst import WorstPosition, worst_position
from guard.language.speech import base_of, quote_of
from guard.ports.clock import Clock
from guard.ports.ways_out import Way, WayOut, WaysOut
from guard.protect.plan_values import Target
from guard.protect.poolkey import PoolKey
from guard.protect.reduced import add_collateral
from guard.risk.assess import assess
from guard.risk.book import Book, Position
from guard.risk.bookerror import BookError
from guard.risk.report import AccountRisk, PoolRisk
from guard.risk.whatif import Altered, closed, hedged

BUDGET_S: Final = 0.020
"""What the ways out of one account should take."""

_AT_MOST: Final = 1.5
"""The part of the budget after which the search ends, whatever is found."""

_TIGHT_ADD: Final = 0.4
_TIGHT: Final = 0.8
"""The parts of the budget after which the sum, and then the sizes, are made no tighter."""

SHARE: Final = 0.2
"""The most of the time that ways out may take, all accounts together."""

_STEPS: Final = 5
_DOUBLINGS: Final = 6
_DIGITS: Final = 3
_LEGS_TRIED: Final = 4
_BURST_S: Final = 0.5
"""How long a rest may be saved up."""

_CLOSE: Final = 2e-3
"""Sizes that differ by less than this part are the same once they are rounded."""

_SAME: Final = 1e-3
"""A requirement that rises by less than this part of it is no higher."""

Step = Callable[[Book, int, float], Altered]
Altering = Callable[[float], Book]
"""The book after a step of a size."""

_End = tuple[float, AccountRisk | None]
"""A size, and the account after it; None: the account as it is."""


class WayFinder:
    """Finds ways out, and keeps within its share of the processor.

    Args:
        clock: the stopwatch.
        budget_s: what one account should take, and no more than half as much again.
    """

    def __init__(self, clock: Clock, budget_s: float = BUDGET_S) -> None:
        self._clock = clock
        self._budget_s = budget_s
        self._rests_until: float | None = None

    def ways(
        self, book: Book, risk: AccountRisk, target: Target, kept: Mapping[str, float] | None = None
    ) -> WaysOut | None:
        """The ways out of a moment; None: nothing has to be done, or there is no time to find out.

        Args:
            book: what is held.
            risk: its assessment.
            target: the levels to get back to.
            kept: what the person keeps in other wallets and would move here, by asset.
        """
        began = self._clock.monotonic()
        rests = self._rests_until is not None and began < self._rests_until
        if rests or target.holds(risk):
            return None
        try:
            found = _search(book, risk, target, _Timer(self._clock, began, self._budget_s))
        except BookError:  # what cannot be assessed is told by itself
            found = None
        rested = began - _BURST_S if self._rests_until is None else max(self._rests_until, began - _BURST_S)
        self._rests_until = rested + (self._clock.monotonic() - began) / SHARE
        return found and _with_kept(found, kept or {})


class _OutOfTime(Exception):  # no error: the answer is left out
    """The budget is used up."""


@dataclass(frozen=True, slots=True)
class _Timer:
    """When to stop: `tight` is the part of the budget after which what is found is good enough."""

    clock: Clock
    began: float
    budget_s: float
    tight: float = _TIGHT_ADD

    def check(self) -> None:
        """Raise when the time is over."""
        if self.clock.monotonic() >= self.began + self.budget_s * _AT_MOST:
            raise _OutOfTime

    def is_late(self) -> bool:
        """Whether what is found has to do."""
        return self.clock.monotonic() >= self.began + self.budget_s * self.tight


@dataclass(frozen=True, slots=True)
class _Place:
    """The worst position of a book, its pool, and what is asked of that pool."""

    book: Book
    index: int
    leg: Position
    pool: PoolRisk
    target: Target
    timer: _Timer

    def after(self, book: Book) -> tuple[AccountRisk, bool]:
        """An altered book assessed, and whether the pool meets the target then; a pool that is no more does."""
        self.timer.check()
        risk = assess(book, prices=False)
        pool = self.pool_in(risk.pools)
        return risk, pool is None or self.target.holds_for(pool)

    def pool_in(self, pools: tuple[PoolRisk, ...]) -> PoolRisk | None:
        """The same pool of another assessment; None when it is no more."""
        key = PoolKey.of(self.pool)
        return next((pool for pool in pools if pool.positions and PoolKey.of(pool) == key), None)

    def room(self, risk: AccountRisk, *, far: bool = False) -> float:
        """How well the pool meets the target: 0 just so, below not, at most 1. `far`: its distance alone."""
        pool = self.pool_in(risk.pools)
        if pool is None:
            return 1.0
        rooms = [1.0 if pool.distance is None else pool.distance / self.target.distance - 1.0]
        if not far:
            rooms.append(-1.0 if pool.risk_ratio is None else 1.0 - pool.risk_ratio / self.target.risk_ratio)
        return min(1.0, *rooms)

    def smallest(self, altering: Altering, least: _End, most: _End, *, far: bool = False) -> float:
        """A size between two that meets the target, nearly the smallest if there is time; that of `most` does.

        By straight lines between what is known of both ends, never nearer to one than a tenth.
        """
        (least_size, before), (most_size, after) = least, most
        low = self.room_now(far=far) if before is None else self.room(before, far=far)
        high = self.room(after, far=far) if after is not None else 1.0
        for step in range(_STEPS):
            is_close = most_size - least_size <= most_size * _CLOSE
            if is_close or (step > 0 and self.timer.is_late()):
                break
            share = low / (low - high) if low < 0.0 <= high and high > low else 0.5
            middle = least_size + (most_size - least_size) * min(0.9, max(0.1, share * 1.02))
            risk, holds = self.after(altering(middle))
            room = self.room(risk, far=far)
            if holds or (far and room >= 0.0):
                most_size, high = middle, room
            else:
                least_size, low = middle, room
        return most_size

    def room_now(self, *, far: bool = False) -> float:
        """The same for the pool as it is."""
        ratio, distance = self.pool.risk_ratio, self.pool.distance
        rooms = [1.0 if distance is None else distance / self.target.distance - 1.0]
        if not far:
            rooms.append(-1.0 if ratio is None else 1.0 - ratio / self.target.risk_ratio)
        return min(1.0, *rooms)


def _search(book: Book, risk: AccountRisk, target: Target, timer: _Timer) -> WaysOut | None:
    place = _place_of(worst_position(risk), book, target, timer)
    if place is None:
        return None
    ways: list[WayOut] = []
    helps = True
    try:
        ways += _adding(place)
        best = _best_leg(replace(place, timer=replace(timer, tight=_TIGHT)))
        helps = best is not None
        if best is not None:
            ways.append(_closing(best))
            ways += _hedging(best)
    except _OutOfTime:
        pass
    return WaysOut(tuple(ways), helps) if ways else None


def _with_kept(found: WaysOut, kept: Mapping[str, float]) -> WaysOut:
    """The ways, with what of a sum to add is kept in other wallets."""
    ways = (replace(way, kept=kept.get(way.unit, 0.0)) if way.way == "add" else way for way in found.ways)
    return replace(found, ways=tuple(ways))


def _place_of(worst: WorstPosition | None, book: Book, target: Target, timer: _Timer) -> _Place | None:
    """The worst leg in the book; None where nothing is asked of its pool."""
    if worst is None or target.holds_for(worst.pool):
        return None
    for index, leg in enumerate(book.positions):
        same = (leg.symbol, leg.side, leg.margin_mode) == (worst.leg.symbol, worst.leg.side, worst.pool.margin_mode)
        if same:
            return _Place(book, index, leg, worst.pool, target.of(PoolKey.of(worst.pool)), timer)
    return None


def _adding(place: _Place) -> list[WayOut]:
    """Collateral into the pool: at least what the ratio asks for, more where the distance does."""
    pool, key = place.pool, PoolKey.of(place.pool)
    currency = pool.currency if key.isolated is None else place.leg.settle

    def altering(amount: float) -> Book:
        return add_collateral(place.book, currency, amount, key.isolated)

    needed = (pool.maintenance_margin + pool.closing_fees) / place.target.risk_ratio - pool.equity
    least = max(0.0, needed)
    size = rounded_up(least) if least > 0 else 0.0
    risk, holds = place.after(altering(size))
    if not holds:
        most = max(size * 1.5, pool.gross_notional / 64)
        short: _End = (size, risk)
        for _ in range(_DOUBLINGS):
            risk, holds = place.after(altering(most))
            if holds:
                break
            short, most = (most, risk), most * 4
        else:
            return []
        size = rounded_up(place.smallest(altering, short, (most, risk)))
        risk, holds = place.after(altering(size))
    symbol = key.isolated[0] if key.isolated else ""
    return [WayOut("add", size, currency, risk.risk_ratio, risk.distance, symbol=symbol, enough=holds)]


def _best_leg(place: _Place) -> _Place | None:
    """The leg to make smaller: the first that meets the target when it is closed, else the one that helps most."""
    helping: list[tuple[tuple[float, float], _Place]] = []
    for index in _candidates(place):
        there = replace(place, index=index, leg=place.book.positions[index])
        risk, holds = place.after(closed(place.book, index, there.leg.contracts).book)
        if holds:
            return there
        if _is_better(risk, place):
            pool = place.pool_in(risk.pools)
            ratio, distance = (None, None) if pool is None else (pool.risk_ratio, pool.distance)
            helping.append(((math.inf if distance is None else distance, -(ratio or 0.0)), there))
    return max(helping, key=lambda each: each[0])[1] if helping else None


def _candidates(place: _Place) -> list[int]:
    """The worst leg, then the largest of its pool that the nearer common move would hurt."""
    down, up = place.pool.liquidation_shock_down, place.pool.liquidation_shock_up
    falls = up is None or (down is not None and -down <= up)
    sizes = {
        (leg.symbol, leg.side): abs(leg.notional)
        for leg in place.pool.positions
        if leg.side == ("long" if falls else "short")
    }
    hurt = [
        index
        for index, leg in enumerate(place.book.positions)
        if (leg.symbol, leg.side) in sizes and leg.margin_mode == place.leg.margin_mode and index != place.index
    ]
    hurt.sort(key=lambda index: -sizes[place.book.positions[index].symbol, place.book.positions[index].side])
    return [place.index, *hurt][:_LEGS_TRIED]


def _closing(place: _Place) -> WayOut:
    """A part of the leg, or all of it."""
    size = place.leg.contracts
    risk, holds = place.after(closed(place.book, place.index, size).book)
    if holds:
        size = _sized(place, closed, (size, risk))
        risk, holds = place.after(closed(place.book, place.index, size).book)
    return _way(place, "close", size, risk, enough=holds)


def _hedging(place: _Place) -> list[WayOut]:
    """The other side of the worst position, where the venue asks less for both."""
    leg = place.leg
    if place.book.position_mode != "hedge" or leg.margin_mode != "cross":
        return []
    other = sum(each.contracts for each in place.book.positions if each.symbol == leg.symbol and each.side != leg.side)
    most = leg.contracts - other
    if most <= 0:
        return []
    risk, holds = place.after(hedged(place.book, place.index, most).book)
    asked, before = (_requirement(place.pool_in(pools)) for pools in (risk.pools, (place.pool,)))
    if asked > before * (1 + _SAME) or not _is_farther(risk, place):
        return []
    size = most
    if place.room(risk, far=True) >= 0.0:
        size = _sized(place, hedged, (most, risk), far=True)
        risk, holds = place.after(hedged(place.book, place.index, size).book)
    return [_way(place, "hedge", size, risk, enough=holds)]


def _sized(place: _Place, step: Step, most: _End, *, far: bool = False) -> float:
    """The smallest size of a step that meets the target, in three digits."""

    def altering(size: float) -> Book:
        return step(place.book, place.index, size).book

    return min(most[0], rounded_up(place.smallest(altering, (0.0, None), most, far=far)))


def _way(place: _Place, way: Way, contracts: float, risk: AccountRisk, *, enough: bool) -> WayOut:
    leg = place.leg
    return WayOut(
        way=way,
        amount=contracts * leg.contract_size,
        unit=quote_of(leg.symbol) if leg.kind == "inverse" else base_of(leg.symbol),
        risk_ratio=risk.risk_ratio,
        distance=risk.distance,
        symbol=leg.symbol,
        side=leg.side,
        contracts=contracts,
        whole=contracts >= leg.contracts,
        enough=enough,
    )


def _is_better(risk: AccountRisk, place: _Place) -> bool:
    """Whether the pool's ratio is lower than it is now, and its distance no shorter."""
    after = place.pool_in(risk.pools)
    if after is None:
        return True
    before = place.pool
    if after.risk_ratio is None or (before.risk_ratio is not None and after.risk_ratio >= before.risk_ratio):
        return False
    return after.distance is None or (before.distance is not None and after.distance >= before.distance)


def _is_farther(risk: AccountRisk, place: _Place) -> bool:
    """Whether liquidation of the pool is farther than it is now."""
    after, before = place.pool_in(risk.pools), place.pool.distance
    return before is not None and (after is None or after.distance is None or after.distance > before)


def _requirement(pool: PoolRisk | None) -> float:
    return 0.0 if pool is None else pool.maintenance_margin + pool.closing_fees


def rounded_up(size: float) -> float:
    """A size above 0 in three digits, never smaller than it was: 0.84312 is 0.844."""
    places = _DIGITS - 1 - math.floor(math.log10(size))
    factor = 10.0**places
    return math.ceil(size * factor) / factor
