"""The book as it would be after a plan: legs smaller or larger, orders gone, collateral added. Pure; judges nothing.

What a cut realises moves from unrealized PnL to the wallet, and its cost leaves the wallet: equity changes by the cost
and by nothing else. An isolated leg gives back its share of its margin, as venues do, so that cutting it helps only
through its tiers; a model in which it kept all of its margin would promise too much. Where a venue's wallet counts
isolated margins as its own, giving one back changes nothing in it.

A leg that grows does so at its mark: its entry becomes the average of both parts, and equity again changes by the cost
alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from guard.protect.legs import LegKey
from guard.protect.sizing import exact
from guard.risk.altered import credited, pnl_at
from guard.risk.book import Book, Collateral, Position
from guard.risk.rules import rule_of
from guard.risk.rules.orders import opening_orders


@dataclass(frozen=True, slots=True)
class Cut:
    """Contracts taken off a leg at its mark (negative: added), and what that costs in quote currency."""

    key: LegKey
    contracts: Decimal
    cost: float = 0.0


def reduce_book(book: Book, cuts: Iterable[Cut], openings: Mapping[LegKey, Position] | None = None) -> Book:
    """The book after `cuts`, at most one for each leg and none larger than its leg.

    Args:
        book: the book.
        cuts: what is taken off legs, or added to them.
        openings: legs that are not held and that a negative cut opens; their size does not matter.
    """
    by_key = {cut.key: cut for cut in cuts if cut.contracts}
    released_into_wallet = not rule_of(book.model).wallet_holds_isolated
    cash: dict[str, float] = {}
    positions = []
    for position in book.positions:
        cut = by_key.pop((position.symbol, position.side), None)
        if cut is None:
            positions.append(position)
            continue
        changed, gained, released = _cut_position(position, cut) if cut.contracts > 0 else _grown(position, cut)
        if released_into_wallet:
            gained += released
        cash[position.settle] = cash.get(position.settle, 0.0) + gained
        if changed is not None:
            positions.append(changed)
    for key, cut in by_key.items():
        template = (openings or {}).get(key)
        if template is None or cut.contracts > 0:
            raise ValueError(f"a cut of {cut.contracts} contracts on {key[0]} {key[1]}, which is not held")
        positions.append(replace(template, contracts=float(-cut.contracts), entry_price=template.mark_price))
        cash[template.settle] = cash.get(template.settle, 0.0) - _in_settle(template, cut.cost)
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


def _grown(position: Position, cut: Cut) -> tuple[Position, float, float]:
    """The leg after more of it was opened at its mark."""
    added, mark = float(-cut.contracts), position.mark_price
    total = float(exact(position.contracts) - cut.contracts)
    if position.kind == "inverse":
        entry = total / (position.contracts / position.entry_price + added / mark)
    else:
        entry = (position.contracts * position.entry_price + added * mark) / total
    return replace(position, contracts=total, entry_price=entry), -_in_settle(position, cut.cost), 0.0


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


def without_orders(book: Book, cancelled: Collection[int]) -> Book:
    """The book without the orders at these indices; what the venue withholds for them is given back.

    Given back is the initial margin of an order (value / leverage) and never more than is withheld: a venue that
    withholds fees beside it gives back more.
    """
    frozen: dict[str, float] = {}
    for each in opening_orders(book):
        if any(book.orders[index] is each.order for index in cancelled):
            frozen[each.terms.settle] = frozen.get(each.terms.settle, 0.0) + each.value / each.terms.leverage
    rest = tuple(order for index, order in enumerate(book.orders) if index not in cancelled)
    return replace(book, orders=rest, collateral=tuple(_thawed(item, frozen) for item in book.collateral))


def _thawed(item: Collateral, released: Mapping[str, float]) -> Collateral:
    given = min(item.frozen, released.get(item.asset, 0.0))
    return replace(item, frozen=item.frozen - given) if given > 0.0 else item
