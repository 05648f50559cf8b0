"""The one question: how risky is this book? Pure: the same function serves the loop, what-if, replay and simulation.

Owns the order of the steps (translate, value, solve, report). Knows no venue.
"""

from __future__ import annotations

import math

import numpy as np

from guard.risk.book import Book
from guard.risk.bookerror import BookError
from guard.risk.liquidation import Shocks, market_weights, shocks, symbol_roots
from guard.risk.pool import Array, Pool
from guard.risk.report import AccountRisk, PoolRisk, PositionRisk
from guard.risk.rules import pools_of
from guard.risk.valuation import LegFigures, PoolFigures, add_up, market_now, value_legs


def assess(book: Book, *, liquidation: bool = True) -> AccountRisk:
    """Assess a book under its own margin rule.

    Steps:
        1. translate the book into pools (`guard.risk.rules`);
        2. value each pool at present prices (scenario 0 of `guard.risk.valuation`);
        3. solve for liquidation prices and shocks (`guard.risk.liquidation`);
        4. report.

    Args:
        book: a well-formed book.
        liquidation: False leaves out step 3; liquidation prices and shocks are None then.

    Returns:
        The figures of the account, its pools and its legs; money in each pool's currency.

    Raises:
        BookError: the rule needs something that the book does not have, or cannot answer for it; nothing is guessed.

    Source: golden case "cross liquidation price, two-position account" and every case in tests/golden/risk.
    """
    pools = tuple(_pool_risk(pool, liquidation=liquidation) for pool in pools_of(book))
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


def _pool_risk(pool: Pool, *, liquidation: bool) -> PoolRisk:
    market = market_now(pool)
    legs = value_legs(pool.legs, market.v)
    now = add_up(pool, legs, market)
    _check_finite(pool, now)
    roots = np.full(len(pool.symbols), np.nan)
    reach = Shocks(None, None)
    if liquidation and pool.positions:
        roots = symbol_roots(pool, now)
        reach = shocks(pool, now, market_weights(pool))
    return _report(pool, legs, now, roots, reach)


def _check_finite(pool: Pool, now: PoolFigures) -> None:
    """A book that was not validated may carry a NaN: refuse it instead of reporting it."""
    if not bool(np.isfinite(now.equity + now.requirement + now.initial).all()):
        raise BookError("positions", f"of pool {pool.currency} give a figure that is not finite; check every number")


def _report(pool: Pool, legs: LegFigures, now: PoolFigures, roots: Array, reach: Shocks) -> PoolRisk:
    equity, upl, initial = float(now.equity[0]), float(now.unrealized_pnl[0]), float(now.initial[0])
    price = pool.assets.price[pool.legs.settle]
    notional = legs.value[0] * price
    gross = float(notional.sum())
    signs = np.array([position.sign for position in pool.positions])
    held = bool(pool.positions)
    return PoolRisk(
        currency=pool.currency,
        margin_mode=pool.margin_mode,
        symbol=pool.symbol,
        wallet_balance=float(pool.assets.balance @ pool.assets.price),
        unrealized_pnl=upl,
        equity=equity,
        collateral_value=equity - upl,
        initial_margin=initial,
        maintenance_margin=float(now.maintenance[0]),
        closing_fees=float(now.fees[0]),
        available_margin=max(0.0, equity - initial),
        risk_ratio=_ratio(equity, float(now.requirement[0])) if held else 0.0,
        margin_level=_positive(equity / initial) if held and initial > 0.0 else None,
        effective_leverage=gross / equity if equity > 0.0 else None,
        gross_notional=gross,
        net_exposure=float(notional[: len(signs)] @ signs),
        liquidation_shock_down=reach.down,
        liquidation_shock_up=reach.up,
        positions=_positions(pool, legs, roots),
    )


def _ratio(equity: float, requirement: float) -> float | None:
    """risk_ratio; None when there is no equity left, or so little that the quotient overflows."""
    if equity <= 0.0:
        return None
    ratio = requirement / equity
    return ratio if math.isfinite(ratio) else None


def _positive(value: float) -> float | None:
    """A quotient that may have overflowed."""
    return value if math.isfinite(value) else None


def _positions(pool: Pool, legs: LegFigures, roots: Array) -> tuple[PositionRisk, ...]:
    price = pool.assets.price[pool.legs.settle]
    initial = (legs.value[0] * pool.legs.im_rate + pool.legs.im_fixed) * price
    columns = zip(
        pool.positions,
        (legs.value[0] * price).tolist(),
        (legs.unrealized_pnl[0] * price).tolist(),
        initial.tolist(),
        (legs.maintenance[0] * price).tolist(),
        (legs.fee[0] * price).tolist(),
        roots[pool.legs.symbol].tolist(),
        strict=False,  # legs beyond the positions stand for open orders
    )
    return tuple(
        PositionRisk(
            symbol=position.symbol,
            side=position.side,
            contracts=position.contracts,
            entry_price=position.entry_price,
            mark_price=position.mark_price,
            notional=notional,
            unrealized_pnl=upl,
            initial_margin=margin,
            maintenance_margin=maintenance,
            closing_fee=fee,
            liquidation_price=None if math.isnan(root) else root,
        )
        for position, notional, upl, margin, maintenance, fee, root in columns
    )
