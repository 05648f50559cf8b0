"""Every remedy of a plan: what it does, where it helps, and where it must not be used."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from guard.ports.venue import Depth, DepthLevel, Instrument
from guard.protect.explain import plan_lines
from guard.protect.plan import Plan, PlanLimits, Target, plan_protection
from guard.risk.book import Book, Collateral, Fees, Order, Position, PositionMode, Side, Tier
from guard.risk.scenarios import shock
from guard.risk.stress import risks_of

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
BTC, ETH, SOL = "BTC/USDT:USDT", "ETH/USDT:USDT", "SOL/USDT:USDT"
EVERY = ("cancel", "net", "transfer", "reduce", "hedge")
KUCOIN = {"m": 1e6, "mmr_limit": 0.3, "mmr_lev_constant": 50.0, "f": 1.3}


def leg(symbol: str, side: Side, contracts: float, mark: float, leverage: float = 10.0) -> Position:
    """A cross leg entered at its mark."""
    return Position(symbol, side, contracts, 1.0, "linear", "USDT", mark, mark, leverage)


def account(
    model: str, legs: Sequence[Position], balance: float, mode: PositionMode = "one_way", **fields: Any
) -> Book:
    """A book with one tier of 1 % for each symbol."""
    return Book(
        account="alice",
        venue="somewhere",
        model=model,
        as_of=AT,
        position_mode=mode,
        fees=Fees(taker=0.0005),
        collateral=(Collateral("USDT", balance),),
        positions=tuple(legs),
        tiers={each.symbol: (Tier(0.0, None, 0.01),) for each in legs},
        **fields,
    )


def rules(*symbols: str) -> dict[str, Instrument]:
    """Steps of a thousandth."""
    step = Decimal("0.001")
    return {symbol: Instrument(symbol, step, step, Decimal("0.01"), Decimal(1)) for symbol in symbols}


def planned(
    book: Book,
    target: Target,
    remedies: Sequence[str] = EVERY,
    *,
    limits: PlanLimits | None = None,
    **fields: Any,
) -> Plan:
    """A plan with trading rules for every symbol that is held."""
    known = rules(*(each.symbol for each in book.positions))
    known |= fields.pop("more", {})
    return plan_protection(book, target, known, remedies=remedies, limits=limits or PlanLimits(), **fields)


def ordered(book: Book, *orders: Order) -> Book:
    """The book with open orders."""
    return replace(book, orders=orders, parameters={each.symbol: KUCOIN for each in book.positions})


@pytest.fixture
def waiting() -> Book:
    """1 BTC long at KuCoin, whose orders count in the requirement; three buys wait, one of them cannot be named."""
    book = account("kucoin", [leg(BTC, "long", 1.0, 40_000.0)], 6_000.0)
    return ordered(
        book,
        Order(BTC, "buy", 38_000.0, 1.0, order_id="small"),
        Order(BTC, "buy", 37_000.0, 4.0, order_id="large"),
        Order(BTC, "buy", 36_000.0, 0.1),
        Order(BTC, "sell", 44_000.0, 0.5, reduce_only=True, order_id="exit"),
    )


def test_cancelling_is_tried_first(waiting: Book) -> None:
    """An order that holds margin is taken back, it costs nothing, and no more of them than it takes."""
    plan = planned(waiting, Target(0.2, 0.0))
    (step,) = plan.steps
    assert (step.remedy, step.order_id, step.side, step.contracts) == ("cancel", "large", "buy", Decimal(4))
    assert (plan.cost, plan.notional, plan.bound) == (0.0, 0.0, 0.0)
    assert Target(0.2, 0.0).holds(plan.after)
    assert plan_lines(plan)[0] == f"Do: cancel buy 4 {BTC} at 37000 USDT"
    assert plan_lines(plan)[2] == "Cost 0: nothing is traded"


def test_what_cancelling_leaves_is_traded(waiting: Book) -> None:
    """Every order that can be named goes, and the rest is reduced; a reduce-only order holds nothing and stays."""
    plan = planned(waiting, Target(0.05, 0.0))
    assert [step.remedy for step in plan.steps] == ["cancel", "cancel", "reduce"]
    assert {step.order_id for step in plan.steps} == {"small", "large", ""}
    assert plan.bound <= plan.cost


def test_an_order_that_holds_nothing_is_left_alone() -> None:
    """At Binance orders are not in the maintenance requirement: taking one back would help nothing."""
    book = account("binance-usdm", [leg(BTC, "long", 1.0, 40_000.0)], 2_000.0)
    book = replace(book, orders=(Order(BTC, "buy", 38_000.0, 1.0, order_id="idle"),))
    assert {step.remedy for step in planned(book, Target(0.1, 0.0)).steps} == {"reduce"}
    # They are in the initial margin, so they count where a margin level is asked for.
    level = planned(replace(book, collateral=(Collateral("USDT", 7_000.0),)), Target(1.0, 0.0, margin_level=1.5))
    assert [step.remedy for step in level.steps] == ["cancel"]


def test_frozen_margin_comes_back_with_the_order() -> None:
    """What the venue withholds for an order is given back when it is cancelled."""
    book = account("bingx", [leg(BTC, "long", 1.0, 40_000.0)], 6_000.0)
    frozen = replace(
        book,
        collateral=(Collateral("USDT", 6_000.0, frozen=4_000.0),),
        orders=(Order(BTC, "buy", 40_000.0, 1.0, order_id="frozen"),),
    )
    plan = planned(frozen, Target(0.1, 0.0))
    assert [step.order_id for step in plan.steps] == ["frozen"]
    assert plan.after.pools[0].equity == pytest.approx(6_000.0)


def hedged(model: str, balance: float, long: float = 1.0, short: float = 0.6) -> Book:
    """Long and short of one symbol."""
    return account(model, [leg(BTC, "long", long, 40_000.0), leg(BTC, "short", short, 40_000.0)], balance, "hedge")


def test_netting_is_two_steps_of_one_size() -> None:
    """Both legs pay at Binance: making both smaller lowers the requirement and leaves the exposure."""
    plan = planned(hedged("binance-usdm", 2_400.0), Target(0.2, 0.0), ("net",))
    first, second = plan.steps
    assert (first.remedy, second.remedy) == ("net", "net")
    assert first.contracts == second.contracts
    assert {(first.leg, first.side), (second.leg, second.side)} == {("long", "sell"), ("short", "buy")}
    assert all(step.reduces for step in plan.steps)
    assert plan.after.pools[0].net_exposure == pytest.approx(plan.before.pools[0].net_exposure)


def test_netting_helps_where_one_side_is_charged_too() -> None:
    """At Bitget the larger side pays for both, and netting makes it smaller; netting the smaller away is not enough."""
    plan = planned(hedged("bitget", 1_000.0, 1.0, 0.4), Target(0.3, 0.0), ("net",))
    assert {step.remedy for step in plan.steps} == {"net"}
    assert plan.after.pools[0].maintenance_margin < plan.before.pools[0].maintenance_margin
    assert not planned(hedged("bitget", 1_000.0, 1.0, 0.4), Target(0.2, 0.0), ("net",)).feasible


def test_a_netting_and_the_rest() -> None:
    """What both legs have in common is netted, what one of them is cut beyond that is reduced."""
    plan = planned(hedged("binance-usdm", 2_000.0), Target(0.05, 0.5), ("net", "reduce"))
    remedies = [step.remedy for step in plan.steps]
    assert remedies in (["net", "net", "reduce"], ["net", "net"], ["reduce"])
    assert plan.cost == pytest.approx(sum(step.cost for step in plan.steps))
    assert plan.bound <= plan.cost <= plan.bound * 1.001


def test_a_transfer_is_as_small_as_it_may_be() -> None:
    """A cent less would not do; without the remedy nothing is moved."""
    book = account("binance-usdm", [leg(BTC, "long", 1.0, 40_000.0)], 3_000.0)
    limits = PlanLimits(transferable={"USDT": 5_000.0, "BTC": 1.0})
    plan = planned(book, Target(0.1, 0.0), limits=limits)
    (step,) = plan.steps
    assert (step.remedy, step.symbol, step.contracts) == ("transfer", "USDT", Decimal(1000))
    assert plan.cost == 0.0
    assert {s.remedy for s in planned(book, Target(0.1, 0.0), ("reduce",), limits=limits).steps} == {"reduce"}


def test_a_transfer_that_is_not_enough_comes_with_a_reduction() -> None:
    """All of it is moved, and what is still missing is traded; the bound knows of it."""
    book = account("binance-usdm", [leg(BTC, "long", 1.0, 40_000.0)], 3_000.0)
    plan = planned(book, Target(0.1, 0.0), limits=PlanLimits(transferable={"USDT": 200.0}))
    assert [step.remedy for step in plan.steps] == ["transfer", "reduce"]
    assert plan.steps[0].contracts == Decimal(200)
    assert plan.bound <= plan.cost <= plan.bound * 1.01


def test_a_hedge_does_not_lower_the_requirement_where_both_legs_pay() -> None:
    """At Binance a hedge makes the ratio worse: a plan by ratio finds none, a plan by distance does."""
    book = account("binance-usdm", [leg(BTC, "long", 1.0, 40_000.0)], 3_000.0, "hedge")
    assert not planned(book, Target(0.1, 0.0), ("hedge",)).feasible
    plan = planned(book, Target(0.5, 0.12), ("hedge",))
    (step,) = plan.steps
    assert (step.remedy, step.leg, step.side, step.protects) == ("hedge", "short", "sell", f"{BTC} long")
    assert not step.reduces
    assert 0 < step.contracts <= 1
    before, after = plan.before.pools[0], plan.after.pools[0]
    assert after.maintenance_margin > before.maintenance_margin
    assert Target(0.5, 0.12).holds(plan.after)
    assert plan.bound <= plan.cost <= plan.bound * 1.01


def test_a_hedge_costs_no_margin_where_one_side_is_charged() -> None:
    """At Bitget the same hedge leaves the requirement where it was."""
    book = account("bitget", [leg(BTC, "long", 1.0, 40_000.0)], 3_000.0, "hedge")
    plan = planned(book, Target(0.5, 0.12), ("hedge",))
    assert [step.remedy for step in plan.steps] == ["hedge"]
    assert plan.after.pools[0].maintenance_margin == pytest.approx(plan.before.pools[0].maintenance_margin)
    gross = planned(replace(book, model="binance-usdm"), Target(0.5, 0.12), ("hedge",))
    assert plan.steps[0].contracts < gross.steps[0].contracts


def test_a_hedge_for_which_no_margin_is_free_is_not_planned() -> None:
    """At 10x the leg alone asks for more initial margin than there is: the venue would refuse a hedge, every time."""
    book = account("tiered", [leg(BTC, "long", 1.0, 40_000.0)], 3_000.0, "hedge")
    assert not planned(book, Target(0.5, 0.12), ("hedge",)).feasible
    assert planned(
        replace(book, positions=(leg(BTC, "long", 1.0, 40_000.0, 50.0),)), Target(0.5, 0.12), ("hedge",)
    ).steps
    # Where one side is charged it asks for none.
    assert planned(replace(book, model="bitget"), Target(0.5, 0.12), ("hedge",)).feasible


def test_a_hedge_grows_the_smaller_leg_up_to_the_larger_one() -> None:
    """Never beyond it."""
    plan = planned(hedged("binance-usdm", 3_500.0, 1.0, 0.2), Target(0.5, 0.12), ("hedge",))
    (step,) = plan.steps
    assert (step.leg, step.protects) == ("short", f"{BTC} long")
    legs = {each.side: each.contracts for each in plan.after.pools[0].positions}
    assert legs["short"] <= legs["long"] == 1.0
    assert not planned(hedged("binance-usdm", 700.0, 1.0, 0.2), Target(0.5, 0.5), ("hedge",)).feasible


def test_there_is_no_opposite_leg_in_one_way_mode() -> None:
    """An order there would make the leg smaller: it is no hedge."""
    book = account("binance-usdm", [leg(BTC, "long", 1.0, 40_000.0)], 3_000.0)
    plan = planned(book, Target(0.5, 0.12), ("hedge",))
    assert not plan.feasible
    assert plan.reason.startswith("nothing that is allowed restores pool USDT")


def alts() -> Book:
    """Two coins long, BTC known by its parameters only."""
    book = account("tiered", [leg(ETH, "long", 10.0, 2_500.0, 50.0), leg(SOL, "long", 100.0, 100.0, 50.0)], 2_600.0)
    terms: Mapping[str, Any] = {"contract_size": 1.0, "leverage": 50.0, "mark_price": 40_000.0}
    return replace(book, parameters={BTC: terms}, tiers={**book.tiers, BTC: (Tier(0.0, None, 0.01),)})


def test_a_proxy_hedges_what_has_no_cheap_market() -> None:
    """Bids of both coins are thin: a short of BTC is cheaper, below the exposure that beta gives it."""
    book = alts()
    thin = {
        symbol: Depth(symbol, (DepthLevel(mark * 0.996, 1e6),), (DepthLevel(mark * 1.004, 1e6),))
        for symbol, mark in ((ETH, 2_500.0), (SOL, 100.0))
    }
    betas = {"BTC": 1.0, "ETH": 1.2, "SOL": 1.5}
    plan = planned(book, Target(0.5, 0.12), depth=thin, betas=betas, more=rules(BTC))
    (step,) = plan.steps
    assert (step.remedy, step.symbol, step.leg, step.side, step.protects) == (
        "hedge", BTC, "short", "sell", f"{ETH} long",
    )  # fmt: skip
    assert step.notional <= 1.2 * 25_000.0 + 1.5 * 10_000.0
    assert Target(0.5, 0.12).holds(plan.after)
    assert plan.bound <= plan.cost
    reducing = planned(book, Target(0.5, 0.12), ("reduce",), depth=thin)
    assert plan.cost < reducing.cost
    # At a leverage that leaves no margin for it there is no proxy.
    dear = replace(book, positions=tuple(replace(each, leverage=13.0) for each in book.positions))
    less = planned(dear, Target(0.5, 0.12), depth=thin, betas=betas, more=rules(BTC)).after.pools[0]
    assert less.equity >= less.initial_margin


def test_no_proxy_without_betas_or_against_a_leg_of_its_own() -> None:
    """Without betas nothing is known; in one-way mode a sale of a coin that is long would make that leg smaller."""
    book = alts()
    assert not planned(book, Target(0.5, 0.12), ("hedge",), more=rules(BTC)).feasible
    held = replace(book, positions=(*book.positions, leg(BTC, "long", 0.01, 40_000.0)))
    betas = {"BTC": 1.0, "ETH": 1.0, "SOL": 1.0}
    assert not planned(held, Target(0.5, 0.12), ("hedge",), betas=betas).feasible


def test_shocks_are_survived() -> None:
    """A plan that meets the target alone would die of the shock; with it asked for, it lives."""
    book = account("binance-usdm", [leg(BTC, "long", 1.0, 40_000.0), leg(ETH, "long", 8.0, 2_500.0)], 8_000.0)
    crash = shock({"ETH": -0.6})
    target = Target(0.35, 0.12)
    plain = planned(book, target)
    assert risks_of(book, [crash])[0].liquidated
    plan = planned(book, target, shocks=(crash,))
    assert plain.steps == ()
    assert {step.symbol for step in plan.steps} == {ETH}
    assert plan.bound <= plan.cost
    smaller = replace(book.positions[1], contracts=8.0 - float(plan.steps[0].contracts))
    paid = (Collateral("USDT", 8_000.0 - plan.cost),)
    assert not risks_of(replace(book, positions=(book.positions[0], smaller), collateral=paid), [crash])[0].liquidated


def test_a_margin_level_is_a_target_too() -> None:
    """Equity over initial margin; the cheapest leg to cut is the one that holds most margin."""
    legs = [leg(BTC, "long", 1.0, 40_000.0), replace(leg(ETH, "long", 8.0, 2_500.0), leverage=2.0)]
    plan = planned(account("binance-usdm", legs, 14_000.0), Target(1.0, 0.0, margin_level=1.5))
    assert {step.symbol for step in plan.steps} == {ETH}
    level = plan.after.pools[0].margin_level
    assert level is not None
    assert 1.5 <= level < 1.501


def test_a_cap_for_one_plan() -> None:
    """The plan says what it would trade and what one plan may."""
    book = account("binance-usdm", [leg(BTC, "long", 1.0, 40_000.0)], 3_000.0)
    assert planned(book, Target(0.1, 0.0), limits=PlanLimits(max_plan_notional=30_000.0)).feasible
    plan = planned(book, Target(0.1, 0.0), limits=PlanLimits(max_plan_notional=5_000.0))
    assert not plan.feasible
    assert "one plan may trade 5,000 (quote currency)" in plan.reason


def test_a_step_beyond_a_target() -> None:
    """Every level a little better."""
    beyond = Target(0.35, 0.12, 1.5).beyond(0.1)
    assert (beyond.risk_ratio, beyond.distance, beyond.margin_level) == pytest.approx((0.315, 0.132, 1.65))
    assert Target(0.35, 0.12).beyond(0.1).margin_level is None


def test_the_solver_is_loaded_by_a_plan_only() -> None:
    """A guard that only watches does without its memory."""
    code = "import sys, guard.protect.plan; sys.exit('highspy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603 - words of our own
