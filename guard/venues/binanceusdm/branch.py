"""Binance USD-M as a branch of Binance's futures: linear contracts, a pool for each margin asset or one in USD."""

from __future__ import annotations

from typing import Final

from guard.venues.binance.branch import Branch, Requests
from guard.venues.binance.names import linear_settle_of, linear_symbol
from guard.venues.binanceusdm import endpoints as at
from guard.venues.binanceusdm.parse import read_account, read_positions

USDM: Final = Branch(
    venue="binanceusdm",
    requests=Requests(
        account=at.ACCOUNT,
        positions=at.POSITIONS,
        open_orders=at.OPEN_ORDERS,
        open_algo_orders=at.OPEN_ALGO_ORDERS,
        brackets=at.BRACKETS,
        position_mode=at.ACCOUNT_CONFIG,
        markets=at.MARKETS,
        marks=at.MARKS,
        depth=at.DEPTH,
        rights=at.RIGHTS,
        new_order=at.NEW_ORDER,
        query_order=at.QUERY_ORDER,
        cancel_order=at.CANCEL_ORDER,
        symbol_config=at.SYMBOL_CONFIG,
        tells_multi_assets=True,
        asset_index=at.ASSET_INDEX,
    ),
    kind="linear",
    model="binance-usdm",
    mode="single-asset",
    multi_assets_model="binance-usdm-multi",
    bracket_floors=("notionalFloor",),
    bracket_cap="notionalCap",
    read_account=read_account,
    read_positions=read_positions,
    settle_of=linear_settle_of,
    unlisted_symbol=linear_symbol,
)
