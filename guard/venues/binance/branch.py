"""In what two branches of Binance's futures differ. Plain values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from guard.risk.book import Kind
from guard.venues.binance.rows import AccountAnswer, OrderRow, PositionRow, read_algo_orders
from guard.venues.client import Endpoint


@dataclass(frozen=True, slots=True)
class Requests:
    """The requests of a branch. None: the branch has no such request, and no such thing.

    `tells_multi_assets`: the answer with the position mode says whether the account is in multi-assets mode too.
    """

    account: Endpoint
    positions: Endpoint
    open_orders: Endpoint
    open_algo_orders: Endpoint
    brackets: Endpoint
    position_mode: Endpoint
    markets: Endpoint
    marks: Endpoint
    depth: Endpoint
    rights: Endpoint
    new_order: Endpoint
    query_order: Endpoint
    cancel_order: Endpoint
    symbol_config: Endpoint | None = None
    tells_multi_assets: bool = False
    asset_index: Endpoint | None = None


@dataclass(frozen=True, slots=True)
class Branch:
    """One branch.

    Attributes:
        venue: the name that users know it by.
        requests: what is asked of it.
        kind: of what kind its contracts are.
        model: the margin rule of an account whose pools are its margin assets, and what people call that mode.
        mode: likewise.
        multi_assets_model: the margin rule of an account in multi-assets mode; empty where there is no such mode.
        bracket_floors: names under which a leverage bracket tells where it begins, the first that is there.
        bracket_cap: the name under which it tells where it ends.
        read_account: the answer with the balances.
        read_positions: the answer with the positions.
        settle_of: the margin asset of a market, from its id: for markets that are not listed.
        read_waiting: the answer with the conditional orders.
        unlisted_symbol: what a market would be called if it were listed, from its id and its margin asset.
    """

    venue: str
    requests: Requests
    kind: Kind
    model: str
    mode: str
    multi_assets_model: str
    bracket_floors: tuple[str, ...]
    bracket_cap: str
    read_account: Callable[[object], AccountAnswer]
    read_positions: Callable[[object], tuple[PositionRow, ...]]
    settle_of: Callable[[str], str]
    unlisted_symbol: Callable[[str, str], str]
    read_waiting: Callable[[object, str], tuple[OrderRow, ...]] = read_algo_orders
