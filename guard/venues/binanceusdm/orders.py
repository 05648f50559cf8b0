"""Orders in Binance's words: what is sent, and what became of it. Pure.

An order leaves as the exact decimal strings that were journalled. It is never rounded here: one that is off the
venue's grid is refused, because an order other than the journalled one would be a lie in the journal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from guard.ports.errors import OrderRejected
from guard.ports.venue import Instrument, OrderRequest, OrderState, OrderStatus
from guard.risk.book import OrderSide, Side
from guard.venues.binanceusdm.endpoints import RECV_WINDOW_MS
from guard.venues.binanceusdm.fields import decimal, number, record, refused, text
from guard.venues.markets import Listing

_CLIENT_ORDER_ID = re.compile(r"[.A-Z:/a-z0-9_-]{1,36}")
_CLOSING_SIDE: Mapping[Side, OrderSide] = {"long": "sell", "short": "buy"}
_LIVE = frozenset({"NEW", "PARTIALLY_FILLED", "PENDING_NEW", "PENDING_CANCEL"})
_ENDED = frozenset({"CANCELED", "EXPIRED", "EXPIRED_IN_MATCH"})


def order_params(request: OrderRequest, listing: Listing) -> dict[str, object]:
    """The parameters of `POST fapi/v1/order` for `request`.

    In one-way mode a reducing order carries `reduceOnly`. In hedge mode the venue refuses that word; there the leg is
    named by `positionSide`, and selling LONG or buying SHORT can only shrink that leg.

    Raises:
        OrderRejected: the request contradicts itself or the venue's grid; nothing was sent.
    """
    check_request(request, listing.instrument)
    params: dict[str, object] = {
        "symbol": listing.market_id,
        "side": request.side.upper(),
        "type": "LIMIT",
        "timeInForce": request.time_in_force,
        "quantity": format(request.contracts, "f"),
        "price": format(request.limit_price, "f"),
        "newClientOrderId": request.client_order_id,
        "newOrderRespType": "RESULT",
        "recvWindow": RECV_WINDOW_MS,
    }
    if request.position_mode == "hedge":
        return {**params, "positionSide": request.leg.upper()}
    return {**params, "positionSide": "BOTH", "reduceOnly": "true" if request.reduce_only else "false"}


def check_request(request: OrderRequest, instrument: Instrument) -> None:
    """Refuse what would do something else than it says.

    Raises:
        OrderRejected: names what is wrong; nothing was sent.
    """
    closes = request.side == _CLOSING_SIDE[request.leg]
    if closes != request.reduce_only:
        does = "closes" if closes else "opens"
        raise _refused(
            request, f"{request.side} on the {request.leg} leg {does}, reduce_only was {request.reduce_only}"
        )
    if not _CLIENT_ORDER_ID.fullmatch(request.client_order_id):
        raise _refused(request, "its client order id must be 1 to 36 of A-Z a-z 0-9 . : / _ -")
    for what, value, grid in (
        ("contracts", request.contracts, instrument.step),
        ("limit price", request.limit_price, instrument.tick),
    ):
        if not value.is_finite() or value <= 0 or value % grid != 0:
            raise _refused(request, f"its {what} {value} is not a positive multiple of {grid}")
    if request.contracts < instrument.minimum:
        raise _refused(request, f"its size {request.contracts} is below the minimum {instrument.minimum}")
    if instrument.maximum is not None and request.contracts > instrument.maximum:
        raise _refused(request, f"its size {request.contracts} is above the maximum {instrument.maximum}")


def _refused(request: OrderRequest, why: str) -> OrderRejected:
    return OrderRejected(f"order {request.client_order_id} on {request.symbol} was not sent: {why}")


def read_order(answer: object, symbol: str, where: str) -> OrderState:
    """What became of an order.

    Raises:
        BadAnswer: a required field is missing or unreadable, or the status is not known.
    """
    row = record(answer, where)
    filled, asked = decimal(row, "executedQty", where), decimal(row, "origQty", where)
    status = _status(text(row, "status", where), filled, where)
    if filled < 0 or filled > asked or (status is OrderStatus.FILLED and filled != asked):
        raise refused(where, f"order {row.get('clientOrderId')} is {status} with {filled} of {asked}")
    average = number(row, "avgPrice", where) if filled > 0 else None
    return OrderState(
        client_order_id=text(row, "clientOrderId", where),
        venue_order_id=text(row, "orderId", where),
        symbol=symbol,
        status=status,
        filled=filled,
        average_price=average or None,
    )


def _status(word: str, filled: Decimal, where: str) -> OrderStatus:
    if word == "FILLED":
        return OrderStatus.FILLED
    if word in _LIVE:
        return OrderStatus.OPEN
    if word in _ENDED:
        return OrderStatus.PARTLY_FILLED if filled > 0 else OrderStatus.EXPIRED
    if word == "REJECTED":
        return OrderStatus.REJECTED
    raise refused(where, f"the status of an order was {word!r}")
