"""Balances, positions and orders of MEXC as rows of plain values. Pure: no ccxt, no clock, no I/O.

Sizes are in contracts. "" and null mean missing, never 0; a required field that is absent is a `BadAnswer`. The venue's
codes: `positionType` 1 long, 2 short; `openType` 1 isolated, 2 cross; order `side` 1 opens long, 2 closes short,
3 opens short, 4 closes long. Knows no books: that is `guard.venues.mexc.assemble`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from guard.risk.book import OrderSide, Side
from guard.venues.client import Endpoint
from guard.venues.fields import (
    Row,
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
from guard.venues.mexc import endpoints as at

_GOOD = frozenset({"0", "200"})
_POSITION_TYPES: Mapping[str, Side] = {"1": "long", "2": "short"}
_ISOLATED, _CROSS = "1", "2"
# What an order does: its side, the leg, and whether it closes.
_ORDER_SIDES: Mapping[str, tuple[OrderSide, Side, bool]] = {
    "1": ("buy", "long", False),
    "2": ("buy", "short", True),
    "3": ("sell", "short", False),
    "4": ("sell", "long", True),
}
_UNPRICED = frozenset({"5", "6"})


class AssetRow(NamedTuple):
    """One currency of the futures account, in its units: `equity` with all PnL, `frozen` by open orders.

    `used` is the margin of the positions; None = the venue did not say.
    """

    asset: str
    equity: float
    upl: float
    frozen: float
    used: float | None
    available: float | None


class PositionRow(NamedTuple):
    """One held leg, in contracts above 0; `margin` is the wallet of an isolated leg. `updated_ms` 0: not told.

    `adl` is the place in the auto-deleveraging queue, from 1 to 5 = next; None: not told.
    """

    market_id: str
    side: Side
    contracts: float
    entry_price: float
    leverage: float
    is_isolated: bool
    margin: float
    updated_ms: float
    adl: float | None = None

    @property
    def name(self) -> str:
        """The leg as people know it at the venue."""
        return f"{self.market_id} {self.side.upper()}"


class OrderRow(NamedTuple):
    """A resting or waiting order, in contracts. `price` None: unpriced; `leverage` None: not told."""

    market_id: str
    side: OrderSide
    leg: Side
    price: float | None
    remaining: float
    reduce_only: bool
    conditional: bool
    leverage: float | None
    order_id: str
    client_order_id: str | None


def data_of(answer: object, where: str) -> object:
    """What the envelope `{"success": true, "code": 0, "data": ...}` holds.

    Raises:
        BadAnswer: no envelope, or one of a failure.
    """
    top = record(answer, where)
    if "data" not in top or (top.get("success") is not True and str(top.get("code")) not in _GOOD):
        raise refused(where, "the answer has no data")
    return top["data"]


def listed(answer: object, where: str) -> list[Row]:
    """Rows of the answer, also of one page of `resultList`; the venue writes null for none."""
    data = data_of(answer, where)
    if isinstance(data, dict) and "resultList" in data:
        data = data["resultList"]
    return [] if data is None else rows(data, where)


def read_assets(answer: object) -> tuple[AssetRow, ...]:
    """Currencies with anything in them.

    Raises:
        BadAnswer: a required field is missing or unreadable, or a currency stands twice.
    """
    where = at.ASSETS.name
    found: dict[str, AssetRow] = {}
    for row in listed(answer, where):
        asset = AssetRow(
            asset=text(row, "currency", where),
            equity=number(row, "equity", where),
            upl=number(row, "unrealized", where),
            frozen=number(row, "frozenBalance", where),
            used=optional_number(row, "positionMargin", where),
            available=optional_number(row, "availableBalance", where),
        )
        if asset.asset in found:
            raise refused(where, f"{asset.asset} stands twice")
        if asset.equity or asset.upl or asset.frozen or asset.used:
            found[asset.asset] = asset
    return tuple(found.values())


def read_positions(answer: object) -> tuple[PositionRow, ...]:
    """The held legs.

    Raises:
        BadAnswer: a required field is missing or unreadable, or a leg stands twice.
    """
    where = at.POSITIONS.name
    found: dict[tuple[str, Side, bool], PositionRow] = {}
    for row in listed(answer, where):
        contracts = number(row, "holdVol", where)
        if contracts == 0.0:
            continue
        position = _position(row, contracts, where)
        # The venue keeps a cross leg and an isolated leg of one side apart.
        key = (position.market_id, position.side, position.is_isolated)
        if key in found:
            raise refused(where, f"{position.name} stands twice")
        found[key] = position
    return tuple(found.values())


def _position(row: Row, contracts: float, where: str) -> PositionRow:
    market_id = text(row, "symbol", where)
    side, open_type = _POSITION_TYPES.get(text(row, "positionType", where)), text(row, "openType", where)
    if side is None or open_type not in {_ISOLATED, _CROSS} or contracts < 0:
        what = f"positionType {row['positionType']!r}, openType {open_type!r}, holdVol {contracts:g}"
        raise refused(where, f"{market_id} came with {what}")
    entry = "holdAvgPriceFullyScale" if row.get("holdAvgPriceFullyScale") else "holdAvgPrice"
    return PositionRow(
        market_id=market_id,
        side=side,
        contracts=contracts,
        entry_price=positive(row, entry, where),
        leverage=positive(row, "leverage", where),
        is_isolated=open_type == _ISOLATED,
        margin=number(row, "im", where),
        updated_ms=optional_number(row, "updateTime", where) or 0.0,
        adl=optional_number(row, "adlLevel", where) or None,
    )


def read_open_orders(answer: object) -> tuple[OrderRow, ...]:
    """The resting orders of one page.

    Raises:
        BadAnswer: a required field is missing or unreadable.
    """
    return tuple(_order(row, at.OPEN_ORDERS, "orderId", "dealVol") for row in listed(answer, at.OPEN_ORDERS.name))


def read_plan_orders(answer: object) -> tuple[OrderRow, ...]:
    """The orders of one page that wait for a price.

    Raises:
        BadAnswer: a required field is missing or unreadable.
    """
    return tuple(_order(row, at.PLAN_ORDERS, "id", None) for row in listed(answer, at.PLAN_ORDERS.name))


def read_track_orders(answer: object) -> tuple[OrderRow, ...]:
    """The trailing orders of one page; they wait, and trade at the market.

    Raises:
        BadAnswer: a required field is missing or unreadable.
    """
    at_market = ({**row, "orderType": "5"} for row in listed(answer, at.TRACK_ORDERS.name))
    return tuple(_order(row, at.TRACK_ORDERS, "id", None) for row in at_market)


def _order(row: Row, endpoint: Endpoint, id_key: str, filled_key: str | None) -> OrderRow:
    where = endpoint.name
    code = text(row, "side", where)
    if code not in _ORDER_SIDES:
        raise refused(where, f"side of {row.get('symbol')} was {code!r}")
    side, leg, closes = _ORDER_SIDES[code]
    left = number(row, "vol", where) - (number(row, filled_key, where) if filled_key else 0.0)
    if left <= 0:
        raise refused(where, f"an open order of {row.get('symbol')} has {left:g} left")
    unpriced = text(row, "orderType", where) in _UNPRICED
    return OrderRow(
        market_id=text(row, "symbol", where),
        side=side,
        leg=leg,
        price=None if unpriced else optional_number(row, "price", where) or None,
        remaining=left,
        reduce_only=closes or optional_flag(row, "reduceOnly", where) is True,
        conditional=filled_key is None,
        leverage=optional_number(row, "leverage", where) or None,
        order_id=text(row, id_key, where),
        client_order_id=optional_text(row, "externalOid"),
    )


def read_stop_orders(answer: object) -> tuple[OrderRow, ...]:
    """Stop-loss and take-profit orders of positions: they close, at the market.

    Raises:
        BadAnswer: a required field is missing or unreadable.
    """
    where = at.STOP_ORDERS.name
    found = []
    for row in listed(answer, where):
        leg = _POSITION_TYPES.get(text(row, "positionType", where))
        volume = number(row, "vol", where)
        if leg is None or volume < 0:
            raise refused(where, f"{row.get('symbol')} came with positionType {row['positionType']!r}, vol {volume:g}")
        if volume > 0:
            side: OrderSide = "sell" if leg == "long" else "buy"
            market_id, order_id = text(row, "symbol", where), text(row, "id", where)
            found.append(OrderRow(market_id, side, leg, None, volume, True, True, None, order_id, None))
    return tuple(found)
