"""Balances, positions and orders of Binance USD-M as rows of plain values. Pure: no ccxt, no clock, no I/O.

Only fields that the venue computes itself are read. "" and null mean missing, never 0; a required field that is absent
is a `BadAnswer`; what may be absent is None and is named as missing by `guard.venues.binanceusdm.assemble`.
Knows no books: that is `assemble`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from guard.ports.errors import BadAnswer
from guard.risk.book import OrderSide, Side
from guard.venues.binanceusdm import endpoints as at
from guard.venues.fields import (
    Row,
    flag,
    number,
    optional_flag,
    optional_number,
    optional_text,
    positive,
    record,
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
    """`GET fapi/v3/account`: assets with anything in them, held legs, and the totals (USD in multi-assets mode)."""

    assets: tuple[AssetRow, ...]
    legs: Mapping[LegKey, AccountLeg]
    total_margin_balance: float | None
    total_maintenance_margin: float | None
    total_initial_margin: float | None
    available: float | None


class PositionRow(NamedTuple):
    """One row of `GET fapi/v3/positionRisk`; `amount` is signed, 0 for a symbol that only has open orders.

    `notional` and `initial_margin` (of the position alone, at the symbol's leverage) are in `margin_asset`, as is
    `order_margin`, the initial margin of open orders.
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

    @property
    def side(self) -> Side:
        """The leg's side."""
        return "long" if self.leg == "LONG" or (self.leg == "BOTH" and self.amount > 0) else "short"

    @property
    def is_isolated(self) -> bool:
        """An isolated leg has a wallet of its own; nothing else in V3 tells it."""
        return self.isolated_wallet != 0.0


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


def read_account(answer: object) -> AccountAnswer:
    """The account answer.

    Raises:
        BadAnswer: a required field is missing or unreadable, or a leg stands twice.
    """
    where = at.ACCOUNT.name
    top = record(answer, where)
    assets = [_asset(row, where) for row in rows(top.get("assets"), f"{where} assets")]
    legs: dict[LegKey, AccountLeg] = {}
    for row in rows(top.get("positions"), f"{where} positions"):
        amount = number(row, "positionAmt", where)
        if amount == 0.0:
            continue
        key = (text(row, "symbol", where), _leg_name(row, where))
        if key in legs:
            raise _twice(key, where)
        legs[key] = _account_leg(row, amount, where)
    return AccountAnswer(
        assets=tuple(asset for asset in assets if asset is not None),
        legs=legs,
        total_margin_balance=optional_number(top, "totalMarginBalance", where),
        total_maintenance_margin=optional_number(top, "totalMaintMargin", where),
        total_initial_margin=optional_number(top, "totalInitialMargin", where),
        available=optional_number(top, "availableBalance", where),
    )


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


def _asset(row: Row, where: str) -> AssetRow | None:
    """One asset; None when there is nothing in it."""
    asset = AssetRow(
        asset=text(row, "asset", where),
        cross_wallet=number(row, "crossWalletBalance", where),
        cross_upl=number(row, "crossUnPnl", where),
        maintenance_margin=optional_number(row, "maintMargin", where),
        initial_margin=optional_number(row, "initialMargin", where),
        available=optional_number(row, "availableBalance", where),
    )
    held = asset.cross_wallet or asset.cross_upl or asset.maintenance_margin or asset.initial_margin
    return asset if held else None


def read_positions(answer: object) -> tuple[PositionRow, ...]:
    """The rows of the positions answer; those without a position stay, for their mark prices.

    Raises:
        BadAnswer: a required field is missing or unreadable, a leg stands twice, or its sign contradicts its side.
    """
    where = at.POSITIONS.name
    found: dict[LegKey, PositionRow] = {}
    for row in rows(answer, where):
        position = _position(row, where)
        key = (position.market_id, position.leg)
        if key in found:
            raise _twice(key, where)
        found[key] = position
    return tuple(found.values())


def _position(row: Row, where: str) -> PositionRow:
    market_id, leg = text(row, "symbol", where), _leg_name(row, where)
    amount = number(row, "positionAmt", where)
    if (leg == "LONG" and amount < 0) or (leg == "SHORT" and amount > 0):
        raise refused(where, f"positionAmt of {market_id} {leg} was {amount:g}")
    mark = optional_number(row, "markPrice", where)
    return PositionRow(
        market_id=market_id,
        leg=leg,
        amount=amount,
        entry_price=positive(row, "entryPrice", where) if amount else 0.0,
        mark_price=mark if mark is not None and mark > 0 else None,
        notional=optional_number(row, "notional", where),
        initial_margin=optional_number(row, "positionInitialMargin", where),
        isolated_wallet=number(row, "isolatedWallet", where) if amount else 0.0,
        margin_asset=text(row, "marginAsset", where),
        updated_ms=optional_number(row, "updateTime", where) or 0.0,
        order_margin=optional_number(row, "openOrderInitialMargin", where),
    )


def _leg_name(row: Row, where: str) -> LegName:
    name = _LEG_NAMES.get(text(row, "positionSide", where))
    if name is None:
        raise refused(where, f"positionSide of {row.get('symbol')} was {row['positionSide']!r}")
    return name


def _twice(key: LegKey, where: str) -> BadAnswer:
    return refused(where, f"{key[0]} {key[1]} stands twice")


def read_open_orders(answer: object) -> tuple[OrderRow, ...]:
    """The resting orders.

    Raises:
        BadAnswer: a required field is missing or unreadable.
    """
    where = at.OPEN_ORDERS.name
    found = []
    for row in rows(answer, where):
        left = number(row, "origQty", where) - number(row, "executedQty", where)
        kind = optional_text(row, "type") or ""
        conditional = "STOP" in kind or kind.startswith("TAKE_PROFIT")
        found.append(_order(row, where, left, "orderId", "clientOrderId", conditional=conditional))
    return tuple(found)


def read_algo_orders(answer: object) -> tuple[OrderRow, ...]:
    """The conditional orders, which wait in a book of their own.

    Raises:
        BadAnswer: a required field is missing or unreadable.
    """
    where = at.OPEN_ALGO_ORDERS.name
    return tuple(
        _order(row, where, optional_number(row, "quantity", where) or 0.0, "algoId", "clientAlgoId", conditional=True)
        for row in rows(answer, where)
    )


def _order(row: Row, where: str, left: float, id_key: str, client_key: str, *, conditional: bool) -> OrderRow:
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
        leg=_leg_name(row, where),
        price=price or None,
        remaining=None if closes_all else left,
        reduce_only=closes_all or flag(row, "reduceOnly", where),
        conditional=conditional,
        order_id=text(row, id_key, where),
        client_order_id=optional_text(row, client_key),
    )
