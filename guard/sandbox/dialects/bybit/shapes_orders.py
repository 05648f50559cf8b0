"""Orders and conditional orders in the venue's JSON: one list for both."""

from __future__ import annotations

from typing import Any

from guard.sandbox.dialects.bybit.naming import wire_id
from guard.sandbox.dialects.numbers import on_grid, plain
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.orders import AlgoKind, AlgoOrder, AlgoStatus, Order, OrderKind, OrderStatus, TimeInForce
from guard.sandbox.engine.sides import Leg, Side

_INDEX = {Leg.BOTH: 0, Leg.LONG: 1, Leg.SHORT: 2}
_SIDES = {Side.BUY: "Buy", Side.SELL: "Sell"}
_TIMES = {TimeInForce.GTX: "PostOnly"}
_STATUS = {
    OrderStatus.NEW: "New",
    OrderStatus.PARTIALLY_FILLED: "PartiallyFilled",
    OrderStatus.FILLED: "Filled",
    OrderStatus.CANCELED: "Cancelled",
    OrderStatus.EXPIRED: "Cancelled",
}
_WAITING = {
    AlgoStatus.NEW: "Untriggered",
    AlgoStatus.FINISHED: "Triggered",
    AlgoStatus.CANCELED: "Deactivated",
    AlgoStatus.REJECTED: "Rejected",
}
_TAKE_PROFITS = {AlgoKind.TAKE_PROFIT, AlgoKind.TAKE_PROFIT_MARKET}


def order_json(order: Order, instrument: Instrument) -> dict[str, Any]:
    """An order as it stands."""
    is_open = order.status in {OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED}
    left = order.remaining if is_open else 0 * order.remaining
    return {
        **_common(order.id, order.client_order_id, instrument, order.side, order.leg),
        "price": on_grid(order.price, instrument.tick) if order.kind is OrderKind.LIMIT else "",
        "qty": plain(order.qty),
        "orderStatus": _STATUS[order.status],
        "avgPrice": plain(order.average_price) if order.filled else "",
        "leavesQty": plain(left),
        "leavesValue": plain(instrument.notional(left, order.price)) if order.price else "0",
        "cumExecQty": plain(order.filled),
        "cumExecValue": plain(order.notional_filled),
        "timeInForce": _TIMES.get(order.time_in_force, order.time_in_force.value),
        "orderType": order.kind.value.capitalize(),
        "stopOrderType": "",
        "triggerPrice": "",
        "triggerDirection": 0,
        "triggerBy": "",
        "reduceOnly": order.closes,
        "closeOnTrigger": False,
        "createdTime": str(order.created_ms),
        "updatedTime": str(order.updated_ms),
    }


def algo_json(algo: AlgoOrder, instrument: Instrument) -> dict[str, Any]:
    """A conditional order; one that closes its whole leg has no size."""
    request = algo.request
    quantity = plain(request.qty) if request.qty is not None and not request.close_position else "0"
    closes = request.reduce_only or request.close_position
    if request.leg is not Leg.BOTH:
        closes = not request.leg.opened_by(request.side)
    rises = (request.side is Side.BUY) != (request.kind in _TAKE_PROFITS)
    return {
        **_common(algo.id, algo.client_algo_id, instrument, request.side, request.leg),
        "price": on_grid(request.price, instrument.tick) if request.price else "",
        "qty": quantity,
        "orderStatus": _WAITING[algo.status],
        "avgPrice": "",
        "leavesQty": quantity,
        "leavesValue": "0",
        "cumExecQty": "0",
        "cumExecValue": "0",
        "timeInForce": "IOC" if request.kind.is_market else request.time_in_force.value,
        "orderType": "Market" if request.kind.is_market else "Limit",
        "stopOrderType": "Stop",
        "triggerPrice": on_grid(request.trigger_price, instrument.tick) if request.trigger_price else "",
        "triggerDirection": 1 if rises else 2,
        "triggerBy": "MarkPrice",
        "reduceOnly": bool(closes),
        "closeOnTrigger": request.close_position,
        "createdTime": str(algo.created_ms),
        "updatedTime": str(algo.updated_ms),
    }


def _common(number: int, client_id: str, instrument: Instrument, side: Side, leg: Leg) -> dict[str, Any]:
    return {
        "orderId": str(number),
        "orderLinkId": client_id,
        "blockTradeId": "",
        "symbol": wire_id(instrument),
        "side": _SIDES[side],
        "isLeverage": "",
        "positionIdx": _INDEX[leg],
        "cancelType": "UNKNOWN",
        "rejectReason": "EC_NoError",
        "cumExecFee": "0",
        "orderIv": "",
        "takeProfit": "",
        "stopLoss": "",
        "tpTriggerBy": "",
        "slTriggerBy": "",
        "lastPriceOnCreated": "",
        "smpType": "None",
        "smpGroup": 0,
        "smpOrderId": "",
        "tpslMode": "",
        "tpLimitPrice": "",
        "slLimitPrice": "",
        "placeType": "",
        "cumFeeDetail": {},
    }
