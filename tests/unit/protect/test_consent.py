"""What a person said yes to, and when it is something else by the time of the tap."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import cast

import pytest

from guard.ports.records import ProposalRecord
from guard.ports.wishes import Wish
from guard.protect.consent import (
    ActRequest,
    ModeRequest,
    Request,
    ResumeRequest,
    Shown,
    TapProblem,
    dump_request,
    read_request,
    tap_problem,
    target_of,
)
from guard.protect.plan_values import Plan, Remedy, Step, Target
from guard.risk.book import OrderSide
from guard.risk.report import AccountRisk

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
BTC = "BTC/USDT:USDT"
LEVEL = cast("AccountRisk", None)  # not looked at here
PROPOSAL = ProposalRecord("p-1", "hash", "account-1", "user-mia", "{}", NOW, NOW + timedelta(seconds=60))


def plan(*steps: Step) -> Plan:
    """A plan of steps."""
    return Plan(True, "", steps, sum(step.cost for step in steps), LEVEL, LEVEL, 0.0)


def step(remedy: Remedy = "reduce", cost: float = 10.0, notional: float = 10_000.0, symbol: str = BTC) -> Step:
    """A step on the long leg."""
    return Step(remedy, symbol, "long", "sell", Decimal(1), Decimal(1), cost, notional)


@pytest.mark.parametrize(
    "request_",
    [
        ActRequest(Wish("plan", risk_ratio=0.3), "confirm", Shown(1.5, 100.0, ("reduce X long",))),
        ActRequest(Wish("reduce", BTC, "long", share=0.25), "command", Shown(0.0, 0.0, ())),
        ActRequest(Wish("hedge", BTC, contracts=Decimal("0.001")), "command", Shown(1.0, 2.0, ("a",), {"a": 3.5})),
        ModeRequest("auto", 3600.0),
        ModeRequest("observe"),
        ResumeRequest(),
    ],
)
def test_a_request_survives_being_stored(request_: Request) -> None:
    """Exactly, sizes included."""
    assert read_request(dump_request(request_)) == request_


@pytest.mark.parametrize(
    "text", ['{"do": "dance"}', "{}", "[]", '{"do": "act", "wish": {"kind": "x"}, "shown": {}}', "no"]
)
def test_a_request_of_another_kind_is_not_guessed(text: str) -> None:
    """It raises one type, whatever is wrong with it."""
    with pytest.raises(ValueError, match=r"cannot be read|Expecting value"):
        read_request(text)


@pytest.mark.parametrize(
    ("fresh", "why"),
    [
        (plan(step()), ""),
        (plan(step(cost=12.0, notional=12_000.0)), ""),
        (plan(step(cost=5.0, notional=5_000.0)), ""),
        (plan(step(cost=12.1)), "it now costs 12.10, shown were 10.00"),
        (plan(step(notional=12_001.0)), "it now trades 12,001.00, shown were 10,000.00"),
        (plan(step("hedge")), f"it now also does: hedge {BTC} long"),
        (plan(step(cost=5.0, notional=5_000.0), step(symbol="ETH/USDT:USDT", cost=1.0)), "reduce ETH/USDT:USDT long"),
    ],
)
def test_a_plan_that_outgrew_what_was_shown(fresh: Plan, why: str) -> None:
    """Dearer, larger beyond the tolerance, or another one: shown again; cheaper and smaller ones are fine."""
    said = Shown.of(plan(step())).outgrown_by(fresh, 0.2)
    assert why in said
    assert bool(said) == bool(why)


@pytest.mark.parametrize(("side", "price"), [("sell", 94.9), ("buy", 105.1)])
def test_a_price_that_went_away_within_the_minute(side: OrderSide, price: float) -> None:
    """A person's own order is shown again; a better price is taken, and the guard's way back does not wait for one."""
    mine = replace(plan(replace(step(), side=side, limit_price=Decimal(100))), by_hand=True)
    moved = replace(mine, steps=(replace(mine.steps[0], limit_price=Decimal(str(price))),))
    assert Shown.of(mine).outgrown_by(moved, 0.2) == f"the price of {BTC} is 5.1 % worse than shown"
    assert Shown.of(moved).outgrown_by(mine, 0.2) == ""
    assert Shown.of(mine).outgrown_by(replace(moved, by_hand=False), 0.2) == ""


@pytest.mark.parametrize(
    ("proposal", "user", "after_s", "problem"),
    [
        (PROPOSAL, "user-mia", 59.9, None),
        (PROPOSAL, "user-mia", 60.0, TapProblem.EXPIRED),
        (PROPOSAL, "user-eve", 0.0, TapProblem.FOREIGN),
        (replace(PROPOSAL, used_at=NOW), "user-eve", 90.0, TapProblem.FOREIGN),
        (replace(PROPOSAL, used_at=NOW), "user-mia", 90.0, TapProblem.USED),
        (replace(PROPOSAL, user_id=None), "user-eve", 0.0, None),
        (None, "user-mia", 0.0, TapProblem.UNKNOWN),
    ],
)
def test_who_may_use_a_proposal_and_when(
    proposal: ProposalRecord | None, user: str, after_s: float, problem: TapProblem | None
) -> None:
    """A stranger is not told what became of it."""
    assert tap_problem(proposal, user, NOW + timedelta(seconds=after_s)) is problem


def test_a_wish_may_have_a_target_of_its_own() -> None:
    """What it does not name stays as configured."""
    assert target_of(Wish("plan", risk_ratio=0.2), Target(0.35, 0.12)) == Target(0.2, 0.12)
    assert target_of(Wish("plan"), Target(0.35, 0.12)) == Target(0.35, 0.12)
    assert Wish("hedge").needs == {"hedge"}
    assert Wish("unhedge").needs == frozenset()
