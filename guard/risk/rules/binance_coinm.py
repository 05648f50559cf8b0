"""`binance-coinm`: Binance COIN-M futures: inverse contracts, one pool for each coin, brackets in coin.

Formula:
    n      = contracts * contract_size / MP                  in coin; contract_size in USD (100 for BTC, 10 for others)
    MM     = n * mm_rate(tier) - cum(tier)                    tier by n
    UPL    = s * contracts * contract_size * (1/EP - 1/MP)
    equity = wallet + sum UPL                                 in coin
    risk_ratio = sum MM / equity                              liquidation at >= 1; no closing fee, orders do not count
    LP     = (Q*cs*mm_rate + s*Q*cs) / (WB - TMM1 + UPNL1 + cum + s*Q*cs/EP)     one leg, in its tier

Pools: one for each coin; isolated legs are pools of their own. Tiers: `floor`, `cap` and `mm_deduction` in coin.

Source: Binance FAQ ceccfcfb4e3a45e3b48b0b1bb1a8ae46; Binance's calculator by way of dev.binance.vision t/6292; golden
cases `test_binance_coinm`.
Confidence: verified (the calculator's 33,599.40 within 0.02, its maintenance amount is printed with three decimals).
Known limits: the maintenance amounts of the FAQ changed between revisions (11.81, later 11.605): always read them live.
"""

from __future__ import annotations

from typing import Final

from guard.risk.book import Book
from guard.risk.pool import Pool
from guard.risk.rules.binance_usdm import usdm_terms
from guard.risk.rules.build import build_pool
from guard.risk.rules.marks import nothing_is_shared
from guard.risk.rules.orders import margins_beyond_positions
from guard.risk.rules.part import parts_by_settlement, require_kind
from guard.risk.rules.rule import Rule


def pools(book: Book) -> tuple[Pool, ...]:
    """Translate a book; see the module."""
    require_kind(book, "inverse")
    margins = margins_beyond_positions(book)
    return tuple(
        build_pool(part, usdm_terms(book, part.sheet), im_orders=margins.get(part.currency, 0.0) if part.cross else 0.0)
        for part in parts_by_settlement(book, margins)
    )


RULE: Final = Rule(model="binance-coinm", pools=pools, follows_marks=nothing_is_shared)
