"""`mexc`: MEXC futures, cross and isolated.

Formula:
    n      = contracts * contract_size * MP
    MM     = n * mm_rate(tier)                        tier by contracts; the rate applies to the whole position
    fee    = n * taker                                 liquidation fee, part of the requirement
    IM     = n / leverage + n * taker                  on the entry
    equity = balance - isolated margin - order margin + cross UPL
    margin rate = (MM + fee) / equity                  liquidation at >= 1; orders are cancelled first
    isolated long: LP = (q*EP - im) / (q * (1 - mm_rate - taker))

Pools: one for each settlement asset. Tiers in contracts. `balance` is the venue's cash balance.

Source: MEXC 360044646391, API sample; golden cases `test_mexc`.
Confidence: isolated figures agree within the printed tick with inferred constants. Known limits: low trust, read-only:
the venue's risk-limit tables come in two schemes, and its position payload has neither mark nor PnL.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from guard.risk.book import Book
from guard.risk.pool import Pool
from guard.risk.rules.bingx import isolated_margins
from guard.risk.rules.build import Terms, build_pool, single_lines, tier_stack
from guard.risk.rules.marks import orders_are_priced
from guard.risk.rules.orders import opening_orders
from guard.risk.rules.part import Sheet, parts_by_settlement, require_kind
from guard.risk.rules.rule import Rule


def pools(book: Book) -> tuple[Pool, ...]:
    """Translate a book; see the module."""
    require_kind(book, "linear")
    margins: dict[str, float] = {}
    for each in opening_orders(book):
        margin = each.value / each.terms.leverage + each.value * book.fees.taker
        margins[each.terms.settle] = margins.get(each.terms.settle, 0.0) + margin
    return tuple(
        build_pool(
            part,
            _terms(book, part.sheet),
            withheld=margins.get(part.currency, 0.0) + isolated_margins(book, part.currency) if part.cross else 0.0,
        )
        for part in parts_by_settlement(book, margins)
    )


def _terms(book: Book, sheet: Sheet) -> Terms:
    if not sheet.positions:
        return Terms(np.zeros((1, 0)), np.zeros((1, 0)), im_rate=np.zeros(0))
    contracts = np.array([position.contracts for position in sheet.positions])
    rate, deduction = single_lines(tier_stack(book, sheet, contracts, "contracts", marginal=False).rate_at(contracts))
    fee = np.full(len(contracts), book.fees.taker)
    entry_value = sheet.size * sheet.entry
    return Terms(
        rate,
        deduction,
        im_rate=np.zeros(len(contracts)),
        im_fixed=entry_value / sheet.leverage + entry_value * fee,
        fee_rate=fee,
    )


RULE: Final = Rule(model="mexc", pools=pools, follows_marks=orders_are_priced, wallet_holds_isolated=True)
