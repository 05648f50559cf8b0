"""Which position endangers an account most. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from guard.risk.report import AccountRisk, PoolRisk, PositionRisk


@dataclass(frozen=True, slots=True)
class WorstPosition:
    """A leg and why it is the worst one.

    `move` is the relative move of its own price that liquidates its pool, all else equal (None: unreachable that
    way). `share` is its part of the pool's maintenance margin, 0..1 (None: the pool requires nothing).
    """

    pool: PoolRisk
    leg: PositionRisk
    move: float | None
    share: float | None


def worst_position(risk: AccountRisk) -> WorstPosition | None:
    """The leg whose own price needs the smallest move to liquidate its pool; None without positions.

    Where no price of a single leg can do that, the leg with the largest maintenance margin of the worst pool; so too
    where a pool may be liquidated as it is, which no price has to be reached for.
    Equal moves (both legs of a symbol) go to the leg with the larger notional.
    """
    legs = [_measured(pool, leg) for pool in risk.pools for leg in pool.positions]
    if not legs:
        return None
    due = any(is_due(worst.pool) for worst in legs)
    reachable = [worst for worst in legs if worst.move is not None]
    if reachable and not due:
        return min(reachable, key=lambda worst: (abs(worst.move or 0.0), -abs(worst.leg.notional)))
    pool = max((worst.pool for worst in legs), key=_pool_severity)
    return max((worst for worst in legs if worst.pool is pool), key=lambda worst: worst.leg.maintenance_margin)


def _measured(pool: PoolRisk, leg: PositionRisk) -> WorstPosition:
    target = leg.liquidation_price
    move = target / leg.mark_price - 1 if target is not None and leg.mark_price > 0 else None
    share = leg.maintenance_margin / pool.maintenance_margin if pool.maintenance_margin > 0 else None
    return WorstPosition(pool, leg, move, share)


def is_due(pool: PoolRisk) -> bool:
    """Whether the venue may liquidate a pool now: its equity does not cover what is required."""
    return bool(pool.positions) and (pool.risk_ratio is None or pool.risk_ratio >= 1.0)


def worst_pool(risk: AccountRisk) -> PoolRisk | None:
    """The pool with the highest risk_ratio, one without equity first; None when the account has no pool."""
    return max(risk.pools, key=_pool_severity, default=None)


def _pool_severity(pool: PoolRisk) -> float:
    return float("inf") if pool.risk_ratio is None else pool.risk_ratio
