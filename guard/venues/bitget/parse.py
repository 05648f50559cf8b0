"""Accounts, positions and orders of a classic Bitget futures account as rows of plain values. Pure: no ccxt, no I/O.

Only fields that the venue computes itself are read. "" and null mean missing, never 0; a required field that is absent
is a `BadAnswer`; what may be absent is None and is named as missing by `guard.venues.bitget.assemble`.
Knows no books: that is `assemble`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, NamedTuple

from guard.ports.errors import BadAnswer
from guard.risk.book import OrderSide, PositionMode, Side
from guard.venues.bitget import endpoints as at
from guard.venues.client import Endpoint
from guard.venues.fields import Row, number, optional_number, optional_text, positive, record, refused, rows, text

_SIDES: Final[Mapping[str, Side]] = {"long": "long", "short": "short"}
_ORDER_SIDES: Final[Mapping[str, OrderSide]] = {"buy": "buy", "sell": "sell"}
_MODES: Final[Mapping[str, PositionMode]] = {"hedge_mode": "hedge", "one_way_mode": "one_way"}
_OPENING_PLANS: Final = frozenset({"normal_plan", "track_plan"})
_CLOSING_PLANS: Final = frozenset({"profit_plan", "loss_plan", "moving_plan", "profit_loss"})
_WHOLE_PLANS: Final = frozenset({"pos_profit", "pos_loss"})
_CLOSING: Final[Mapping[Side, OrderSide]] = {"long": "sell", "short": "buy"}
_OPENING: Final[Mapping[Side, OrderSide]] = {"long": "buy", "short": "sell"}


class AccountRow(NamedTuple):
    """One margin coin of one product, in units of the coin. None = the venue did not say.

    `equity` counts unrealized PnL, and isolated legs with their margins. `risk_rate` is the requirement of the cross
    legs over their equity. The `union_` figures stand in their places in multi-assets mode.
    """

    product: str
    coin: str
    equity: float
    unrealized: float | None
    cross_available: float | None
    cross_margin: float | None
    risk_rate: float | None
    is_union: bool
    union_equity: float | None
    union_maintenance: float | None
    union_available: float | None
    is_empty: bool


class PositionRow(NamedTuple):
    """One leg. `margin` is an isolated leg's wallet; `opened_at` decides its rule; `mm_rate` is that of its tier."""

    product: str
    market_id: str
    coin: str
    side: Side
    mode: PositionMode
    amount: float
    entry_price: float
    mark_price: float | None
    leverage: float
    is_isolated: bool
    margin: float | None
    unrealized: float | None
    mm_rate: float | None
    opened_at: datetime | None


class OrderRow(NamedTuple):
    """A resting or waiting order. `price` None: unpriced; `remaining` None: closes whatever the leg holds.

    `side` None: closes whichever side is held.
    """

    product: str
    market_id: str
    coin: str
    side: OrderSide | None
    leg: Side | None
    mode: PositionMode | None
    price: float | None
    remaining: float | None
    leverage: float | None
    reduce_only: bool
    conditional: bool
    order_id: str
    client_order_id: str | None


def read_accounts(answer: object, product: str) -> tuple[AccountRow, ...]:
    """The accounts of a product, one for each margin coin.

    Raises:
        BadAnswer: a required field is missing or unreadable.
    """
    where = f"{at.ACCOUNTS.name} {product}"
    return tuple(_account(row, product, where) for row in rows(_listed(at.data_of(answer, where)), where))


def _listed(data: object) -> object:
    """Lists without anything in them are null at times."""
    return [] if data is None else data


def _account(row: Row, product: str, where: str) -> AccountRow:
    equity = number(row, "accountEquity", where)
    unrealized = optional_number(row, "unrealizedPL", where)
    locked, available = optional_number(row, "locked", where), optional_number(row, "available", where)
    mode = optional_text(row, "assetMode")
    if mode not in {None, "single", "union"}:
        raise refused(where, f"assetMode of {row.get('marginCoin')} was {mode!r}")
    total = optional_number(row, _union_total(row), where) if mode == "union" else None
    coupon = optional_number(row, "coupon", where)
    return AccountRow(
        product=product,
        coin=text(row, "marginCoin", where),
        equity=equity,
        unrealized=unrealized,
        cross_available=optional_number(row, "crossedMaxAvailable", where),
        cross_margin=optional_number(row, "crossedMargin", where),
        risk_rate=optional_number(row, "crossedRiskRate", where),
        is_union=mode == "union",
        union_equity=total,
        union_maintenance=optional_number(row, "unionMm", where) if mode == "union" else None,
        union_available=optional_number(row, "unionAvailable", where) if mode == "union" else None,
        is_empty=not any((equity, unrealized, locked, available, total, coupon)),
    )


def _union_total(row: Row) -> str:
    """The field of the total in multi-assets mode; the venue's documents spell it in two ways."""
    return "unionTotalMagin" if "unionTotalMagin" in row and "unionTotalMargin" not in row else "unionTotalMargin"


def read_positions(answer: object, product: str) -> tuple[PositionRow, ...]:
    """The legs held in a product.

    Raises:
        BadAnswer: a required field is missing or unreadable, or a leg stands twice.
    """
    where = f"{at.POSITIONS.name} {product}"
    found: dict[tuple[str, str, Side], PositionRow] = {}
    for row in rows(_listed(at.data_of(answer, where)), where):
        amount = number(row, "total", where)
        if amount < 0:
            raise refused(where, f"total of {row.get('symbol')} was {amount:g}")
        if amount == 0.0:
            continue
        position = _position(row, product, amount, where)
        key = (position.market_id, position.coin, position.side)
        if key in found:
            raise refused(where, f"{position.market_id} {position.side} stands twice")
        found[key] = position
    return tuple(found.values())


def _position(row: Row, product: str, amount: float, where: str) -> PositionRow:
    mark = optional_number(row, "markPrice", where)
    return PositionRow(
        product=product,
        market_id=text(row, "symbol", where),
        coin=text(row, "marginCoin", where),
        side=side_of(row, "holdSide", where),
        mode=mode_of(row, "posMode", where),
        amount=amount,
        entry_price=positive(row, "openPriceAvg", where),
        mark_price=mark if mark is not None and mark > 0 else None,
        leverage=positive(row, "leverage", where),
        is_isolated=is_isolated(row, where),
        margin=optional_number(row, "marginSize", where),
        unrealized=optional_number(row, "unrealizedPL", where),
        mm_rate=optional_number(row, "keepMarginRate", where),
        opened_at=moment_of(row, "cTime", where),
    )


def side_of(row: Row, key: str, where: str) -> Side:
    """The side of a leg.

    Raises:
        BadAnswer: neither long nor short.
    """
    side = _SIDES.get(text(row, key, where))
    if side is None:
        raise refused(where, f"{key} of {row.get('symbol')} was {row[key]!r}")
    return side


def mode_of(row: Row, key: str, where: str) -> PositionMode:
    """The position mode.

    Raises:
        BadAnswer: neither of the two.
    """
    mode = _MODES.get(text(row, key, where))
    if mode is None:
        raise refused(where, f"{key} was {row[key]!r}")
    return mode


def is_isolated(row: Row, where: str) -> bool:
    """Whether a leg has a margin of its own.

    Raises:
        BadAnswer: the row does not say.
    """
    word = text(row, "marginMode", where)
    if word not in {"isolated", "crossed", "cross"}:
        raise refused(where, f"marginMode of {row.get('symbol')} was {word!r}")
    return word == "isolated"


def moment_of(row: Row, key: str, where: str) -> datetime | None:
    """A time in epoch milliseconds; None when it is missing.

    Raises:
        BadAnswer: something stands there that is no time.
    """
    at_ms = optional_number(row, key, where)
    return datetime.fromtimestamp(at_ms / 1000, UTC) if at_ms else None


def read_orders(answer: object, product: str, endpoint: Endpoint) -> tuple[tuple[OrderRow, ...], str | None]:
    """One page of a list of orders, plain or conditional, and where the next one begins; None after the last.

    Raises:
        BadAnswer: a required field is missing or unreadable.
    """
    where = f"{endpoint.name} {product}"
    page = record(at.data_of(answer, where), where)
    read = _plan if endpoint is at.PLAN_ORDERS else _order
    found = tuple(read(row, product, where) for row in rows(_listed(page.get("entrustedList")), where))
    last = optional_text(page, "endId") if len(found) >= at.PAGE else None
    return found, last


def _order(row: Row, product: str, where: str) -> OrderRow:
    """A resting order. In hedge mode its `side` is the direction of the leg; `tradeSide` says what it does to that."""
    mode, leg = _mode_and_leg(row, where)
    side, reduces = _leg_ways(row, leg, where) if leg is not None else (_side(row, where), _reduces(row, where))
    left = number(row, "size", where) - number(row, "baseVolume", where)
    if left <= 0:
        raise _has_left(row, left, where)
    told = _Ways(mode, leg, side, left, reduces, optional_number(row, "price", where))
    return _row(row, product, where, told, conditional=False)


def _plan(row: Row, product: str, where: str) -> OrderRow:
    """A waiting order. Take-profit and stop-loss orders close, in either mode, whatever `tradeSide` they name.

    Those of a whole leg name no size.
    """
    kind = text(row, "planType", where)
    if kind not in _OPENING_PLANS | _CLOSING_PLANS | _WHOLE_PLANS:
        raise refused(where, f"planType of {row.get('symbol')} was {kind!r}")
    mode, leg = _mode_and_leg(row, where)
    closes = kind not in _OPENING_PLANS
    side: OrderSide | None
    if leg is not None:
        side, reduces = (_CLOSING[leg], True) if closes else _leg_ways(row, leg, where)
    else:
        side, reduces = (None, True) if closes else (_side(row, where), _reduces(row, where, unsaid=False))
    size = optional_number(row, "size", where) or 0.0
    if size <= 0 and kind not in _WHOLE_PLANS:
        raise _has_left(row, size, where)
    price = optional_number(row, "executePrice" if closes else "price", where)
    return _row(row, product, where, _Ways(mode, leg, side, size or None, reduces, price), conditional=True)


class _Ways(NamedTuple):
    """What an order does."""

    mode: PositionMode | None
    leg: Side | None
    side: OrderSide | None
    remaining: float | None
    reduces: bool
    price: float | None


def _row(row: Row, product: str, where: str, ways: _Ways, *, conditional: bool) -> OrderRow:
    return OrderRow(
        product=product,
        market_id=text(row, "symbol", where).upper(),
        coin=text(row, "marginCoin", where).upper(),
        side=ways.side,
        leg=ways.leg,
        mode=ways.mode,
        price=ways.price or None,
        remaining=ways.remaining,
        leverage=optional_number(row, "leverage", where),
        reduce_only=ways.reduces,
        conditional=conditional,
        order_id=text(row, "orderId", where),
        client_order_id=optional_text(row, "clientOid"),
    )


def _has_left(row: Row, left: float, where: str) -> BadAnswer:
    return refused(where, f"an open order of {row.get('symbol')} has {left:g} left")


def _mode_and_leg(row: Row, where: str) -> tuple[PositionMode | None, Side | None]:
    mode = mode_of(row, "posMode", where) if optional_text(row, "posMode") else _mode_by_leg(row)
    return mode, side_of(row, "posSide", where) if mode == "hedge" else None


def _mode_by_leg(row: Row) -> PositionMode | None:
    """The mode of an order that does not name it: only in hedge mode an order has a leg."""
    return "hedge" if optional_text(row, "posSide") in _SIDES else None


def _leg_ways(row: Row, leg: Side, where: str) -> tuple[OrderSide, bool]:
    """Which way an order of a hedge leg goes, and whether it can only reduce."""
    trade = text(row, "tradeSide", where).lower()
    if trade.startswith("open"):
        return _OPENING[leg], False
    if "close" not in trade:
        raise refused(where, f"tradeSide of {row.get('symbol')} was {row['tradeSide']!r}")
    return _CLOSING[leg], True


def _side(row: Row, where: str) -> OrderSide:
    side = _ORDER_SIDES.get(text(row, "side", where))
    if side is None:
        raise refused(where, f"side of {row.get('symbol')} was {row['side']!r}")
    return side


def _reduces(row: Row, where: str, *, unsaid: bool | None = None) -> bool:
    """Whether an order is reduce-only; `unsaid` where it does not say, None: it must."""
    if unsaid is not None and row.get("reduceOnly") in {None, ""}:
        return unsaid
    word = text(row, "reduceOnly", where).upper()
    if word not in {"YES", "NO"}:
        raise refused(where, f"reduceOnly of {row.get('symbol')} was {row['reduceOnly']!r}")
    return word == "YES"


def closing_side(side: Side) -> OrderSide:
    """Which orders make a leg smaller."""
    return _CLOSING[side]
