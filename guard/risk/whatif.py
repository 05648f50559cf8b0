"""The book as a person's step would leave it: a part of a leg closed, collateral added, a leg hedged. Pure.

Legs are closed and opened at their mark; what a trade realises goes into the wallet and the taker fee leaves it, so
equity changes by the fee and by nothing else. Slippage is not known here. Judges nothing: the altered book is assessed
like any other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from guard.risk.altered import credited, grown, pnl_at
from guard.risk.book import Book, Position, Side
from guard.risk.bookerror import BookError
from guard.risk.rules import rule_of


@dataclass(frozen=True, slots=True)
class Altered:
    """A book after a step, and the taker fee of it in the leg's settlement asset."""

    book: Book
    fee: float = 0.0


def closed(book: Book, index: int, contracts: float) -> Altered:
    """The book with `contracts` of a leg closed at its mark.

    An isolated leg gives back its share of its margin, as venues do. Orders on a symbol that is then empty go with it.

    Args:
        book: the book.
        index: place of the leg in `book.positions`.
        contracts: how many, above 0 and at most what the leg has.

    Raises:
        BookError: more contracts than the leg has, or none.
    """
    leg = book.positions[index]
    if not 0.0 < contracts <= leg.contracts:
        raise BookError("contracts", f"was {contracts:g}, must be above 0 and at most {leg.contracts:g}")
    left = leg.contracts - contracts
    fee = taker_fee(book, leg, contracts)
    gained = pnl_at(leg, contracts, leg.mark_price) - fee
    margin = leg.isolated_margin
    if margin is not None:
        kept = margin * left / leg.contracts
        if not rule_of(book.model).wallet_holds_isolated:
            gained += margin - kept
        margin = kept
    smaller = (replace(leg, contracts=left, isolated_margin=margin),) if left > 0.0 else ()
    positions = (*book.positions[:index], *smaller, *book.positions[index + 1 :])
    held = {each.symbol for each in positions}
    orders = tuple(order for order in book.orders if order.symbol != leg.symbol or order.symbol in held)
    cash = credited(book.collateral, leg.settle, gained)
    return Altered(replace(book, positions=positions, orders=orders, collateral=cash), fee)


def hedged(book: Book, index: int, contracts: float) -> Altered:
    """The book with `contracts` of the other side of a leg's symbol opened at the mark.

    Args:
        book: the book, in hedge mode: one-way accounts would net, which is `closed`.
        index: place of the leg in `book.positions`; it is in cross margin.
        contracts: how many, above 0.

    Raises:
        BookError: the account holds one side of a symbol only, or the leg is isolated.
    """
    leg = book.positions[index]
    if book.position_mode != "hedge":
        raise BookError("position_mode", "was one_way, must be hedge: an opposite order would make the leg smaller")
    if leg.margin_mode != "cross":
        raise BookError("margin_mode", "was isolated, must be cross: a hedge would be a pool of its own")
    other: Side = "short" if leg.side == "long" else "long"
    fee = taker_fee(book, leg, contracts)
    cash = credited(book.collateral, leg.settle, -fee)
    place = next(
        (at for at, each in enumerate(book.positions) if (each.symbol, each.side) == (leg.symbol, other)), None
    )
    if place is None:
        opened = replace(leg, side=other, contracts=contracts, entry_price=leg.mark_price, opened_at=book.as_of)
        positions = (*book.positions, opened)
    else:
        larger = grown(book.positions[place], contracts, leg.mark_price)
        positions = (*book.positions[:place], larger, *book.positions[place + 1 :])
    return Altered(replace(book, positions=positions, collateral=cash), fee)


def topped_up(book: Book, asset: str, amount: float) -> Book:
    """The book with more of an asset in the wallet, where the cross pool has it; `amount` in units of the asset."""
    return replace(book, collateral=credited(book.collateral, asset, amount))


def taker_fee(book: Book, leg: Position, contracts: float) -> float:
    """The fee of trading `contracts` of a leg at its mark, in its settlement asset."""
    size = contracts * leg.contract_size
    return book.fees.taker * (size / leg.mark_price if leg.kind == "inverse" else size * leg.mark_price)
