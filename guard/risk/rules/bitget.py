"""`bitget`: Bitget classic futures, cross and isolated.

Formula:
    value = contracts * contract_size * MP
    MM    = sum over slices of slice * mm_rate(tier)          positions opened from 2025-11-10 08:00 UTC on
            value * mm_rate(tier)                              older positions keep the flat rule
    fee   = value * taker                                      0.06 %, part of the requirement
    hedge: only the larger side counts
    equity = balance - frozen + cross UPL                      a pool for each settlement asset
    ratio = sum (MM + fee) / equity                            liquidation at >= 1
    displayed liquidation price = MP - s * (equity - MM - fee) / q      requirement frozen at the present mark

Parameters: none but those of orders. `opened_at` of a position decides its rule; without it the rule of the book's
`as_of` is taken. Tiers in quote.

Source: Bitget announcement 12560603841952, 12560603812664, futures/introduction/liquidation-summarize, API samples;
golden cases `test_bitget`: 1,848 by the flat rule, 1,648 by the new one; larger side 1,380 against 1,840.
Confidence: verified on two consecutive snapshots (equity differs by the PnL only with the fee inside). Known limits:
multi-asset mode (MM2) is not published; requirements by the flat rule jump at the tiers' floors.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import numpy as np

from guard.risk.book import Book
from guard.risk.pool import Pool
from guard.risk.rules.build import build_pool
from guard.risk.rules.gate import sliced_or_flat
from guard.risk.rules.marks import nothing_is_shared
from guard.risk.rules.orders import margins_beyond_positions
from guard.risk.rules.part import parts_by_settlement, require_kind
from guard.risk.rules.rule import Rule
from guard.risk.rules.sides import charge_only, larger_side

TIERED_SINCE: Final = datetime(2025, 11, 10, 8, tzinfo=UTC)
"""Positions opened from then on have marginal tiers."""


def pools(book: Book) -> tuple[Pool, ...]:
    """Translate a book; see the module."""
    require_kind(book, "linear")
    margins = margins_beyond_positions(book)
    found = []
    for part in parts_by_settlement(book, margins):
        opened = [position.opened_at or book.as_of for position in part.sheet.positions]
        marginal = np.array([moment >= TIERED_SINCE for moment in opened], dtype=np.bool_)
        terms = charge_only(sliced_or_flat(book, part.sheet, marginal), larger_side(part.sheet))
        found.append(build_pool(part, terms, im_orders=margins.get(part.currency, 0.0) if part.cross else 0.0))
    return tuple(found)


def displayed_liquidation_price(
    *, mark: float, size: float, equity: float, maintenance: float, closing_fee: float, long: bool
) -> float:
    """The liquidation price that the venue shows: the requirement is frozen at the present mark.

    A reference only: the account is liquidated on its ratio, which moves with the requirement.

    Args:
        mark: mark price in quote.
        size: base units.
        equity: equity of the pool in quote.
        maintenance: maintenance margin of the pool at the mark.
        closing_fee: closing fees of the pool at the mark.
        long: side of the leg.

    Source: API samples, within 1e-3 (golden case `test_displayed_liquidation_price`).
    """
    room = (equity - maintenance - closing_fee) / size
    return mark - room if long else mark + room


RULE: Final = Rule(model="bitget", pools=pools, follows_marks=nothing_is_shared)
