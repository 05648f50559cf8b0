"""What amounts of a pool's currency are worth in dollars, in which every limit of protection is counted. Pure.

An account in coins has its equity in coins and trades contracts in dollars: a limit that mixes the two would stop every
plan, or none.
"""

from __future__ import annotations

from guard.risk.assets import FIAT, STABLE, parts
from guard.risk.book import Book
from guard.risk.report import AccountRisk


def dollars(book: Book, currency: str, amount: float) -> float:
    """`amount` of `currency` in dollars at the book's marks; 0 where the book has no price for it.

    A dollar of any kind is one dollar. Another currency of a state is its own quote currency: such accounts count their
    limits in it.
    """
    if currency in STABLE or currency in FIAT:
        return amount
    for position in book.positions:
        base, quote = parts(position.symbol, position.settle)
        if base == currency and quote in STABLE:
            return amount * position.mark_price
    return 0.0


def worth(book: Book, risk: AccountRisk) -> float:
    """Equity of all pools of an account, in dollars; a pool that is below zero takes nothing from the others."""
    return sum(dollars(book, pool.currency, max(pool.equity, 0.0)) for pool in risk.pools)
