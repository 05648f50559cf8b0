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

Source: the generic form behind Binance, Bybit, Gate and Hyperliquid tables; cases of
`shared liquidation cases, linear_cross_equity` and `maintenance_margin_cases`.
Confidence: exact for venues that describe themselves so. Known limits: no closing fee, no order in the requirement.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from guard.risk.book import Book, Collateral, Position
from guard.risk.bookerror import BookError, one_of
from guard.risk.pool import Pool
from guard.risk.rules.build import LegTerms, build_pool, isolated_pool, notional_of, size_of, tables_needed
from guard.risk.rules.orders import opening_orders, order_notional, symbol_terms
from guard.risk.rules.rule import Rule
from guard.risk.tiers import TierTable, tier_table


def pools(book: Book) -> tuple[Pool, ...]:
    """Translate a book; see the module."""
    tables = {
        symbol: tier_table(symbol, book.tiers[symbol])
        for symbol in sorted({p.symbol for p in book.positions} & set(book.tiers))
    }
    legs = [(f"positions[{index}]", position) for index, position in enumerate(book.positions)]
    terms = {where: _terms(book, position, tables, where) for where, position in legs}
    isolated = [isolated_pool(p, terms[where], where) for where, p in legs if p.margin_mode == "isolated"]
    cross = [(where, position) for where, position in legs if position.margin_mode == "cross"]
    collateral = collateral_by_pool(book, [position for _, position in cross])
    return (
        *(
            build_pool(
                currency=currency,
                positions=[position for _, position in cross if position.settle == currency],
                terms=[terms[where] for where, position in cross if position.settle == currency],
                collateral=items,
                im_orders=_order_margin(book, currency),
            )
            for currency, items in collateral.items()
        ),
        *isolated,
    )


def _terms(book: Book, position: Position, tables: dict[str, TierTable], where: str) -> LegTerms:
    tables_needed(book, position, where)
    table = tables[position.symbol]
    size = size_of(position) if position.kind == "inverse" else notional_of(position)
    table.check_within(size, "the notional", "quote")
    if position.kind == "linear":
        return LegTerms(table.rate, table.deduction, im_rate=1.0 / position.leverage)
    rate = float(table.maintenance(size)) / size
    return LegTerms(np.array([rate]), np.zeros(1), im_rate=1.0 / position.leverage)


def _order_margin(book: Book, currency: str) -> float:
    """Initial margin of opening orders that settle in `currency`."""
    held = {position.symbol: position for position in book.positions}
    total = 0.0
    for where, order in opening_orders(book):
        terms = symbol_terms(book, order.symbol, held, where)
        if terms.settle == currency:
            total += order_notional(order, terms, where) / terms.leverage
    return total


def collateral_by_pool(book: Book, cross: list[Position]) -> dict[str, list[Collateral]]:
    """Which collateral belongs to which pool, by currency, sorted.

    Raises:
        BookError: a pool without its own currency, or collateral that could belong to several pools.
    """
    settles = sorted({position.settle for position in cross})
    found: dict[str, list[Collateral]] = {settle: [] for settle in settles}
    for index, item in enumerate(book.collateral):
        if item.asset in found:
            check_own_price(item, index)
            found[item.asset].insert(0, item)
        elif len(settles) == 1:
            found[settles[0]].append(item)
        elif not settles:
            found[item.asset] = [item]
        else:
            message = f'was "{item.asset}", must be one of the settlement assets, there are several: {one_of(settles)}'
            raise BookError(f"collateral[{index}].asset", message)
    return {settle: complete(settle, items) for settle, items in found.items()}


def complete(currency: str, items: list[Collateral]) -> list[Collateral]:
    """The pool's own currency stands first, with a balance of 0 where other assets carry the pool.

    Raises:
        BookError: a pool without any collateral.
    """
    if not items:
        raise BookError("collateral", f'has no "{currency}", in which cross positions settle')
    return items if items[0].asset == currency else [Collateral(asset=currency, balance=0.0), *items]


def check_own_price(item: Collateral, index: int) -> None:
    """The price of the pool's own currency in itself is 1.

    Raises:
        BookError: it is not.
    """
    if item.price != 1.0:
        raise BookError(
            f"collateral[{index}].price", f"was {item.price:g}, must be 1: the pool is kept in {item.asset}"
        )


RULE: Final = Rule(model="tiered", pools=pools)
