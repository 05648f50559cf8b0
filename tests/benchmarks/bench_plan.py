"""The planner: its time on a large book, how near its cost is to what any plan must cost, and against a rule of thumb.

The rule of thumb is what is found elsewhere: close a third of everything, look again, until the target holds. It trades
on the same order books as the plan and is given orders of any size.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from guard.ports.venue import Depth, DepthLevel, Instrument
from guard.protect.cost import cost_curve
from guard.protect.plan import Plan, PlanLimits, Target, plan_protection
from guard.protect.poolkey import PoolKey
from guard.protect.reduced import Cut, reduce_book
from guard.protect.sizing import exact
from guard.protect.slack import Goal, slack_of
from guard.risk.assess import assess
from guard.risk.book import Book, Fees
from guard.risk.scenarios import Scenario, shock
from tests.benchmarks.bench_risk import best_s, book_of
from tests.benchmarks.result import Result, at_least, at_most

LEVELS, BOOKS, MOST_LEGS, FEW, RUNS = 20, 240, 12, 5, 25
TARGET = Target()
EDGE = Goal(Target(risk_ratio=0.75, distance=0.04))
"""Where the zone `danger` begins: what the guard acts at."""
LIMITS = PlanLimits(max_child_notional=1e7)


@dataclass(frozen=True, slots=True)
class Case:
    """A book in danger, with trading rules and order books."""

    book: Book
    instruments: dict[str, Instrument]
    depth: dict[str, Depth]

    def plan(self, shocks: tuple[Scenario, ...] = ()) -> Plan:
        """The plan with the default remedies."""
        return plan_protection(
            self.book, TARGET, self.instruments, remedies=("cancel", "net", "reduce"), limits=LIMITS, depth=self.depth,
            shocks=shocks,
        )  # fmt: skip


def case_of(legs: int, seed: int) -> Case:
    """A book at the edge of danger; steps worth one to ten, levels of a hundredth to a third of a leg."""
    random = np.random.default_rng(seed)
    book = book_of(legs, seed)
    slack = slack_of(book, PoolKey("USDT"), EDGE)
    lacks = float((-slack / EDGE.weights).max())
    wallet = replace(book.collateral[0], balance=book.collateral[0].balance + lacks)
    rules, depth = {}, {}
    for leg in book.positions:
        exponent = int(np.floor(np.log10(10.0 / leg.mark_price)))
        step, tick = Decimal(1).scaleb(exponent), Decimal(1).scaleb(int(np.floor(np.log10(leg.mark_price))) - 5)
        rules[leg.symbol] = Instrument(leg.symbol, step, step, tick, Decimal(1))
        gap = float(10 ** random.uniform(-4.5, -3.3))
        sizes = leg.contracts * 10 ** random.uniform(-2.0, -0.5, LEVELS)
        bids, asks = (
            tuple(DepthLevel(leg.mark_price * (1.0 + sign * gap * (i + 1)), float(sizes[i])) for i in range(LEVELS))
            for sign in (-1.0, 1.0)
        )
        depth[leg.symbol] = Depth(leg.symbol, bids, asks)
    return Case(replace(book, fees=Fees(taker=0.0005), collateral=(wallet,)), rules, depth)


def thirds(case: Case) -> float | None:
    """What closing a third of everything costs until the target holds; None where nothing is left before it does."""
    book, spent, held = case.book, 0.0, 1.0
    for _ in range(40):
        if TARGET.holds(assess(book)):
            return spent
        cuts = []
        for leg in book.positions:
            curve = cost_curve(
                leg,
                case.depth[leg.symbol],
                fee_rate=book.fees.taker,
                max_slippage_bps=LIMITS.max_slippage_bps,
                allowance_bps=LIMITS.allowance_bps,
            )
            whole = leg.contracts / held
            cost = curve.cost(whole - whole * held * 2.0 / 3.0) - curve.cost(whole - leg.contracts)
            spent += cost
            cuts.append(Cut((leg.symbol, leg.side), exact(leg.contracts / 3.0), cost))
        book, held = reduce_book(book, cuts), held * 2.0 / 3.0
    return None


def large() -> tuple[Case, tuple[Scenario, ...]]:
    """50 positions, 8 tiers, 20 levels, and 8 shocks to survive."""
    case = case_of(50, 1)
    market = [shock({"ALL": move}) for move in (-0.10, -0.05, 0.05, 0.10)]
    alone = [shock({f"C{index}": -0.3 if case.book.positions[index].side == "long" else 0.3}) for index in range(4)]
    return case, (*market, *alone)


def run() -> Iterator[Result]:
    """The goals of the planner."""
    case, shocks = large()
    plan = case.plan(shocks)
    if not plan.feasible:
        raise ValueError(f"the large book has no plan: {plan.reason}")
    took = best_s(lambda: case.plan(shocks), RUNS)
    yield at_most("plan, 50 positions, 8 tiers, 20 levels, 8 shocks", took * 1e3, "ms", 80)
    cases = [case_of(1 + seed % MOST_LEGS, seed) for seed in range(BOOKS)]
    plans = [(each, each.plan()) for each in cases]
    done = [(each, plan) for each, plan in plans if plan.feasible and plan.steps]
    gaps = [plan.cost / plan.bound - 1.0 for _, plan in done]
    near = sum(gap <= 0.005 for gap in gaps) / len(gaps)
    yield at_least(f"cost within 0.5 % of the lower bound, part of {len(done)} random books", near, "fraction", 0.95)
    yield at_most("largest distance from the lower bound", max(gaps), "fraction", 0.05)
    yield from _beside_thirds(done)


def _beside_thirds(done: Sequence[tuple[Case, Plan]]) -> Iterator[Result]:
    """Plan and rule of thumb side by side; a book of few legs leaves little to choose, and is shown for itself."""
    both = [(len(each.book.positions), plan.cost, rule) for each, plan in done if (rule := thirds(each)) is not None]
    for few in (False, True):
        costs = [(ours, theirs) for legs, ours, theirs in both if (legs < FEW) == few]
        which = f"{len(costs)} books of {'fewer' if few else 'no fewer'} than {FEW} legs"
        ours, theirs = (sum(pair[index] for pair in costs) for index in (0, 1))
        yield Result(f"a third of everything until safe, cost in {which}", theirs, "USDT", "for comparison", True)
        yield Result(f"plans, cost in the same {which}", ours, "USDT", "for comparison", True)
        share = statistics.median(pair[0] / pair[1] for pair in costs)
        name = f"plan over a third of everything, median of {which}"
        yield Result(name, share, "fraction", "for comparison", True) if few else at_most(name, share, "fraction", 0.5)
