"""Plans on small books: the leg with the least notional, combinations, and every reason to sell nothing."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from guard.ports.venue import Depth, DepthLevel, Instrument
from guard.protect.cost import CostCurve
from guard.protect.lever import Lever
from guard.protect.plan import Plan, PlanLimits, Target, plan_json, plan_reduction
from guard.protect.reduced import add_collateral
from guard.risk.assess import assess
from guard.risk.book import Book, Position, Tier
from guard.risk.bookerror import BookError

BTC, ETH, SOL = "BTC/USDT:USDT", "ETH/USDT:USDT", "SOL/USDT:USDT"
TARGET = Target()


def rules_of(book: Book, **changes: Any) -> dict[str, Instrument]:
    """Trading rules with step 0.001 for every symbol."""
    fields = {
        "step": Decimal("0.001"),
        "minimum": Decimal("0.001"),
        "tick": Decimal("0.1"),
        "contract_size": Decimal(1),
    } | changes
    return {leg.symbol: Instrument(symbol=leg.symbol, **fields) for leg in book.positions}


def plan_of(book: Book, target: Target = TARGET, **limits: Any) -> Plan:
    """A plan with default trading rules."""
    return plan_reduction(book, target, rules_of(book), limits=PlanLimits(**limits))


@pytest.fixture
def one_long(make: Any) -> Book:
    """1 BTC long, 3.8 % from liquidation."""
    result: Book = make.book([make.position(BTC, "long", 1.0, 40_000.0, 36_000.0)], 5_500.0)
    return result


def crash_book(make: Any) -> Book:
    """BTC and ETH long, SOL short: 5.2 % from liquidation."""
    legs = [
        make.position(BTC, "long", 1.5, 40_000.0, 36_000.0),
        make.position(ETH, "long", 20.0, 2_500.0, 2_100.0),
        make.position(SOL, "short", 200.0, 45.0, 40.0),
    ]
    result: Book = make.book(legs, 18_000.0)
    return result


def test_one_leg(one_long: Book) -> None:
    """The smallest size on the step that restores the target; one step less does not."""
    plan = plan_of(one_long)
    (step,) = plan.steps
    assert plan.feasible
    assert (step.symbol, step.leg, step.side, step.remedy) == (BTC, "long", "sell", "reduce")
    assert step.contracts == Decimal("0.671")
    assert step.limit_price == Decimal("35820.0")
    assert step.notional == pytest.approx(24_156.0)
    assert step.cost == pytest.approx(24_156.0 * 0.0015)
    assert TARGET.holds(plan.after)
    assert not TARGET.holds(plan.before)
    assert 0.0 < plan.bound <= plan.cost
    assert plan.after.pools[0].equity == pytest.approx(plan.before.pools[0].equity - plan.cost)


def test_the_target_holds_already(one_long: Book) -> None:
    """Nothing to do is a feasible plan without steps."""
    plan = plan_of(add_collateral(one_long, "USDT", 50_000.0, None))
    assert plan.feasible
    assert plan.steps == ()
    assert plan.reason == "the target holds already"
    assert plan.add_collateral == ()


def test_picks_the_leg_with_least_notional(make: Any) -> None:
    """A dear tier on one leg makes it the cheapest to cut for the ratio; the hedge is not touched."""
    plan = plan_of(crash_book(make))
    (step,) = plan.steps
    assert (step.symbol, step.leg) == (BTC, "long")
    legs = [
        make.position(BTC, "long", 10.0, 40_000.0, 36_000.0),
        make.position(ETH, "long", 100.0, 2_200.0, 2_100.0),
    ]
    book = make.book(legs, 70_000.0)
    dear = replace(book, tiers={**book.tiers, ETH: (Tier(0.0, None, 0.05),)})
    (step,) = plan_of(dear, Target(0.35, 0.001)).steps
    assert step.symbol == ETH


def test_a_hedge_leg_is_trimmed_beside_the_other(make: Any) -> None:
    """Long and short of equal weight: cutting one alone would open the book; both shrink."""
    legs = [
        make.position(BTC, "long", 100.0, 40_000.0, 36_000.0),
        make.position(ETH, "short", 1_700.0, 2_500.0, 2_100.0),
    ]
    plan = plan_of(make.book(legs, -130_000.0))
    assert plan.feasible
    assert {step.symbol for step in plan.steps} == {BTC, ETH}
    assert TARGET.holds(plan.after)
    assert plan.bound <= plan.cost <= plan.bound * 1.2


def test_legs_are_combined_when_one_is_not_enough(make: Any) -> None:
    """Several small legs in trouble: as many are cut as it takes."""
    symbols = [f"A{i}/USDT:USDT" for i in range(6)]
    book = make.book([make.position(symbol, "long", 100.0, 110.0, 100.0) for symbol in symbols], 9_000.0)
    plan = plan_of(book)
    assert plan.feasible
    assert 2 <= len(plan.steps) <= 6
    assert TARGET.holds(plan.after)
    assert plan.cost <= plan.bound * 1.05


def test_everything_is_closed_when_nothing_less_will_do(one_long: Book) -> None:
    """A target that no open leg can meet closes the leg; a remainder below the minimum does not stay behind."""
    plan = plan_of(one_long, Target(1e-9, 0.12))
    (step,) = plan.steps
    assert step.contracts == Decimal("1.000")
    assert plan.after.pools[0].positions == ()


def test_a_remainder_below_the_minimum_closes_the_leg(one_long: Book) -> None:
    """0.671 of 1 would leave less than the smallest order of 0.4."""
    plan = plan_reduction(one_long, TARGET, rules_of(one_long, minimum=Decimal("0.4")), limits=PlanLimits())
    assert plan.steps[0].contracts == Decimal(1)
    plan = plan_reduction(one_long, TARGET, rules_of(one_long, minimum=Decimal("0.3")), limits=PlanLimits())
    assert plan.steps[0].contracts == Decimal("0.671")


def test_rounds_up_to_the_step(one_long: Book) -> None:
    """A coarse step sells more, never less."""
    plan = plan_reduction(
        one_long, TARGET, rules_of(one_long, step=Decimal("0.05"), minimum=Decimal("0.05")), limits=PlanLimits()
    )
    assert plan.steps[0].contracts == Decimal("0.70")


def test_no_equity_left(one_long: Book) -> None:
    """Selling cannot help an account that owes: it sells nothing and says what would."""
    plan = plan_of(add_collateral(one_long, "USDT", -2_000.0, None))
    assert not plan.feasible
    assert plan.steps == ()
    assert "no equity left" in plan.reason
    assert "; add " in plan.reason


def test_selling_costs_more_than_it_helps(one_long: Book) -> None:
    """Equity of 0.10 % of the notional, cost of 0.15 %: every sale would make it worse."""
    plan = plan_of(add_collateral(one_long, "USDT", 36.0 - 1_500.0, None))
    assert not plan.feasible
    assert plan.steps == ()
    assert plan.reason.startswith("reducing does not help pool USDT: it costs 0.15 % of what is sold, equity is 0.10 %")


def test_added_collateral_is_enough(make: Any) -> None:
    """The sum that is named restores the target, and a percent less does not."""
    lacks = (0.0, 9_000.0, 100_000.0)
    for book in [add_collateral(crash_book(make), "USDT", -lack, None) for lack in lacks]:
        (top_up,) = plan_of(book).add_collateral
        assert TARGET.holds(assess(add_collateral(book, "USDT", top_up.amount, None)))
        assert not TARGET.holds(assess(add_collateral(book, "USDT", top_up.amount * 0.99, None)))


def test_allow_symbols(make: Any) -> None:
    """Only allowed symbols are touched; when they are not enough the plan says which were not allowed."""
    plan = plan_of(crash_book(make), allow_symbols=(ETH,))
    assert {step.symbol for step in plan.steps} <= {ETH}
    nothing = plan_of(crash_book(make), allow_symbols=(SOL,))
    assert not nothing.feasible
    assert "no reduction that is allowed restores pool USDT" in nothing.reason
    assert f"{BTC} long is not in allow_symbols" in nothing.reason


def test_the_daily_cap(one_long: Book) -> None:
    """A plan larger than what is left of the cap is not begun."""
    assert plan_of(one_long, max_notional_left=24_157.0).feasible
    plan = plan_of(one_long, max_notional_left=24_155.0)
    assert not plan.feasible
    assert plan.steps == ()
    assert "the plan trades 24,156, the daily cap leaves 24,155" in plan.reason


def test_the_dearest_plan(one_long: Book) -> None:
    """A plan dearer than allowed is refused, with both figures."""
    plan = plan_of(one_long, max_cost_bps=14.0)
    assert not plan.feasible
    assert "costs 15.0 bps of what it trades, at most 14.0 bps are allowed" in plan.reason


def test_too_many_orders(one_long: Book) -> None:
    """A largest order that is tiny beside the plan is refused, with what to change."""
    tiny = rules_of(one_long, step=Decimal("0.00001"), minimum=Decimal("0.00001"))
    plan = plan_reduction(one_long, TARGET, tiny, limits=PlanLimits(max_child_notional=2.0))
    assert not plan.feasible
    assert "takes too many orders of at most 0.00005 contracts; raise the limit" in plan.reason
    assert plan_reduction(one_long, TARGET, tiny, limits=PlanLimits(max_child_notional=4.0)).feasible


def test_trading_rules_are_needed(one_long: Book) -> None:
    """A leg whose step is not known is not guessed at."""
    plan = plan_reduction(one_long, TARGET, {}, limits=PlanLimits())
    assert not plan.feasible
    assert f"{BTC} long has no trading rules" in plan.reason


def test_a_leg_too_small_for_the_venue(one_long: Book) -> None:
    """A leg below the smallest order cannot be sold, and it is said."""
    plan = plan_reduction(one_long, TARGET, rules_of(one_long, minimum=Decimal(2)), limits=PlanLimits())
    assert "below the smallest order of 2" in plan.reason
    plan = plan_reduction(one_long, TARGET, rules_of(one_long), limits=PlanLimits(max_child_notional=50.0))
    assert "above half of the largest order allowed" in plan.reason


def test_the_order_book_sets_the_cost(one_long: Book) -> None:
    """Thin bids make the plan dearer, and a little larger: the cost is paid from equity."""
    bids = tuple(DepthLevel(36_000.0 - 40.0 * i, 0.05) for i in range(20))
    plan = plan_reduction(one_long, TARGET, rules_of(one_long), limits=PlanLimits(), depth={BTC: Depth(BTC, bids, ())})
    assert plan.feasible
    assert plan.cost > plan_of(one_long).cost
    assert plan.steps[0].contracts >= Decimal("0.671")
    assert TARGET.holds(plan.after)


def isolated(make: Any, margin: float) -> Position:
    """An isolated BTC long."""
    leg: Position = make.position(BTC, "long", 1.0, 40_000.0, 36_000.0)
    return replace(leg, margin_mode="isolated", isolated_margin=margin)


def test_an_isolated_leg_is_its_own_pool(make: Any) -> None:
    """Cutting it gives margin back, so only closing it helps; the cross pool is left alone."""
    book = make.book([isolated(make, 5_000.0), make.position(ETH, "long", 1.0, 2_100.0, 2_100.0)], 50_000.0)
    plan = plan_of(book)
    (step,) = plan.steps
    assert (step.symbol, step.contracts) == (BTC, Decimal(1))
    assert TARGET.holds(plan.after)
    (top_up,) = plan.add_collateral
    assert top_up.symbol == BTC


def test_isolated_and_cross_pools_together(make: Any) -> None:
    """Each pool that misses the target gets its own step."""
    book = make.book([isolated(make, 5_000.0), make.position(ETH, "long", 20.0, 2_500.0, 2_100.0)], 10_000.0)
    plan = plan_of(book)
    assert {step.symbol for step in plan.steps} == {BTC, ETH}
    assert TARGET.holds(plan.after)
    assert len(plan.add_collateral) == 2


def test_both_isolated_legs_of_a_symbol(make: Any) -> None:
    """In hedge mode the long and the short leg of a symbol are two pools; the healthy one is left alone."""
    short = replace(isolated(make, 20_000.0), side="short", entry_price=36_000.0)
    book = make.book([isolated(make, 5_000.0), short], 100.0, "hedge")
    (step,) = plan_of(book).steps
    assert step.leg == "long"


def test_a_book_that_cannot_be_assessed(one_long: Book) -> None:
    """A missing tier table is an error, not a plan."""
    with pytest.raises(BookError, match="tiers"):
        plan_of(replace(one_long, tiers={}))


def test_the_end_of_the_tier_table(one_long: Book) -> None:
    """A leg at the very last cap can be planned for."""
    capped = replace(one_long, tiers={BTC: (Tier(0.0, 36_000.0, 0.004),)})
    plan = plan_of(capped)
    assert plan.feasible
    assert 0.0 < plan.bound <= plan.cost


@pytest.mark.parametrize(
    ("wanted", "size"),
    [(0, 0), (-1, 0), (1, 10), (10, 10), (300, 300), (990, 990), (991, 1000), (1_000, 1_000), (5_000, 1_000)],
)
def test_fit(make: Any, wanted: int, size: int) -> None:
    """At least the smallest order, nothing that cannot be closed later, never beyond the leg."""
    leg = make.position(BTC, "long", 1.0, 40_000.0, 36_000.0)
    lever = Lever(leg, make.instrument(BTC), CostCurve(36_000.0, 0.0005, (), 0.001), top=1_000, smallest=10)
    assert lever.fit(wanted) == size


def test_plan_json(one_long: Book) -> None:
    """Names of the contract, numbers that add up, and the explanation."""
    document = plan_json(plan_of(one_long))
    assert {"feasible", "reason", "steps", "cost", "before", "after", "bound"} <= document.keys()
    (step,) = document["steps"]
    assert step["contracts"] == 0.671
    assert {"remedy", "symbol", "side", "contracts", "limit_price", "cost"} <= step.keys()
    assert document["before"][0]["risk_ratio"] > document["after"][0]["risk_ratio"]
    assert document["add_collateral"] == [{"currency": "USDT", "amount": 2946.73, "symbol": None}]
    what, level, cost = document["explanation"]
    assert what == "Reduce: sell 0.671 BTC/USDT:USDT (long leg)"
    assert level == "Risk ratio 9.6 % -> 3.2 %, distance to liquidation 3.8 % -> 12.0 %"
    assert cost.startswith(
        "Cost about 36.23 USDT, 0.15 % of 24,156.00 USDT traded; no plan that is allowed costs less than 36.22 USDT"
    )


def test_a_contract_whose_band_holds_no_price_does_not_keep_the_others_from_being_sold(make: Any) -> None:
    """A short leg far below its venue's tick: no price to buy it at is said, the rest is planned."""
    legs = [
        make.position(BTC, "long", 1.0, 40_000.0, 36_000.0),
        make.position("DUST/USDT:USDT", "short", 1_000.0, 0.005, 0.004),
    ]
    book = make.book(legs, 5_800.0)
    plan = plan_of(book)
    assert plan.feasible, plan.reason
    assert {step.symbol for step in plan.steps} == {BTC}
    only = make.book(legs[1:], -0.95)
    assert "DUST/USDT:USDT short has no price inside the band" in plan_of(only).reason
