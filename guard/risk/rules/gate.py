"""`gate`: Gate perpetuals, classic cross ("evolved") and unified multi-currency.

Formula:
    value = contracts * quanto_multiplier * MP
    MM    = value * mm_rate(tier) - deduction(tier)     marginal tiers since 2025-07-29; before: value * mm_rate(tier)
    fee   = value * taker                                part of the requirement
    hedge: only the side of more value needs margin, at its own rate
    classic: equity = balance - frozen + cross UPL       a pool for each settlement asset
    unified: equity = sum_a counted_a(balance_a + UPL_a) * index_a - order losses        one pool in USD
    risk_ratio = (MM + fee) / equity                     the venue prints the inverse, in percent
    IM    = value / leverage of the larger side after orders

Parameters, under `*`: `account_mode` `classic` (default) or `unified`; `tiered_mm` overrides the date (the venue's
`enable_tiered_mm`). Tiers in quote.

Source: Gate announcements 37783, 39469, help 33014, 33015, API samples; golden cases `test_gate`: 1.2M USDT needs 6,000
by the old rule and 4,900 by the new one; rates of the unified sample.
Confidence: totals verified; the fee inside the requirement is read from a client's source. Known limits: whether open
orders count in the maintenance margin is not published: they do not here. Old-rule requirements jump at the tiers'
floors, and so can their liquidation price.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import numpy as np

from guard.risk.book import Book
from guard.risk.fields import Field, Flag
from guard.risk.pool import Mask, Pool
from guard.risk.rules.build import ACCOUNT, Terms, build_pool, optional_parameter, tier_stack
from guard.risk.rules.losses import with_order_losses
from guard.risk.rules.marks import nothing_is_shared
from guard.risk.rules.orders import margins_beyond_positions, opening_orders
from guard.risk.rules.part import Part, Sheet, part_of_everything, parts_by_settlement, require_kind
from guard.risk.rules.rule import ACCOUNT_MODE, ORDER_PARAMETERS, Rule
from guard.risk.rules.sides import charge_only, larger_side

TIERED_SINCE: Final = datetime(2025, 7, 29, tzinfo=UTC)
"""From then on each rate applies to its slice."""


def pools(book: Book) -> tuple[Pool, ...]:
    """Translate a book; see the module."""
    require_kind(book, "linear")
    margins = margins_beyond_positions(book)
    if optional_parameter(book, ACCOUNT, "account_mode") == "unified":
        return tuple(_unified(book, part, margins) for part in part_of_everything(book, "USD"))
    return tuple(
        build_pool(part, _terms(book, part.sheet), im_orders=margins.get(part.currency, 0.0) if part.cross else 0.0)
        for part in parts_by_settlement(book, margins)
    )


def _unified(book: Book, part: Part, margins: dict[str, float]) -> Pool:
    terms = _terms(book, part.sheet)
    if not part.cross:
        return build_pool(part, terms)
    prices = {item.asset: item.price for item in part.collateral}
    terms, losses = with_order_losses(replace(terms, charged=part.sheet.size), opening_orders(book))
    return build_pool(
        part,
        terms,
        extra=losses,
        upl_counts_inside=True,
        im_orders=sum(margin * prices.get(asset, 1.0) for asset, margin in margins.items()),
    )


def _terms(book: Book, sheet: Sheet) -> Terms:
    given = optional_parameter(book, ACCOUNT, "tiered_mm")
    marginal = book.as_of >= TIERED_SINCE if given is None else bool(given)
    return charge_only(sliced_or_flat(book, sheet, np.full(len(sheet.size), marginal)), larger_side(sheet))


def sliced_or_flat(book: Book, sheet: Sheet, marginal: Mask) -> Terms:
    """Terms of legs with marginal tiers, and of legs whose tier applies to all of their value.

    Args:
        book: the book, with tiers in quote.
        sheet: the legs.
        marginal: which legs have marginal tiers.
    """
    fee = np.full(len(sheet.size), book.fees.taker)
    if not sheet.positions:
        return Terms(np.zeros((1, 0)), np.zeros((1, 0)), im_rate=np.zeros(0), fee_rate=fee)
    stack = tier_stack(book, sheet, sheet.value, marginal=bool(marginal.all()))
    if bool(marginal.all()):
        return Terms(stack.rate, stack.deduction, im_rate=1.0 / sheet.leverage, fee_rate=fee)
    sliced = tier_stack(book, sheet, sheet.value) if bool(marginal.any()) else stack
    return Terms(
        stack.rate,
        np.where(marginal, sliced.deduction, 0.0),
        im_rate=1.0 / sheet.leverage,
        fee_rate=fee,
        flat=~marginal,
        flat_floor=stack.floor,
    )


RULE: Final = Rule(
    model="gate",
    pools=pools,
    follows_marks=nothing_is_shared,
    parameters=(
        *ORDER_PARAMETERS,
        ACCOUNT_MODE,
        Field("tiered_mm", Flag(), "Gate: marginal tiers are on for the account, under *", None),
    ),
)
