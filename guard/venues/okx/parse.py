"""Balances, positions and orders of OKX as rows of plain values. Pure: no ccxt, no clock, no I/O.

Only fields that the venue computes itself are read. "" and null mean missing, never 0; a required field that is absent
is a `BadAnswer`; what may be absent is None and is named as missing by `guard.venues.okx.assemble`.
Knows no books: that is `assemble`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from guard.risk.book import OrderSide, Side
from guard.venues.fields import (
    Row,
    number,
    optional_flag,
    optional_number,
    optional_text,
    positive,
    refused,
    rows,
    text,
)
from guard.venues.okx import endpoints as at

CONTRACT_TYPES = frozenset({"SWAP", "FUTURES"})
OTHER_TYPES = frozenset({"SPOT", "MARGIN", "OPTION"})
LegName = Literal["net", "long", "short"]
_LEG_NAMES: Mapping[str, LegName] = {"net": "net", "long": "long", "short": "short"}
_SIDES: Mapping[str, OrderSide] = {"buy": "buy", "sell": "sell"}
_MARKET = -1.0
"""What stands for "at the market" in the price of a conditional order."""


class CurrencyRow(NamedTuple):
    """One currency of the account, in its own units. None = the venue did not say.

    `cash` is the balance without isolated legs, before unrealized PnL; `cross_equity` what the venue counts of it in
    cross margin (equity without isolated legs and without what trading bots hold). `counted_usd` is what it counts as
    collateral, `usd_equity` its plain value, both in USD. Margins are those of cross legs in this currency.
    """

    currency: str
    cash: float
    interest: float
    equity: float
    cross_equity: float
    usd_equity: float | None
    counted_usd: float | None
    initial_margin: float | None
    maintenance_margin: float | None
    margin_ratio: float | None
    available: float | None
    changed_ms: float


class Balance(NamedTuple):
    """`GET v5/account/balance`: the currencies, and the account's figures in USD where its mode has such."""

    currencies: tuple[CurrencyRow, ...]
    adjusted_equity: float | None
    initial_margin: float | None
    maintenance_margin: float | None
    margin_ratio: float | None
    available: float | None


class PositionRow(NamedTuple):
    """One held contract position. `contracts` is positive on both sides; margins are in `currency`.

    `adl` is the place in the auto-deleveraging queue, from 0 to 5 = next.
    """

    market_id: str
    instrument_type: str
    leg: LegName
    side: Side
    contracts: float
    entry_price: float
    mark_price: float | None
    leverage: float | None
    is_isolated: bool
    isolated_margin: float | None
    currency: str
    usd_price: float | None
    changed_ms: float
    adl: float | None = None

    @property
    def mode(self) -> str:
        """`cross` or `isolated`, in which the venue keeps separate tiers."""
        return "isolated" if self.is_isolated else "cross"


class Positions(NamedTuple):
    """`GET v5/account/positions`; `others` names what is held beside futures and swaps (options, margin trades).

    `unknown` names what is of a kind that nobody here has heard of.
    """

    held: tuple[PositionRow, ...]
    others: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


class OrderRow(NamedTuple):
    """A resting or waiting order. `price` None: unpriced; `remaining` None: closes whatever the leg holds."""

    market_id: str
    instrument_type: str
    side: OrderSide
    leg: LegName
    price: float | None
    remaining: float | None
    reduce_only: bool
    conditional: bool
    is_isolated: bool
    leverage: float | None
    order_id: str
    client_order_id: str | None

    @property
    def closes(self) -> bool:
        """Whether it can only make a leg smaller; in long/short mode its side says so."""
        if self.leg == "net":
            return self.reduce_only
        return (self.leg == "long") == (self.side == "sell")


def read_balance(answer: object) -> Balance:
    """The balance answer.

    Raises:
        BadAnswer: a required field is missing or unreadable, or a currency stands twice.
    """
    where = at.BALANCE.name
    top = at.only_row(answer, where)
    currencies = tuple(_currency(row, where) for row in rows(top.get("details"), f"{where} details"))
    names = [row.currency for row in currencies]
    for name in names:
        if names.count(name) > 1:
            raise refused(where, f"{name} stands twice")
    return Balance(
        currencies=currencies,
        adjusted_equity=optional_number(top, "adjEq", where),
        initial_margin=optional_number(top, "imr", where),
        maintenance_margin=optional_number(top, "mmr", where),
        margin_ratio=optional_number(top, "mgnRatio", where),
        available=optional_number(top, "availEq", where),
    )


def _currency(row: Row, where: str) -> CurrencyRow:
    currency = text(row, "ccy", where)
    here = f"{where} {currency}"
    equity = number(row, "eq", here)
    aside = (optional_number(row, "isoEq", here) or 0.0) + (optional_number(row, "stgyEq", here) or 0.0)
    return CurrencyRow(
        currency=currency,
        cash=number(row, "cashBal", here),
        interest=optional_number(row, "interest", here) or 0.0,
        equity=equity,
        cross_equity=equity - aside,
        usd_equity=optional_number(row, "eqUsd", here),
        counted_usd=optional_number(row, "disEq", here),
        initial_margin=optional_number(row, "imr", here),
        maintenance_margin=optional_number(row, "mmr", here),
        margin_ratio=optional_number(row, "mgnRatio", here),
        available=optional_number(row, "availEq", here),
        changed_ms=optional_number(row, "uTime", here) or 0.0,
    )


def read_positions(answer: object) -> Positions:
    """The positions answer without its empty rows, which only hold a deposited margin.

    Raises:
        BadAnswer: a required field is missing or unreadable, a leg stands twice, or its sign contradicts its side.
    """
    where = at.POSITIONS.name
    held: dict[tuple[str, LegName, bool], PositionRow] = {}
    others: list[str] = []
    unknown: list[str] = []
    for row in at.data_of(answer, where):
        market_id, kind = text(row, "instId", where), text(row, "instType", where)
        here = f"{where} {market_id}"
        amount = number(row, "pos", here)
        if amount == 0.0:
            continue
        if kind not in CONTRACT_TYPES:
            (others if kind in OTHER_TYPES else unknown).append(f"{market_id} ({kind})")
            continue
        position = _position(row, market_id, kind, amount, here)
        key = (market_id, position.leg, position.is_isolated)
        if key in held:
            raise refused(where, f"{market_id} {position.leg} stands twice")
        held[key] = position
    return Positions(tuple(held.values()), tuple(others), tuple(unknown))


def _position(row: Row, market_id: str, kind: str, amount: float, where: str) -> PositionRow:
    leg = _leg_name(row, where)
    if leg != "net" and amount < 0:
        raise refused(where, f"pos of the {leg} leg was {amount:g}")
    side: Side = "long" if leg == "long" or (leg == "net" and amount > 0) else "short"
    mark, leverage = optional_number(row, "markPx", where), optional_number(row, "lever", where)
    is_isolated = _is_isolated(row, "mgnMode", where)
    return PositionRow(
        market_id=market_id,
        instrument_type=kind,
        leg=leg,
        side=side,
        contracts=abs(amount),
        entry_price=positive(row, "avgPx", where),
        mark_price=mark if mark is not None and mark > 0 else None,
        leverage=leverage if leverage is not None and leverage > 0 else None,
        is_isolated=is_isolated,
        isolated_margin=optional_number(row, "margin", where) if is_isolated else None,
        currency=text(row, "ccy", where),
        usd_price=optional_number(row, "usdPx", where),
        changed_ms=optional_number(row, "uTime", where) or 0.0,
        adl=optional_number(row, "adl", where),
    )


def _leg_name(row: Row, where: str) -> LegName:
    # Conditional orders of one-way accounts come with an empty side.
    name = _LEG_NAMES.get(optional_text(row, "posSide") or "net")
    if name is None:
        raise refused(where, f"posSide was {row['posSide']!r}")
    return name


def _is_isolated(row: Row, key: str, where: str) -> bool:
    mode = text(row, key, where)
    if mode not in {"cross", "isolated", "cash", "spot_isolated"}:
        raise refused(where, f"{key} was {mode!r}")
    return mode == "isolated"


def read_open_orders(pages: list[object]) -> tuple[OrderRow, ...]:
    """The resting orders, of all kinds of instruments.

    Raises:
        BadAnswer: a required field is missing or unreadable.
    """
    where = at.OPEN_ORDERS.name
    found = []
    for row in (row for page in pages for row in at.data_of(page, where)):
        left = number(row, "sz", where) - (optional_number(row, "accFillSz", where) or 0.0)
        if left <= 0:
            raise refused(where, f"an open order of {row.get('instId')} has {left:g} left")
        price = optional_number(row, "px", where)
        found.append(_order(row, where, left, price, "ordId", "clOrdId", conditional=False))
    return tuple(found)


def read_algo_orders(pages: list[object]) -> tuple[OrderRow, ...]:
    """The conditional orders, which wait in a book of their own.

    Raises:
        BadAnswer: a required field is missing or unreadable.
    """
    where = at.OPEN_ALGO_ORDERS.name
    found = []
    for row in (row for page in pages for row in at.data_of(page, where)):
        left = optional_number(row, "sz", where)
        closes_all = optional_number(row, "closeFraction", where) == 1.0
        if not closes_all and (left is None or left <= 0):
            raise refused(where, f"a conditional order of {row.get('instId')} has {left} left")
        size = None if closes_all else left
        found.append(_order(row, where, size, _algo_price(row, where), "algoId", "algoClOrdId", conditional=True))
    return tuple(found)


def _algo_price(row: Row, where: str) -> float | None:
    """The price of the order to come; None where it has none, or two."""
    prices = [optional_number(row, key, where) for key in ("ordPx", "slOrdPx", "tpOrdPx")]
    given = [price for price in prices if price is not None and price != _MARKET]
    return given[0] if len(given) == 1 else None


def _order(
    row: Row, where: str, left: float | None, price: float | None, id_key: str, client_key: str, *, conditional: bool
) -> OrderRow:
    market_id = text(row, "instId", where)
    here = f"{where} {market_id}"
    side = _SIDES.get(text(row, "side", here))
    if side is None:
        raise refused(here, f"side was {row['side']!r}")
    leverage = optional_number(row, "lever", here)
    return OrderRow(
        market_id=market_id,
        instrument_type=text(row, "instType", here),
        side=side,
        leg=_leg_name(row, here),
        price=price or None,
        remaining=left,
        reduce_only=left is None or optional_flag(row, "reduceOnly", here) is True,
        conditional=conditional,
        is_isolated=_is_isolated(row, "tdMode", here),
        leverage=leverage if leverage is not None and leverage > 0 else None,
        order_id=text(row, id_key, here),
        client_order_id=optional_text(row, client_key),
    )
