"""How much collateral would restore a pool's target without any trade. Pure."""

from __future__ import annotations

import math

import numpy as np

from guard.protect.plan_values import TopUp, amount_places
from guard.protect.poolkey import PoolKey
from guard.protect.reduced import add_collateral
from guard.protect.slack import Goal, slack_of
from guard.risk.book import Book

_ATTEMPTS = 8
# Covers the rounding of floats.
_MARGIN = 1e-9


def top_up(book: Book, pool: PoolKey, goal: Goal, gross_notional: float) -> TopUp | None:
    """The sum to add to a pool, rounded up to a cent (a millionth of a coin); None when no reasonable sum would do.

    Slack is concave in the sum (each unit counts for no more than the one before), so the chord between nothing and a
    large sum never promises too much: what it says is enough.
    """
    now = slack_of(book, pool, goal)
    far = max(gross_notional, float(-now.min()), 1.0)
    for _ in range(_ATTEMPTS):
        gained = slack_of(add_collateral(book, pool.currency, far, pool.isolated), pool, goal) - now
        if bool(np.all(now + gained >= 0.0)):
            needed = max(float(-lack * far / gain) for lack, gain in zip(now, gained, strict=True) if lack < 0.0)
            places = amount_places(pool.currency)
            amount = math.ceil(needed * (1.0 + _MARGIN) * 10**places) / 10**places
            return TopUp(pool.currency, amount, pool.isolated[0] if pool.isolated else None)
        far *= 4.0
    return None
