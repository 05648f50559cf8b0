"""A person's own orders: sized in the safe direction, capped by what they act on, judged by the book after them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from guard.ports.records import HedgeRecord
from guard.ports.venue import Instrument
from guard.ports.wishes import Wish
from guard.protect.by_hand import plan_by_hand
from guard.protect.plan_values import Plan, PlanLimits
from guard.risk.book import Book, Collateral, Fees, Position, PositionMode, Side, Tier

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"
RULES = {
    symbol: Instrument(symbol, Decimal("0.001"), Decimal("0.001"), Decimal("0.1"), Decimal(1), Decimal(5))
    for symbol in (BTC, ETH, "ETH/BTC:BTC")
}


def leg(symbol: str, side: Side, contracts: float, mark: float) -> Position:
    """A cross leg that was opened at its mark."""
    return Position(symbol, side, contracts, 1.0, "linear", "USDT", mark, mark, 10.0)


def book(*legs: Position, mode: PositionMode = "one_way") -> Book:
    """100,000 USDT and some legs; taker fee 0.05 %."""
    return Book(
        account="alice",
        venue="binanceusdm",
        model="binance-usdm",
        as_of=NOW,
        position_mode=mode,
        fees=Fees(taker=0.0005),
        collateral=(Collateral("USDT", 100_000.0),),
        positions=legs,
        tiers={symbol: (Tier(0.0, None, 0.01),) for symbol in (BTC, ETH)},
    )


def made(of: Book, wish: Wish, **changes: Any) -> Plan:
    """The plan of a wish without order books: 10 bps stand in for them."""
    hedges = changes.pop("hedges", ())
    return plan_by_hand(of, wish, RULES, limits=replace(PlanLimits(), **changes), hedges=hedges)


ONE = book(leg(BTC, "long", 2.0, 40_000.0), leg(ETH, "short", 10.0, 2_000.0))
BOTH = book(leg(BTC, "long", 2.0, 40_000.0), leg(BTC, "short", 0.5, 40_000.0), mode="hedge")
POOR = replace(
    book(leg(BTC, "long", 2.0, 40_000.0), mode="hedge"),
    model="tiered",
    collateral=(Collateral("USDT", 10_000.0),),
)
"""8,000 USDT of initial margin at 10x, 10,000 USDT of equity."""
COIN = replace(
    book(replace(leg("ETH/BTC:BTC", "long", 10.0, 0.05), settle="BTC")),
    tiers={"ETH/BTC:BTC": (Tier(0.0, None, 0.01),)},
    collateral=(Collateral("BTC", 1.0),),
)
TWICE = replace(
    BOTH,
    positions=(*BOTH.positions, replace(leg(BTC, "long", 1.0, 40_000.0), margin_mode="isolated", isolated_margin=4e3)),
)


@pytest.mark.parametrize(
    ("of", "wish", "orders"),
    [
        (ONE, Wish("reduce", BTC, share=0.25), [("reduce", BTC, "long", "sell", "0.500")]),
        (ONE, Wish("reduce", ETH, contracts=Decimal("1.2345")), [("reduce", ETH, "short", "buy", "1.235")]),
        (ONE, Wish("reduce", BTC, share=1.0), [("reduce", BTC, "long", "sell", "2.000")]),
        (BOTH, Wish("reduce", BTC, "short", share=0.5), [("reduce", BTC, "short", "buy", "0.250")]),
        (BOTH, Wish("hedge", BTC, share=0.3333), [("hedge", BTC, "short", "sell", "0.499")]),
        (BOTH, Wish("hedge", BTC, share=1.0), [("hedge", BTC, "short", "sell", "1.500")]),
        (BOTH, Wish("net", BTC), [("net", BTC, "long", "sell", "0.500"), ("net", BTC, "short", "buy", "0.500")]),
        (BOTH, Wish("net"), [("net", BTC, "long", "sell", "0.500"), ("net", BTC, "short", "buy", "0.500")]),
    ],
)
def test_what_is_sent(of: Book, wish: Wish, orders: list[tuple[str, str, str, str, str]]) -> None:
    """Reductions are rounded up to the step, hedges down; each step has a cost and a price inside the band."""
    plan = made(of, wish)
    assert plan.feasible, plan.reason
    assert [(s.remedy, s.symbol, s.leg, s.side, f"{s.contracts:.3f}") for s in plan.steps] == orders
    assert plan.by_hand
    assert plan.cost == pytest.approx(plan.notional * 0.0015)
    for step in plan.steps:
        mark = 40_000 if step.symbol == BTC else 2_000
        assert abs(float(step.limit_price) / mark - 1) <= 0.005 + 1e-12


def test_the_level_after_is_that_of_the_book_after() -> None:
    """A reduction lowers the requirement by its share; a hedge on a venue that charges both legs raises it."""
    half = made(ONE, Wish("reduce", BTC, share=0.5))
    assert half.after.pools[0].maintenance_margin == pytest.approx(600.0)
    hedged = made(BOTH, Wish("hedge", BTC, share=1.0))
    assert hedged.after.pools[0].maintenance_margin > hedged.before.pools[0].maintenance_margin
    assert hedged.after.pools[0].equity == pytest.approx(100_000.0 - hedged.cost)
    assert hedged.steps[0].protects == f"{BTC} long"


def test_a_hedge_that_opens_its_leg() -> None:
    """There was no short: there is one afterwards."""
    alone = book(leg(BTC, "long", 2.0, 40_000.0), mode="hedge")
    plan = made(alone, Wish("hedge", BTC, contracts=Decimal(1)))
    assert {(each.symbol, each.side) for each in plan.after.pools[0].positions} == {(BTC, "long"), (BTC, "short")}


@pytest.mark.parametrize(
    ("of", "wish", "limits", "why"),
    [
        (ONE, Wish("reduce", "SOL/USDT:USDT", share=0.5), {}, "no position in SOL/USDT:USDT is open"),
        (ONE, Wish("reduce", BTC, "short", share=0.5), {}, "no short position in BTC/USDT:USDT is open"),
        (ONE, Wish("reduce", BTC, contracts=Decimal(3)), {}, "is 2.0 contracts, 3 cannot be taken off it"),
        (ONE, Wish("reduce", BTC), {}, "how much is not said"),
        (ONE, Wish("reduce", BTC, contracts=Decimal("0.0001")), {"max_cost_bps": 1.0}, "costs 15.0 bps"),
        (BOTH, Wish("reduce", BTC, share=0.5), {}, "say long or short"),
        (ONE, Wish("hedge", BTC, share=0.5), {}, "one-way mode"),
        (BOTH, Wish("hedge", BTC, contracts=Decimal("1.6")), {}, "a hedge of 1.6 is more"),
        (BOTH, Wish("hedge", BTC, "short", share=0.5), {}, "short has no exposure left"),
        (BOTH, Wish("hedge", BTC, contracts=Decimal("0.0001")), {}, "below the smallest order"),
        (POOR, Wish("hedge", BTC, share=1.0), {}, "asks for 8,000.00 USDT of initial margin, 2,000.00 USDT are free"),
        (COIN, Wish("reduce", "ETH/BTC:BTC", share=0.5), {}, "is quoted in BTC, limits are in dollars"),
        (TWICE, Wish("net", BTC), {}, "is held twice, in cross and isolated margin"),
        (ONE, Wish("net", BTC), {}, "there is no long and short leg"),
        (ONE, Wish("reduce", BTC, share=0.5), {"max_notional_left": 10.0}, "the daily cap leaves 10"),
        (ONE, Wish("unhedge"), {}, "no hedge of the guard is open"),
        (ONE, Wish("plan"), {}, "not made by hand"),
    ],
)
def test_what_cannot_be_done_says_why(of: Book, wish: Wish, limits: dict[str, Any], why: str) -> None:
    """No steps, one line."""
    plan = made(of, wish, **limits)
    assert not plan.feasible
    assert plan.steps == ()
    assert why in plan.reason


def test_taking_hedges_off_never_closes_more_than_they_are() -> None:
    """Two hedges of one leg are one order; a closed one and one whose leg is gone are none."""
    first = HedgeRecord("h-1", "a", "i", BTC, "short", "0.2", BTC, "long", NOW)
    hedges = (
        first,
        replace(first, hedge_id="h-2", contracts="0.1"),
        replace(first, hedge_id="h-3", contracts="5", closed_at=NOW),
        replace(first, hedge_id="h-4", symbol=ETH, contracts="5"),
    )
    (step,) = made(BOTH, Wish("unhedge"), hedges=hedges).steps
    assert (step.remedy, step.leg, step.side, step.contracts) == ("reduce", "short", "buy", Decimal("0.300"))


def test_dust_is_not_left_behind() -> None:
    """What the venue could not close any more is closed with the rest."""
    small = book(leg(BTC, "long", 0.002, 40_000.0))
    rules = {BTC: replace(RULES[BTC], minimum=Decimal("0.002"))}
    plan = plan_by_hand(small, Wish("reduce", BTC, share=1.0), rules, limits=PlanLimits())
    assert plan.steps[0].contracts == Decimal("0.002")
    larger = book(leg(BTC, "long", 0.005, 40_000.0))
    plan = plan_by_hand(larger, Wish("reduce", BTC, share=0.8), rules, limits=PlanLimits())
    assert plan.steps[0].contracts == Decimal("0.005")
