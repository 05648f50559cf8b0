"""The two branches of an account in portfolio margin, as `guard.venues.binance` reads them."""

from __future__ import annotations

from functools import partial
from typing import Final

from guard.venues.binance.branch import Branch, Requests
from guard.venues.binance.names import coin_of, inverse_symbol, linear_settle_of, linear_symbol
from guard.venues.binancepm import endpoints as at
from guard.venues.binancepm.parse import read_branch_account, read_branch_positions, read_strategies

VENUE: Final = "binancepm"
MODEL: Final = "binance-pm"
MODE: Final = "portfolio margin"

LINEAR: Final = Branch(
    venue=VENUE,
    requests=Requests(
        account=at.UM_ACCOUNT,
        positions=at.UM_POSITIONS,
        open_orders=at.UM_OPEN_ORDERS,
        open_algo_orders=at.UM_WAITING_ORDERS,
        brackets=at.UM_BRACKETS,
        position_mode=at.UM_POSITION_MODE,
        markets=at.MARKETS,
        marks=at.UM_MARKS,
        depth=at.UM_DEPTH,
        rights=at.RIGHTS,
        new_order=at.UM_NEW_ORDER,
        query_order=at.UM_QUERY_ORDER,
        cancel_order=at.UM_CANCEL_ORDER,
        symbol_config=at.UM_SYMBOL_CONFIG,
    ),
    kind="linear",
    model=MODEL,
    mode=MODE,
    multi_assets_model="",
    bracket_floors=("notionalFloor",),
    bracket_cap="notionalCap",
    read_account=partial(read_branch_account, where=at.UM_ACCOUNT.name),
    read_positions=partial(
        read_branch_positions, where=at.UM_POSITIONS.name, notional="notional", settle_of=linear_settle_of
    ),
    settle_of=linear_settle_of,
    unlisted_symbol=linear_symbol,
)

INVERSE: Final = Branch(
    venue=VENUE,
    requests=Requests(
        account=at.CM_ACCOUNT,
        positions=at.CM_POSITIONS,
        open_orders=at.CM_OPEN_ORDERS,
        open_algo_orders=at.CM_WAITING_ORDERS,
        brackets=at.CM_BRACKETS,
        position_mode=at.CM_POSITION_MODE,
        markets=at.MARKETS,
        marks=at.CM_MARKS,
        depth=at.CM_DEPTH,
        rights=at.RIGHTS,
        new_order=at.CM_NEW_ORDER,
        query_order=at.CM_QUERY_ORDER,
        cancel_order=at.CM_CANCEL_ORDER,
    ),
    kind="inverse",
    model=MODEL,
    mode=MODE,
    multi_assets_model="",
    bracket_floors=("qtyFloor", "qtylFloor"),
    bracket_cap="qtyCap",
    read_account=partial(read_branch_account, where=at.CM_ACCOUNT.name),
    read_positions=partial(
        read_branch_positions, where=at.CM_POSITIONS.name, notional="notionalValue", settle_of=coin_of
    ),
    settle_of=coin_of,
    unlisted_symbol=inverse_symbol,
    read_waiting=read_strategies,
)
