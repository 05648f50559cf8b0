"""Orders: placing, looking up, cancelling; plain and conditional."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from guard.sandbox.dialects.kucoinfutures.call import Call, Endpoint, Table, paged
from guard.sandbox.dialects.kucoinfutures.shapes_orders import order_row, stop_row
from guard.sandbox.dialects.kucoinfutures.signing import Security
from guard.sandbox.dialects.kucoinfutures.wording import WireError, bad_parameter, from_rejection
from guard.sandbox.engine.conditional import cancel_algo, cancel_all_algos, find_algo, place_algo
from guard.sandbox.engine.matching import cancel_all, cancel_order, place_order
from guard.sandbox.engine.orders import (
    AlgoKind,
    AlgoOrder,
    AlgoRequest,
    AlgoStatus,
    Order,
    OrderKind,
    OrderRequest,
    Reason,
    Rejection,
    TimeInForce,
)
from guard.sandbox.engine.rules.kucoinfutures import UNIFIED
from guard.sandbox.engine.sides import Leg, Side

_CLIENT_ID_MAX = 40


def _place(call: Call) -> Any:
    if call.account.mode == UNIFIED:
        raise WireError("330030", "This account is a unified account, please use its own interface.")
    client_id = call.text("clientOid")
    if len(client_id) > _CLIENT_ID_MAX:
        raise bad_parameter("clientOid parameter is too long.")
    symbol = call.symbol()
    isolated = call.account.settings_of(symbol).isolated
    if (call.text("marginMode", "ISOLATED") == "ISOLATED") != isolated:
        raise WireError(
            "330005", "The order's margin mode does not match the selected one. Please switch and try again."
        )
    found = _place_stop(call, symbol, client_id) if call.text("stop", "") else _place_plain(call, symbol, client_id)
    return {"orderId": str(found.id), "clientOid": client_id}


def _place_plain(call: Call, symbol: str, client_id: str) -> Order:
    kind = OrderKind.LIMIT if call.text("type", "limit") == "limit" else OrderKind.MARKET
    side, leg = _side(call, symbol), _leg(call)
    request = OrderRequest(
        symbol=symbol,
        side=side,
        leg=leg,
        kind=kind,
        qty=_qty(call, symbol, leg),
        price=call.decimal("price") if kind is OrderKind.LIMIT else None,
        time_in_force=_time_in_force(call),
        reduce_only=_reduce_only(call, leg, side),
        client_order_id=client_id,
    )
    return place_order(call.state, call.account, request)


def _place_stop(call: Call, symbol: str, client_id: str) -> AlgoOrder:
    side, leg, up = _side(call, symbol), _leg(call), call.text("stop") == "up"
    profit = up == (side is Side.SELL)
    limit = call.text("type", "limit") == "limit"
    market_kind = AlgoKind.TAKE_PROFIT_MARKET if profit else AlgoKind.STOP_MARKET
    limit_kind = AlgoKind.TAKE_PROFIT if profit else AlgoKind.STOP
    closes_all = call.flag("closeOrder")
    request = AlgoRequest(
        symbol=symbol,
        side=side,
        leg=leg,
        kind=limit_kind if limit else market_kind,
        qty=None if closes_all else _qty(call, symbol, leg),
        price=call.decimal("price") if limit else None,
        trigger_price=call.decimal("stopPrice"),
        reduce_only=_reduce_only(call, leg, side),
        close_position=closes_all,
        client_algo_id=client_id,
    )
    return place_algo(call.state, call.account, request)


def _side(call: Call, symbol: str) -> Side:
    """The side; an order that closes everything may leave it out."""
    word = call.text("side", "")
    if word in {"buy", "sell"}:
        return Side.BUY if word == "buy" else Side.SELL
    if not call.flag("closeOrder"):
        raise bad_parameter("side parameter invalid.")
    return Side.SELL if call.account.position(symbol, _leg(call)).qty > 0 else Side.BUY


def _leg(call: Call) -> Leg:
    """The leg that is named; one-way accounts may leave it out."""
    word = call.text("positionSide", "BOTH")
    if word not in {"BOTH", "LONG", "SHORT"}:
        raise bad_parameter("positionSide parameter invalid.")
    if (word == "BOTH") == call.account.hedge_mode:
        raise from_rejection(Rejection(Reason.WRONG_LEG))
    return Leg(word)


def _qty(call: Call, symbol: str, leg: Leg) -> Decimal:
    if call.flag("closeOrder"):
        return abs(call.account.position(symbol, leg).qty)
    size = call.decimal("size")
    if size is None or size <= 0 or size != size.to_integral_value():
        raise bad_parameter("Quantity parameter must be a positive integer.")
    return size * call.instrument(symbol).contract_size


def _reduce_only(call: Call, leg: Leg, side: Side) -> bool | None:
    """As the engine takes it: a leg of a hedge is told by its side, and a mark that contradicts it is refused."""
    marked = call.flag("reduceOnly") or call.flag("closeOrder")
    if leg is Leg.BOTH:
        return marked
    if marked and leg.opened_by(side):
        raise from_rejection(Rejection(Reason.REDUCE_ONLY_REJECTED))
    return None


def _time_in_force(call: Call) -> TimeInForce:
    word = call.text("timeInForce", "GTC")
    if word not in {"GTC", "IOC"}:
        raise bad_parameter("timeInForce parameter invalid.")
    if call.flag("postOnly"):
        return TimeInForce.GTX
    return TimeInForce(word)


def _orders(call: Call) -> Any:
    symbol, active = call.maybe_symbol(), call.text("status", "done") == "active"
    account = call.account
    rows = [
        order_row(order, account, call.market)
        for order in reversed(account.orders.values())
        if (order.id in account.open_orders) == active and symbol in {None, order.symbol}
    ]
    return paged(call, rows)


def _stop_orders(call: Call) -> Any:
    symbol, account = call.maybe_symbol(), call.account
    rows = [
        stop_row(algo, account, call.market)
        for algo in reversed(account.open_algo_orders.values())
        if symbol in {None, algo.request.symbol}
    ]
    return paged(call, rows)


def _shown(call: Call, order: Order | None, algo: AlgoOrder | None) -> Any:
    if order is not None:
        return order_row(order, call.account, call.market)
    if algo is not None and algo.status is AlgoStatus.NEW:
        return stop_row(algo, call.account, call.market)
    raise from_rejection(Rejection(Reason.UNKNOWN_ORDER))


def _by_client_id(call: Call) -> Any:
    client_id, account = call.text("clientOid"), call.account
    order_id = account.client_ids.get(client_id)
    return _shown(call, account.orders.get(order_id or 0), find_algo(account, None, client_id))


def _by_id(call: Call) -> Any:
    order_id = int(call.rest) if call.rest.isdigit() else 0
    return _shown(call, call.account.orders.get(order_id), call.account.algo_orders.get(order_id))


def _cancel(call: Call) -> Any:
    order_id = int(call.rest) if call.rest.isdigit() else 0
    if order_id in call.account.open_algo_orders:
        cancel_algo(call.state, call.account, order_id)
    else:
        cancel_order(call.state, call.account, order_id)
    return {"cancelledOrderIds": [str(order_id)]}


def _cancel_by_client_id(call: Call) -> Any:
    order_id = call.account.client_ids.get(call.rest, 0)
    cancel_order(call.state, call.account, order_id)
    return {"clientOid": call.rest}


def _cancel_all(call: Call) -> Any:
    symbol = call.maybe_symbol()
    ids = [order.id for order in call.account.open_orders.values() if symbol in {None, order.symbol}]
    for each in {order.symbol for order in call.account.open_orders.values()} if symbol is None else {symbol}:
        cancel_all(call.state, call.account, each)
    return {"cancelledOrderIds": [str(order_id) for order_id in ids]}


def _cancel_all_stops(call: Call) -> Any:
    ended = cancel_all_algos(call.state, call.account, call.maybe_symbol())
    return {"cancelledOrderIds": [str(algo.id) for algo in ended]}


_READ = Security.GENERAL
_ACT = Security.FUTURES
TABLE: Table = {
    ("POST", "/api/v1/orders"): Endpoint(_place, _ACT),
    ("GET", "/api/v1/orders"): Endpoint(_orders, _READ),
    ("GET", "/api/v1/stopOrders"): Endpoint(_stop_orders, _READ),
    ("GET", "/api/v1/orders/byClientOid"): Endpoint(_by_client_id, _READ),
    ("GET", "/api/v1/orders/"): Endpoint(_by_id, _READ),
    ("DELETE", "/api/v1/orders"): Endpoint(_cancel_all, _ACT),
    ("DELETE", "/api/v1/stopOrders"): Endpoint(_cancel_all_stops, _ACT),
    ("DELETE", "/api/v1/orders/client-order/"): Endpoint(_cancel_by_client_id, _ACT),
    ("DELETE", "/api/v1/orders/"): Endpoint(_cancel, _ACT),
}
