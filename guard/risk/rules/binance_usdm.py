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

from guard.risk.book import Book, Collateral, Position
from guard.risk.bookerror import BookError
from guard.risk.pool import Pool
from guard.risk.rules.build import LegTerms, build_pool, isolated_pool, notional_of, tables_needed
from guard.risk.rules.orders import opening_orders, order_notional, symbol_terms
from guard.risk.rules.rule import Rule
from guard.risk.rules.tiered import check_own_price
from guard.risk.tiers import TierTable, tier_table


def pools(book: Book) -> tuple[Pool, ...]:
    """Translate a book; see the module."""
    symbols = {position.symbol for position in book.positions}
    tables = {symbol: tier_table(symbol, tiers) for symbol, tiers in book.tiers.items() if symbol in symbols}
    legs = [(f"positions[{index}]", position) for index, position in enumerate(book.positions)]
    terms = {where: _terms(book, position, tables, where) for where, position in legs}
    isolated = [isolated_pool(p, terms[where], where) for where, p in legs if p.margin_mode == "isolated"]
    cross = [(where, position) for where, position in legs if position.margin_mode == "cross"]
    margins = _margin_beyond_positions(book)
    return (
        *(
            build_pool(
                currency=wallet.asset,
                positions=[position for _, position in cross if position.settle == wallet.asset],
                terms=[terms[where] for where, position in cross if position.settle == wallet.asset],
                collateral=(wallet,),
                im_orders=margins.get(wallet.asset, 0.0),
            )
            for wallet in _wallets(book, {position.settle for _, position in cross} | margins.keys())
        ),
        *isolated,
    )


def _terms(book: Book, position: Position, tables: dict[str, TierTable], where: str) -> LegTerms:
    if position.kind != "linear":
        raise BookError(f"{where}.kind", f'was "{position.kind}", must be "linear" under model {book.model}')
    tables_needed(book, position, where)
    table = tables[position.symbol]
    table.check_within(notional_of(position), "the notional", position.settle)
    return LegTerms(table.rate, table.deduction, im_rate=1.0 / position.leverage)


def _wallets(book: Book, needed: set[str]) -> list[Collateral]:
    """The margin assets that carry something, each priced in itself, in alphabetical order."""
    wallets = {item.asset: item for item in book.collateral}
    for asset in sorted(needed - wallets.keys()):
        raise BookError("collateral", f'has no "{asset}", in which cross positions or orders settle')
    for index, item in enumerate(book.collateral):
        if item.asset in needed:
            check_own_price(item, index)
    return [
        item if asset in needed else Collateral(asset, item.balance, frozen=item.frozen)
        for asset, item in sorted(wallets.items())
        if asset in needed or item.balance != 0.0
    ]


def _margin_beyond_positions(book: Book) -> dict[str, float]:
    """What open orders and hedging change of initial margin, against the plain sum over legs, by margin asset."""
    held = {position.symbol: position for position in book.positions}
    sides: dict[str, list[float]] = {}  # long value, short value, buy orders, sell orders
    for position in book.positions:
        if position.margin_mode == "cross":
            sides.setdefault(position.symbol, [0.0] * 4)[position.side == "short"] += notional_of(position)
    for where, order in opening_orders(book):
        terms = symbol_terms(book, order.symbol, held, where)
        value = order_notional(order, terms, where)
        sides.setdefault(order.symbol, [0.0] * 4)[3 if order.side == "sell" else 2] += value
    margins: dict[str, float] = {}
    for symbol, (long, short, buys, sells) in sides.items():
        terms = symbol_terms(book, symbol, held, "an order")
        if book.position_mode == "hedge":
            counted = max(long + buys, short + sells)
        else:
            counted = max(abs(long - short + buys), abs(long - short - sells))
        beyond = (counted - long - short) / terms.leverage
        margins[terms.settle] = margins.get(terms.settle, 0.0) + beyond
    return margins


RULE: Final = Rule(model="binance-usdm", pools=pools)
