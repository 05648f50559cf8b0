"""`binance-pm`: Binance portfolio margin: USD-M, COIN-M and margin loans in one account, liquidated at uniMMR 1.05.

Formula:
    x_a      = balance_a - borrowed_a + sum UPL settled in a
    equity   = sum_a min(x_a * collateral_rate_a, x_a) * index_a - open_loss       collateral_rate = 1 - haircut
    open_loss = sum over open orders of max(0, s * (order price - MP) * size), in USD
    MM       = sum futures MM * index_settle + sum borrowed_a * borrow_mm_rate_a * index_a
    uniMMR   = equity / MM                                    high is good; liquidation at <= 1.05
    risk_ratio = 1.05 * MM / equity                           so that 1 is liquidation here as everywhere

    `maintenance_margin` of the report is therefore 1.05 times the venue's: the requirement at which it liquidates.
    Rates of loans: 10 % at 3x, 8 % at 5x, 5 % at 10x.

Pools: one in USD; each settlement asset must be listed among the collateral. Linear tiers are in quote, inverse ones in
coin. `balance` is margin asset plus futures wallet, `borrowed` the margin loan.

Source: Binance FAQ 5e33af8e6ac04d57a1d0a3398e0a0752 and the PAPI account sample; golden cases `test_binance_pm`.
Confidence: the ratio is verified (5167.92171923); the recomputed equity needs live collateral rates. Known limits: the
collateral rate is one figure an asset, tiers of it are not published.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from guard.risk.book import Book, Collateral
from guard.risk.pool import Pool
from guard.risk.rules.binance_usdm import usdm_terms
from guard.risk.rules.build import AssetTerms, Terms, build_pool
from guard.risk.rules.losses import with_order_losses
from guard.risk.rules.marks import nothing_is_shared
from guard.risk.rules.orders import margins_beyond_positions, opening_orders
from guard.risk.rules.part import Part, part_of_everything
from guard.risk.rules.rule import Rule

LIQUIDATION_AT: Final = 1.05
"""uniMMR at which the account is liquidated."""


def pools(book: Book) -> tuple[Pool, ...]:
    """Translate a book; see the module."""
    return tuple(_pool(book, part) for part in part_of_everything(book, "USD"))


def _pool(book: Book, part: Part) -> Pool:
    terms = _with_factor(usdm_terms(book, part.sheet))
    if not part.cross:
        return build_pool(part, terms)
    prices = {item.asset: item.price for item in book.collateral}
    margins = margins_beyond_positions(book)
    terms, losses = with_order_losses(replace(terms, charged=part.sheet.size), opening_orders(book))
    return build_pool(
        replace(part, collateral=tuple(_net_of_debt(item) for item in part.collateral)),
        terms,
        extra=losses,
        asset_terms=[_asset_terms(item) for item in part.collateral],
        upl_counts_inside=True,
        im_orders=sum(margin * prices.get(asset, 1.0) for asset, margin in margins.items()),
    )


def _with_factor(terms: Terms) -> Terms:
    """The requirement at which the venue liquidates."""
    return replace(
        terms, line_rate=terms.line_rate * LIQUIDATION_AT, line_deduction=terms.line_deduction * LIQUIDATION_AT
    )


def _net_of_debt(item: Collateral) -> Collateral:
    return replace(item, balance=item.balance - item.borrowed)


def _asset_terms(item: Collateral) -> AssetTerms:
    charge = LIQUIDATION_AT * item.borrowed * item.borrow_mm_rate
    return AssetTerms((1.0 - item.haircut, 1.0), (0.0, 0.0), charge=charge)


RULE: Final = Rule(model="binance-pm", pools=pools, follows_marks=nothing_is_shared)
