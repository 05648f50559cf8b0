"""Orders in Kraken Futures' words: what is sent, and what became of it.

An order answers with its events. Looked up, it is known for five seconds after its end, then in the history only; the
prices stand with the fills.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from guard.ports.errors import OrderOutcomeUnknown, OrderRejected
from guard.ports.venue import OrderRequest, OrderState, OrderStatus
from guard.venues.client import Endpoint
from guard.venues.fields import Row, decimal, number, optional_text, record, refused, rows, text
from guard.venues.krakenfutures import endpoints as at
from guard.venues.markets import Listing
from guard.venues.orderchecks import check_request, not_sent, require_same

_CLIENT_ORDER_ID = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_TYPES = {"IOC": "ioc", "GTC": "lmt"}
_TAKEN = frozenset({"placed", "filled", "partiallyFilled", "cancelled"})
# What the venue's documents list as "the order was not placed". Any other word proves nothing about the order.
_REFUSED = frozenset(
    {
        "insufficientAvailableFunds",
        "invalidArgument",
        "invalidOrderType",
        "invalidPrice",
        "invalidSide",
        "invalidSize",
        "clientOrderIdTooLong",
        "marketInactive",
        "marketSuspended",
        "maxPositionViolation",
        "outsidePriceCollar",
        "postWouldExecute",
        "requiredArgumentMissing",
        "selfFill",
        "tooManySmallOrders",
        "wouldNotReducePosition",
    }
)
_ENDS = frozenset({"CANCEL", "REJECT", "EXPIRE"})
_HISTORY_LENGTH = 100
_STATES: Mapping[str, OrderStatus] = {
    "ENTERED_BOOK": OrderStatus.OPEN,
    "TRIGGER_PLACED": OrderStatus.OPEN,
    "FULLY_EXECUTED": OrderStatus.FILLED,
    "REJECTED": OrderStatus.REJECTED,
    "TRIGGER_ACTIVATION_FAILURE": OrderStatus.REJECTED,
}


class KrakenOrderWords:
    """Implements `guard.venues.orderdesk.OrderWords`. `venue_ms` is the venue's time, in epoch milliseconds."""

    new_order = at.NEW_ORDER
    arrival_window_s = at.ORDER_LIFE_MS / 1000
    unknown_codes = at.OUTCOME_UNKNOWN_CODES
    not_found_codes = at.NOT_FOUND_CODES
    unmatched_codes = frozenset[str]()
    cancel = at.CANCEL_ORDER
    gone_codes = at.NOT_FOUND_CODES

    def __init__(self, venue_ms: Callable[[], float]) -> None:
        self._venue_ms = venue_ms
        self._unpriced: dict[str, OrderState] = {}

    def order_params(self, request: OrderRequest, listing: Listing) -> dict[str, object]:
        """See `order_params`."""
        return order_params(request, listing, self._venue_ms() + at.ORDER_LIFE_MS)

    def cancel_params(self, venue_order_id: str, listing: Listing) -> dict[str, object]:  # noqa: ARG002 - the protocol's
        """By the venue's id."""
        return {"order_id": venue_order_id}

    def read_cancelled(self, answer: object, venue_order_id: str) -> bool:
        """The answer says in a word whether it was open."""
        where = self.cancel.name
        told = record(record(answer, where).get("cancelStatus"), where)
        word = text(told, "status", where)
        if word in {"notFound", "filled"}:
            return False
        if word != "cancelled":
            raise refused(where, f"the status of a cancellation was {word!r}")
        require_same(told, "order_id", venue_order_id, where)
        return True

    def queries(self, client_order_id: str, listing: Listing) -> list[tuple[Endpoint, dict[str, object]]]:
        """Where it stands now, where it stood, and what it filled."""
        self._unpriced.pop(client_order_id, None)
        return [
            (at.ORDER_STATUS, {"cliOrdIds": client_order_id}),
            (at.ORDER_HISTORY, {"tradeable": listing.market_id, "sort": "desc", "count": _HISTORY_LENGTH}),
            (at.FILLS, {}),
        ]

    def read_accepted(self, answer: object, request: OrderRequest, listing: Listing) -> OrderState | None:  # noqa: ARG002 - the protocol's
        """See `read_accepted`."""
        return read_accepted(answer, request)

    def read_found(self, answer: object, client_order_id: str, listing: Listing) -> OrderState | None:
        """The order; one that filled something is known only together with its fills."""
        row = record(answer, at.ORDER_STATUS.name)
        if "fills" in row:
            unpriced = self._unpriced.pop(client_order_id, None)
            return None if unpriced is None else priced(unpriced, row)
        if client_order_id in self._unpriced:
            return None
        read = read_history if "elements" in row else read_status
        found = read(row, client_order_id, listing.symbol)
        if found is None or not found.filled:
            return found
        self._unpriced[client_order_id] = found
        return None


def order_params(request: OrderRequest, listing: Listing, before_ms: float) -> dict[str, object]:
    """The parameters of `sendorder`.

    Raises:
        OrderRejected: the request contradicts itself or the venue's grid; nothing was sent.
    """
    if request.position_mode != "one_way":
        raise not_sent(request, "the venue has no hedge mode")
    check_request(request, listing.instrument, _CLIENT_ORDER_ID)
    moment = datetime.fromtimestamp(before_ms / 1000, tz=UTC)
    return {
        "orderType": _TYPES[request.time_in_force],
        "symbol": listing.market_id,
        "side": request.side,
        "size": format(request.contracts.normalize(), "f"),
        "limitPrice": format(request.limit_price.normalize(), "f"),
        "cliOrdId": request.client_order_id,
        "reduceOnly": "true" if request.reduce_only else "false",
        "processBefore": moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }


def read_accepted(answer: object, request: OrderRequest) -> OrderState | None:
    """What became of an order that was just sent; None where it was taken and the answer tells of no fill and no end.

    Raises:
        OrderRejected: it was refused.
        OrderOutcomeUnknown: the answer does not tell for certain.
        BadAnswer: unreadable.
    """
    where = at.NEW_ORDER.name
    sent = record(record(answer, where).get("sendStatus"), where)
    word = text(sent, "status", where)
    order_id = optional_text(sent, "order_id") or ""
    if word == "iocWouldNotExecute":
        return _state(request, order_id, OrderStatus.EXPIRED)
    if word in _REFUSED:
        raise OrderRejected(f"{where}: {word}")
    if word not in _TAKEN:
        raise OrderOutcomeUnknown(f"{where}: {word}", fix="look it up by its client order id; never send it again")
    events = rows(sent.get("orderEvents"), where)
    fills = [row for row in events if row.get("type") == "EXECUTION"]
    if not fills and request.time_in_force == "IOC" and not any(row.get("type") in _ENDS for row in events):
        return None
    return _of_events(request, order_id, fills)


def _of_events(request: OrderRequest, order_id: str, fills: list[Row]) -> OrderState:
    where = at.NEW_ORDER.name
    filled, average = _sum(fills, "amount", where)
    if filled > request.contracts:
        raise refused(where, f"order {request.client_order_id} filled {filled} of {request.contracts}")
    if filled == request.contracts:
        status = OrderStatus.FILLED
    elif request.time_in_force == "IOC":
        status = OrderStatus.PARTLY_FILLED if filled else OrderStatus.EXPIRED
    else:
        status = OrderStatus.OPEN
    return replace(_state(request, order_id, status), filled=filled, average_price=average)


def _state(request: OrderRequest, order_id: str, status: OrderStatus) -> OrderState:
    return OrderState(request.client_order_id, order_id, request.symbol, status, Decimal(0), None)


def _sum(fills: list[Row], size: str, where: str) -> tuple[Decimal, float | None]:
    """What was filled, and at which average price."""
    sizes = [_exact(row, size, where) for row in fills]
    filled = sum(sizes, Decimal(0))
    worth = sum((_exact(row, "price", where) * each for row, each in zip(fills, sizes, strict=True)), Decimal(0))
    return filled, float(worth / filled) if filled else None


def _exact(row: Row, key: str, where: str) -> Decimal:
    return decimal({**row, key: str(number(row, key, where))}, key, where).normalize()


def read_status(row: Row, client_order_id: str, symbol: str) -> OrderState | None:
    """The order among those that are open or ended just now; None: not there.

    Raises:
        BadAnswer: unreadable, or the status is not known.
    """
    where = at.ORDER_STATUS.name
    for found in rows(row.get("orders"), where):
        order = record(found.get("order"), where)
        if order.get("cliOrdId") == client_order_id:
            filled, word = _exact(order, "filled", where), text(found, "status", where)
            status = _STATES.get(word)
            if word == "CANCELLED":
                status = OrderStatus.PARTLY_FILLED if filled else OrderStatus.EXPIRED
            if status is None:
                raise refused(where, f"the status of an order was {word!a}")
            return OrderState(client_order_id, text(order, "orderId", where), symbol, status, filled, None)
    return None


def read_history(row: Row, client_order_id: str, symbol: str) -> OrderState | None:
    """The order in the history, as its newest event left it; None: not there.

    Raises:
        BadAnswer: unreadable.
    """
    where = at.ORDER_HISTORY.name
    for element in rows(row.get("elements"), where):
        for kind, event in record(element.get("event"), where).items():
            order = _order_of(event)
            if order is not None and order.get("clientId") == client_order_id:
                return _from_history(kind, order, client_order_id, symbol)
    return None


def _order_of(event: Any) -> Row | None:
    if not isinstance(event, dict):
        return None
    order = event.get("newOrder") or event.get("order")
    return order if isinstance(order, dict) else None


def _from_history(kind: str, order: Row, client_order_id: str, symbol: str) -> OrderState:
    """An event tells what is left (`quantity`) and what was filled."""
    where = at.ORDER_HISTORY.name
    left, filled = _exact(order, "quantity", where), _exact(order, "filled", where)
    if kind == "OrderRejected":
        status = OrderStatus.REJECTED
    elif left == 0 and filled > 0:
        status = OrderStatus.FILLED
    elif kind == "OrderCancelled" or str(order.get("orderType")).lower() == "ioc":
        status = OrderStatus.PARTLY_FILLED if filled else OrderStatus.EXPIRED
    else:
        status = OrderStatus.OPEN
    return OrderState(client_order_id, text(order, "uid", where), symbol, status, filled, None)


def priced(state: OrderState, row: Row) -> OrderState:
    """The state with the average price of its fills; without one where the list does not reach back to all of them.

    Raises:
        BadAnswer: unreadable.
    """
    where = at.FILLS.name
    fills = [each for each in rows(row.get("fills"), where) if each.get("cliOrdId") == state.client_order_id]
    filled, average = _sum(fills, "size", where)
    return replace(state, average_price=average) if filled == state.filled else state
