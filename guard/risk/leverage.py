"""Leverage that fits: from an allowed drawdown and an assumed move, by style, and from a book's own volatility."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from guard.risk.assets import parts
from guard.risk.bookerror import BookError
from guard.risk.report import PoolRisk
from guard.risk.scenarios import class_shock

STYLES: Final[Mapping[str, tuple[float, float]]] = MappingProxyType(
    {"general": (2.0, 4.0), "swing": (1.0, 2.0), "scalping": (5.0, 10.0), "long-term": (1.0, 1.0)}
)
"""Usual ranges of leverage by style of trading (document on IFC Markets); scalping is for the experienced."""

HOURS_A_DAY: Final = 24.0


@dataclass(frozen=True, slots=True)
class LeverageAdvice:
    """The leverage that fits a book, and what it has.

    `optimal` = allowed drawdown / assumed move. `move` is the relative move assumed for the book as it stands, at
    leverage 1. `effective` is gross notional over equity, None without equity. `reduce_by` is the fraction of the
    book to give up to come down to `optimal`, 0 where there is room.
    """

    optimal: float
    move: float
    effective: float | None
    reduce_by: float


def optimal_leverage(drawdown: float, move: float) -> float:
    """The leverage at which an assumed move costs no more than the allowed drawdown.

    Formula:
        drawdown / move

    Args:
        drawdown: allowed loss as a fraction of the account, above 0 and at most 1.
        move: largest assumed relative move of the market, above 0.

    Raises:
        BookError: an argument out of range.

    Source: document on IFC Markets: 10 % / 3 % = 3.33.
    """
    if not 0.0 < drawdown <= 1.0:
        raise BookError("drawdown", f"was {drawdown:g}, must be above 0 and at most 1 (100 %)")
    if not (move > 0.0 and math.isfinite(move)):
        raise BookError("move", f"was {move:g}, must be a finite number above 0")
    return drawdown / move


def styles_of(leverage: float) -> tuple[str, ...]:
    """Styles whose usual range holds this leverage."""
    return tuple(style for style, (low, high) in STYLES.items() if low <= leverage <= high)


def returns_of(closes: Sequence[float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Relative returns between consecutive prices.

    Raises:
        BookError: fewer than three prices, or one that is not above 0.
    """
    prices = np.asarray(closes, dtype=np.float64)
    if prices.size < 3:
        raise BookError("prices", f"had {prices.size} entries, must have at least 3")
    if not bool((np.isfinite(prices) & (prices > 0.0)).all()):
        raise BookError("prices", "had an entry that is not above 0")
    found: np.ndarray[tuple[int], np.dtype[np.float64]] = prices[1:] / prices[:-1] - 1.0
    return found


def book_volatility(pool: PoolRisk, returns: Mapping[str, Sequence[float]], *, hours_per_bar: float = 1.0) -> float:
    """Daily volatility of a pool's PnL over its gross notional: what the book moves by at leverage 1.

    Formula:
        standard deviation of sum_i (sign_i * notional_i * r_i) / gross notional, times sqrt(24 / hours_per_bar)

    Long positions in coins that move together raise it, opposite positions lower it: correlation enters through the
    returns themselves.

    Args:
        pool: an assessed pool with positions.
        returns: relative returns of each symbol, all of one length, on the same bars.
        hours_per_bar: length of a bar.

    Raises:
        BookError: a symbol without returns, returns of different lengths, or no positions.
    """
    if not pool.positions:
        raise BookError("positions", "is empty: an empty book has no volatility")
    lengths = set()
    moved: np.ndarray[tuple[int], np.dtype[np.float64]] | None = None
    for position in pool.positions:
        if position.symbol not in returns:
            raise BookError("returns", f'has no "{position.symbol}", which is held')
        series = np.asarray(returns[position.symbol], dtype=np.float64)
        lengths.add(series.size)
        if len(lengths) > 1 or series.size < 2:
            raise BookError("returns", "must have at least 2 entries for each symbol, all of one length")
        sign = 1.0 if position.side == "long" else -1.0
        gain = sign * position.notional * series
        moved = gain if moved is None else moved + gain
    if moved is None or pool.gross_notional <= 0.0:
        raise BookError("positions", "have no notional")
    return float(np.std(moved, ddof=1)) / pool.gross_notional * math.sqrt(HOURS_A_DAY / hours_per_bar)


def advise(pool: PoolRisk, *, drawdown: float, move: float) -> LeverageAdvice:
    """Compare a pool's effective leverage with what an allowed drawdown permits.

    Args:
        pool: an assessed pool.
        drawdown: allowed loss as a fraction of equity.
        move: relative move assumed for the book at leverage 1, such as a multiple of `book_volatility`.

    Raises:
        BookError: as `optimal_leverage`.
    """
    optimal = optimal_leverage(drawdown, move)
    effective = pool.effective_leverage
    reduce_by = 0.0 if effective is None or effective <= optimal else 1.0 - optimal / effective
    return LeverageAdvice(optimal=optimal, move=move, effective=effective, reduce_by=reduce_by)


def stress_move(pool: PoolRisk) -> float:
    """The move assumed where none is given: by the class shocks of stress, as a fraction of gross notional.

    The worst of all assets together and each asset alone, so that legs that offset each other lower it but are not
    taken to move together for ever.
    """
    losses: dict[str, float] = {}
    for leg in pool.positions:
        base = parts(leg.symbol, pool.currency)[0]
        signed = leg.notional if leg.side == "long" else -leg.notional
        losses[base] = losses.get(base, 0.0) + signed * class_shock(base)
    worst = max(abs(sum(losses.values())), *(abs(loss) for loss in losses.values()))
    return worst / pool.gross_notional
