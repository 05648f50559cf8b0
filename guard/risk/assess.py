"""The one question: how risky is this book? Pure: the same function serves the loop, what-if, replay and simulation.

Owns the order of the steps (translate, value, solve, report). Knows no venue.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import repeat

import numpy as np

from guard.risk.book import Book
from guard.risk.bookerror import BookError
from guard.risk.liquidation import Shocks, shocks, symbol_roots
from guard.risk.movers import movers_of
from guard.risk.pool import Array, Pool
from guard.risk.report import AccountRisk, PoolRisk, PositionRisk
from guard.risk.rules import pools_of
from guard.risk.valuation import LegFigures, PoolFigures, add_up, market_now, value_legs


def assess(book: Book, *, liquidation: bool = True, prices: bool = True) -> AccountRisk:
    """Assess a book under its own margin rule.

    Steps:
        1. translate the book into pools (`guard.risk.rules`);
        2. value each pool at present prices (scenario 0 of `guard.risk.valuation`);
        3. solve for liquidation prices and shocks (`guard.risk.liquidation`);
        4. report.

    Args:
        book: a well-formed book.
        liquidation: False leaves out step 3; liquidation prices and shocks are None then.
        prices: False leaves out the liquidation price of each symbol, which no zone looks at; the shocks are solved.

    Returns:
        The figures of the account, its pools and its legs; money in each pool's currency.

    Raises:
        BookError: the rule needs something that the book does not have, or cannot answer for it; nothing is guessed.

    Source: golden case "cross liquidation price, two-position account" and every case in tests/golden/risk.
    """
    pools = tuple([_pool_risk(pool, liquidation=liquidation, prices=prices) for pool in pools_of(book)])
    ratios = [pool.risk_ratio for pool in pools]
    levels = [pool.margin_level for pool in pools if pool.margin_level is not None]
    return AccountRisk(
        account=book.account,
        venue=book.venue,
        model=book.model,
        as_of=book.as_of,
        risk_ratio=None if None in ratios else max((ratio for ratio in ratios if ratio is not None), default=0.0),
        margin_level=min(levels) if levels else None,
        pools=pools,
    )


def _pool_risk(pool: Pool, *, liquidation: bool, prices: bool) -> PoolRisk:
    market = market_now(pool)
    legs = value_legs(pool.legs, market.v)
    now = add_up(pool, legs, market)
    _check_finite(pool, now)
    roots: Array | None = None
    reach = Shocks(None, None)
    if liquidation and pool.positions and pool.solvable:
        roots = symbol_roots(pool, now) if prices else None
        movers = movers_of(pool)
        reach = shocks(pool, now, movers, movers.common())
    return _report(pool, legs, now, roots, reach)


def _check_finite(pool: Pool, now: PoolFigures) -> None:
    """A book that was not validated may carry a NaN: refuse it instead of reporting it."""
    if not math.isfinite(float(now.equity[0] + now.maintenance[0] + now.fees[0] + now.initial[0])):
        raise BookError("positions", f"of pool {pool.currency} give a figure that is not finite; check every number")


def _report(pool: Pool, legs: LegFigures, now: PoolFigures, roots: Array | None, reach: Shocks) -> PoolRisk:
    equity, upl, initial = float(now.equity[0]), float(now.unrealized_pnl[0]), float(now.initial[0])
    maintenance, fees = float(now.maintenance[0]), float(now.fees[0])
    held = len(pool.positions)
    notional = legs.value[0, :held] if pool.plain else (legs.value[0] * pool.assets.price[pool.legs.settle])[:held]
    direction = pool.legs.direction[:held]
    side = np.where(pool.legs.inverse[:held], -direction, direction) if pool.legs.any_inverse else direction
    gross = float(np.add.reduce(notional))
    return PoolRisk(
        currency=pool.currency,
        margin_mode=pool.margin_mode,
        symbol=pool.symbol,
        wallet_balance=float(pool.assets.balance @ pool.assets.price),
        unrealized_pnl=upl,
        equity=equity,
        collateral_value=equity - upl,
        initial_margin=initial,
        maintenance_margin=maintenance,
        closing_fees=fees,
        available_margin=max(0.0, equity - initial),
        risk_ratio=_ratio(equity, maintenance + fees) if held else 0.0,
        margin_level=_finite(equity / initial) if held and initial > 0.0 else None,
        effective_leverage=_finite(gross / equity) if equity > 0.0 else None,
        gross_notional=gross,
        net_exposure=float(notional @ side),
        liquidation_shock_down=reach.down,
        liquidation_shock_up=reach.up,
        positions=_positions(pool, legs, roots),
    )


def _ratio(equity: float, requirement: float) -> float | None:
    """risk_ratio; None when there is no equity left, or so little that the quotient overflows."""
    return _finite(requirement / equity) if equity > 0.0 else None


def _finite(value: float) -> float | None:
    """A quotient that may have overflowed."""
    return value if math.isfinite(value) else None


def _positions(pool: Pool, legs: LegFigures, roots: Array | None) -> tuple[PositionRisk, ...]:
    held = len(pool.positions)
    rows = legs.rows[:, 0]
    if not pool.plain:
        price = pool.assets.price[pool.legs.settle]
        factor = pool.assets.charge_factor
        charge = price if factor is None else price * factor[pool.legs.settle]
        margins = charged_margins(pool, legs.maintenance)[0]
        rows = np.array([rows[0] * price, rows[1] * price, margins * charge, rows[3] * charge, rows[4] * charge])
    value, upl, maintenance, fee, initial = rows.tolist()
    prices: Iterable[float | None] = repeat(None, held)
    if roots is not None:
        prices = [None if root != root else root for root in roots[pool.legs.symbol].tolist()]  # noqa: PLR0124  # NaN
    return tuple(map(PositionRisk, *pool.names, value, upl, initial, maintenance, fee, prices))


def charged_margins(pool: Pool, margins: Array) -> Array:
    """Maintenance margin that each leg is charged, shape (1, legs): 0 for the smaller side of an offset group."""
    group = pool.legs.offset_group
    if group is None:
        return margins
    is_long = (pool.legs.direction > 0.0) != pool.legs.inverse
    long = np.bincount(group, weights=np.where(is_long, margins[0], 0.0))
    short = np.bincount(group, weights=np.where(is_long, 0.0, margins[0]))
    counts = np.where(is_long, (long >= short)[group], (short > long)[group])
    return np.where(counts, margins, 0.0)
