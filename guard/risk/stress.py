"""Stress: the account's risk under each scenario, the worst of them, and what each leg has to do with it.

The same valuation as the live report, over a scenario axis: collateral in coins falls too (wrong-way risk), tiers and
closing fees are taken at the shocked marks. No venue listed here charges correlation between coins: correlated longs
raise risk, and opposite positions lower it, only through the scenarios themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from guard.risk.altered import with_fills, without_leg
from guard.risk.book import Book, OrderSide, Side
from guard.risk.bookerror import BookError
from guard.risk.movers import market_after, movers_of
from guard.risk.pool import Array, Pool
from guard.risk.rules import pools_of
from guard.risk.scenarios import Kind, Scenario, standard_scenarios
from guard.risk.valuation import add_up, value_legs


@dataclass(frozen=True, slots=True)
class ScenarioRisk:
    """The account under one scenario.

    `risk_ratio` is the worst pool's, None where a pool with positions has no equity left. `equity` and `requirement`
    are of that pool, in `currency`. `left_out` names open orders that could not be filled.
    """

    scenario: Scenario
    risk_ratio: float | None
    currency: str
    equity: float
    requirement: float
    left_out: tuple[str, ...] = ()

    @property
    def liquidated(self) -> bool:
        """Whether the account would be liquidated."""
        return self.risk_ratio is None or self.risk_ratio >= 1.0


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one leg has to do with the account's risk: the level with it minus the level without it.

    Positive: the leg raises risk. None where one of both levels has no value (no equity). The leg is thought closed at
    its mark, at no cost. `pnl_in_worst` is what the leg gains by the price moves of the worst scenario, in `currency`;
    funding and fills of that scenario are not in it.
    """

    symbol: str
    side: Side
    risk_ratio: float | None
    worst_risk_ratio: float | None
    pnl_in_worst: float
    currency: str


@dataclass(frozen=True, slots=True)
class StressReport:
    """Every scenario in the order of asking, the worst one, and each leg's contribution to now and to the worst."""

    results: tuple[ScenarioRisk, ...]
    worst: ScenarioRisk | None
    contributions: tuple[Contribution, ...]


def stress(
    book: Book, scenarios: Sequence[Scenario] | None = None, *, betas: Mapping[str, float] | None = None
) -> StressReport:
    """Assess a book under scenarios.

    Args:
        book: the book, under its own margin rule.
        scenarios: what to look at; by default the standard sets.
        betas: beta to BTC by asset, for the standard beta scenarios.

    Returns:
        The report; without positions and orders there is nothing to stress: no results, no worst.

    Raises:
        BookError: the book cannot be assessed, or its rule knows the present only (`reported`).
    """
    if not book.positions and not book.orders:
        return StressReport((), None, ())
    wanted = tuple(standard_scenarios(book, betas) if scenarios is None else scenarios)
    results = risks_of(book, wanted)
    worst = max(results, key=_badness, default=None)
    return StressReport(results, worst, contributions(book, worst.scenario if worst else None))


def risks_of(book: Book, scenarios: Sequence[Scenario]) -> tuple[ScenarioRisk, ...]:
    """The account under each scenario; scenarios with the same fills are valued in one go."""
    found: dict[int, ScenarioRisk] = {}
    indexed = sorted(enumerate(scenarios), key=lambda pair: pair[1].fills or "")
    for fills, group in groupby(indexed, key=lambda pair: pair[1].fills):
        members = list(group)
        after, left_out = _after_fills(book, fills)
        levels = _levels(after, [scenario for _, scenario in members])
        for (index, scenario), (ratio, currency, equity, requirement) in zip(members, levels, strict=True):
            risk_ratio = ratio if np.isfinite(ratio) else None
            found[index] = ScenarioRisk(scenario, risk_ratio, currency, equity, requirement, left_out)
    return tuple(found[index] for index in range(len(scenarios)))


def contributions(book: Book, worst: Scenario | None) -> tuple[Contribution, ...]:
    """Each leg's contribution to the risk ratio now, and to that in `worst`."""
    now = Scenario("now", Kind.CUSTOM)
    scenarios = [now] if worst is None else [now, worst]
    with_all = [each.risk_ratio for each in risks_of(book, scenarios)]
    gains = _gains(book, worst)
    found = []
    for index, leg in enumerate(book.positions):
        smaller = without_leg(book, index)
        without = [each.risk_ratio for each in risks_of(smaller, scenarios)] if smaller.positions else [0.0] * 2
        found.append(
            Contribution(
                symbol=leg.symbol,
                side=leg.side,
                risk_ratio=_difference(with_all[0], without[0]),
                worst_risk_ratio=_difference(with_all[-1], without[-1]),
                pnl_in_worst=gains[leg.symbol, leg.side],
                currency=leg.settle,
            )
        )
    return tuple(found)


def _after_fills(book: Book, fills: OrderSide | None) -> tuple[Book, tuple[str, ...]]:
    return (book, ()) if fills is None else with_fills(book, fills)


def _levels(book: Book, scenarios: Sequence[Scenario]) -> list[tuple[float, str, float, float]]:
    """Worst pool's (risk ratio, currency, equity, requirement) under each scenario; infinity = no equity left."""
    best: list[tuple[float, str, float, float]] = [(0.0, "", 0.0, 0.0)] * len(scenarios)
    pools = pools_of(book)
    for pool in pools:
        if not pool.positions:
            continue
        if not pool.solvable:
            raise BookError("model", f"was {book.model}, which has figures of the present only: it cannot be stressed")
        equity, requirement = _figures(pool, scenarios)
        ratio = np.where(equity > 0.0, requirement / np.where(equity > 0.0, equity, 1.0), np.inf)
        for index, level in enumerate(zip(ratio.tolist(), equity.tolist(), requirement.tolist(), strict=True)):
            if level[0] >= best[index][0]:
                best[index] = (level[0], pool.currency, level[1], level[2])
    return best


def _figures(pool: Pool, scenarios: Sequence[Scenario]) -> tuple[Array, Array]:
    """Equity and requirement of a pool under each scenario, in its currency as it is worth there."""
    movers = movers_of(pool)
    common = movers.common()
    moved = np.array([movers.vector(each.moves) + _rest(each, movers.names) * common for each in scenarios])
    market = market_after(pool, movers, moved)
    legs = value_legs(pool.legs, market.v)
    figures = add_up(pool, legs, market)
    paid = np.array([each.funding for each in scenarios])
    drain = paid * (legs.value * market.price[:, pool.legs.settle]).sum(axis=-1)
    equity: Array = (figures.equity - drain) / market.own
    requirement: Array = figures.requirement / market.own
    return equity, requirement


def _rest(scenario: Scenario, names: Sequence[str]) -> Array:
    """The move of assets that a scenario does not name."""
    return np.array([0.0 if name in scenario.moves else scenario.otherwise for name in names])


def _gains(book: Book, scenario: Scenario | None) -> dict[tuple[str, Side], float]:
    """What each leg gains in a scenario, in its settlement asset."""
    if scenario is None:
        return {(leg.symbol, leg.side): 0.0 for leg in book.positions}
    gains: dict[tuple[str, Side], float] = {}
    for pool in pools_of(book):
        if not pool.positions:
            continue
        movers = movers_of(pool)
        moved = movers.vector(scenario.moves) + _rest(scenario, movers.names) * movers.common()
        market = market_after(pool, movers, moved[None, :])
        change = (market.v[0] - pool.legs.mark) * pool.legs.direction * pool.legs.size
        for leg, gain in zip(pool.positions, change.tolist(), strict=False):
            gains[leg.symbol, leg.side] = gain
    return gains


def _difference(with_leg: float | None, without_leg_: float | None) -> float | None:
    return None if with_leg is None or without_leg_ is None else with_leg - without_leg_


def _badness(result: ScenarioRisk) -> tuple[bool, float, float]:
    return (result.risk_ratio is None, result.risk_ratio or 0.0, -result.equity)
