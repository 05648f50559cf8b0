"""Endpoints that place, list and cancel orders."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from guard.sandbox.dialects.bybit.call import Call, Endpoint, Table
from guard.sandbox.dialects.bybit.naming import category_of
from guard.sandbox.dialects.bybit.refusals import from_rejection, parameter_error
from guard.sandbox.dialects.bybit.shapes_orders import algo_json, order_json
from guard.sandbox.dialects.bybit.signing import Security
from guard.sandbox.engine import conditional, matching
from guard.sandbox.engine.orders import (
    AlgoKind,
    AlgoRequest,
    OrderKind,
    OrderRequest,
    Reason,
    Rejection,
    TimeInForce,
)
from guard.sandbox.engine.sides import Leg, Side

_LEGS = {"0": Leg.BOTH, "1": Leg.LONG, "2": Leg.SHORT}
_SIDES = {"Buy": Side.BUY, "Sell": Side.SELL}
_KINDS = {"Limit": OrderKind.LIMIT, "Market": OrderKind.MARKET}
_TIMES = {"GTC": TimeInForce.GTC, "IOC": TimeInForce.IOC, "FOK": TimeInForce.FOK, "PostOnly": TimeInForce.GTX}
_LONGEST_CLIENT_ID = 36
_ORDERS, _ORDERS_MAX = 20, 50
_RISES = "1"


def _place(call: Call) -> Any:
    """The acknowledgement says nothing of what became of the order."""
    client_id = call.maybe("orderLinkId") or ""
    if len(client_id) > _LONGEST_CLIENT_ID:
        raise parameter_error("OrderLinkId cannot be longer than 36 characters")
    if client_id and _is_known(call, client_id):
        raise Rejection(Reason.DUPLICATE_CLIENT_ID, client_id)
    if call.maybe("triggerPrice"):
        algo = conditional.place_algo(call.engine.state, call.account, _algo_request(call, client_id))
        return {"orderId": str(algo.id), "orderLinkId": algo.client_algo_id}
    order = matching.place_order(call.engine.state, call.account, _order_request(call, client_id))
    call.engine.settle_account(call.account)
    return {"orderId": str(order.id), "orderLinkId": order.client_order_id}


def _is_known(call: Call, client_id: str) -> bool:
    """Ids are unique for ever here, not only among open orders."""
    return client_id in call.account.client_ids or conditional.find_algo(call.account, None, client_id) is not None


def _order_request(call: Call, client_id: str) -> OrderRequest:
    side, leg, kind = _common(call)
    return OrderRequest(
        symbol=call.instrument().symbol,
        side=side,
        leg=leg,
        kind=kind,
        qty=_quantity(call),
        price=call.decimal("price") if kind is OrderKind.LIMIT else None,
        time_in_force=_TIMES.get(call.maybe("timeInForce") or "GTC", TimeInForce.GTC),
        reduce_only=_reduce_only(call, side, leg),
        client_order_id=client_id,
    )


def _algo_request(call: Call, client_id: str) -> AlgoRequest:
    side, leg, kind = _common(call)
    is_stop = (call.maybe("triggerDirection") == _RISES) == (side is Side.BUY)
    kinds = {
        (True, True): AlgoKind.STOP_MARKET,
        (True, False): AlgoKind.STOP,
        (False, True): AlgoKind.TAKE_PROFIT_MARKET,
        (False, False): AlgoKind.TAKE_PROFIT,
    }
    quantity = call.decimal("qty") or Decimal(0)
    closes_all = not quantity and call.flag("reduceOnly") and call.flag("closeOnTrigger")
    return AlgoRequest(
        symbol=call.instrument().symbol,
        side=side,
        leg=leg,
        kind=kinds[is_stop, kind is OrderKind.MARKET],
        qty=None if closes_all else _quantity(call),
        price=call.decimal("price") if kind is OrderKind.LIMIT else None,
        trigger_price=call.decimal("triggerPrice"),
        reduce_only=_reduce_only(call, side, leg),
        close_position=closes_all,
        client_algo_id=client_id,
    )


def _common(call: Call) -> tuple[Side, Leg, OrderKind]:
    side, kind = _SIDES.get(call.text("side")), _KINDS.get(call.text("orderType"))
    leg = _LEGS.get(call.maybe("positionIdx") or "0")
    if side is None or kind is None or leg is None:
        raise parameter_error("params error: side, orderType or positionIdx invalid")
    return side, leg, kind


def _quantity(call: Call) -> Decimal:
    quantity = call.decimal("qty")
    if quantity is None:
        raise Rejection(Reason.QTY_MISSING)
    return quantity


def _reduce_only(call: Call, side: Side, leg: Leg) -> bool | None:
    """In hedge mode the flag is understood too: an order that would open its leg under it is refused."""
    wanted = call.flag("reduceOnly")
    if leg is Leg.BOTH:
        return wanted
    if wanted and leg.opened_by(side):
        raise Rejection(Reason.REDUCE_ONLY_REJECTED)
    return None


def _open(call: Call) -> Any:
    """Open orders; with an id also those that ended."""
    rows = _by_id(call) if _has_id(call) else _waiting(call)
    return {"category": call.category(), **call.page(rows, _ORDERS, _ORDERS_MAX, points_on=True)}


def _waiting(call: Call) -> list[dict[str, Any]]:
    category = call.category()
    symbol = call.instrument().symbol if call.maybe("symbol") else None
    settle = call.maybe("settleCoin")
    if category == "linear" and symbol is None and settle is None:
        raise parameter_error("Missing some parameters that must be filled in, symbol or settleCoin or baseCoin")

    def belongs(name: str) -> bool:
        instrument = call.market.instruments[name]
        fits = category_of(instrument) == category and settle in {None, instrument.margin_asset}
        return fits and symbol in {None, name}

    orders = [order for order in call.account.open_orders.values() if belongs(order.symbol)]
    algos = [algo for algo in call.account.open_algo_orders.values() if belongs(algo.request.symbol)]
    return [
        *(order_json(order, call.market.instruments[order.symbol]) for order in orders),
        *(algo_json(algo, call.market.instruments[algo.request.symbol]) for algo in algos),
    ]


def _has_id(call: Call) -> bool:
    return bool(call.maybe("orderId") or call.maybe("orderLinkId"))


def _by_id(call: Call) -> list[dict[str, Any]]:
    number, client_id = call.decimal("orderId"), call.maybe("orderLinkId")
    order_id = None if number is None else int(number)
    symbol = call.instrument().symbol
    order = matching.find_order(call.account, symbol, order_id, client_id)
    if order is not None:
        return [order_json(order, call.market.instruments[symbol])]
    algo = conditional.find_algo(call.account, order_id, client_id)
    return [] if algo is None else [algo_json(algo, call.market.instruments[symbol])]


def _history(call: Call) -> Any:
    if _has_id(call):
        rows = _by_id(call)
    else:
        category = call.category()
        rows = [
            order_json(order, call.market.instruments[order.symbol])
            for order in reversed(call.account.orders.values())
            if category_of(call.market.instruments[order.symbol]) == category
        ]
    return {"category": call.category(), **call.page(rows, _ORDERS, _ORDERS_MAX, points_on=True)}


def _cancel(call: Call) -> Any:
    number, client_id = call.decimal("orderId"), call.maybe("orderLinkId")
    order_id = None if number is None else int(number)
    order = matching.find_order(call.account, call.instrument().symbol, order_id, client_id)
    if order is not None:
        matching.cancel_order(call.engine.state, call.account, order.id)
        return {"orderId": str(order.id), "orderLinkId": order.client_order_id}
    algo = conditional.find_algo(call.account, order_id, client_id)
    if algo is None:
        raise from_rejection(Rejection(Reason.UNKNOWN_ORDER))
    conditional.cancel_algo(call.engine.state, call.account, algo.id)
    return {"orderId": str(algo.id), "orderLinkId": algo.client_algo_id}


def _cancel_all(call: Call) -> Any:
    gone = []
    for row in _waiting(call):
        number = int(row["orderId"])
        if number in call.account.open_orders:
            matching.cancel_order(call.engine.state, call.account, number)
        else:
            conditional.cancel_algo(call.engine.state, call.account, number)
        gone.append({"orderId": row["orderId"], "orderLinkId": row["orderLinkId"]})
    return {"list": gone, "success": "1"}


_READ, _TRADE = Security.READ, Security.TRADE
TABLE: Table = {
    ("POST", "/v5/order/create"): Endpoint(_place, _TRADE),
    ("GET", "/v5/order/realtime"): Endpoint(_open, _READ),
    ("GET", "/v5/order/history"): Endpoint(_history, _READ),
    ("POST", "/v5/order/cancel"): Endpoint(_cancel, _TRADE),
    ("POST", "/v5/order/cancel-all"): Endpoint(_cancel_all, _TRADE),
}
