"""Endpoints that place, query and cancel orders."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, TypeVar

from guard.sandbox.dialects.bingx.call import Call, Endpoint, Table
from guard.sandbox.dialects.bingx.orders import algo_row, order_row
from guard.sandbox.dialects.bingx.signing import Security
from guard.sandbox.dialects.bingx.words import NO_SUCH_ORDER, WireError
from guard.sandbox.engine import matching
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.orders import Order, OrderKind, OrderRequest, TimeInForce
from guard.sandbox.engine.sides import Leg, Side

_LONGEST_CLIENT_ID = 40
_WORDS = {"PostOnly": TimeInForce.GTX}
_E = TypeVar("_E", bound=StrEnum)


def _choice(call: Call, name: str, kind: type[_E], default: _E | None = None) -> _E:
    if default is not None and not call.params.get(name):
        return default
    try:
        return kind(call.text(name).upper())
    except ValueError as error:
        raise WireError(109400, f"Invalid parameters, err:{name} is not supported") from error


def _request(call: Call, instrument: Instrument) -> OrderRequest:
    """What the parameters of a new order ask for."""
    client_id = call.params.get("clientOrderID") or call.params.get("clientOrderId") or ""
    if len(client_id) > _LONGEST_CLIENT_ID:
        raise WireError(109400, "Invalid parameters, err:clientOrderID: length must be 1 to 40")
    kind = _choice(call, "type", OrderKind)
    leg = _choice(call, "positionSide", Leg, Leg.BOTH if not call.account.hedge_mode else Leg.LONG)
    if call.account.hedge_mode and leg is Leg.BOTH:
        raise WireError(109400, "In the Hedge mode, the 'PositionSide' field can only be set to LONG or SHORT.")
    if not call.account.hedge_mode and leg is not Leg.BOTH:
        raise WireError(109400, "In the One-way mode, the 'PositionSide' field can only be set to BOTH.")
    reduce_only = call.params.get("reduceOnly")
    word = call.params.get("timeInForce") or "GTC"
    return OrderRequest(
        symbol=instrument.symbol,
        side=_choice(call, "side", Side),
        leg=leg,
        kind=kind,
        qty=call.decimal("quantity") * instrument.contract_size,
        price=call.decimal("price") if kind is OrderKind.LIMIT else None,
        time_in_force=_WORDS.get(word) or _choice(call, "timeInForce", TimeInForce, TimeInForce.GTC),
        reduce_only=None if reduce_only in {None, ""} else reduce_only == "true",
        client_order_id=client_id.lower(),
    )


def _place(call: Call) -> Any:
    instrument = call.instrument()
    order = matching.place_order(call.engine.state, call.account, _request(call, instrument))
    call.engine.settle_account(call.account)
    return {
        "order": {
            "orderId": order.id,
            "orderID": str(order.id),
            "symbol": call.params["symbol"],
            "positionSide": order.leg.value,
            "side": order.side.value,
            "type": order.kind.value,
            "price": float(order.price),
            "quantity": float(order.qty / instrument.contract_size),
            "stopPrice": 0,
            "workingType": "MARK_PRICE",
            "clientOrderID": order.client_order_id,
            "clientOrderId": "",
            "timeInForce": order.time_in_force.value,
            "priceRate": 0,
            "stopLoss": "",
            "takeProfit": "",
            "reduceOnly": order.reduce_only,
            "closePosition": "",
        }
    }


def _found(call: Call) -> tuple[Instrument, Order]:
    instrument = call.instrument()
    order_id, client_id = call.params.get("orderId"), call.params.get("clientOrderId")
    if not order_id and not client_id:
        raise WireError(109400, "orderId and clientOrderID are both empty, orderId and clientOrderID are both empty")
    number = int(order_id) if order_id and order_id.isdigit() else None
    order = matching.find_order(call.account, instrument.symbol, number, (client_id or "").lower() or None)
    if order is None:
        raise WireError(NO_SUCH_ORDER, "order not exist")
    return instrument, order


def _query(call: Call) -> Any:
    instrument, order = _found(call)
    return {"order": order_row(order, instrument)}


def _cancel(call: Call) -> Any:
    instrument, order = _found(call)
    matching.cancel_order(call.engine.state, call.account, order.id)
    return {"order": order_row(order, instrument)}


def _open(call: Call, *, inverse: bool) -> Any:
    account, market, wanted = call.account, call.market, call.maybe_symbol()
    rows = [
        order_row(order, market.instruments[order.symbol])
        for order in account.open_orders.values()
        if market.instruments[order.symbol].is_inverse == inverse and wanted in {None, order.symbol}
    ]
    rows += [
        algo_row(algo, market.instruments[algo.request.symbol])
        for algo in account.open_algo_orders.values()
        if market.instruments[algo.request.symbol].is_inverse == inverse and wanted in {None, algo.request.symbol}
    ]
    return {"orders": rows}


def _open_linear(call: Call) -> Any:
    return _open(call, inverse=False)


def _open_inverse(call: Call) -> Any:
    return _open(call, inverse=True)


TABLE: Table = {
    ("POST", "/openApi/swap/v2/trade/order"): Endpoint(_place, Security.TRADE),
    ("GET", "/openApi/swap/v2/trade/order"): Endpoint(_query, Security.READ),
    ("DELETE", "/openApi/swap/v2/trade/order"): Endpoint(_cancel, Security.TRADE),
    ("GET", "/openApi/swap/v2/trade/openOrders"): Endpoint(_open_linear, Security.READ),
    ("GET", "/openApi/cswap/v1/trade/openOrders"): Endpoint(_open_inverse, Security.READ),
}
