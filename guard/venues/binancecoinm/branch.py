"""Binance COIN-M as a branch of Binance's futures: inverse contracts, a pool for each coin."""

from __future__ import annotations

from typing import Final

from guard.venues.binance.branch import Branch, Requests
from guard.venues.binance.names import coin_of, inverse_symbol
from guard.venues.binancecoinm import endpoints as at
from guard.venues.binancecoinm.parse import read_account, read_positions

COINM: Final = Branch(
    venue="binancecoinm",
    requests=Requests(
        account=at.ACCOUNT,
        positions=at.POSITIONS,
        open_orders=at.OPEN_ORDERS,
        open_algo_orders=at.OPEN_ALGO_ORDERS,
        brackets=at.BRACKETS,
        position_mode=at.POSITION_MODE,
        markets=at.MARKETS,
        marks=at.MARKS,
        depth=at.DEPTH,
        rights=at.RIGHTS,
        new_order=at.NEW_ORDER,
        query_order=at.QUERY_ORDER,
        cancel_order=at.CANCEL_ORDER,
    ),
    kind="inverse",
    model="binance-coinm",
    mode="coin-margined",
    multi_assets_model="",
    # The venue's own documents spell it in both ways.
    bracket_floors=("qtyFloor", "qtylFloor"),
    bracket_cap="qtyCap",
    read_account=read_account,
    read_positions=read_positions,
    settle_of=coin_of,
    unlisted_symbol=inverse_symbol,
)
