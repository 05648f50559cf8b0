"""The book as it would be after legs were made smaller. Pure; judges nothing.

What a cut realises moves from unrealized PnL to the wallet, and its cost leaves the wallet: equity changes by the cost
and by nothing else. An isolated leg gives back its share of its margin, as venues do, so that cutting it helps only
through its tiers; a model in which it kept all of its margin would promise too much.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from guard.protect.legs import LegKey
from guard.protect.sizing import exact
from guard.risk.book import Book, Collateral, Position


@dataclass(frozen=True, slots=True)
class Cut:
    """Contracts taken off a leg at its mark (negative: added), and what that costs in quote currency."""

    key: LegKey
    contracts: Decimal
    cost: float = 0.0


def reduce_book(book: Book, cuts: Iterable[Cut]) -> Book:
    """The book after `cuts`, at most one for each leg and none larger than its leg."""
    by_key = {cut.key: cut for cut in cuts}
    cash: dict[str, float] = {}
    positions = []
    for position in book.positions:
        cut = by_key.get((position.symbol, position.side))
        if cut is None or cut.contracts == 0:
            positions.append(position)
            continue
        smaller, gained = _cut_position(position, cut)
        cash[position.settle] = cash.get(position.settle, 0.0) + gained
        if smaller is not None:
            positions.append(smaller)
    return replace(book, positions=tuple(positions), collateral=_credited(book.collateral, cash))


def _cut_position(position: Position, cut: Cut) -> tuple[Position | None, float]:
    """The leg after a cut (None: closed), and what reaches the wallet in the settlement asset."""
    whole = exact(position.contracts)
    left = whole - cut.contracts
    if left < 0:
        raise ValueError(f"a cut of {cut.contracts} contracts is larger than its leg of {whole} on {position.symbol}")
    gained = _realised(position, float(cut.contracts)) - _in_settle(position, cut.cost)
    margin = position.isolated_margin
    if margin is not None:
        kept = margin * float(left / whole)
        gained += margin - kept
        margin = kept
    return (replace(position, contracts=float(left), isolated_margin=margin) if left else None), gained


def _realised(position: Position, contracts: float) -> float:
    """PnL of closing `contracts` at the mark, in the settlement asset."""
    size = position.sign * contracts * position.contract_size
    if position.kind == "inverse":
        return size * (1.0 / position.entry_price - 1.0 / position.mark_price)
    return size * (position.mark_price - position.entry_price)


def _in_settle(position: Position, quote: float) -> float:
    """An amount in quote currency, in the settlement asset of the leg."""
    return quote / position.mark_price if position.kind == "inverse" else quote


def _credited(collateral: tuple[Collateral, ...], cash: dict[str, float]) -> tuple[Collateral, ...]:
    held = {item.asset for item in collateral}
    credited = [replace(item, balance=item.balance + cash.get(item.asset, 0.0)) for item in collateral]
    credited += [Collateral(asset, amount) for asset, amount in cash.items() if asset not in held]
    return tuple(credited)


def add_collateral(book: Book, currency: str, amount: float, leg: LegKey | None) -> Book:
    """The book with `amount` more of `currency`: in the wallet, or in the margin of the isolated leg `leg`."""
    if leg is None:
        return replace(book, collateral=_credited(book.collateral, {currency: amount}))
    positions = tuple(
        replace(position, isolated_margin=(position.isolated_margin or 0.0) + amount)
        if (position.symbol, position.side) == leg
        else position
        for position in book.positions
    )
    return replace(book, positions=positions)
