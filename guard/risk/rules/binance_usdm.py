"""`binance-usdm`: Binance USD-M futures, single-asset mode, one-way and hedge.

Formula:
    n     = q * MP
    MM    = n * mm_rate(tier) - cum(tier)           tier by n; cum is `mm_deduction`
    equity_a = crossWalletBalance_a + sum UPL_a     for each margin asset a: a pool of its own
    risk_ratio_a = sum MM_a / equity_a              liquidation at >= 1; no closing fee, orders do not count
    IM    = n / leverage
    one-way, per symbol:  max(|n + buys|, |n - sells|) / leverage     n signed
    hedge, per symbol:    max(long + buys, short + sells) / leverage  [uncertain: larger side after orders]

    Long and short legs of a symbol each pay maintenance margin in their own tier.

Pools: one for each margin asset (settlement of a cross position, or a balance); isolated legs are pools of their own.
Parameters: `contract_size`, `leverage` (and `mark_price` for unpriced orders) of symbols with orders but no position.

Source: Binance FAQ b3c689c1f50a44cabb3a84e663b81d93, read 2026-11; golden case "cross liquidation price, two-position
account" (risk_ratio 0.414895, liquidation 26316.89 and 1153.26).
Confidence: verified to the digits published. Known limits: the hedge rule of initial margin is inferred; a balance of
an asset without positions is shown as an idle pool and carries nothing else.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from guard.risk.book import Book
from guard.risk.pool import Pool
from guard.risk.rules.build import Terms, build_pool, tier_stack
from guard.risk.rules.marks import nothing_is_shared
from guard.risk.rules.orders import margins_beyond_positions
from guard.risk.rules.part import Sheet, parts_by_settlement, require_kind
from guard.risk.rules.rule import Rule


def pools(book: Book) -> tuple[Pool, ...]:
    """Translate a book; see the module."""
    require_kind(book, "linear")
    margins = margins_beyond_positions(book)
    return tuple(
        build_pool(part, usdm_terms(book, part.sheet), im_orders=margins.get(part.currency, 0.0) if part.cross else 0.0)
        for part in parts_by_settlement(book, margins)
    )


def usdm_terms(book: Book, sheet: Sheet) -> Terms:
    """Terms of legs with brackets by value, initial margin by leverage.

    Raises:
        BookError: a symbol without brackets, or a value beyond the last one.
    """
    if not sheet.positions:
        return Terms(np.zeros((1, 0)), np.zeros((1, 0)), im_rate=np.zeros(0))
    stack = tier_stack(book, sheet, sheet.value)
    return Terms(stack.rate, stack.deduction, im_rate=1.0 / sheet.leverage, may_be_negative=stack.may_be_negative)


RULE: Final = Rule(model="binance-usdm", pools=pools, follows_marks=nothing_is_shared)
