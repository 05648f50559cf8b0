"""Hours of a book's own volatility as levels of a plan: what they come to, and that a plan restores them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from guard.protect.hours import FARTHEST, KEPT, target_in_hours
from guard.protect.plan import plan_protection
from guard.protect.plan_values import PlanLimits, PoolLevels, Target
from guard.protect.policy import BEYOND, ProtectPolicy
from guard.protect.poolkey import PoolKey
from guard.risk.assess import assess
from guard.risk.book import Position
from guard.risk.own_volatility import MarkHistory, OwnHours, PoolHours, own_hours
from tests.unit.protect.hours_book import BTC, ETH, RULES, book

CROSS = PoolKey("USDT")


def past(**moves: float) -> MarkHistory:
    """Thirty hours in which each asset went up and down by so much in turn, in and out of step by its sign."""
    ends = {"BTC": (BTC, 40_000.0), "ETH": (ETH, 2_000.0)}
    found = MarkHistory()
    for hour in range(31):
        row = {ends[name][0]: ends[name][1] * (1.0 + move * (hour % 2)) for name, move in moves.items()}
        found = found.until(hour * 3600.0, row)
    return found


def test_hours_become_a_distance() -> None:
    """Of the pool's own volatility; whichever asks for more, the configured distance or the hours, holds."""
    risk = assess(book())
    own = OwnHours((PoolHours(10.0, money=800.0, fraction=0.01),))
    target = target_in_hours(Target(), 400.0, risk, own)
    (level,) = target.pools
    assert level == PoolLevels(CROSS, distance=level.distance)
    assert level.distance == pytest.approx(0.2)
    assert target.of(CROSS) == Target(0.35, level.distance)
    assert target_in_hours(Target(), 100.0, risk, own).of(CROSS) == Target(0.35, 0.12)
    assert target.of(PoolKey("USDC")) == Target(0.35, 0.12)


def test_a_distance_that_cannot_be_is_a_margin_level() -> None:
    """Where the pool has no distance, or one would be near everything: what is left must last for the hours."""
    risk = assess(book())
    requirement, initial = risk.pools[0].maintenance_margin + risk.pools[0].closing_fees, risk.pools[0].initial_margin
    for fraction in (None, FARTHEST):
        own = OwnHours((PoolHours(1.0, money=500.0, fraction=fraction),))
        (level,) = target_in_hours(Target(), 4.0, risk, own).pools
        kept = risk.pools[0].distance or 0.0
        assert level == PoolLevels(CROSS, distance=kept, margin_level=(requirement + 1_000.0) / initial)


def test_what_is_not_known_asks_for_nothing() -> None:
    """The configured levels hold alone, also where hours are off; without a target a plan ends beyond the bar."""
    risk = assess(book())
    unknown, known = OwnHours((PoolHours(None),)), OwnHours((PoolHours(10.0, money=800.0, fraction=0.01),))
    asked = ProtectPolicy(target_hours=400.0)
    assert asked.target_now(risk, unknown) == asked.target_now(risk, None) == asked.target_now(None, known) == Target()
    assert ProtectPolicy().target_now(risk, known) == Target()
    assert not ProtectPolicy().counts_hours
    assert ProtectPolicy(act_at_hours=400.0 / BEYOND).target_now(risk, known) == asked.target_now(risk, known)
    assert asked.target_now(risk, known).of(CROSS).distance == pytest.approx(0.2)


def test_a_plan_restores_the_hours() -> None:
    """What is left of a leg after it has as many hours as were asked for, and no more than a step more."""
    wild, history = book(), past(BTC=0.02)
    risk = assess(wild)
    before = own_hours(wild, risk, history).hours
    target = ProtectPolicy(target_hours=100.0).target_now(risk, own_hours(wild, risk, history))
    limits = PlanLimits()
    plan = plan_protection(wild, target, RULES, remedies=("reduce",), limits=limits)
    assert plan.feasible
    (step,) = plan.steps
    cost = step.cost
    (leg,) = wild.positions
    left = book(replace(leg, contracts=2.0 - float(step.contracts)), equity=6_000.0 - cost)
    after = own_hours(left, assess(left), history).hours
    assert before is not None
    assert after is not None
    assert before < 20.0
    assert 100.0 <= after < 101.0
    assert target.holds(plan.after)
    assert not target.holds(plan.before)


def test_a_book_of_opposite_legs_is_seen() -> None:
    """Its distance is out of all bounds, its legs come apart all the same: what it may hold restores the hours."""
    legs = (
        Position(BTC, "long", 2.0, 1.0, "linear", "USDT", 40_000.0, 40_000.0, 20.0),
        Position(ETH, "short", 40.0, 1.0, "linear", "USDT", 2_000.0, 2_000.0, 20.0),
    )
    both, history = book(*legs), past(BTC=0.02, ETH=-0.02)
    risk = assess(both)
    assert risk.distance is not None
    assert risk.distance > 1.0
    own = own_hours(both, risk, history)
    assert own.hours is not None
    assert own.hours < 4.0
    target = ProtectPolicy(target_hours=24.0).target_now(risk, own)
    assert target.of(CROSS).distance == KEPT
    assert target.of(CROSS).risk_ratio == 0.35
    assert not target.holds(risk)
    plan = plan_protection(both, target, RULES, remedies=("reduce",), limits=PlanLimits())
    assert plan.feasible
    assert target.holds(plan.after)
    # Made smaller as a whole, to the margin level asked for, it has the hours; with tiers it has more than that.
    share = risk.pools[0].equity / (target.of(CROSS).margin_level or 0.0) / risk.pools[0].initial_margin
    smaller = book(*(replace(leg, contracts=leg.contracts * share) for leg in legs))
    hours = own_hours(smaller, assess(smaller), history).hours
    assert hours == pytest.approx(24.0, rel=1e-3)


def test_each_isolated_pool_has_hours_of_its_own() -> None:
    """A wild one is cut for its hours, a calm one is left alone."""
    calm = Position(BTC, "long", 1.0, 1.0, "linear", "USDT", 40_000.0, 40_000.0, 5.0, "isolated", 8_000.0)
    wild = Position(ETH, "long", 20.0, 1.0, "linear", "USDT", 2_000.0, 2_000.0, 5.0, "isolated", 8_000.0)
    both, history = book(calm, wild), past(BTC=0.002, ETH=0.03)
    risk = assess(both)
    target = ProtectPolicy(target_hours=100.0, target_distance=0.05).target_now(risk, own_hours(both, risk, history))
    assert [target.holds_for(pool) for pool in risk.pools if pool.positions] == [True, False]
    plan = plan_protection(both, target, RULES, remedies=("reduce",), limits=PlanLimits())
    assert {step.symbol for step in plan.steps} == {ETH}
    assert target.holds(plan.after)


def test_a_little_beyond() -> None:
    """What a plan aims at is a little better in single pools too."""
    own = PoolLevels(CROSS, risk_ratio=0.2, distance=0.5, margin_level=2.0)
    aim = Target(0.35, 0.12, 1.0, pools=(own,)).beyond(0.1)
    assert aim.of(CROSS).margin_level == pytest.approx(2.2)
    assert aim.of(PoolKey("USDC")).margin_level == pytest.approx(1.1)
    assert aim.of(CROSS).risk_ratio == pytest.approx(0.18)
    assert aim.of(CROSS).distance == pytest.approx(0.55)


def test_an_isolated_leg_that_does_not_call_is_left_alone() -> None:
    """Closing is all that helps it: not for another pool's sake, only at the bar itself."""
    calm = Position(BTC, "long", 1.0, 1.0, "linear", "USDT", 40_000.0, 40_000.0, 5.0, "isolated", 8_000.0)
    wild = Position(ETH, "long", 20.0, 1.0, "linear", "USDT", 2_000.0, 2_000.0, 5.0, "isolated", 4_000.0)
    both, history = book(calm, wild), past(BTC=0.002, ETH=0.03)
    risk = assess(both)
    own = own_hours(both, risk, history)
    assert own.hours is not None
    assert 6.0 < own.hours < 24.0
    policy = ProtectPolicy(act_at_hours=6.0, target_hours=24.0, target_distance=0.05)
    assert policy.target_now(risk, own).holds(risk)
    assert not replace(policy, act_at_hours=10.0).target_now(risk, own).holds(risk)
    assert not replace(policy, act_at_hours=None).target_now(risk, own).holds(risk)
