"""A plan that leaves as many hours of the book's own volatility as were asked for, or says how many it leaves. Pure.

Levels that stand in for hours are exact where a pool is made smaller as a whole (`guard.protect.hours`). A cheaper plan
cuts single legs: of opposite legs it may make the common move longer and leave how they come apart as it was. So the
book after each plan is measured with the same prices of the past, and where it is short more is asked for: once here
instead of again and again with orders in between.

Hours must never keep an account from what would be done without them. Where they are out of reach the other levels are
restored, and it says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Final, NamedTuple

from guard.protect.hours import hours_words
from guard.protect.plan_values import Plan, PoolLevels, Target
from guard.protect.poolkey import PoolKey
from guard.risk.book import Book
from guard.risk.own_volatility import OwnHours, PoolHours
from guard.risk.report import AccountRisk, PoolRisk

ROUNDS: Final = 4
NEAR: Final = 0.98
"""What is so near to the hours asked for, as a part of them, is not planned anew."""
FARTHER: Final = 2.0
"""At most so much more is asked for at once."""

Planner = Callable[[Target], Plan]
Measure = Callable[[Book, AccountRisk], OwnHours]


class HoursPlan(NamedTuple):
    """A plan, and the levels that it was made for in the end."""

    plan: Plan
    target: Target


def plan_in_hours(planned: Planner, target: Target, hours: float, measure: Measure) -> HoursPlan:
    """The plan for a target whose `pools` stand in for hours.

    Args:
        planned: the planner.
        target: its levels for single pools are those of `target_in_hours`.
        hours: what they stand in for.
        measure: hours of own volatility of a book after a plan.
    """
    plan = planned(target)
    if not target.pools:
        return HoursPlan(plan, target)
    best = HoursPlan(plan, target)
    if not plan.feasible or plan.left_out:
        best = _without_what_is_out_of_reach(planned, best)
    best = _until_long_enough(planned, best, hours, measure)
    return best._replace(plan=_with_shortfall(best, target, hours, measure))


def _without_what_is_out_of_reach(planned: Planner, found: HoursPlan) -> HoursPlan:
    """Hours that cannot be had must not keep the other levels from being restored."""
    lost = {each.pool for each in found.plan.left_out}
    pools = tuple(each for each in found.target.pools if lost and each.pool not in lost)
    relaxed = replace(found.target, pools=pools)
    plan = planned(relaxed)
    if plan.feasible and plan.steps:
        return HoursPlan(plan, relaxed)
    if pools:
        plain = replace(found.target, pools=())
        plan = planned(plain)
        if plan.feasible and plan.steps and not found.plan.feasible:
            return HoursPlan(plan, plain)
    return found


def _until_long_enough(planned: Planner, found: HoursPlan, hours: float, measure: Measure) -> HoursPlan:
    """More is asked for while the book after the plan is short of the hours, and that is feasible."""
    best = found
    for _ in range(ROUNDS):
        short = _short(best, hours, measure)
        if not short:
            break
        stronger = tuple(
            _stronger(each, *short[each.pool], hours) if each.pool in short else each for each in best.target.pools
        )
        target = replace(best.target, pools=stronger)
        plan = planned(target)
        if target == best.target or not plan.feasible or len(plan.left_out) > len(best.plan.left_out):
            break
        best = HoursPlan(plan, target)
    return best


def _short(found: HoursPlan, hours: float, measure: Measure) -> dict[PoolKey, tuple[PoolRisk, PoolHours]]:
    """Pools that the plan is to bring to the hours and does not, as they are after it."""
    plan = found.plan
    if not plan.feasible or plan.book_after is None:
        return {}
    asked = {each.pool for each in found.target.pools}.difference(each.pool for each in plan.left_out)
    after = {PoolKey.of(pool): (pool, own) for pool, own in _measured(plan, measure) if pool.positions}
    return {
        key: (pool, own)
        for key, (pool, own) in after.items()
        if key in asked and own.hours is not None and own.hours < hours * NEAR
    }


def _measured(plan: Plan, measure: Measure) -> list[tuple[PoolRisk, PoolHours]]:
    book = plan.book_after
    return [] if book is None else list(zip(plan.after.pools, measure(book, plan.after).pools, strict=True))


def _stronger(level: PoolLevels, pool: PoolRisk, own: PoolHours, hours: float) -> PoolLevels:
    """A smaller requirement than there is after the plan, by what the pool is short of; never more distance.

    Only what is smaller comes less far apart: more distance might be had by taking off the leg that hedges. Of all
    levels the requirement follows the size of what is held most closely, whatever leverage is set for single legs.
    """
    missing = min(FARTHER, math.sqrt(hours / own.hours)) if own.hours else FARTHER
    now = level.risk_ratio if pool.risk_ratio is None else min(level.risk_ratio, pool.risk_ratio)
    return replace(level, risk_ratio=now / missing)


def _with_shortfall(found: HoursPlan, asked: Target, hours: float, measure: Measure) -> Plan:
    """The plan, with a note of the hours that it leaves where these are fewer than asked for."""
    plan = found.plan
    if not plan.feasible or not plan.steps:
        return plan
    keys = {each.pool for each in asked.pools}
    left = [
        own.hours
        for pool, own in _measured(plan, measure)
        if pool.positions and PoolKey.of(pool) in keys and own.hours is not None and own.hours < hours * NEAR
    ]
    if not left:
        return plan
    return replace(plan, notes=(*plan.notes, shortfall_note(min(left), hours)))


def shortfall_note(left: float, asked: float) -> str:
    """That a plan leaves fewer hours than were asked for."""
    return f"it leaves {hours_words(left)} of this book's own volatility, {hours_words(asked)} were asked for"
