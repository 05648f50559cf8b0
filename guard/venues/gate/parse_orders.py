"""Open orders of Gate, plain and conditional, as rows of plain values. Pure.

A positive size buys, a negative one sells; a size of 0 closes whatever its leg holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from guard.risk.book import OrderSide, Side
from guard.venues.fields import Row, number, optional_flag, optional_number, optional_text, record, refused, rows, text
from guard.venues.gate import endpoints as at

CLIENT_ID_PREFIX = "t-"
_CLOSED_LEG: Mapping[str, Side] = {"close_long": "long", "close_short": "short"}
_CLOSING: Mapping[Side, OrderSide] = {"long": "sell", "short": "buy"}
_CLOSING_KINDS = ("close-", "plan-close-")


class OrderRow(NamedTuple):
    """A resting or waiting order.

    `price` None: unpriced; `remaining` None: closes whatever the leg holds. `side` None: of such an order in one-way
    mode, which closes either side.
    """

    settle: str
    market_id: str
    side: OrderSide | None
    price: float | None
    remaining: float | None
    closes: bool
    conditional: bool
    order_id: str
    client_order_id: str | None


def client_order_id_of(row: Row) -> str | None:
    """The id that a client gave, without its mark; other texts tell where an order came from."""
    word = optional_text(row, "text")
    return word.removeprefix(CLIENT_ID_PREFIX) if word is not None and word.startswith(CLIENT_ID_PREFIX) else None


def read_open_orders(pages: list[object], settle: str) -> tuple[OrderRow, ...]:
    """The resting orders.

    Raises:
        BadAnswer: a required field is missing or unreadable.
    """
    where = f"{at.ORDERS.name} {settle}"
    found = []
    for row in (row for page in pages for row in rows(page, where)):
        here = f"{where} {text(row, 'contract', where)}"
        size, left = number(row, "size", here), number(row, "left", here)
        closes = optional_flag(row, "is_close", here) is True
        if left == 0.0 and size != 0.0:
            # Filled between the list's making and its sending.
            continue
        if left * size < 0.0:
            raise refused(here, f"an open order of {size:g} has {left:g} left")
        found.append(_order(row, row, settle, left, closes=closes, conditional=False, where=here))
    return tuple(found)


def read_price_orders(pages: list[object], settle: str) -> tuple[OrderRow, ...]:
    """The conditional orders, which wait in a book of their own.

    Raises:
        BadAnswer: a required field is missing or unreadable.
    """
    where = f"{at.PRICE_ORDERS.name} {settle}"
    found = []
    for row in (row for page in pages for row in rows(page, where)):
        initial = record(row.get("initial"), f"{where} initial")
        here = f"{where} {text(initial, 'contract', where)}"
        # `amount` is the size with its decimals; without either the order closes whatever its leg holds.
        size = optional_number(initial, "amount", here) or number(initial, "size", here)
        kind = optional_text(row, "order_type") or ""
        closes = kind.startswith(_CLOSING_KINDS) or any(
            optional_flag(initial, key, here) is True for key in ("is_close", "close")
        )
        found.append(_order(row, initial, settle, size, closes=closes, conditional=True, where=here))
    return tuple(found)


def _order(row: Row, terms: Row, settle: str, left: float, *, closes: bool, conditional: bool, where: str) -> OrderRow:
    price = optional_number(terms, "price", where)
    if price is not None and price < 0.0:
        raise refused(where, f"price was {price:g}")
    reduces = any(optional_flag(terms, key, where) is True for key in ("is_reduce_only", "reduce_only"))
    return OrderRow(
        settle=settle,
        market_id=text(terms, "contract", where),
        side=_side(row, terms, left),
        price=price or None,
        remaining=abs(left) or None,
        closes=closes or reduces or left == 0.0,
        conditional=conditional,
        order_id=text(row, "id", where),
        client_order_id=client_order_id_of(terms),
    )


def _side(row: Row, terms: Row, left: float) -> OrderSide | None:
    if left:
        return "buy" if left > 0 else "sell"
    leg = _CLOSED_LEG.get(optional_text(terms, "auto_size") or "")
    kind = optional_text(row, "order_type") or ""
    if leg is None and kind.startswith(_CLOSING_KINDS):
        leg = "long" if "long" in kind else "short" if "short" in kind else None
    return None if leg is None else _CLOSING[leg]
