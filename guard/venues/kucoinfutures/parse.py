"""Balances, positions and orders of KuCoin futures as rows of plain values. Pure: no ccxt, no clock, no I/O.

"" and null mean missing, never 0; a required field that is absent is a `BadAnswer`. The venue calls a position's margin
`maintMargin` and the requirement `posMaint`; entry costs stand where others write the notional. Knows no books.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from guard.risk.book import MarginMode, OrderSide, Side
from guard.venues.fields import (
    Row,
    above_zero,
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
from guard.venues.kucoinfutures import endpoints as at

LegName = Literal["BOTH", "LONG", "SHORT"]
LegKey = tuple[str, LegName]
SizeUnit = Literal["contracts", "base", "quote"]
_LEG_NAMES: Mapping[str, LegName] = {"BOTH": "BOTH", "LONG": "LONG", "SHORT": "SHORT"}
_MARGIN_MODES: Mapping[str, MarginMode] = {"CROSS": "cross", "ISOLATED": "isolated"}
_SIDES: Mapping[str, OrderSide] = {"buy": "buy", "sell": "sell"}
_NAMES = {"XBT": "BTC"}


class Overview(NamedTuple):
    """`GET account-overview` of one currency, in its units. None = the venue did not say.

    `balance` is the wallet, with the margins of isolated legs in it and without any unrealized PnL; `equity` is the
    wallet and the PnL of all legs. `risk_ratio` is that of the cross legs: requirement over equity, liquidation at 1.
    The venue's `marginBalance` is not read: beside cross legs it is not the wallet, whatever the documentation says.
    """

    currency: str
    balance: float
    equity: float
    frozen: float
    position_margin: float | None
    order_margin: float | None
    available: float | None
    risk_ratio: float | None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is in it."""
        return not (self.balance or self.equity or self.position_margin or self.order_margin)


class PositionRow(NamedTuple):
    """A held leg. `amount` is signed, in contracts; `value` is its size at the mark, >= 0, in `currency`.

    `margin` is the wallet of an isolated leg; `maintenance` and `mm_rate` are the venue's own requirement (without the
    fee to close) and rate. `adl` is the place in the auto-deleveraging queue, 1 = next
    (KuCoin: "ADL ranking percentile", each fifth of it one light, and all five mean the head of the queue).
    """

    market_id: str
    leg: LegName
    amount: float
    entry_price: float
    mark_price: float | None
    currency: str
    inverse: bool
    margin_mode: MarginMode
    leverage: float | None
    margin: float | None
    maintenance: float | None
    mm_rate: float | None
    value: float | None
    unrealized_pnl: float | None
    adl: float | None = None

    @property
    def side(self) -> Side:
        """The leg's side."""
        return "long" if self.leg == "LONG" or (self.leg == "BOTH" and self.amount > 0) else "short"


class OrderRow(NamedTuple):
    """A resting or waiting order. `price` None: unpriced; `remaining` in contracts, None: closes whatever is held.

    `leverage` is that of an isolated order. `unit` is what `remaining` is counted in.
    """

    market_id: str
    side: OrderSide
    leg: LegName
    price: float | None
    remaining: float | None
    reduce_only: bool
    conditional: bool
    margin_mode: MarginMode | None
    order_id: str
    client_order_id: str | None
    leverage: float | None = None
    unit: SizeUnit = "contracts"


class Page(NamedTuple):
    """One page of a list of orders; `total` is how many the whole list has, where the venue says so."""

    orders: tuple[OrderRow, ...]
    pages: int
    total: float | None = None


def currency_name(currency_id: str) -> str:
    """What the rest of the program calls a currency of the venue."""
    return _NAMES.get(currency_id, currency_id)


def read_overview(answer: object) -> Overview:
    """One currency of the account.

    Raises:
        BadAnswer: a required field is missing or unreadable.
    """
    where = at.OVERVIEW.name
    row = record(at.data_of(answer, where), where)
    equity = number(row, "accountEquity", where)
    return Overview(
        currency=currency_name(text(row, "currency", where)),
        balance=equity - number(row, "unrealisedPNL", where),
        equity=equity,
        frozen=optional_number(row, "frozenFunds", where) or 0.0,
        position_margin=optional_number(row, "positionMargin", where),
        order_margin=optional_number(row, "orderMargin", where),
        available=optional_number(row, "availableBalance", where),
        risk_ratio=optional_number(row, "riskRatio", where),
    )


def read_positions(answer: object) -> tuple[PositionRow, ...]:
    """The held legs; rows that hold nothing are left out.

    Raises:
        BadAnswer: a required field is missing or unreadable, a leg stands twice, or its sign contradicts its side.
    """
    where = at.POSITIONS.name
    held = [
        _position(row, where) for row in rows(at.data_of(answer, where), where) if _is_held(row, "currentQty", where)
    ]
    return once(held, where)


def _is_held(row: Row, key: str, where: str) -> bool:
    return number(row, key, where) != 0.0


def once(found: Iterable[PositionRow], where: str) -> tuple[PositionRow, ...]:
    """The legs, known to be different ones.

    Raises:
        BadAnswer: a leg stands twice.
    """
    legs: dict[LegKey, PositionRow] = {}
    for row in found:
        key = (row.market_id, row.leg)
        if key in legs:
            raise refused(where, f"{key[0]} {key[1]} stands twice")
        legs[key] = row
    return tuple(legs.values())


def _position(row: Row, where: str) -> PositionRow:
    market_id, leg = text(row, "symbol", where), leg_name(row, where)
    amount = number(row, "currentQty", where)
    if leg == "LONG" and amount < 0:
        raise refused(where, f"currentQty of {market_id} LONG was {amount:g}")
    mode = _margin_mode(row, where)
    isolated = mode == "isolated"
    return PositionRow(
        market_id=market_id,
        leg=leg,
        # A SHORT leg is named by its side; whether the venue signs its size as well does not matter.
        amount=-abs(amount) if leg == "SHORT" else amount,
        entry_price=positive(row, "avgEntryPrice", where),
        mark_price=above_zero(row, "markPrice", where),
        currency=currency_name(text(row, "settleCurrency", where)),
        inverse=optional_flag(row, "isInverse", where) is True,
        margin_mode=mode,
        leverage=_set_leverage(row, where, isolated=isolated),
        margin=number(row, "posMargin", where) if isolated else None,
        maintenance=optional_number(row, "posMaint", where),
        mm_rate=above_zero(row, "maintMarginReq", where),
        value=size_of(row, "markValue", where),
        unrealized_pnl=optional_number(row, "unrealisedPnl", where),
        adl=optional_number(row, "delevPercentage", where),
    )


def _set_leverage(row: Row, where: str, *, isolated: bool) -> float | None:
    """The leverage that was set: of an isolated leg what it was opened with, for `realLeverage` moves with its PnL."""
    stated = None if isolated else above_zero(row, "leverage", where)
    cost, initial = size_of(row, "posCost", where), size_of(row, "posInit", where)
    return stated or (cost / initial if cost and initial else None)


def size_of(row: Row, key: str, where: str) -> float | None:
    """A value that the venue signs by the side, without its sign; None where it is not told.

    Raises:
        BadAnswer: something stands there that is no number.
    """
    value = optional_number(row, key, where)
    return None if value is None else abs(value)


def leg_name(row: Row, where: str) -> LegName:
    """The leg; older answers know of one-way mode only and do not name it.

    Raises:
        BadAnswer: it is named otherwise.
    """
    word = optional_text(row, "positionSide")
    name = _LEG_NAMES.get(word or "BOTH")
    if name is None:
        raise refused(where, f"positionSide of {row.get('symbol')} was {word!r}")
    return name


def closes_leg(side: OrderSide, leg: LegName) -> bool:
    """Whether an order can only make a leg of hedge mode smaller, whatever it is marked as."""
    return leg != "BOTH" and (leg == "LONG") == (side == "sell")


def _margin_mode(row: Row, where: str) -> MarginMode:
    mode = margin_mode_of(row, where)
    if mode is not None:
        return mode
    return "cross" if flag(row, "crossMode", where) else "isolated"


def margin_mode_of(row: Row, where: str) -> MarginMode | None:
    """Cross or isolated; None where the row does not say.

    Raises:
        BadAnswer: it says something else.
    """
    word = optional_text(row, "marginMode")
    if word is None:
        return None
    mode = _MARGIN_MODES.get(word)
    if mode is None:
        raise refused(where, f"marginMode of {row.get('symbol')} was {word!r}")
    return mode


def read_open_orders(answer: object) -> Page:
    """One page of the resting orders.

    Raises:
        BadAnswer: a required field is missing or unreadable.
    """
    return _page(answer, at.OPEN_ORDERS.name, conditional=False)


def read_stop_orders(answer: object) -> Page:
    """One page of the conditional orders, which wait in a book of their own.

    Raises:
        BadAnswer: a required field is missing or unreadable.
    """
    return _page(answer, at.STOP_ORDERS.name, conditional=True)


def _page(answer: object, where: str, *, conditional: bool) -> Page:
    data = record(at.data_of(answer, where), where)
    found = tuple(_order(row, where, conditional=conditional) for row in rows(data.get("items"), where))
    return Page(found, int(number(data, "totalPage", where)), optional_number(data, "totalNum", where))


def _order(row: Row, where: str, *, conditional: bool) -> OrderRow:
    side = _SIDES.get(text(row, "side", where))
    if side is None:
        raise refused(where, f"side of {row.get('symbol')} was {row['side']!r}")
    closes_all = optional_flag(row, "closeOrder", where) is True
    left = (optional_number(row, "size", where) or 0.0) - (optional_number(row, "filledSize", where) or 0.0)
    if left <= 0 and not closes_all:
        raise refused(where, f"an open order of {row.get('symbol')} has {left:g} left")
    leg = leg_name(row, where)
    return OrderRow(
        market_id=text(row, "symbol", where),
        side=side,
        leg=leg,
        price=above_zero(row, "price", where),
        remaining=left if left > 0 else None,
        reduce_only=closes_all or flag(row, "reduceOnly", where) or closes_leg(side, leg),
        conditional=conditional,
        margin_mode=margin_mode_of(row, where),
        order_id=text(row, "id", where),
        client_order_id=optional_text(row, "clientOid"),
        leverage=above_zero(row, "leverage", where),
    )
