"""`bybit-uta`: Bybit unified account, cross and isolated legs, in the two versions that the venue had.

Formula, with value on the entry price until 2025-09-02 and on the mark price from then on (by the book's `as_of`):
    fee  = value * (1 - s / leverage) * taker                 fee to close at the bankruptcy price
    MM   = value * mm_rate(tier) - mm_deduction + fee         IM = value / leverage + fee
    isolated since 2025-09-02: MM on the mark, IM and fee on the entry
    order MM   = order value * mm_rate(tier of position and orders)
    order loss = sum over orders of max(0, s * (order price - MP) * size)
    equity = sum wallet * price * (1 - haircut) + sum UPL - order loss        in USD
    accountMMRate = MM / equity                                liquidation at >= 1; IM rate >= 1 blocks new risk

    The fee is inside the venue's `positionMM`; here it is shown as the closing fee.

Pools: one in USD; each settlement asset must be listed among the collateral. Haircuts may be tiered
(`haircut_tiers`); unrealized PnL counts in full. Borrowed assets: `borrowed`, `borrow_mm_rate`.

Source: Bybit V5 documents, help pages Glossary-Unified-Trading-Account, "New Margin Calculation",
Maintenance-Margin; golden cases `test_bybit_uta`.
Confidence: entry-price version verified on three API samples to 8 digits; rates of the account verified. Known limits:
the fee term of the mark-price version is inferred from the entry-price one; hedged legs are said to have a calculation
of their own, which is not published: both legs are charged here (never less than the venue); the order term is
inferred. Compare with the venue's totals (`guard.risk.conformity`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import numpy as np

from guard.risk.book import Book, Collateral
from guard.risk.pool import Array, Pool
from guard.risk.rules.build import AssetTerms, Terms, build_pool, haircut_terms, tier_stack
from guard.risk.rules.losses import append_legs, order_leg, with_order_losses
from guard.risk.rules.marks import nothing_is_ordered
from guard.risk.rules.orders import OpenOrder, opening_orders
from guard.risk.rules.part import Part, Sheet, part_of_everything, sheet_of
from guard.risk.rules.rule import Rule
from guard.risk.tiers import tables_of

MARK_PRICE_SINCE: Final = datetime(2025, 9, 2, tzinfo=UTC)
"""From then on margins of cross legs follow the mark price."""


def pools(book: Book) -> tuple[Pool, ...]:
    """Translate a book; see the module."""
    orders = opening_orders(book)
    return tuple(
        _cross_pool(book, part, orders) if part.cross else build_pool(part, _terms(book, part.sheet, cross=False))
        for part in part_of_everything(book, "USD")
    )


def _cross_pool(book: Book, part: Part, orders: list[OpenOrder]) -> Pool:
    terms = _terms(book, part.sheet, cross=True)
    prices = {item.asset: item.price for item in book.collateral}
    extra: Sheet | None = None
    if orders:
        terms, losses = with_order_losses(replace(terms, charged=part.sheet.size), orders)
        held = sheet_of([order_leg(each) for each in orders])
        margins = np.array([_order_margin(book, part.sheet, orders, each) for each in orders])
        terms = append_legs(terms, np.zeros((1, len(orders))), -margins[None, :], np.zeros(len(orders)))
        extra = sheet_of([*(() if losses is None else losses.positions), *held.positions])
    fees = 2.0 * book.fees.taker
    return build_pool(
        replace(part, collateral=tuple(_net_of_debt(item) for item in part.collateral)),
        terms,
        extra=extra,
        asset_terms=[_asset_terms(item) for item in part.collateral],
        im_orders=sum(
            each.value * (1.0 / each.terms.leverage + fees) * prices.get(each.terms.settle, 1.0) for each in orders
        ),
    )


def _terms(book: Book, sheet: Sheet, *, cross: bool) -> Terms:
    """Tiers by value; closing fee at the bankruptcy price that the leverage implies."""
    if not sheet.positions:
        return Terms(np.zeros((1, 0)), np.zeros((1, 0)), im_rate=np.zeros(0))
    entry_value = np.where(sheet.inverse, sheet.size / sheet.entry, sheet.size * sheet.entry)
    # A long linear leg goes bankrupt below its entry and pays less to close there; an inverse one pays more coin.
    direction = np.where(sheet.long != sheet.inverse, 1.0, -1.0)
    fee_rate = book.fees.taker * (1.0 - direction / sheet.leverage)
    on_entry = book.as_of < MARK_PRICE_SINCE
    value = entry_value if on_entry else sheet.value
    stack = tier_stack(book, sheet, value)
    nothing = np.zeros(len(value))
    if on_entry:
        margins = np.maximum((value * stack.rate - stack.deduction).max(axis=0), 0.0)
        initial = value / sheet.leverage + value * fee_rate
        return Terms(nothing[None, :], -margins[None, :], im_rate=nothing, im_fixed=initial, fee_fixed=value * fee_rate)
    if not cross:
        initial = entry_value / sheet.leverage + entry_value * fee_rate
        fees = entry_value * fee_rate
        return Terms(stack.rate, stack.deduction, im_rate=nothing, im_fixed=initial, fee_fixed=fees)
    return Terms(stack.rate, stack.deduction, im_rate=1.0 / sheet.leverage + fee_rate, fee_rate=fee_rate)


def _order_margin(book: Book, sheet: Sheet, orders: list[OpenOrder], each: OpenOrder) -> float:
    """Requirement of one order: its value at the rate of the tier that position and orders reach together."""
    symbol = each.order.symbol
    held = sum(
        float(value) for value, position in zip(sheet.value, sheet.positions, strict=True) if position.symbol == symbol
    )
    ordered = sum(other.value for other in orders if other.order.symbol == symbol)
    table = tables_of(book.tiers).table(symbol)
    table.check_within(held + ordered, "the notional with orders", each.terms.settle)
    rates: Array = table.rate
    return each.value * float(rates[table.row(held + ordered)])


def _net_of_debt(item: Collateral) -> Collateral:
    return replace(item, balance=item.balance - item.borrowed)


def _asset_terms(item: Collateral) -> AssetTerms:
    return replace(haircut_terms(item), charge=item.borrowed * item.borrow_mm_rate)


RULE: Final = Rule(model="bybit-uta", pools=pools, follows_marks=nothing_is_ordered)
