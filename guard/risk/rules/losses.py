"""Losses that open orders would bring the moment they fill, for venues that take them off equity.

A buy above the mark (a sell below it) fills at a loss of `(order price - mark) * size`. As the mark moves, the loss is
`max(0, a straight line)`: a leg of size 0 in the normal form, whose "maintenance" comes off equity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from guard.risk.book import Position
from guard.risk.pool import Array
from guard.risk.rules.build import Terms
from guard.risk.rules.orders import OpenOrder
from guard.risk.rules.part import Sheet, sheet_of


def order_leg(each: OpenOrder) -> Position:
    """A leg of size 0 in the symbol of an order.

    Raises:
        BookError: the mark of the symbol is not known.
    """
    mark = each.terms.mark(each.order.symbol, f"{each.where} is on a symbol without a position")
    return Position(
        symbol=each.order.symbol,
        side="long" if each.buy else "short",
        contracts=0.0,
        contract_size=each.terms.contract_size,
        kind="inverse" if each.terms.inverse else "linear",
        settle=each.terms.settle,
        entry_price=mark,
        mark_price=mark,
        leverage=each.terms.leverage,
    )


def with_order_losses(terms: Terms, orders: Sequence[OpenOrder]) -> tuple[Terms, Sheet | None]:
    """Terms of the positions, and after them those of a loss leg for each order that has a price.

    Returns:
        The terms, and the loss legs (None: there are none).
    """
    priced = [each for each in orders if each.order.price is not None]
    if not priced:
        return terms, None
    sheet = sheet_of([order_leg(each) for each in priced])
    prices = np.array([each.order.price for each in priced], dtype=np.float64)
    sizes = np.array([each.size for each in priced])
    direction = np.where(sheet.long != sheet.inverse, 1.0, -1.0)
    # loss = direction * size * (v_order - v) = -direction * size * v - (-direction * size * v_order)
    v_order = np.where(sheet.inverse, 1.0 / prices, prices)
    return append_legs(terms, -direction[None, :], -(direction * sizes * v_order)[None, :], sizes, loss=True), sheet


def append_legs(terms: Terms, rate: Array, deduction: Array, charged: Array, *, loss: bool = False) -> Terms:
    """Terms with columns of further legs of size 0 behind those of the positions.

    Args:
        terms: of the positions; `charged` must be set, or no leg of size 0 would carry anything.
        rate: lines of the further legs, shape (lines, further legs); `deduction` likewise.
        deduction: see `rate`.
        charged: sizes that they are charged on.
        loss: whether they come off equity.
    """
    legs, more = terms.line_rate.shape[1], rate.shape[1]
    nothing = np.zeros(more)

    def wider(column: Array | None) -> Array | None:
        return None if column is None else np.concatenate([column, nothing])

    loss_mask = None
    if loss or terms.loss is not None:
        before = np.zeros(legs, dtype=np.bool_) if terms.loss is None else terms.loss
        loss_mask = np.concatenate([before, np.full(more, loss)])
    return replace(
        terms,
        line_rate=side_by_side(terms.line_rate, rate),
        line_deduction=side_by_side(terms.line_deduction, deduction),
        im_rate=np.concatenate([terms.im_rate, nothing]),
        im_fixed=wider(terms.im_fixed),
        fee_rate=wider(terms.fee_rate),
        fee_fixed=wider(terms.fee_fixed),
        charged=np.concatenate([_charged(terms), charged]),
        loss=loss_mask,
        flat=None if terms.flat is None else np.concatenate([terms.flat, np.zeros(more, dtype=np.bool_)]),
        flat_floor=_wider_floors(terms.flat_floor, rate),
    )


def _wider_floors(floors: Array | None, rate: Array) -> Array | None:
    """Floors of tiers with columns for further legs, which have none; as many rows as there are lines."""
    if floors is None:
        return None
    most = max(len(floors), len(rate))
    padded = np.full((most, floors.shape[1] + rate.shape[1]), np.inf)
    padded[: len(floors), : floors.shape[1]] = floors
    return padded


def _charged(terms: Terms) -> Array:
    if terms.charged is None:
        raise ValueError("terms of legs that others are appended to must say what they are charged on")
    return terms.charged


def side_by_side(left: Array, right: Array) -> Array:
    """Two sets of lines next to each other, the shorter one padded with lines of 0."""
    most = max(len(left), len(right))
    return np.concatenate(
        [np.vstack([each, np.zeros((most - len(each), each.shape[1]))]) for each in (left, right)], axis=1
    )
