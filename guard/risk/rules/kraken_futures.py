"""`kraken-futures`: Kraken Futures, multi-collateral wallet.

Formula:
    equity  = sum balance * price * (1 - haircut) + UPL                in USD
    MM      = sum over underlyings of max(sum MM of long legs, sum MM of short legs)       cross only; IM likewise
    MM_leg  = value * mm_rate(tier of the value)                        the rate applies to the whole position
    IM_leg  = value / max_leverage(tier), or 2 * MM_leg where the tier has no max_leverage (published tables: MM = IM/2)
    risk_ratio = MM / equity                                            below IM risk-adding orders are cancelled

    All contracts of one underlying offset each other: a long perpetual against a short fixed maturity.

Tiers: in quote for linear contracts ("non-contract units (i.e. quote currency units)"), in contracts of 1 USD for
inverse ones. Pools: one in USD.

Source: Kraken 4844463246100, 360022632452, 360022835651, get-instruments; golden cases `test_kraken_futures`.
Confidence: the netting and the unit of the tiers are documented. Known limits: whether tiers are marginal is not
published, they apply to the whole position here (never less), so requirements jump at their floors; tier and margin
follow the mark (the help speaks of the value at the entry price); the unrealized PnL counts in full. Compare with the
venue's own totals.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from guard.risk.assets import parts as parts_of_symbol
from guard.risk.book import Book
from guard.risk.pool import Array, Index, Pool
from guard.risk.rules.build import Terms, build_pool, single_lines, tier_stack
from guard.risk.rules.orders import opening_orders
from guard.risk.rules.part import Part, Sheet, part_of_everything
from guard.risk.rules.rule import Rule
from guard.risk.tiers import tables_of


def pools(book: Book) -> tuple[Pool, ...]:
    """Translate a book; see the module."""
    return tuple(_pool(book, part) for part in part_of_everything(book, "USD"))


def _pool(book: Book, part: Part) -> Pool:
    sheet = part.sheet
    if not sheet.positions:
        empty = Terms(np.zeros((1, 0)), np.zeros((1, 0)), im_rate=np.zeros(0))
        return build_pool(part, empty, im_orders=_order_margin(book) if part.cross else 0.0)
    contracts = np.array([position.contracts for position in sheet.positions])
    sizes = np.where(sheet.inverse, contracts, sheet.value)
    stack = tier_stack(book, sheet, sizes, "USD", marginal=False)
    im_rate = np.array(
        [_im_rate(book, symbol, size) for symbol, size in zip(sheet.symbols, sizes.tolist(), strict=True)]
    )
    group = _underlyings(sheet) if part.cross else None
    terms = Terms(
        # The mark does not move the tier of an inverse leg.
        np.where(sheet.inverse, single_lines(stack.rate_at(sizes))[0], stack.rate),
        np.zeros_like(stack.deduction),
        im_rate=im_rate,
        flat=~sheet.inverse,
        flat_floor=stack.floor,
        offset_group=group,
    )
    offset = 0.0 if group is None else _offset(sheet, im_rate * sheet.value * _prices(part, sheet), group)
    return build_pool(part, terms, im_orders=offset + (_order_margin(book) if part.cross else 0.0))


def _im_rate(book: Book, symbol: str, size: float) -> float:
    tier = book.tiers[symbol][tables_of(book.tiers).table(symbol, marginal=False).row(size)]
    return 2.0 * tier.mm_rate if tier.max_leverage is None else 1.0 / tier.max_leverage


def _underlyings(sheet: Sheet) -> Index:
    """Number of the underlying of each leg."""
    bases = [parts_of_symbol(position.symbol, position.settle)[0] for position in sheet.positions]
    place = {base: index for index, base in enumerate(dict.fromkeys(bases))}
    return np.array([place[base] for base in bases], dtype=np.intp)


def _prices(part: Part, sheet: Sheet) -> Array:
    prices = {item.asset: item.price for item in part.collateral}
    return np.array([prices[position.settle] for position in sheet.positions])


def _offset(sheet: Sheet, margins: Array, group: Index) -> float:
    """What offsetting takes off the sum of initial margins, at the present mark (negative or 0)."""
    long = np.bincount(group, weights=np.where(sheet.long, margins, 0.0))
    short = np.bincount(group, weights=np.where(sheet.long, 0.0, margins))
    return -float(np.minimum(long, short).sum())


def _order_margin(book: Book) -> float:
    """Initial margin of open orders, each by itself, in USD."""
    prices = {item.asset: item.price for item in book.collateral}
    return sum(each.value * prices.get(each.terms.settle, 1.0) / each.terms.leverage for each in opening_orders(book))


RULE: Final = Rule(model="kraken-futures", pools=pools)
