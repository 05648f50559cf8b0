"""Tier tables: maintenance margin that grows with size, as straight lines.

Owns validation of tables and their lookup. Knows nothing of positions or venues: `size` is in the unit of the rule
(quote notional, base coin, contracts).

With rates that do not fall and deductions that keep the requirement continuous, the requirement is the **maximum of
straight lines**: `max_k(size * rate_k - deduction_k)`. It is therefore convex in the price, which the liquidation
solver relies on, and it is evaluated without any search.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
            size_text, last_text = f"{size:.12g} {unit}", f"{last:.12g} {unit}"
            raise BookError(keyed("tiers", self.symbol), f"ends at {last_text}, {what} of {self.symbol} is {size_text}")


def tier_table(symbol: str, tiers: Sequence[Tier], *, marginal: bool = True) -> TierTable:
    """Build and check the table of `symbol`.

    Deductions that are not given are derived: `deduction_k = deduction_{k-1} + floor_k * (rate_k - rate_{k-1})`.

    Args:
        symbol: whose table it is.
        tiers: its rows.
        marginal: each rate applies to its slice of the size (and deductions make the quick form); False: the rate of
            the tier that holds the size applies to all of it, deductions do not matter and are 0.

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
                message = f"was {tier.mm_rate:g}, must not be below {before.mm_rate:g} of the tier before"
                raise BookError(f"{path}[{index}].mm_rate", message)
            deduction += tier.floor * (tier.mm_rate - before.mm_rate)
        if tier.mm_deduction is not None and marginal:
            if index:
                _check_continuous(f"{path}[{index}].mm_deduction", tier, deduction)
            deduction = tier.mm_deduction
        deductions.append(deduction if marginal else 0.0)
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


@dataclass(frozen=True, slots=True)
class Stack:
    """Tables of several legs side by side, padded: `rate`, `deduction`, `floor` (tiers, legs), `cap` (legs,).

    Padding rows have rate 0, deduction 0 and floor infinity: they never apply.
    """

    rate: Array
    deduction: Array
    floor: Array
    cap: Array
    may_be_negative: bool
    """Whether the highest line can be below 0 (a table that starts with a deduction)."""

    def rate_at(self, sizes: Array) -> Array:
        """Rate of the tier that holds each size, shape (legs,)."""
        holds = (sizes > self.floor) | (self.floor == 0.0)
        rates: Array = np.where(holds, self.rate, 0.0).max(axis=0)
        return rates


class TierTables(Mapping[str, tuple[Tier, ...]]):
    """Tiers by symbol, with their tables built once: hand the same object to every book while the venue's tiers stand.

    A plain mapping does as well as `Book.tiers`; its tables are then built for every assessment.
    """

    __slots__ = ("_rows", "_stacks", "_tables")

    def __init__(self, tiers: Mapping[str, tuple[Tier, ...]]) -> None:
        self._rows = dict(tiers)
        self._tables: dict[tuple[str, bool], TierTable] = {}
        # The last stack of each kind: an account holds the same symbols cycle after cycle.
        self._stacks: dict[bool, tuple[tuple[str, ...], Stack]] = {}

    def __getitem__(self, symbol: str) -> tuple[Tier, ...]:
        return self._rows[symbol]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        return f"TierTables({self._rows!r})"

    def table(self, symbol: str, *, marginal: bool = True) -> TierTable:
        """The table of a symbol.

        Raises:
            BookError: no tiers, or a malformed table.
        """
        known = self._tables.get((symbol, marginal))
        if known is None:
            if symbol not in self._rows:
                raise BookError("tiers", f'has no entry "{symbol}", which is held')
            known = tier_table(symbol, self._rows[symbol], marginal=marginal)
            self._tables[symbol, marginal] = known
        return known

    def last_stack(self, symbols: tuple[str, ...], *, marginal: bool = True) -> Stack | None:
        """The stack that was asked for last, if it was for these legs."""
        last = self._stacks.get(marginal)
        return last[1] if last is not None and last[0] == symbols else None

    def stack(self, symbols: tuple[str, ...], *, marginal: bool = True) -> Stack:
        """Tables of legs in `symbols` (with repeats), side by side.

        Raises:
            BookError: as `table`.
        """
        known = self.last_stack(symbols, marginal=marginal)
        if known is not None:
            return known
        tables = [self.table(symbol, marginal=marginal) for symbol in symbols]
        most = max((len(table.rate) for table in tables), default=1)
        shape = (most, len(tables))
        rate, deduction, floor = np.zeros(shape), np.zeros(shape), np.full(shape, np.inf)
        for index, table in enumerate(tables):
            rows = len(table.rate)
            rate[:rows, index], deduction[:rows, index], floor[:rows, index] = table.rate, table.deduction, table.floor
        cap = np.array([table.cap[-1] for table in tables], dtype=np.float64)
        stack = Stack(rate, deduction, floor, cap, may_be_negative=bool((deduction[0] > 0.0).any()))
        self._stacks[marginal] = (symbols, stack)
        return stack


def tables_of(tiers: Mapping[str, tuple[Tier, ...]]) -> TierTables:
    """The tables of a book's tiers."""
    return tiers if isinstance(tiers, TierTables) else TierTables(tiers)
