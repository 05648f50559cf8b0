"""Plans under every margin rule: the invariants on random books with orders, hedges, haircuts and isolated legs."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from math import floor, log10

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from guard.ports.venue import Instrument
from guard.protect.legs import LegKey, legs_of
from guard.protect.plan import Plan, PlanLimits, Target, plan_protection
from guard.protect.poolkey import PoolKey
from guard.protect.reduced import Cut, add_collateral, reduce_book, without_orders
from guard.risk.assess import assess
from guard.risk.book import Book, Position, Side
from guard.risk.bookerror import BookError
from guard.risk.rules import MODELS
from tests.harness.random_books import books, real

PLANNED = tuple(model for model in MODELS if model != "reported")
REMEDIES = ("cancel", "net", "transfer", "reduce", "hedge")
PROFILE = settings(
    derandomize=True,
    deadline=None,
    max_examples=5,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def on_steps(book: Book) -> tuple[Book, dict[str, Instrument]]:
    """The book with legs of whole steps (a ten-thousandth of the leg), its orders named, and the trading rules."""
    rules: dict[str, Instrument] = {}
    legs = []
    for leg in book.positions:
        step = Decimal(1).scaleb(floor(log10(leg.contracts)) - 4)
        known = rules.setdefault(
            leg.symbol,
            Instrument(leg.symbol, step, step, Decimal(1).scaleb(floor(log10(leg.mark_price)) - 5), Decimal(1)),
        )
        units = max(1, round(Decimal(repr(leg.contracts)) / known.step))
        legs.append(replace(leg, contracts=float(units * known.step)))
    orders = tuple(replace(order, order_id=f"order-{index}") for index, order in enumerate(book.orders))
    return replace(book, positions=tuple(legs), orders=orders), rules


def applied(book: Book, plan: Plan) -> Book:
    """The book after the steps of a plan, by what the steps say alone."""
    gone = [index for index, order in enumerate(book.orders) if order.order_id in {s.order_id for s in plan.steps}]
    book = without_orders(book, [index for index in gone if book.orders[index].order_id])
    cuts: dict[LegKey, Cut] = {}
    openings: dict[LegKey, Position] = {}
    for step in plan.steps:
        if step.remedy == "transfer":
            book = add_collateral(book, step.symbol, float(step.contracts), None)
        if step.remedy not in {"net", "reduce", "hedge"}:
            continue
        key = (step.symbol, step.leg)
        signed = step.contracts if step.reduces else -step.contracts
        known = cuts.get(key, Cut(key, Decimal(0)))
        cuts[key] = Cut(key, known.contracts + signed, known.cost + step.cost)
        like = next((leg for leg in book.positions if leg.symbol == step.symbol), None)
        if like is not None:
            openings[key] = replace(like, side=step.leg)
    return reduce_book(book, cuts.values(), openings)


def assert_invariants(book: Book, plan: Plan, rules: dict[str, Instrument], cap: float) -> None:
    """Legs only shrink, hedges stay below what they hedge, sizes are on the step, the cap holds."""
    held, traded = legs_of(book), dict[LegKey, Decimal]()
    opposite: dict[Side, Side] = {"long": "short", "short": "long"}
    for step in plan.steps:
        if step.remedy in {"cancel", "transfer"}:
            assert step.notional == step.cost == 0.0
            continue
        assert step.contracts > 0
        assert step.contracts % rules[step.symbol].step == 0
        assert step.limit_price % rules[step.symbol].tick == 0
        closing = "sell" if step.leg == "long" else "buy"
        assert step.side == (closing if step.reduces else {"sell": "buy", "buy": "sell"}[closing])
        key = (step.symbol, step.leg)
        traded[key] = traded.get(key, Decimal(0)) + (step.contracts if step.reduces else -step.contracts)
    after = {key: held.get(key, Decimal(0)) - cut for key, cut in traded.items()}
    assert all(size >= 0 for size in after.values())
    for step in (step for step in plan.steps if step.remedy == "hedge"):
        side = opposite[step.leg]
        assert step.protects == f"{step.symbol} {side}"
        protected = after.get((step.symbol, side), held[step.symbol, side])
        assert after[step.symbol, step.leg] <= protected
    nets = [step for step in plan.steps if step.remedy == "net"]
    for first, second in zip(nets[::2], nets[1::2], strict=True):
        assert (first.symbol, first.contracts) == (second.symbol, second.contracts)
        assert {first.leg, second.leg} == {"long", "short"}
    assert plan.notional <= cap * (1 + 1e-9)


@pytest.mark.parametrize("model", PLANNED)
def test_every_rule(model: str) -> None:
    """A feasible plan reaches its target by the engine's assessment of what its steps leave, for the bound or more."""

    @PROFILE
    @given(books((model,)), real(0.2, 3.0), st.sampled_from([REMEDIES, ("net",), ("net", "reduce"), ("hedge",)]))
    def holds(drawn: Book, harder: float, remedies: tuple[str, ...]) -> None:
        book, rules = on_steps(drawn)
        try:
            before = assess(book)
        except BookError:
            assume(condition=False)
        assume(before.risk_ratio)
        target = Target(min(0.9, (before.risk_ratio or 1.0) / (1 + harder)), min(0.5, (before.distance or 0.1) * 1.2))
        gross = sum(pool.gross_notional for pool in before.pools)
        cap = 1e12 if model in {"binance-coinm", "bitmex"} else gross
        limits = PlanLimits(max_notional_left=cap, max_child_notional=1e12, max_cost_bps=1e4,
                            transferable={"USDT": 0.01 * gross})  # fmt: skip
        plan = plan_protection(book, target, rules, remedies=remedies, limits=limits)
        assert plan.reason
        assert {step.remedy for step in plan.steps} <= set(remedies)
        assert_invariants(book, plan, rules, cap)
        if not plan.feasible:
            assert plan.steps == ()
            return
        last = assess(applied(book, plan))
        lost = {each.pool for each in plan.left_out}
        assert all(target.holds_for(pool) for pool in last.pools if not pool.positions or PoolKey.of(pool) not in lost)
        assert last.risk_ratio == pytest.approx(plan.after.risk_ratio, rel=1e-9)
        assert plan.bound <= plan.cost * (1 + 1e-9)

    holds()
