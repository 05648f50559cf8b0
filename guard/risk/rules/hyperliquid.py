"""`hyperliquid`: Hyperliquid perpetuals, cross and isolated, with margin tables.

Formula:
    mm_rate(tier) = 1 / (2 * max_leverage(tier))
    MM     = n * mm_rate(tier) - deduction(tier)      n = q * MP, tier by n, deductions keep it continuous
    equity = account value = balance + UPL             a pool for each settlement asset (USDC)
    risk_ratio = sum MM / equity                       liquidation below 1; no fee, no orders in the requirement
    displayed liquidation price = price - s * margin_available / size / (1 - s * l),   l = mm_rate

    The exact price that we solve for equals the displayed one while the position stays in its tier. Backstop
    liquidation takes over below 2/3 of MM.

Parameters: `max_leverage` of a symbol without a table. Tiers in quote, `mm_rate` = 1 / (2 * max_leverage).

Source: Hyperliquid documents, margin tiers and liquidations; golden cases `test_hyperliquid` (liquidation prices of
real positions, tolerances as recorded).
Confidence: verified on real positions. Known limits: one-way only; funding accrues to the account value every hour.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from guard.risk.book import Book, Tier
from guard.risk.bookerror import BookError
from guard.risk.fields import Field, Number
from guard.risk.pool import Pool
from guard.risk.rules.binance_usdm import usdm_terms
from guard.risk.rules.build import build_pool, optional_parameter
from guard.risk.rules.marks import orders_are_priced
from guard.risk.rules.orders import order_margins
from guard.risk.rules.part import parts_by_settlement, require_kind
from guard.risk.rules.rule import ORDER_PARAMETERS, Rule


def pools(book: Book) -> tuple[Pool, ...]:
    """Translate a book; see the module."""
    require_kind(book, "linear")
    if book.position_mode == "hedge":
        raise BookError("position_mode", 'was "hedge", must be "one_way": the venue has no hedge mode')
    book = _with_tables(book)
    margins = order_margins(book)
    return tuple(
        build_pool(part, usdm_terms(book, part.sheet), im_orders=margins.get(part.currency, 0.0) if part.cross else 0.0)
        for part in parts_by_settlement(book, margins)
    )


def _with_tables(book: Book) -> Book:
    """A single tier from `max_leverage` where a symbol has no table."""
    single: dict[str, tuple[Tier, ...]] = {}
    for position in book.positions:
        leverage = optional_parameter(book, position.symbol, "max_leverage")
        if position.symbol not in book.tiers and leverage is not None:
            single[position.symbol] = (Tier(0.0, None, 1.0 / (2.0 * float(leverage)), max_leverage=float(leverage)),)
    return replace(book, tiers={**book.tiers, **single}) if single else book


RULE: Final = Rule(
    model="hyperliquid",
    pools=pools,
    follows_marks=orders_are_priced,
    parameters=(
        *ORDER_PARAMETERS,
        Field("max_leverage", Number(at_least=1, nullable=True), "Hyperliquid: highest leverage of the symbol", None),
    ),
)
