"""Balances, positions and orders of BingX as rows of plain values. Pure: no ccxt, no clock, no I/O.

"" and null mean missing, never 0; a required field that is absent is a `BadAnswer`; what may be absent is None and is
named as missing by `guard.venues.bingx.assemble`. The coin-margined answers have the same fields with fewer of them,
and write some words otherwise (`Long`, `Pending`). Knows no books: that is `assemble`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from guard.risk.book import Kind, OrderSide, Side
from guard.venues.client import Endpoint
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
_LEG_NAMES: Mapping[str, LegName] = {"BOTH": "BOTH", "LONG": "LONG", "SHORT": "SHORT"}
_SIDES: Mapping[str, OrderSide] = {"BUY": "buy", "SELL": "sell"}
_CLOSING: frozenset[tuple[OrderSide, LegName]] = frozenset({("sell", "LONG"), ("buy", "SHORT")})
# These wait for a price; the first group closes only, whatever else the row says.
_CLOSES_ON_TRIGGER = frozenset({"STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_TP_SL"})
_OPENS_ON_TRIGGER = frozenset({"TRIGGER_LIMIT", "TRIGGER_MARKET", "TRAILING_STOP_MARKET", "TRIGGER_REVERSE_MARKET"})
_UNPRICED = frozenset({"MARKET", "STOP_MARKET", "TAKE_PROFIT_MARKET", "TRIGGER_MARKET", "TRIGGER_REVERSE_MARKET"})
# Of these `price` is a distance.
_TRAILING = frozenset({"TRAILING_STOP_MARKET", "TRAILING_TP_SL"})


class BalanceRow(NamedTuple):
    """One asset of the futures wallet, in units of the asset; `balance` holds the margins of isolated legs too.

    `frozen` is withheld by open orders. `used` is the margin of the positions; None = the venue did not say.
    """

    asset: str
    balance: float
    equity: float | None
    upl: float | None
    frozen: float
    used: float | None
    available: float | None


class PositionRow(NamedTuple):
    """One held leg; `contracts` in base units (linear) or contracts (inverse), above 0.

    `margin` is the wallet of an isolated leg, before unrealized PnL. `one_way` tells the position mode, where the
    venue does. `updated_ms` 0: not told. `parts`: of how many separate isolated positions this is the sum.
    """

    market_id: str
    kind: Kind
    side: Side
    contracts: float
    entry_price: float
    mark_price: float | None
    leverage: float
    is_isolated: bool
    margin: float | None
    initial_margin: float | None
    upl: float | None
    risk_rate: float | None
    settle: str | None
    one_way: bool | None
    updated_ms: float
    parts: int = 1

    @property
    def name(self) -> str:
        """The leg as people know it at the venue."""
        return f"{self.market_id} {self.side.upper()}"


class OrderRow(NamedTuple):
    """A resting or waiting order. `price` None: unpriced; `remaining` None: closes whatever the leg holds."""

    market_id: str
    kind: Kind
    side: OrderSide
    leg: LegName
    price: float | None
    remaining: float | None
    reduce_only: bool
    conditional: bool
    order_id: str
    client_order_id: str | None


def data_of(answer: object, where: str) -> object:
    """What the envelope `{"code": 0, "msg": "", "data": ...}` holds.

    Raises:
        BadAnswer: no envelope.
    """
    top = record(answer, where)
    if "data" not in top:
        raise refused(where, "the answer has no data")
    return top["data"]


def _listed(answer: object, where: str) -> list[Row]:
    """Rows of the answer; the venue writes null for none."""
    data = data_of(answer, where)
    return [] if data is None else rows(data, where)


def read_balances(answer: object, endpoint: Endpoint) -> tuple[BalanceRow, ...]:
    """Assets with anything in them.

    Raises:
        BadAnswer: a required field is missing or unreadable, or an asset stands twice.
    """
    where = endpoint.name
    found: dict[str, BalanceRow] = {}
    for row in _listed(answer, where):
        asset = BalanceRow(
            asset=text(row, "asset", where),
            balance=number(row, "balance", where),
            equity=optional_number(row, "equity", where),
            upl=optional_number(row, "unrealizedProfit", where),
            frozen=number(row, "freezedMargin", where),
            used=optional_number(row, "usedMargin", where),
            available=optional_number(row, "availableMargin", where),
        )
        if asset.asset in found:
            raise refused(where, f"{asset.asset} stands twice")
        if asset.balance or asset.equity or asset.upl or asset.frozen or asset.used:
            found[asset.asset] = asset
    return tuple(found.values())


def read_positions(answer: object, endpoint: Endpoint, kind: Kind) -> tuple[PositionRow, ...]:
    """The held legs. Isolated positions of one side that the venue keeps separate are summed (`parts`).

    Raises:
        BadAnswer: a required field is missing or unreadable, a leg stands twice, or its sign contradicts its side.
    """
    where = endpoint.name
    found: dict[tuple[str, Side], PositionRow] = {}
    ids: set[str] = set()
    for row in _listed(answer, where):
        amount = number(row, "positionAmt", where)
        if amount == 0.0:
            continue
        position = _position(row, amount, where, kind)
        key = (position.market_id, position.side)
        twin, own_id = found.get(key), optional_text(row, "positionId")
        if twin is not None:
            if not (twin.is_isolated and position.is_isolated) or own_id is None or own_id in ids:
                raise refused(where, f"{position.name} stands twice")
            position = _together(twin, position)
        ids |= set() if own_id is None else {own_id}
        found[key] = position
    return tuple(found.values())


def _together(one: PositionRow, other: PositionRow) -> PositionRow:
    """Two separate isolated positions as one: sizes and margins added, entry prices weighed by what they were worth."""
    size = one.contracts + other.contracts
    if one.kind == "inverse":
        entry = size / (one.contracts / one.entry_price + other.contracts / other.entry_price)
    else:
        entry = (one.contracts * one.entry_price + other.contracts * other.entry_price) / size
    return one._replace(
        contracts=size,
        entry_price=entry,
        leverage=max(one.leverage, other.leverage),
        margin=_added(one.margin, other.margin),
        initial_margin=_added(one.initial_margin, other.initial_margin),
        upl=_added(one.upl, other.upl),
        risk_rate=None if one.risk_rate is None or other.risk_rate is None else max(one.risk_rate, other.risk_rate),
        updated_ms=max(one.updated_ms, other.updated_ms),
        parts=one.parts + other.parts,
    )


def _added(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other


def _position(row: Row, amount: float, where: str, kind: Kind) -> PositionRow:
    market_id, leg = text(row, "symbol", where), _leg_name(row, where)
    if leg == "LONG" and amount < 0:
        raise refused(where, f"positionAmt of {market_id} LONG was {amount:g}")
    upl, margin = optional_number(row, "unrealizedProfit", where), optional_number(row, "margin", where)
    initial = optional_number(row, "initialMargin", where)
    mark = optional_number(row, "markPrice", where)
    return PositionRow(
        market_id=market_id,
        kind=kind,
        side="long" if leg == "LONG" or (leg == "BOTH" and amount > 0) else "short",
        contracts=abs(amount),
        entry_price=positive(row, "avgPrice", where),
        mark_price=mark if mark is not None and mark > 0 else None,
        leverage=positive(row, "leverage", where),
        is_isolated=flag(row, "isolated", where),
        margin=_own_margin(margin, upl, initial, kind),
        initial_margin=initial,
        upl=upl,
        risk_rate=optional_number(row, "riskRate", where),
        settle=optional_text(row, "currency"),
        one_way=optional_flag(row, "onlyOnePosition", where),
        updated_ms=optional_number(row, "updateTime", where) or 0.0,
    )


def _own_margin(margin: float | None, upl: float | None, initial: float | None, kind: Kind) -> float | None:
    """The venue's `margin` has the PnL in it. Coin-margined legs come without: their margin is what they began with."""
    if kind == "inverse" and margin is None:
        return initial
    return None if margin is None or upl is None else margin - upl


def _leg_name(row: Row, where: str) -> LegName:
    name = _LEG_NAMES.get(text(row, "positionSide", where).upper())
    if name is None:
        raise refused(where, f"positionSide of {row.get('symbol')} was {row['positionSide']!r}")
    return name


def read_orders(answer: object, endpoint: Endpoint, kind: Kind) -> tuple[OrderRow, ...]:
    """The open orders, resting and waiting ones in one list.

    Raises:
        BadAnswer: a required field is missing or unreadable.
    """
    where = endpoint.name
    data = data_of(answer, where)
    listed = None if data is None else record(data, where).get("orders")
    return tuple(_order(row, where, kind) for row in ([] if listed is None else rows(listed, where)))


def _order(row: Row, where: str, kind: Kind) -> OrderRow:
    side = _SIDES.get(text(row, "side", where).upper())
    if side is None:
        raise refused(where, f"side of {row.get('symbol')} was {row['side']!r}")
    leg, order_type = _leg_name(row, where), text(row, "type", where).upper()
    asked = _asked(row, where, kind)
    # What only closes and names a size of 0 stands for the whole leg.
    closes_all = optional_flag(row, "closePosition", where) is True or (order_type in _CLOSES_ON_TRIGGER and asked == 0)
    left = asked - (optional_number(row, "executedQty", where) or 0.0)
    if left <= 0 and not closes_all:
        raise refused(where, f"an open order of {row.get('symbol')} has {left:g} left")
    unpriced = order_type in _UNPRICED or order_type in _TRAILING
    price = None if unpriced else optional_number(row, "price", where)
    closes = closes_all or order_type in _CLOSES_ON_TRIGGER or (side, leg) in _CLOSING
    return OrderRow(
        market_id=text(row, "symbol", where),
        kind=kind,
        side=side,
        leg=leg,
        price=price or None,
        remaining=None if closes_all else left,
        reduce_only=closes or optional_flag(row, "reduceOnly", where) is True,
        conditional=order_type in _CLOSES_ON_TRIGGER or order_type in _OPENS_ON_TRIGGER,
        order_id=text(row, "orderId", where),
        client_order_id=optional_text(row, "clientOrderId") or optional_text(row, "clientOrderID"),
    )


def _asked(row: Row, where: str, kind: Kind) -> float:
    """The size; coin-margined orders have it in `quantity`, and `origQty` empty or 0."""
    if kind == "inverse":
        return optional_number(row, "quantity", where) or number(row, "origQty", where)
    return number(row, "origQty", where)
