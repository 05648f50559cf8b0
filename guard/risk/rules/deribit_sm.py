"""`deribit-sm`: Deribit standard margin, segregated (a pool for each settlement currency) and cross (one in USD).

Formula:
    rate   = base + size * slope                     size in base units; base_mm for maintenance, base_im for initial
    MM     = size * (base_mm + size * slope) * index         IM = size * (base_im + size * slope) * index
    equity = balance + UPL                                   cross: sum of balance * price + UPL; haircuts reduce what
                                                             is there for initial margin only, not the equity here
    risk_ratio = MM / equity                                 incremental liquidation above 1, no margin call

    BTC_USDC: base_im 2 %, base_mm 1 %, slope 0.005 % a BTC. SOL_USDC: 4 %, 2 %, 0.0005 % a SOL.

Parameters: `base_im`, `base_mm`, `slope` of every symbol held; `account_mode` under `*`: `segregated` (default) or
`cross`. The mark stands for the index.

Source: Deribit support 25944738177565 (linear perpetuals); golden cases `test_deribit`.
Confidence: linear figures verified. Known limits: inverse contracts have the same structure with numbers that are not
published; their size in coin is taken at the present mark. Open orders are not in the requirement; their initial margin
is value times the rate of the position. Portfolio margin is not computed (model `reported`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from guard.risk.book import Book
from guard.risk.fields import Field, Number
from guard.risk.pool import Array, Pool
from guard.risk.rules.build import ACCOUNT, Terms, build_pool, optional_parameter, parameter, single_lines
from guard.risk.rules.marks import sizes_are_fixed
from guard.risk.rules.orders import opening_orders
from guard.risk.rules.part import Part, Sheet, part_of_everything, parts_by_settlement
from guard.risk.rules.rule import ACCOUNT_MODE, ORDER_PARAMETERS, Rule


def pools(book: Book) -> tuple[Pool, ...]:
    """Translate a book; see the module."""
    margins = _order_margins(book)
    if optional_parameter(book, ACCOUNT, "account_mode") == "cross":
        prices = {item.asset: item.price for item in book.collateral}
        whole = sum(margin * prices.get(asset, 1.0) for asset, margin in margins.items())
        return tuple(_pool(book, _in_full(part), whole) for part in part_of_everything(book, "USD"))
    return tuple(_pool(book, part, margins.get(part.currency, 0.0)) for part in parts_by_settlement(book, margins))


def _pool(book: Book, part: Part, order_margin: float) -> Pool:
    sheet = part.sheet
    rate, deduction = single_lines(_rates(book, sheet, "base_mm"))
    terms = Terms(rate, deduction, im_rate=_rates(book, sheet, "base_im"))
    return build_pool(part, terms, im_orders=order_margin if part.cross else 0.0)


def _in_full(part: Part) -> Part:
    """Maintenance knows no haircut."""
    return replace(part, collateral=tuple(replace(item, haircut=0.0, haircut_tiers=()) for item in part.collateral))


def _rates(book: Book, sheet: Sheet, base: str) -> Array:
    sizes = np.where(sheet.inverse, sheet.value, sheet.size)
    found = []
    for symbol, size in zip(sheet.symbols, sizes.tolist(), strict=True):
        why = f"the deribit-sm rule needs it for {symbol}"
        found.append(parameter(book, symbol, base, why) + size * parameter(book, symbol, "slope", why))
    return np.array(found, dtype=np.float64)


def _order_margins(book: Book) -> dict[str, float]:
    margins: dict[str, float] = {}
    for each in opening_orders(book):
        why = f"the deribit-sm rule needs it for {each.order.symbol}"
        size = each.value if each.terms.inverse else each.size
        rate = parameter(book, each.order.symbol, "base_im", why) + size * parameter(
            book, each.order.symbol, "slope", why
        )
        margins[each.terms.settle] = margins.get(each.terms.settle, 0.0) + each.value * rate
    return margins


RULE: Final = Rule(
    model="deribit-sm",
    pools=pools,
    follows_marks=sizes_are_fixed,
    parameters=(
        *ORDER_PARAMETERS,
        ACCOUNT_MODE,
        Field("base_im", Number(above=0, at_most=1, nullable=True), "initial margin rate of a small position", None),
        Field(
            "base_mm", Number(above=0, at_most=1, nullable=True), "maintenance margin rate of a small position", None
        ),
        Field("slope", Number(at_least=0, at_most=1, nullable=True), "Deribit: rate added per base unit", None),
    ),
)
