"""`bingx`: BingX perpetuals, cross margin, one-way and hedge mode.

Formula:
    MM        = MP * q * mm_rate(tier) - maintenance amount(tier)
    close fee = MP * q * taker
    available = balance - sum position margin - frozen + sum cross UPL       position margin = EP * q / leverage
    risk      = (sum MM + sum close fee) / (balance - isolated margin - frozen + sum cross UPL)
                liquidation at >= 1

    Both legs of a symbol count. A full hedge is neutral in PnL, but its requirement grows with the price: it is
    liquidated when the price rises enough (444,444 in the example), whatever the article says. Just before
    liquidation the venue closes long against short ("self-trading", `guard.risk.netting`).

Pools: one for each settlement asset. `balance` is the venue's balance, which holds the margin of isolated legs too: it
is taken off here. Isolated legs are pools of their own.

Source: BingX support 11263240855823 and 11263312123407 (tiers with maintenance amount since 2024-07-22); golden cases
`test_bingx`: 0.9 %, 1.0125 %, 2.025 %, 1.8 %, 2.7 %, 3.0375 %; available 8,000, 6,000, 4,200, 4,000, 2,000.
Confidence: verified end to end. Known limits: positions from before 2024-07-22 keep an older rate; liquidation needs
mark and last price beyond the level, we look at the mark alone (the earlier of both).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from guard.risk.book import Book
from guard.risk.pool import Pool
from guard.risk.rules.build import Terms, build_pool
from guard.risk.rules.marks import orders_are_priced
from guard.risk.rules.orders import order_margins
from guard.risk.rules.part import Sheet, parts_by_settlement
from guard.risk.rules.rule import Rule
from guard.risk.rules.tiered import marginal_lines


def pools(book: Book) -> tuple[Pool, ...]:
    """Translate a book; see the module."""
    margins = order_margins(book)
    return tuple(
        build_pool(
            part,
            terms(book, part.sheet),
            withheld=isolated_margins(book, part.currency) if part.cross else 0.0,
            im_orders=_unfrozen(book, part.currency, margins.get(part.currency, 0.0)) if part.cross else 0.0,
        )
        for part in parts_by_settlement(book, margins)
    )


def _unfrozen(book: Book, currency: str, margin: float) -> float:
    """The margin of open orders that `frozen` does not hold yet: the venue freezes it, a book file may not say so."""
    return max(0.0, margin - sum(item.frozen for item in book.collateral if item.asset == currency))


def terms(book: Book, sheet: Sheet) -> Terms:
    """Tiers on the mark, closing fee, initial margin on the entry."""
    rate, deduction = marginal_lines(book, sheet)
    entry_value = np.where(sheet.inverse, sheet.size / sheet.entry, sheet.size * sheet.entry)
    return Terms(
        rate,
        deduction,
        im_rate=np.zeros(len(sheet.size)),
        im_fixed=entry_value / sheet.leverage,
        fee_rate=np.full(len(sheet.size), book.fees.taker),
    )


def isolated_margins(book: Book, currency: str) -> float:
    """Margin of isolated legs that sits in the wallet of `currency`."""
    return sum(
        position.isolated_margin or 0.0
        for position in book.positions
        if position.margin_mode == "isolated" and position.settle == currency
    )


RULE: Final = Rule(model="bingx", pools=pools, follows_marks=orders_are_priced, wallet_holds_isolated=True)
