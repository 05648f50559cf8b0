"""Endpoints that place, query and cancel orders, and the listen key."""

from __future__ import annotations

import json
from typing import Any

from guard.sandbox.dialects.binanceusdm.call import Call, Endpoint, Table
from guard.sandbox.dialects.binanceusdm.errors import WireError, from_rejection, missing, no_such_order
from guard.sandbox.dialects.binanceusdm.params import Params
from guard.sandbox.dialects.binanceusdm.shapes_orders import order_json, placed_json, trade_json
from guard.sandbox.dialects.binanceusdm.signing import Security
from guard.sandbox.engine import matching
from guard.sandbox.engine.orders import Order, OrderKind, OrderRequest, Reason, Rejection, TimeInForce
from guard.sandbox.engine.sides import Leg, Side

_CONDITIONAL = {"STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"}
_ALL_CANCELED = {"code": 200, "msg": "The operation of cancel all open order is done."}
_LONGEST_CLIENT_ID = 36
_LARGEST_BATCH = 5


def order_request(call: Call) -> OrderRequest:
    """What the parameters of a new order ask for, or the venue's refusal."""
    params, symbol = call.params, call.symbol()
    kind = params.text("type").upper()
    if kind in _CONDITIONAL:
        raise WireError(
            400,
            -4120,
            "Order type not supported for this endpoint. Please use the Algo Order API endpoints instead.",
        )
    if len(params.values.get("newClientOrderId", "")) > _LONGEST_CLIENT_ID:
        raise WireError(400, -4015, "Client order id length should be less than 36 chars")
    order_kind = params.choice("type", OrderKind, -1116, "Invalid orderType.")
    price = params.decimal("price") if order_kind is OrderKind.LIMIT else None
    if order_kind is OrderKind.LIMIT:
        params.text("timeInForce")
    elif params.has("price"):
        raise WireError(400, -1106, "Parameter 'price' sent when not required.")
    return OrderRequest(
        symbol=symbol,
        side=params.choice("side", Side, -1117, "Invalid side."),
        leg=params.choice("positionSide", Leg, -1117, "Invalid positionSide.", Leg.BOTH),
        kind=order_kind,
        qty=params.decimal("quantity"),
        price=price,
        time_in_force=params.choice("timeInForce", TimeInForce, -1115, "Invalid timeInForce.", TimeInForce.GTC),
        reduce_only=params.maybe_flag("reduceOnly"),
        client_order_id=params.maybe_text("newClientOrderId") or "",
    )


def _place(call: Call) -> Any:
    order = matching.place_order(call.engine.state, call.account, order_request(call))
    call.engine.settle_account(call.account)
    response_type = (call.params.maybe_text("newOrderRespType") or "ACK").upper()
    return placed_json(order, call.instrument(order.symbol), response_type)


def _test_order(call: Call) -> Any:
    order_request(call)
    return {}


def _find(call: Call, id_name: str = "orderId", client_name: str = "origClientOrderId") -> Order | None:
    order_id, client_id = call.params.maybe_integer(id_name), call.params.maybe_text(client_name)
    if order_id is None and client_id is None:
        raise WireError(400, -1102, f"Param '{client_name}' or '{id_name}' must be sent, but both were empty/null!")
    return matching.find_order(call.account, call.symbol(), order_id, client_id)


def _query(call: Call) -> Any:
    order = _find(call)
    if order is None:
        raise no_such_order()
    return order_json(order, call.instrument(order.symbol))


def _query_open(call: Call) -> Any:
    order = _find(call)
    if order is None or order.id not in call.account.open_orders:
        raise no_such_order()
    return order_json(order, call.instrument(order.symbol))


def _cancel(call: Call) -> Any:
    order = _find(call)
    if order is None:
        raise from_rejection(Rejection(Reason.UNKNOWN_ORDER))
    matching.cancel_order(call.engine.state, call.account, order.id)
    return order_json(order, call.instrument(order.symbol))


def _modify(call: Call) -> Any:
    """The venue changes quantity and price in place; here the rest is cancelled and placed anew under the same ids."""
    order = _find(call)
    if order is None or order.id not in call.account.open_orders:
        raise from_rejection(Rejection(Reason.UNKNOWN_ORDER))
    if order.kind is not OrderKind.LIMIT:
        raise WireError(400, -5025, "Only limit order is supported.")
    changed = matching.modify_order(
        call.engine.state, call.account, order, call.params.decimal("quantity"), call.params.decimal("price")
    )
    return order_json(changed, call.instrument(order.symbol))


def _cancel_all(call: Call) -> Any:
    matching.cancel_all(call.engine.state, call.account, call.symbol())
    return _ALL_CANCELED


def _open_orders(call: Call) -> Any:
    symbol = call.maybe_symbol()
    orders = [order for order in call.account.open_orders.values() if symbol in {None, order.symbol}]
    return [order_json(order, call.instrument(order.symbol)) for order in orders]


def _all_orders(call: Call) -> Any:
    symbol = call.maybe_symbol()
    start = call.params.maybe_integer("startTime") or 0
    end = call.params.maybe_integer("endTime") or call.now_ms
    since_id = call.params.maybe_integer("orderId") or 0
    orders = [
        order
        for order in call.account.orders.values()
        if symbol in {None, order.symbol} and start <= order.created_ms <= end and order.id >= since_id
    ]
    return [order_json(order, call.instrument(order.symbol)) for order in orders[-call.params.limit(500, 1000) :]]


def _user_trades(call: Call) -> Any:
    symbol = call.symbol()
    start = call.params.maybe_integer("startTime") or 0
    end = call.params.maybe_integer("endTime") or call.now_ms
    order_id, from_id = call.params.maybe_integer("orderId"), call.params.maybe_integer("fromId") or 0
    trades = [
        trade
        for trade in call.account.trades
        if trade.symbol == symbol
        and start <= trade.at_ms <= end
        and trade.id >= from_id
        and order_id in {None, trade.order_id}
    ]
    return [trade_json(trade, call.instrument(symbol)) for trade in trades[-call.params.limit(500, 1000) :]]


def _force_orders(call: Call) -> Any:
    symbol = call.maybe_symbol()
    if call.params.maybe_text("autoCloseType") == "ADL":
        return []
    ids = [item.order_id for item in call.account.liquidations if symbol in {None, item.symbol}]
    orders = [call.account.orders[order_id] for order_id in ids[-call.params.limit(50, 100) :]]
    return [order_json(order, call.instrument(order.symbol)) for order in orders]


def _batch_place(call: Call) -> Any:
    return [_one_of_batch(call, entry, _place) for entry in _batch(call, "batchOrders")]


def _batch_cancel(call: Call) -> Any:
    if call.params.has("orderIdList") or call.params.has("orderidlist"):
        name = "orderIdList" if call.params.has("orderIdList") else "orderidlist"
        entries = [{"orderId": str(entry)} for entry in _batch(call, name)]
    else:
        name = "origClientOrderIdList" if call.params.has("origClientOrderIdList") else "origclientorderidlist"
        entries = [{"origClientOrderId": str(entry)} for entry in _batch(call, name)]
    symbol = {"symbol": call.symbol()}
    return [_one_of_batch(call, {**symbol, **entry}, _cancel) for entry in entries]


def _batch(call: Call, name: str) -> list[Any]:
    try:
        entries = json.loads(call.params.text(name))
    except json.JSONDecodeError as error:
        raise missing(name) from error
    if not isinstance(entries, list) or not entries:
        raise missing(name)
    if len(entries) > _LARGEST_BATCH and name == "batchOrders":
        raise WireError(400, -4082, "Invalid number of batch place orders.")
    return entries


def _one_of_batch(call: Call, entry: Any, handler: Any) -> Any:
    """Each entry of a batch succeeds or fails for itself."""
    values = {str(name): _text(value) for name, value in entry.items()} if isinstance(entry, dict) else {}
    single = Call(call.venue, Params(values), call.key, call.now_ms)
    try:
        return handler(single)
    except Rejection as error:
        wire = from_rejection(error)
    except WireError as error:
        wire = error
    return {"code": wire.code, "msg": wire.msg}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _countdown(call: Call) -> Any:
    symbol, countdown = call.symbol(), call.params.integer("countdownTime")
    call.account.set_countdown(symbol, call.engine.now_ms + countdown if countdown > 0 else None)
    return {"symbol": symbol, "countdownTime": str(countdown)}


def _open_listen_key(call: Call) -> Any:
    return {"listenKey": call.venue.listen_keys.open(call.account.id, call.now_ms)}


def _keep_listen_key(call: Call) -> Any:
    return {"listenKey": call.venue.listen_keys.keep_alive(call.account.id, call.now_ms)}


def _close_listen_key(call: Call) -> Any:
    call.venue.listen_keys.close(call.account.id)
    return {}


def _by_symbol(one: int, every: int) -> Any:
    return lambda params: one if params.has("symbol") else every


_DATA = Security.USER_DATA
_TRADE = Security.TRADE
TABLE: Table = {
    ("POST", "/fapi/v1/order"): Endpoint(_place, _TRADE),
    ("POST", "/fapi/v1/order/test"): Endpoint(_test_order, _TRADE),
    ("PUT", "/fapi/v1/order"): Endpoint(_modify, _TRADE),
    ("GET", "/fapi/v1/order"): Endpoint(_query, _DATA),
    ("DELETE", "/fapi/v1/order"): Endpoint(_cancel, _TRADE),
    ("GET", "/fapi/v1/openOrder"): Endpoint(_query_open, _DATA),
    ("GET", "/fapi/v1/openOrders"): Endpoint(_open_orders, _DATA, _by_symbol(1, 40)),
    ("GET", "/fapi/v1/allOrders"): Endpoint(_all_orders, _DATA, 5),
    ("DELETE", "/fapi/v1/allOpenOrders"): Endpoint(_cancel_all, _TRADE),
    ("POST", "/fapi/v1/batchOrders"): Endpoint(_batch_place, _TRADE, 5),
    ("DELETE", "/fapi/v1/batchOrders"): Endpoint(_batch_cancel, _TRADE),
    ("POST", "/fapi/v1/countdownCancelAll"): Endpoint(_countdown, _TRADE, 10),
    ("GET", "/fapi/v1/userTrades"): Endpoint(_user_trades, _DATA, 5),
    ("GET", "/fapi/v1/forceOrders"): Endpoint(_force_orders, _DATA, _by_symbol(20, 50)),
    ("POST", "/fapi/v1/listenKey"): Endpoint(_open_listen_key, Security.KEY),
    ("PUT", "/fapi/v1/listenKey"): Endpoint(_keep_listen_key, Security.KEY),
    ("DELETE", "/fapi/v1/listenKey"): Endpoint(_close_listen_key, Security.KEY),
}
