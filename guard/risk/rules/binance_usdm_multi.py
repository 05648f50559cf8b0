"""`binance-usdm-multi`: Binance USD-M futures in multi-assets mode: every asset of the wallet carries every position.

Formula:
    bid_a    = index_a * (1 - bidBuffer_a)          `price * (1 - haircut)`
    ask_a    = index_a * (1 + askBuffer_a)          `price * (1 + markup)`
    eq_a     = wallet_a + sum UPL settled in a
    equity   = sum_a min(eq_a * bid_a, eq_a * ask_a)         in USD: a debt is converted at the ask
    MM       = sum_a ask_a * sum (n * mm_rate - cum)         IM likewise
    risk_ratio = MM / equity                                  liquidation at >= 1

Pools: one in USD, over all collateral; each settlement asset must be listed (with balance 0 when there is none).
Isolated legs are pools of their own in their settlement asset.

Source: Binance FAQ c983a9268cfa4e70a4916c276bb3b7bc "Margin Ratio in the Multi-Assets Mode"; golden cases
`test_binance_usdm_multi`.
Confidence: verified (equity 416.02, MM 199.596, ratio 0.47977). Known limits: auto-exchange of negative balances is not
modelled; it does not change the ratio at the moment.
"""

from __future__ import annotations

from typing import Final

from guard.risk.book import Book, Collateral
from guard.risk.pool import Pool
from guard.risk.rules.binance_usdm import usdm_terms
from guard.risk.rules.build import AssetTerms, build_pool
from guard.risk.rules.marks import nothing_is_shared
from guard.risk.rules.orders import margins_beyond_positions
from guard.risk.rules.part import part_of_everything, require_kind
from guard.risk.rules.rule import Rule


def pools(book: Book) -> tuple[Pool, ...]:
    """Translate a book; see the module."""
    require_kind(book, "linear")
    margins = margins_beyond_positions(book)
    ask = {item.asset: item.price * (1.0 + item.markup) for item in book.collateral}
    beyond = sum(margin * ask.get(asset, 1.0) for asset, margin in margins.items())
    return tuple(
        build_pool(
            part,
            usdm_terms(book, part.sheet),
            asset_terms=[_asset_terms(item) for item in part.collateral] if part.cross else None,
            upl_counts_inside=part.cross,
            im_orders=beyond if part.cross else 0.0,
        )
        for part in part_of_everything(book, "USD")
    )


def _asset_terms(item: Collateral) -> AssetTerms:
    return AssetTerms((1.0 - item.haircut, 1.0 + item.markup), (0.0, 0.0), charge_factor=1.0 + item.markup)


RULE: Final = Rule(model="binance-usdm-multi", pools=pools, follows_marks=nothing_is_shared)
