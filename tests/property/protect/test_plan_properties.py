"""Plans on random books: never a flip, always the target or a reason, the least cost of all."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from guard.ports.venue import Depth, DepthLevel, Instrument
from guard.protect.cost import cost_curve
from guard.protect.legs import LegKey, legs_of
from guard.protect.plan import Plan, PlanLimits, Target, plan_reduction
from guard.protect.poolkey import PoolKey
from guard.protect.reduced import Cut, reduce_book
from guard.protect.slack import Goal, slack_of
from guard.risk.assess import assess
from guard.risk.book import Book, Collateral, Fees, Position, Tier

AT = datetime(2026, 11, 21, tzinfo=UTC)
PROFILE = settings(
    derandomize=True,
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TIERS = (
    Tier(0.0, 50_000.0, 0.004),
    Tier(50_000.0, 250_000.0, 0.005),
    Tier(250_000.0, 1_000_000.0, 0.01),
    Tier(1_000_000.0, 10_000_000.0, 0.025),
    Tier(10_000_000.0, None, 0.1),
)
SMALL_TIERS = (Tier(0.0, 500.0, 0.01), Tier(500.0, 1_500.0, 0.04), Tier(1_500.0, None, 0.1))


def rules(book: Book, step: str) -> dict[str, Instrument]:
    """Trading rules: the step is also the minimum."""
    size = Decimal(step)
    return {leg.symbol: Instrument(leg.symbol, size, size, Decimal("0.01"), Decimal(1)) for leg in book.positions}


@st.composite
def legs(draw: st.DrawFn, *, hedge: bool, isolated: bool) -> tuple[Position, ...]:
    """One to four legs, each worth 5,000 to 3 million, entered within 30 % of the mark."""
    names = ["A", "B", "C", "D"][: draw(st.integers(1, 4))]
    keys = [(name, side) for name in names for side in ("long", "short")]
    chosen = draw(
        st.lists(
            st.sampled_from(keys), min_size=1, max_size=4, unique_by=None if hedge else lambda key: key[0], unique=hedge
        )
    )
    found = []
    for name, side in dict.fromkeys(chosen):
        mark = draw(st.sampled_from([0.85, 25.0, 1_234.56, 36_000.0]))
        notional = draw(st.floats(5_000.0, 3_000_000.0))
        contracts = float(round(Decimal(notional / mark), 3))
        margin = round(notional * draw(st.floats(0.02, 0.3)), 2) if isolated and draw(st.booleans()) else None
        found.append(
            Position(
                symbol=f"{name}/USDT:USDT",
                side="long" if side == "long" else "short",
                contracts=contracts,
                contract_size=1.0,
                kind="linear",
                settle="USDT",
                entry_price=round(mark * draw(st.floats(0.7, 1.3)), 4),
                mark_price=mark,
                leverage=10.0,
                margin_mode="cross" if margin is None else "isolated",
                isolated_margin=margin,
            )
        )
    return tuple(found)


@st.composite
def books(draw: st.DrawFn, *, isolated: bool = False) -> Book:
    """A book whose cross equity is between -2 % and 30 % of its gross notional."""
    hedge = draw(st.booleans())
    positions = draw(legs(hedge=hedge, isolated=isolated))
    cross = [leg for leg in positions if leg.margin_mode == "cross"]
    gross = sum(leg.contracts * leg.mark_price for leg in cross)
    pnl = sum(leg.sign * leg.contracts * (leg.mark_price - leg.entry_price) for leg in cross)
    balance = round(gross * draw(st.floats(-0.02, 0.3)) - pnl, 2)
    return Book(
        account="alice",
        venue="binanceusdm",
        model="binance-usdm",
        as_of=AT,
        position_mode="hedge" if hedge else "one_way",
        fees=Fees(taker=0.0005),
        collateral=(Collateral("USDT", balance),),
        positions=positions,
        tiers={leg.symbol: TIERS for leg in positions},
    )


@st.composite
def depths(draw: st.DrawFn, book: Book) -> Mapping[str, Depth] | None:
    """No order books, or one a symbol with levels of random size around the mark."""
    if draw(st.booleans()):
        return None
    found = {}
    for leg in book.positions:
        sizes = draw(st.lists(st.floats(0.001, leg.contracts), min_size=0, max_size=6))
        bids = tuple(DepthLevel(leg.mark_price * (1 - 0.0005 * (i + 1)), size) for i, size in enumerate(sizes))
        asks = tuple(DepthLevel(leg.mark_price * (1 + 0.0005 * (i + 1)), size) for i, size in enumerate(sizes))
        found[leg.symbol] = Depth(leg.symbol, bids, asks)
    return found


def assert_only_smaller(book: Book, plan: Plan, step: Decimal) -> None:
    """Invariant 2, on the plan: no leg grows, none flips, everything is on the step."""
    held = legs_of(book)
    for each in plan.steps:
        leg = held[each.symbol, each.leg]
        whole = sum(other.contracts for other in plan.steps if (other.symbol, other.leg) == (each.symbol, each.leg))
        assert 0 < each.contracts <= whole <= leg
        assert each.contracts % step == 0
        assert leg - whole == leg % step or leg - whole >= step
        assert each.side == ("sell" if each.leg == "long" else "buy")
        mark = next(p.mark_price for p in book.positions if (p.symbol, p.side) == (each.symbol, each.leg))
        assert each.limit_price % Decimal("0.01") == 0
        worse = mark - float(each.limit_price) if each.side == "sell" else float(each.limit_price) - mark
        assert worse <= mark * 0.005 + 1e-9
    assert len({(each.remedy, each.symbol, each.leg) for each in plan.steps}) == len(plan.steps)
    after = {(leg.symbol, leg.side): leg.contracts for pool in plan.after.pools for leg in pool.positions}
    assert after.keys() <= held.keys()


@PROFILE
@given(st.data())
def test_restores_the_target_or_says_why_not(data: st.DataObject) -> None:
    """A feasible plan restores the target by the full assessment of what is left; an infeasible one sells nothing."""
    book = data.draw(books(isolated=True))
    depth = data.draw(depths(book))
    plan = plan_reduction(book, Target(), rules(book, "0.001"), limits=PlanLimits(), depth=depth)
    assert plan.reason
    assert_only_smaller(book, plan, Decimal("0.001"))
    if not plan.feasible:
        event("infeasible: " + plan.reason.split(" ")[0])
        assert plan.steps == ()
        assert plan.after == plan.before
        return
    event(f"feasible with {min(len(plan.steps), 3)} steps")
    cuts: dict[LegKey, Cut] = {}
    for step in plan.steps:  # a leg may be netted and reduced
        known = cuts.get((step.symbol, step.leg), Cut((step.symbol, step.leg), Decimal(0)))
        cuts[known.key] = Cut(known.key, known.contracts + step.contracts, known.cost + step.cost)
    last = assess(reduce_book(book, cuts.values()))
    left = [[pool.equity for pool in risk.pools] for risk in (last, plan.after)]
    assert left[0] == pytest.approx(left[1], rel=1e-9, abs=1e-6)
    assert [(leg.symbol, leg.contracts) for pool in last.pools for leg in pool.positions] == [
        (leg.symbol, leg.contracts) for pool in plan.after.pools for leg in pool.positions
    ]
    missing = {PoolKey.of(pool) for pool in plan.after.pools if not Target().holds_for(pool)}
    assert missing == {each.pool for each in plan.left_out}
    assert plan.bound <= plan.cost + 1e-9
    equity = [sum(pool.equity for pool in risk.pools) for risk in (plan.before, plan.after)]
    assert equity[0] - equity[1] == pytest.approx(plan.cost, abs=1e-6 * max(1.0, abs(equity[0])) * 1e-3)


@PROFILE
@given(books())
def test_finds_a_way_whenever_closing_everything_is_one(book: Book) -> None:
    """With equity above what closing everything costs there is always a plan."""
    plan = plan_reduction(book, Target(), rules(book, "0.001"), limits=PlanLimits())
    gross = sum(leg.contracts * leg.mark_price for leg in book.positions)
    equity = sum(pool.equity for pool in plan.before.pools)
    assume(abs(equity - 0.0015 * gross) > 1e-6 * gross)
    assert plan.feasible == (equity > 0.0015 * gross)
    if not plan.feasible:
        assert "add " in plan.reason


@PROFILE
@given(books(), st.randoms(use_true_random=False))
def test_the_order_of_legs_does_not_matter(book: Book, random: Random) -> None:
    """The same book told in another order gives a plan of the same size."""
    shuffled = list(book.positions)
    random.shuffle(shuffled)
    first = plan_reduction(book, Target(), rules(book, "0.001"), limits=PlanLimits())
    second = plan_reduction(
        replace(book, positions=tuple(shuffled)), Target(), rules(book, "0.001"), limits=PlanLimits()
    )
    assert first.feasible == second.feasible
    assert first.notional == pytest.approx(second.notional, rel=1e-3)


@st.composite
def small_books(draw: st.DrawFn) -> tuple[Book, Mapping[str, Depth] | None]:
    """Two or three legs of at most 5 whole contracts worth about 100 each, with or without order books."""
    names = "ABC"[: draw(st.integers(2, 3))]
    positions = tuple(
        Position(
            symbol=f"{name}/USDT:USDT",
            side=draw(st.sampled_from(["long", "short"])),
            contracts=float(draw(st.integers(1, 5))),
            contract_size=1.0,
            kind="linear",
            settle="USDT",
            entry_price=100.0,
            mark_price=draw(st.sampled_from([80.0, 95.0, 100.0, 130.0])),
            leverage=10.0,
        )
        for name in names
    )
    gross = sum(leg.contracts * leg.mark_price for leg in positions)
    pnl = sum(leg.sign * leg.contracts * (leg.mark_price - leg.entry_price) for leg in positions)
    book = Book(
        account="alice",
        venue="binanceusdm",
        model="binance-usdm",
        as_of=AT,
        fees=Fees(taker=0.0005),
        collateral=(Collateral("USDT", round(gross * draw(st.floats(0.005, 0.2)) - pnl, 2)),),
        positions=positions,
        tiers={leg.symbol: SMALL_TIERS for leg in positions},
    )
    return book, draw(depths(book))


def brute_force(book: Book, depth: Mapping[str, Depth] | None, goal: Goal) -> float | None:
    """Least cost of all combinations of whole cuts that restore the target; None = there is none."""
    curves = [
        cost_curve(leg, (depth or {}).get(leg.symbol), fee_rate=0.0005, max_slippage_bps=50.0, allowance_bps=10.0)
        for leg in book.positions
    ]
    best: float | None = None
    for counts in itertools.product(*(range(int(leg.contracts) + 1) for leg in book.positions)):
        costs = [curve.cost(float(count)) for curve, count in zip(curves, counts, strict=True)]
        if best is not None and sum(costs) >= best:
            continue
        cuts = [
            Cut((leg.symbol, leg.side), Decimal(count), cost)
            for leg, count, cost in zip(book.positions, counts, costs, strict=True)
        ]
        if bool(np.all(slack_of(reduce_book(book, cuts), PoolKey("USDT"), goal) >= 0.0)):
            best = sum(costs)
    return best


@settings(PROFILE, max_examples=20)
@given(small_books())
def test_against_brute_force(drawn: tuple[Book, Mapping[str, Depth] | None]) -> None:
    """No combination of sizes is cheaper than the plan, and none is cheaper than the bound."""
    book, depth = drawn
    assume(not Target().holds(assess(book)))
    plan = plan_reduction(book, Target(), rules(book, "1"), limits=PlanLimits(), depth=depth)
    least = brute_force(book, depth, Goal(Target()))
    assert plan.feasible == (least is not None)
    assume(least is not None)
    event(f"{len(plan.steps)} steps")
    assert plan.cost == pytest.approx(least, rel=1e-9)
    assert plan.bound <= plan.cost
