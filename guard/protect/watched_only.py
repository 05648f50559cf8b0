"""Whether an account can be acted upon at all, whoever allows it. Pure."""

from __future__ import annotations

from guard.risk.book import Book
from guard.risk.rules import pools_of


def watched_only(book: Book) -> str:
    """Why no order can ever be planned for the account as it is, in one line; empty = its requirement is computed.

    Raises:
        BookError: the book cannot be assessed.
    """
    unknown = sorted({pool.currency for pool in pools_of(book) if not pool.solvable})
    if not unknown:
        return ""
    which = ", ".join(unknown)
    return (
        f"the requirement in {which} is the venue's own figure, not computed here: what an order would change is not "
        "known, so the account is watched only"
    )
