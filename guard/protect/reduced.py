"""The book as it would be after legs were made smaller. Pure; judges nothing.

What a cut realises moves from unrealized PnL to the wallet, and its cost leaves the wallet: equity changes by the cost
and by nothing else. An isolated leg gives back its share of its margin, as venues do, so that cutting it helps only
through its tiers; a model in which it kept all of its margin would promise too much. Where a venue's wallet counts
isolated margins as its own, giving one back changes nothing in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from guard.protect.legs import LegKey
from guard.protect.sizing import exact
from guard.risk.altered import credited, pnl_at
from guard.risk.book import Book, Position
from guard.risk.rules import rule_of


@dataclass(frozen=True, slots=True)
class Cut:
    """Contracts taken off a leg at its mark (negative: added), and what that costs in quote currency."""

    key: LegKey
    contracts: Decimal
    cost: float = 0.0


def reduce_book(book: Book, cuts: Iterable[Cut]) -> Book:
    """The book after `cuts`, at most one for each leg and none larger than its leg."""
    by_key = {cut.key: cut for cut in cuts}
    released_into_wallet = not rule_of(book.model).wallet_holds_isolated
    cash: dict[str, float] = {}
    positions = []
    for position in book.positions:
        cut = by_key.get((position.symbol, position.side))
        if cut is None or cut.contracts == 0:
            positions.append(position)
            continue
        smaller, gained, released = _cut_position(position, cut)
        if released_into_wallet:
            gained += released
        cash[position.settle] = cash.get(position.settle, 0.0) + gained
        if smaller is not None:
            positions.append(smaller)
    collateral = book.collateral
    for asset, amount in cash.items():
        collateral = credited(collateral, asset, amount)
    return replace(book, positions=tuple(positions), collateral=collateral)


def _cut_position(position: Position, cut: Cut) -> tuple[Position | None, float, float]:
    """The leg after a cut (None: closed), what it gained, and what it released; both in the settlement asset."""
    whole = exact(position.contracts)
    left = whole - cut.contracts
    if left < 0:
        raise ValueError(f"a cut of {cut.contracts} contracts is larger than its leg of {whole} on {position.symbol}")
    gained = pnl_at(position, float(cut.contracts), position.mark_price) - _in_settle(position, cut.cost)
    margin, released = position.isolated_margin, 0.0
    if margin is not None:
        kept = margin * float(left / whole)
        released = margin - kept
        margin = kept
    smaller = replace(position, contracts=float(left), isolated_margin=margin) if left else None
    return smaller, gained, released


def _in_settle(position: Position, quote: float) -> float:
    """An amount in quote currency, in the settlement asset of the leg."""
    return quote / position.mark_price if position.kind == "inverse" else quote


def add_collateral(book: Book, currency: str, amount: float, leg: LegKey | None) -> Book:
    """The book with `amount` more of `currency`: in the wallet, or in the margin of the isolated leg `leg`."""
    if leg is None:
        return replace(book, collateral=credited(book.collateral, currency, amount))
    positions = tuple(
        replace(position, isolated_margin=position.isolated_margin + amount)
        if (position.symbol, position.side) == leg and position.isolated_margin is not None
        else position
        for position in book.positions
    )
    if rule_of(book.model).wallet_holds_isolated:
        book = replace(book, collateral=credited(book.collateral, currency, amount))
    return replace(book, positions=positions)
