"""Hedges by another coin on random books: together they never turn what the legs weigh, each stays below its leg."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.protect.plan import PlanLimits, Target, plan_protection
from guard.protect.plan_values import Plan
from guard.protect.sizing import leg_notional
from guard.protect.steps import check_plan
from guard.risk.assess import assess
from guard.risk.book import Book, Collateral, Fees, Position, PositionMode, Side, Tier
from tests.harness.random_books import real
from tests.property.protect.test_plan_rules import PROFILE, on_steps

BTC = "BTC/USDT:USDT"
SIDES: tuple[Side, ...] = ("long", "short")
BETAS = {"BTC": 1.0, "ETH": 1.3, "SOL": 0.7}


def weighed(book: Book, plan: Plan | None = None) -> float:
    """What all legs weigh, in quote currency; after a plan where one is given."""
    found = sum(leg.sign * BETAS[leg.base] * leg_notional(leg) for leg in book.positions)
    for step in plan.steps if plan else ():
        bought = 1.0 if step.side == "buy" else -1.0
        found += bought * BETAS[step.symbol.partition("/")[0]] * step.notional
    return found


def values(book: Book, plan: Plan) -> dict[str, float]:
    """Quote value of each leg less that of its symbol's other leg, after what a plan does to them but by proxy."""
    found: dict[str, float] = {}
    for leg in book.positions:
        other = "short" if leg.side == "long" else "long"
        for side, sign in ((leg.side, 1.0), (other, -1.0)):
            name = f"{leg.symbol} {side}"
            found[name] = found.get(name, 0.0) + sign * leg_notional(leg)
    for step in plan.steps:
        if step.remedy != "hedge" or step.protects.startswith(step.symbol):
            grown = step.notional if step.remedy == "hedge" else -step.notional
            other = "short" if step.leg == "long" else "long"
            for side, sign in ((step.leg, 1.0), (other, -1.0)):
                name = f"{step.symbol} {side}"
                found[name] = found.get(name, 0.0) + sign * grown
    return found


@st.composite
def alts(draw: st.DrawFn, model: str) -> Book:
    """Legs of two coins with leverage enough for a hedge; BTC is held on either side, or known by its terms."""
    mode: PositionMode = "one_way" if model == "hyperliquid" else draw(st.sampled_from(["one_way", "hedge"]))
    sides = [draw(st.sampled_from(SIDES)) for _ in range(2)]
    legs = [
        Position(f"{coin}/USDT:USDT", side, contracts, 1.0, "linear", "USDT", mark, mark, 50.0)
        for coin, side, contracts, mark in zip(
            ("ETH", "SOL"), sides, (draw(real(0.5, 50.0)), draw(real(10.0, 2_000.0))), (2_500.0, 100.0), strict=True
        )
    ]
    short = Position(BTC, "short", 0.01, 1.0, "linear", "USDT", 40_000.0, 40_000.0, 50.0)
    held = draw(st.sampled_from([(), (short,), (replace(short, side="long", contracts=draw(real(0.01, 1.0))),)]))
    gross = sum(leg_notional(leg) for leg in (*legs, *held))
    terms = {"contract_size": 1.0, "leverage": 50.0, "mark_price": 40_000.0}
    modes: dict[str, dict[str, Any]] = {
        "okx": {"*": {"account_mode": "single"}}, "gate": {"*": {"account_mode": "classic"}}
    }  # fmt: skip
    return Book(
        account="a",
        venue="v",
        model=model,
        as_of=datetime(2026, 11, 21, tzinfo=UTC),
        position_mode=mode,
        fees=Fees(taker=0.0005),
        collateral=(Collateral("USDT", gross * draw(real(0.04, 0.2))),),
        positions=(*legs, *held),
        tiers=dict.fromkeys((BTC, "ETH/USDT:USDT", "SOL/USDT:USDT"), (Tier(0.0, None, draw(real(0.004, 0.02))),)),
        parameters={BTC: terms} | modes.get(model, {}),
    )


SEEN: Counter[str] = Counter()


@pytest.mark.parametrize("model", ["tiered", "binance-usdm", "gate", "okx", "hyperliquid"])
def test_what_is_hedged_is_never_turned(model: str) -> None:
    """Whatever the legs are, and whatever else the plan does with them."""

    @settings(PROFILE, max_examples=8)
    @given(alts(model), real(1.1, 2.5), st.sampled_from([("hedge",), ("hedge",), ("reduce", "hedge")]))
    def holds(drawn: Book, farther: float, remedies: tuple[str, ...]) -> None:
        book, rules = on_steps(drawn)
        step = Decimal("0.0001")
        rules[BTC] = replace(rules["ETH/USDT:USDT"], symbol=BTC, step=step, minimum=step, tick=Decimal("0.1"))
        before = assess(book)
        target = Target(1.0, min(0.6, (before.distance or 0.1) * farther))
        limits = PlanLimits(max_child_notional=1e12, max_cost_bps=1e4)
        plan = plan_protection(book, target, rules, remedies=remedies, limits=limits, betas=BETAS)
        if not plan.feasible:
            return
        check_plan(plan, book)
        proxies = [step for step in plan.steps if step.remedy == "hedge" and not step.protects.startswith(step.symbol)]
        SEEN[model] += bool(proxies)
        now, after = weighed(book), weighed(book, plan)
        assert not proxies or now * after >= -1e-6 * now * now
        left = values(book, plan)
        for name in {step.protects for step in proxies}:
            mine = [step for step in proxies if step.protects == name]
            rounded = len(plan.steps) * float(step) * 40_000.0
            assert sum(step.notional for step in mine) <= BETAS[name.partition("/")[0]] * left[name] + rounded
        assert target.holds(plan.after)

    holds()
    assert SEEN[model], "no book of these was hedged with BTC: nothing was tested"
