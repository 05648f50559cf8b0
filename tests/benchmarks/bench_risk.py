"""The risk engine: one report, many scenarios, and the same arithmetic in a plain Python loop.

Times are the best of many short runs: what the code costs when nothing else runs. They depend on the machine; the
comparison with the loop does not.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import numpy as np

from guard.risk.assess import assess
from guard.risk.book import Book, Collateral, Position, Side, Tier
from guard.risk.pool import Array, Pool
from guard.risk.rules import pools_of
from guard.risk.tiers import TierTables
from guard.risk.valuation import Market, value_pool
from tests.benchmarks.result import Result, at_least, at_most

LEGS, SCENARIOS, LOOPED = 50, 10_000, 100
FLOORS = (0.0, 5e4, 2.5e5, 1e6, 5e6, 2e7, 1e8, 3e8)
RATES = (0.004, 0.005, 0.01, 0.025, 0.05, 0.1, 0.125, 0.15)


def book_of(legs: int, seed: int = 1) -> Book:
    """One pool of linear legs, half of them short, with tables of eight tiers."""
    random = np.random.default_rng(seed)
    caps = [*FLOORS[1:], None]
    rows = tuple(Tier(floor, cap, rate) for floor, cap, rate in zip(FLOORS, caps, RATES, strict=True))
    positions = []
    for index in range(legs):
        mark, notional = float(10 ** random.uniform(-2, 5)), float(10 ** random.uniform(3, 6))
        side: Side = "long" if random.random() < 0.5 else "short"
        entry = mark * float(random.uniform(0.9, 1.1))
        symbol = f"C{index}/USDT:USDT"
        positions.append(Position(symbol, side, notional / mark, 1.0, "linear", "USDT", entry, mark, 10.0))
    gross = sum(leg.contracts * leg.mark_price for leg in positions)
    return Book(
        account="bench",
        venue="binanceusdm",
        model="binance-usdm",
        as_of=datetime(2026, 11, 21, tzinfo=UTC),
        collateral=(Collateral("USDT", 0.2 * gross),),
        positions=tuple(positions),
        tiers=TierTables({leg.symbol: rows for leg in positions}),
    )


def best_s(action: Callable[[], object], runs: int, repeats: int = 1) -> float:
    """Seconds of the fastest run of several."""
    best = float("inf")
    for _ in range(runs):
        began = time.perf_counter()
        for _ in range(repeats):
            action()
        best = min(best, time.perf_counter() - began)
    return best / repeats


def scenarios(pool: Pool, count: int) -> Market:
    """Marks between half and one and a half of the present."""
    random = np.random.default_rng(2)
    v = pool.legs.mark * random.uniform(0.5, 1.5, (count, pool.legs.size.size))
    return Market(v=v, price=np.ones((count, 1)), own=np.ones(count))


def looped(pool: Pool, marks: Array) -> list[tuple[float, float]]:
    """Equity and requirement in a plain Python loop over scenarios, legs and tiers."""
    legs = pool.legs
    sizes, directions, entries = legs.size.tolist(), legs.direction.tolist(), legs.entry.tolist()
    tables = list(zip(legs.line_rate.T.tolist(), legs.line_deduction.T.tolist(), strict=True))
    found = []
    for row in marks.tolist():
        equity, requirement = pool.wallet, 0.0
        for mark, size, direction, entry, (rates, deductions) in zip(
            row, sizes, directions, entries, tables, strict=True
        ):
            equity += direction * size * (mark - entry)
            value = size * mark
            requirement += max(value * rate - cut for rate, cut in zip(rates, deductions, strict=True))
        found.append((equity, requirement))
    return found


def run() -> Iterator[Result]:
    """The goals of the engine."""
    book = book_of(LEGS)
    assess(book)
    full = best_s(lambda: assess(book), 300, 3)
    yield at_most("risk report, 50 positions, liquidation prices and shocks", full * 1e6, "us", 500)
    quick = best_s(lambda: assess(book, liquidation=False), 600, 5)
    yield at_most("risk report, 50 positions, without liquidation prices", quick * 1e6, "us", 100)
    pool = pools_of(book)[0]
    market = scenarios(pool, SCENARIOS)
    vectorised = best_s(lambda: value_pool(pool, market), 30)
    yield at_most("10,000 scenarios x 50 positions", vectorised * 1e3, "ms", 10)
    few = market.v[:LOOPED]
    loop = best_s(lambda: looped(pool, few), 3) * SCENARIOS / LOOPED
    yield at_least("the same in a plain Python loop takes longer by", loop / vectorised, "times", 50)
    figures = value_pool(pool, market)
    pairs = np.array(looped(pool, few))
    ours = np.column_stack([figures.equity[:LOOPED], figures.requirement[:LOOPED]])
    yield at_most("largest relative difference to the loop", float(np.abs(ours / pairs - 1.0).max()), "fraction", 1e-9)
    wide = pools_of(book_of(10 * LEGS))[0]
    wide_market = scenarios(wide, SCENARIOS)
    growth = best_s(lambda: value_pool(wide, wide_market), 5) / vectorised
    yield at_most("cost of 500 positions over cost of 50, 10,000 scenarios", growth, "times", 15)
