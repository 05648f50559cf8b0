"""Hours of a book's own volatility, as levels that a plan can restore and as reasons to act. Pure.

What the volatility is, and what hours of it mean, is told in `guard.risk.own_volatility`.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

from guard.protect.plan_values import PoolLevels, Target
from guard.protect.poolkey import PoolKey
from guard.risk.own_volatility import OwnHours, PoolHours, way_in_hours
from guard.risk.report import AccountRisk, PoolRisk

FARTHEST: Final = 0.9
"""No common move can be larger than 1: what would need more distance than this is asked for as a margin level."""

KEPT: Final = 0.5
"""Of the distance of a pool that cannot be asked for more of it, so much has to be left."""


def target_in_hours(
    target: Target, hours: float, risk: AccountRisk, own: OwnHours, *, calling: float | None = None
) -> Target:
    """A target that asks each pool for so many hours of its own volatility besides.

    Formula, for each pool of which the volatility is known:
        distance      fraction * sqrt(hours), where the pool has a distance and this is at most `FARTHEST`; else
        margin_level  (requirement + money * sqrt(hours)) / initial margin, and a distance of `KEPT` or what there is;
                      without an initial margin, risk_ratio: the other way round with the requirement

    A pool that is made smaller as a whole has the same `fraction` after it, so the first leaves just these hours. The
    second does so where `money`, requirement and initial margin become smaller by one part, and leaves more where the
    requirement loses more (tiers). Where single legs are cut the volatility is another one after it:
    `guard.protect.hours_plan` measures that.

    Args:
        target: levels that hold in any case.
        hours: > 0.
        risk: the account.
        own: the volatility of its pools, in the same order.
        calling: hours that call for action. Nothing but closing helps most isolated legs, so one that has more is not
            asked for any; None: every pool is.
    """
    levels = [
        level
        for pool, each in zip(risk.pools, own.pools, strict=True)
        if not _is_left_alone(pool, each, calling) and (level := _level(pool, each, hours)) is not None
    ]
    return replace(target, pools=tuple(levels))


def _is_left_alone(pool: PoolRisk, own: PoolHours, calling: float | None) -> bool:
    isolated = pool.margin_mode == "isolated"
    return isolated and calling is not None and own.hours is not None and own.hours > calling


def _level(pool: PoolRisk, own: PoolHours, hours: float) -> PoolLevels | None:
    if own.money is None:
        return None
    key = PoolKey.of(pool)
    if own.fraction is not None and (distance := way_in_hours(hours, own.fraction)) <= FARTHEST:
        return PoolLevels(key, distance=distance)
    needed = pool.maintenance_margin + pool.closing_fees + way_in_hours(hours, own.money)
    # Legs that stand against each other are to do so after it too: cutting one of them alone is no way back.
    kept = KEPT if pool.distance is None else min(KEPT, pool.distance)
    if pool.initial_margin > 0.0:
        return PoolLevels(key, distance=kept, margin_level=needed / pool.initial_margin)
    if needed <= 0.0:
        return None
    return PoolLevels(key, risk_ratio=min(1.0, (pool.maintenance_margin + pool.closing_fees) / needed), distance=kept)


def hours_words(hours: float) -> str:
    """`4.2 h`, `0.35 h`, `130 h`: three digits at most, rounded down, so that a bar never looks passed before it is."""
    if hours >= 100.0:
        return f"{math.floor(hours)} h"
    steps = 10.0 if hours >= 1.0 else 100.0
    return f"{math.floor(hours * steps + 1e-9) / steps:g} h"
