"""Balances, positions and orders of Binance's futures as rows of plain values. Pure: no ccxt, no clock, no I/O.

Only fields that the venue computes itself are read. "" and null mean missing, never 0; a required field that is absent
is a `BadAnswer`; what may be absent is None and is named as missing by `guard.venues.binance.assemble`.
What is told in other words by each branch is read in the branch's own folder. Knows no books.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

from guard.ports.errors import BadAnswer
from guard.risk.book import OrderSide, Side
from guard.venues.fields import (
    Row,
    flag,
    number,
    optional_flag,
    optional_number,
    optional_text,
    refused,
    rows,
    text,
)

LegName = Literal["BOTH", "LONG", "SHORT"]
LegKey = tuple[str, LegName]
_LEG_NAMES: Mapping[str, LegName] = {"BOTH": "BOTH", "LONG": "LONG", "SHORT": "SHORT"}
_SIDES: Mapping[str, OrderSide] = {"BUY": "buy", "SELL": "sell"}


class AssetRow(NamedTuple):
    """One margin asset of the account, in units of the asset. None = the venue did not say.

    The margins count cross and isolated legs together; `cross_wallet` and `cross_upl` are without isolated legs.
    """

    asset: str
    cross_wallet: float
    cross_upl: float
    maintenance_margin: float | None
    initial_margin: float | None
    available: float | None
    order_margin: float | None = None


class AccountLeg(NamedTuple):
    """A leg as the account answer tells it: enough to see whether it is the same moment as the positions.

    The margins are told of isolated legs only: they are taken off their asset's. `updated_ms` 0: not told.
    """

    amount: float
    isolated_wallet: float | None
    updated_ms: float
    maintenance_margin: float | None = None
    initial_margin: float | None = None


class AccountAnswer(NamedTuple):
    """The balances' answer: assets with anything in them, held legs, and the totals (USD in multi-assets mode).

    `leverages` is by the venue's id, of every contract, where this answer tells it.
    """

    assets: tuple[AssetRow, ...]
    legs: Mapping[LegKey, AccountLeg]
    total_margin_balance: float | None = None
    total_maintenance_margin: float | None = None
    total_initial_margin: float | None = None
    available: float | None = None
    leverages: Mapping[str, float] = MappingProxyType({})


class PositionRow(NamedTuple):
    """One row of the positions' answer; `amount` is signed and in contracts, 0 for a symbol that is not held.

    `notional` and `initial_margin` (of the position alone, at the symbol's leverage) are in `margin_asset`, as is
    `order_margin`, the initial margin of open orders. `leverage` and `isolated` are None where the answer does not say.
    `adl` is the place in the queue of auto-deleveraging: 0 (last) to 4 (next).
    """

    market_id: str
    leg: LegName
    amount: float
    entry_price: float
    mark_price: float | None
    notional: float | None
    initial_margin: float | None
    isolated_wallet: float
    margin_asset: str
    updated_ms: float
    order_margin: float | None = None
    leverage: float | None = None
    isolated: bool | None = None
    adl: float | None = None

    @property
    def side(self) -> Side:
        """The leg's side."""
        return "long" if self.leg == "LONG" or (self.leg == "BOTH" and self.amount > 0) else "short"

    @property
    def is_isolated(self) -> bool:
        """Where the answer does not say, an isolated leg is one with a wallet of its own."""
        return self.isolated_wallet != 0.0 if self.isolated is None else self.isolated


class OrderRow(NamedTuple):
    """A resting or waiting order. `price` None: unpriced; `remaining` None: closes whatever the leg holds."""

    market_id: str
    side: OrderSide
    leg: LegName
    price: float | None
    remaining: float | None
    reduce_only: bool
    conditional: bool
    order_id: str
    client_order_id: str | None


def read_legs(legs: object, where: str) -> dict[LegKey, AccountLeg]:
    """The held legs of the balances' answer.

    Raises:
        BadAnswer: a required field is missing or unreadable, or a leg stands twice.
    """
    found: dict[LegKey, AccountLeg] = {}
    for row in rows(legs, f"{where} positions"):
        amount = number(row, "positionAmt", where)
        if amount == 0.0:
            continue
        key = (text(row, "symbol", where), leg_name(row, where))
        if key in found:
            raise _twice(key, where)
        found[key] = _account_leg(row, amount, where)
    return found


def read_leverages(legs: object, where: str) -> dict[str, float]:
    """The leverage set for each contract, held or not, as far as the legs of the balances' answer tell it.

    Raises:
        BadAnswer: something unreadable stands there.
    """
    said = ((text(row, "symbol", where), optional_number(row, "leverage", where)) for row in rows(legs, where))
    return {market_id: leverage for market_id, leverage in said if leverage}


def _account_leg(row: Row, amount: float, where: str) -> AccountLeg:
    wallet = optional_number(row, "isolatedWallet", where)
    updated_ms = optional_number(row, "updateTime", where) or 0.0
    if wallet == 0.0:
        return AccountLeg(amount, wallet, updated_ms)
    return AccountLeg(
        amount,
        wallet,
        updated_ms,
        maintenance_margin=optional_number(row, "maintMargin", where),
        initial_margin=optional_number(row, "initialMargin", where),
    )


def read_assets(assets: object, where: str) -> tuple[AssetRow, ...]:
    """The margin assets with anything in them.

    Raises:
        BadAnswer: a required field is missing or unreadable.
    """
    found = (_asset(row, where) for row in rows(assets, f"{where} assets"))
    return tuple(asset for asset in found if asset is not None)


def _asset(row: Row, where: str) -> AssetRow | None:
    """One asset; None when there is nothing in it."""
    asset = AssetRow(
        asset=text(row, "asset", where),
        cross_wallet=number(row, "crossWalletBalance", where),
        cross_upl=number(row, "crossUnPnl", where),
        maintenance_margin=optional_number(row, "maintMargin", where),
        initial_margin=optional_number(row, "initialMargin", where),
        available=optional_number(row, "availableBalance", where),
        order_margin=optional_number(row, "openOrderInitialMargin", where),
    )
    held = asset.cross_wallet or asset.cross_upl or asset.maintenance_margin or asset.initial_margin
    return asset if held else None


def by_leg(positions: Iterable[PositionRow], where: str) -> tuple[PositionRow, ...]:
    """Rows of the positions' answer, known to be one for each leg.

    Raises:
        BadAnswer: a leg stands twice, or its sign contradicts its side.
    """
    found: dict[LegKey, PositionRow] = {}
    for row in positions:
        if (row.leg == "LONG" and row.amount < 0) or (row.leg == "SHORT" and row.amount > 0):
            raise refused(where, f"positionAmt of {row.market_id} {row.leg} was {row.amount:g}")
        key = (row.market_id, row.leg)
        if key in found:
            raise _twice(key, where)
        found[key] = row
    return tuple(found.values())


def leg_name(row: Row, where: str) -> LegName:
    """Which leg a row is about.

    Raises:
        BadAnswer: it does not say.
    """
    name = _LEG_NAMES.get(text(row, "positionSide", where))
    if name is None:
        raise refused(where, f"positionSide of {row.get('symbol')} was {row['positionSide']!r}")
    return name


def _twice(key: LegKey, where: str) -> BadAnswer:
    return refused(where, f"{key[0]} {key[1]} stands twice")


def read_open_orders(answer: object, where: str) -> tuple[OrderRow, ...]:
    """The resting orders.

    Raises:
        BadAnswer: a required field is missing or unreadable.
    """
    found = []
    for row in rows(answer, where):
        left = number(row, "origQty", where) - number(row, "executedQty", where)
        kind = optional_text(row, "type") or ""
        conditional = "STOP" in kind or kind.startswith("TAKE_PROFIT")
        found.append(order_row(row, where, left, "orderId", "clientOrderId", conditional=conditional))
    return tuple(found)


def read_algo_orders(answer: object, where: str) -> tuple[OrderRow, ...]:
    """The conditional orders, which wait in a book of their own.

    Raises:
        BadAnswer: a required field is missing or unreadable.
    """
    return tuple(
        order_row(
            row, where, optional_number(row, "quantity", where) or 0.0, "algoId", "clientAlgoId", conditional=True
        )
        for row in rows(answer, where)
    )


def order_row(row: Row, where: str, left: float, id_key: str, client_key: str, *, conditional: bool) -> OrderRow:
    """One order with `left` contracts to fill, whose ids stand under `id_key` and `client_key`.

    Raises:
        BadAnswer: a required field is missing or unreadable.
    """
    side = _SIDES.get(text(row, "side", where))
    if side is None:
        raise refused(where, f"side of {row.get('symbol')} was {row['side']!r}")
    closes_all = optional_flag(row, "closePosition", where) is True
    if left <= 0 and not closes_all:
        raise refused(where, f"an open order of {row.get('symbol')} has {left:g} left")
    price = optional_number(row, "price", where)
    return OrderRow(
        market_id=text(row, "symbol", where),
        side=side,
        leg=leg_name(row, where),
        price=price or None,
        remaining=None if closes_all else left,
        reduce_only=closes_all or flag(row, "reduceOnly", where),
        conditional=conditional,
        order_id=text(row, id_key, where),
        client_order_id=optional_text(row, client_key),
    )
