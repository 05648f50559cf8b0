"""`tiered`: generic cross margin with marginal tiers, linear and inverse.

Formula:
    n     = contracts * contract_size * MP          linear, in quote
            contracts * contract_size / MP          inverse, in base coin
    MM    = n * mm_rate(tier) - mm_deduction(tier)  tier by n for linear legs, by the quote notional for inverse ones
    IM    = n / leverage, per leg; opening orders add price * size / leverage
    equity = sum(balance - frozen) * price * (1 - haircut) + sum UPL
    risk_ratio = sum MM / equity

    Both legs of a symbol pay. The tiers of an inverse leg are in quote units, which the mark does not move, so its
    requirement is one line through the origin.

Pools: one for each settlement asset of cross positions; collateral in a settlement asset belongs to its pool, other
collateral to the only pool there is. Isolated legs are pools of their own.

Source: the generic form behind Binance, Bybit, Gate and Hyperliquid tables; golden cases "cross liquidation with other
positions' margin" and "bracket tables".
Confidence: exact for venues that describe themselves so. Known limits: no closing fee, no order in the requirement.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from guard.risk.book import Book
from guard.risk.pool import Array, Pool
from guard.risk.rules.build import Terms, build_pool, tier_stack
from guard.risk.rules.marks import orders_are_priced
from guard.risk.rules.orders import order_margins
from guard.risk.rules.part import Sheet, parts_by_settlement
from guard.risk.rules.rule import Rule


def pools(book: Book) -> tuple[Pool, ...]:
    """Translate a book; see the module."""
    margins = order_margins(book)
    return tuple(
        build_pool(part, _terms(book, part.sheet), im_orders=margins.get(part.currency, 0.0) if part.cross else 0.0)
        for part in parts_by_settlement(book, margins, alone=False)
    )


def _terms(book: Book, sheet: Sheet) -> Terms:
    rate, deduction = marginal_lines(book, sheet)
    return Terms(rate, deduction, im_rate=1.0 / sheet.leverage)


def marginal_lines(book: Book, sheet: Sheet) -> tuple[Array, Array]:
    """Lines of tiers in quote units: by value for linear legs, one line through the origin for inverse ones.

    Raises:
        BookError: a symbol without tiers, or a notional beyond the last cap.
    """
    if not sheet.positions:
        return np.zeros((1, 0)), np.zeros((1, 0))
    sizes = np.where(sheet.inverse, sheet.size, sheet.value)
    stack = tier_stack(book, sheet, sizes, "quote")
    if not bool(sheet.inverse.any()):
        return stack.rate, stack.deduction
    whole = np.maximum((sizes * stack.rate - stack.deduction).max(axis=0), 0.0) / sizes
    first = np.arange(len(stack.rate))[:, None] == 0
    return (
        np.where(sheet.inverse, np.where(first, whole, 0.0), stack.rate),
        np.where(sheet.inverse, 0.0, stack.deduction),
    )


RULE: Final = Rule(model="tiered", pools=pools, follows_marks=orders_are_priced)
