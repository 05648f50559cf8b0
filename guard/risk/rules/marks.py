"""What a rule decides of a book at its present marks, and what of it would be the same at any others.

`guard.risk.standing` keeps pools and puts newer marks to their legs. That is exact while everything else in the pools
stays: lines, rates, charged sizes and offsets follow sizes, entries and order prices. What follows the mark beside the
legs is initial margin that orders or opposite legs share, rates by a value at the mark, and orders without a price.
"""

from __future__ import annotations

from guard.risk.book import Book
from guard.risk.rules.orders import opening_orders


def never(book: Book) -> bool:  # noqa: ARG001 - one signature for every rule
    """Figures of another source than marks."""
    return False


def orders_are_priced(book: Book) -> bool:
    """Whether no opening order is counted at the mark."""
    return all(each.order.price is not None for each in opening_orders(book))


def nothing_is_shared(book: Book) -> bool:
    """Whether no opening order and no opposite leg has a part in the initial margin of a cross leg."""
    held = [position.symbol for position in book.positions if position.margin_mode == "cross"]
    return len(set(held)) == len(held) and not opening_orders(book)


def nothing_is_ordered(book: Book) -> bool:
    """Whether there is no opening order."""
    return not opening_orders(book)


def sizes_are_fixed(book: Book) -> bool:
    """Whether no size is reckoned in coin at the mark."""
    return orders_are_priced(book) and all(position.kind == "linear" for position in book.positions)
