"""How far is it: to liquidation and to bankruptcy, along one symbol's mark and along a move of many assets.

The report has the nearest liquidation price and the common shock; this is the rest: bankruptcy (equity 0), and moves in
which each asset takes its own part (betas).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from guard.risk.book import Book, MarginMode
from guard.risk.bookerror import BookError
from guard.risk.liquidation import Shocks, shocks, symbol_roots
from guard.risk.movers import Movers, movers_of
from guard.risk.pool import Array, Pool
from guard.risk.rules import pools_of
from guard.risk.valuation import market_now, value_pool


@dataclass(frozen=True, slots=True)
class SymbolReach:
    """Marks of one symbol, in quote per base, all else equal; None = unreachable."""

    symbol: str
    mark_price: float
    liquidation_price: float | None
    bankruptcy_price: float | None


@dataclass(frozen=True, slots=True)
class PoolReach:
    """Moves of the market along the given betas, as fractions, and marks of each symbol held."""

    currency: str
    margin_mode: MarginMode
    liquidation: Shocks
    bankruptcy: Shocks
    symbols: tuple[SymbolReach, ...]


def reach(book: Book, betas: Mapping[str, float] | None = None) -> tuple[PoolReach, ...]:
    """How far each pool is from liquidation and from bankruptcy.

    Bankruptcy is where equity is 0: what is left between both prices is the requirement, which the venue keeps when it
    takes a position over.

    Args:
        book: a well-formed book.
        betas: how much of the market's move each asset takes, by asset code (`{"BTC": 1.0, "SOL": 1.6}`); assets that
            are not named take 1 when they are not stable and 0 when they are. None: all take 1.

    Returns:
        One for each pool that the rule can solve.

    Raises:
        BookError: as `guard.risk.assess.assess`, or a beta that is not a finite number.
    """
    for asset, beta in (betas or {}).items():
        if not np.isfinite(beta):
            raise BookError(f'betas["{asset}"]', f"was {beta}, must be a finite number")
    return tuple(_pool_reach(pool, betas or {}) for pool in pools_of(book) if pool.solvable)


def _pool_reach(pool: Pool, betas: Mapping[str, float]) -> PoolReach:
    now = value_pool(pool, market_now(pool))
    movers = movers_of(pool)
    weights = _weights(movers, betas)
    both = [symbol_roots(pool, now, weight=weight) for weight in (1.0, 0.0)]
    held = {position.symbol: position.mark_price for position in pool.positions}
    return PoolReach(
        currency=pool.currency,
        margin_mode=pool.margin_mode,
        liquidation=shocks(pool, now, movers, weights),
        bankruptcy=shocks(pool, now, movers, weights, weight=0.0),
        symbols=tuple(
            SymbolReach(symbol, held[symbol], *(_known(float(roots[index])) for roots in both))
            for index, symbol in enumerate(pool.symbols)
            if symbol in held
        ),
    )


def _weights(movers: Movers, betas: Mapping[str, float]) -> Array:
    common = movers.common()
    return np.array([betas.get(name, weight) for name, weight in zip(movers.names, common.tolist(), strict=True)])


def _known(price: float) -> float | None:
    return None if np.isnan(price) else price
