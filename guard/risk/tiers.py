"""Tier tables: maintenance margin that grows with size, as straight lines.

Owns validation of a table and its lookup. Knows nothing of positions or venues: `size` is in the unit of the rule
(quote notional, base coin, contracts).

With rates that do not fall and deductions that keep the requirement continuous, the requirement is the **maximum of
straight lines**: `max_k(size * rate_k - deduction_k)`. It is therefore convex in the price, which the liquidation
solver relies on, and it is evaluated without any search.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from guard.risk.book import Tier
from guard.risk.bookerror import BookError, keyed

Array = NDArray[np.float64]

JUMP_TOLERANCE = 0.02
"""Venues publish rounded deductions: a step at a floor up to this fraction of the requirement there is theirs."""


@dataclass(frozen=True, slots=True)
class TierTable:
    """A validated table of one symbol; all arrays have shape (tiers,)."""

    symbol: str
    floor: Array
    cap: Array
    rate: Array
    deduction: Array

    def row(self, size: float) -> int:
        """Index of the tier that holds `size`: `floor < size <= cap`; the first one for 0."""
        return max(0, int(np.searchsorted(self.floor, size, side="left")) - 1)

    def maintenance(self, sizes: Array | float) -> Array:
        """Requirement of `sizes` (any shape), in the unit of the sizes; beyond the last cap its line goes on.

        Formula:
            `max(0, max_k(size * rate_k - deduction_k))`
        """
        lines = np.multiply.outer(np.asarray(sizes, dtype=np.float64), self.rate) - self.deduction
        highest: Array = np.maximum(lines.max(axis=-1), 0.0)
        return highest

    def check_within(self, size: float, what: str, unit: str) -> None:
        """Refuse a size that the table does not cover.

        Raises:
            BookError: names the symbol, the size and the last cap.
        """
        last = float(self.cap[-1])
        if size > last:
            raise BookError(
                keyed("tiers", self.symbol),
                f"ends at {last:.12g} {unit}, {what} of {self.symbol} is {size:.12g} {unit}",
            )


def tier_table(symbol: str, tiers: Sequence[Tier]) -> TierTable:
    """Build and check the table of `symbol` for rules with marginal tiers.

    Deductions that are not given are derived: `deduction_k = deduction_{k-1} + floor_k * (rate_k - rate_{k-1})`.

    Raises:
        BookError: rates fall from one tier to the next, or a given deduction makes the requirement jump.

    Source: Binance FAQ b3c689c1, "maintenance amount" (golden case `maintenance amount tier 3`).
    """
    path = keyed("tiers", symbol)
    deduction = 0.0
    deductions: list[float] = []
    for index, tier in enumerate(tiers):
        if index:
            before = tiers[index - 1]
            if tier.mm_rate < before.mm_rate:
                raise BookError(
                    f"{path}[{index}].mm_rate",
                    f"was {tier.mm_rate:g}, must not be below {before.mm_rate:g} of the tier before",
                )
            deduction += tier.floor * (tier.mm_rate - before.mm_rate)
        if tier.mm_deduction is not None:
            if index:
                _check_continuous(f"{path}[{index}].mm_deduction", tier, deduction)
            deduction = tier.mm_deduction
        deductions.append(deduction)
    return TierTable(
        symbol=symbol,
        floor=np.array([tier.floor for tier in tiers], dtype=np.float64),
        cap=np.array([np.inf if tier.cap is None else tier.cap for tier in tiers], dtype=np.float64),
        rate=np.array([tier.mm_rate for tier in tiers], dtype=np.float64),
        deduction=np.array(deductions, dtype=np.float64),
    )


def _check_continuous(path: str, tier: Tier, continuous: float) -> None:
    """A given deduction may differ from the continuous one by rounding only."""
    given = continuous if tier.mm_deduction is None else tier.mm_deduction
    requirement = tier.floor * tier.mm_rate - continuous
    if abs(given - continuous) > JUMP_TOLERANCE * abs(requirement) + 1e-9:
        raise BookError(path, f"was {given:.12g}, must be {continuous:.12g} so that the requirement does not jump")


def check_rows(symbol: str, tiers: Sequence[Tier]) -> None:
    """Check that the rows of a table touch each other, for any rule.

    Raises:
        BookError: an empty table, a first floor other than 0, a gap, an overlap, or an open end before the last row.
    """
    path = keyed("tiers", symbol)
    if not tiers:
        raise BookError(path, "is empty, must have at least one tier")
    end: float | None = 0.0
    for index, tier in enumerate(tiers):
        if end is None:
            raise BookError(f"{path}[{index - 1}].cap", "was null, must be a number: another tier follows")
        if tier.floor != end:
            kind = "a gap" if tier.floor > end else "an overlap"
            raise BookError(f"{path}[{index}].floor", f"was {tier.floor:.12g}, must be {end:.12g}: tiers leave {kind}")
        if tier.cap is not None and tier.cap <= tier.floor:
            raise BookError(f"{path}[{index}].cap", f"was {tier.cap:.12g}, must be > {tier.floor:.12g} (its floor)")
        end = tier.cap
