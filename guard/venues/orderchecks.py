"""What can be found wrong with an order before it is sent, at any venue. Pure.

An order is never rounded here: one that is off the venue's grid is refused, because an order other than the journalled
one would be a lie in the journal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from guard.ports.errors import OrderRejected
from guard.ports.venue import Instrument, OrderRequest
from guard.risk.book import OrderSide, Side
from guard.venues.fields import Row, refused, text

_CLOSING_SIDE: Mapping[Side, OrderSide] = {"long": "sell", "short": "buy"}


def check_request(request: OrderRequest, instrument: Instrument, client_order_ids: re.Pattern[str]) -> None:
    """Refuse what would do something else than it says.

    Args:
        request: the order.
        instrument: its contract's grid.
        client_order_ids: which ids the venue takes.

    Raises:
        OrderRejected: names what is wrong; nothing was sent.
    """
    closes = request.side == _CLOSING_SIDE[request.leg]
    if closes != request.reduce_only:
        does = "closes" if closes else "opens"
        raise not_sent(
            request, f"{request.side} on the {request.leg} leg {does}, reduce_only was {request.reduce_only}"
        )
    if not client_order_ids.fullmatch(request.client_order_id):
        raise not_sent(request, f"its client order id does not match {client_order_ids.pattern}")
    for what, value, grid in (
        ("contracts", request.contracts, instrument.step),
        ("limit price", request.limit_price, instrument.tick),
    ):
        if not value.is_finite() or value <= 0 or value % grid != 0:
            raise not_sent(request, f"its {what} {value} is not a positive multiple of {grid}")
    if request.contracts < instrument.minimum:
        raise not_sent(request, f"its size {request.contracts} is below the minimum {instrument.minimum}")
    if instrument.maximum is not None and request.contracts > instrument.maximum:
        raise not_sent(request, f"its size {request.contracts} is above the maximum {instrument.maximum}")


def require_same(row: Row, key: str, venue_order_id: str, where: str) -> None:
    """Refuse an answer about another order than the one that was to be cancelled.

    Raises:
        BadAnswer: it names another one, or none.
    """
    if text(row, key, where) != venue_order_id:
        raise refused(where, f"answered for order {row[key]!r}, {venue_order_id!r} was asked for")


def not_sent(request: OrderRequest, why: str) -> OrderRejected:
    """The refusal of an order before it left."""
    return OrderRejected(f"order {request.client_order_id} on {request.symbol} was not sent: {why}")
