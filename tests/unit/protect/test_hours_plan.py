"""A plan leaves the hours that were asked for at once, and what cannot be had stands in the way of nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest

from guard.protect.hours_plan import HoursPlan, plan_in_hours
from guard.protect.plan import plan_protection
from guard.protect.plan_values import Plan, PlanLimits, Target
from guard.protect.policy import ProtectPolicy
from guard.risk.assess import assess
from guard.risk.book import Book, Position, Side
from guard.risk.own_volatility import MarkHistory, own_hours
from tests.unit.protect.hours_book import BTC, ETH, RULES, book

PRICES = {BTC: 40_000.0, ETH: 2_000.0}
# In four hours BTC and ETH move together, apart, and each alone: correlated by a half, ETH by a third more.
PATTERN = ((0.03, 0.04), (-0.03, -0.04), (0.03, 0.04), (-0.03, -0.04), (0.03, -0.04), (-0.03, 0.04))


def leg(symbol: str, side: Side, contracts: float) -> Position:
    """A leg at its mark."""
    return Position(symbol, side, contracts, 1.0, "linear", "USDT", PRICES[symbol], PRICES[symbol], 20.0)


def past() -> MarkHistory:
    """Two days of the pattern."""
    levels = [dict.fromkeys(PRICES, 1.0)]
    for hour in range(48):
        moves = dict(zip(PRICES, PATTERN[hour % len(PATTERN)], strict=True))
        levels.append({name: levels[-1][name] * math.exp(moves[name]) for name in PRICES})
    found = MarkHistory()
    for hour, level in enumerate(levels):
        found = found.until(hour * 3600.0, {name: PRICES[name] * level[name] / levels[-1][name] for name in PRICES})
    return found


def hours_of(held: Book) -> float:
    """Hours of a book's own volatility."""
    found = own_hours(held, assess(held), past()).hours
    assert found is not None
    return found


def planned(held: Book, policy: ProtectPolicy, cap: float | None = None) -> HoursPlan:
    """The plan of a policy."""
    risk = assess(held)
    target = policy.target_now(risk, own_hours(held, risk, past()))

    def plan(levels: Target) -> Plan:
        limits = PlanLimits(max_notional_left=cap)
        return plan_protection(held, levels, RULES, remedies=("net", "reduce"), limits=limits, aim=levels.beyond(0.03))

    return plan_in_hours(plan, target, policy.hours_asked or 0.0, lambda each, of: own_hours(each, of, past()))


@pytest.mark.parametrize("target", [None, 24.0])
@pytest.mark.parametrize(
    "sizes",
    [{BTC: 2.0}, {BTC: 2.0, ETH: -40.0}, {BTC: 2.0, ETH: -30.0}, {BTC: 1.6, ETH: -40.0}, {BTC: 1.0, ETH: 20.0}],
)
def test_one_plan_is_enough(sizes: Mapping[str, float], target: float | None) -> None:
    """Whatever legs stand against each other: after it liquidation is farther than the bar that calls for action."""
    held = book(*(leg(name, "long" if size > 0.0 else "short", abs(size)) for name, size in sizes.items()))
    policy = ProtectPolicy(act_at_hours=6.0, target_hours=target)
    assert hours_of(held) < 6.0
    found = planned(held, policy)
    assert found.plan.feasible
    assert found.plan.book_after is not None
    after = hours_of(found.plan.book_after)
    assert after >= 0.98 * (policy.hours_asked or 0.0)
    assert not found.plan.notes
    # As the executor asks: neither before it is done, nor never.
    assert found.plan.restores(found.target, found.plan.after)
    assert not found.plan.restores(found.target, found.plan.before)


def test_legs_that_hedge_each_other_still_do() -> None:
    """Both are made smaller: taking off one alone would leave the other without its hedge."""
    found = planned(book(leg(BTC, "long", 2.0), leg(ETH, "short", 40.0)), ProtectPolicy(target_hours=24.0))
    assert found.plan.book_after is not None
    left = {each.symbol: each.contracts * PRICES[each.symbol] for each in found.plan.book_after.positions}
    assert left[ETH] > 0.5 * left[BTC]


def test_hours_out_of_reach_keep_nothing_from_being_restored() -> None:
    """The daily cap is enough for the other levels: these are restored, and it says what is left."""
    held = book(leg(BTC, "long", 2.0))
    found = planned(held, ProtectPolicy(act_at_hours=6.0, target_hours=96.0), cap=40_000.0)
    assert found.plan.feasible
    assert found.plan.notional <= 40_000.0
    assert found.target == ProtectPolicy().target
    assert found.target.holds(found.plan.after)
    (note,) = found.plan.notes
    assert note.startswith("it leaves ")
    assert note.endswith(" h of this book's own volatility, 96 h were asked for")


def test_nothing_within_reach_is_no_plan() -> None:
    """Where the other levels hold already, hours that cannot be had are a plan that does not help, never silence."""
    held = book(leg(BTC, "long", 1.0))
    found = planned(held, ProtectPolicy(act_at_hours=40.0, target_hours=96.0), cap=10.0)
    assert found.plan.before.distance is not None
    assert found.plan.before.distance > 0.12
    assert not found.plan.feasible
    assert "daily cap" in found.plan.reason
