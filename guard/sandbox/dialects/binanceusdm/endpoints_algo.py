"""Endpoints of the conditional ("algo") order book."""

from __future__ import annotations

from typing import Any

from guard.sandbox.dialects.binanceusdm.call import Call, Endpoint, Table
from guard.sandbox.dialects.binanceusdm.errors import WireError, no_such_order
from guard.sandbox.dialects.binanceusdm.shapes_orders import algo_json
from guard.sandbox.dialects.binanceusdm.signing import Security
from guard.sandbox.engine import conditional
from guard.sandbox.engine.orders import AlgoKind, AlgoOrder, AlgoRequest, TimeInForce
from guard.sandbox.engine.sides import Leg, Side

_ALL_CANCELED = {"code": 200, "msg": "The operation of cancel all open order is done."}


def _place(call: Call) -> Any:
    params = call.params
    if params.text("algoType").upper() != "CONDITIONAL":
        raise WireError(400, -1102, "Mandatory parameter 'algoType' was not sent, was empty/null, or malformed.")
    request = AlgoRequest(
        symbol=call.symbol(),
        side=params.choice("side", Side, -1117, "Invalid side."),
        leg=params.choice("positionSide", Leg, -1117, "Invalid positionSide.", Leg.BOTH),
        kind=params.choice("type", AlgoKind, -1116, "Invalid orderType."),
        qty=params.maybe_decimal("quantity"),
        price=params.maybe_decimal("price"),
        trigger_price=params.maybe_decimal("triggerPrice"),
        callback_rate=params.maybe_decimal("callbackRate"),
        activate_price=params.maybe_decimal("activatePrice"),
        time_in_force=params.choice("timeInForce", TimeInForce, -1115, "Invalid timeInForce.", TimeInForce.GTC),
        reduce_only=params.maybe_flag("reduceOnly"),
        close_position=bool(params.maybe_flag("closePosition")),
        working_type=params.maybe_text("workingType") or "CONTRACT_PRICE",
        client_algo_id=params.maybe_text("clientAlgoId") or "",
    )
    algo = conditional.place_algo(call.engine.state, call.account, request)
    return _shape(call, algo)


def _find(call: Call) -> AlgoOrder | None:
    algo_id, client_id = call.params.maybe_integer("algoId"), call.params.maybe_text("clientAlgoId")
    if algo_id is None and client_id is None:
        raise WireError(400, -1102, "Param 'clientAlgoId' or 'algoId' must be sent, but both were empty/null!")
    return conditional.find_algo(call.account, algo_id, client_id)


def _query(call: Call) -> Any:
    algo = _find(call)
    if algo is None:
        raise no_such_order()
    return _shape(call, algo)


def _cancel(call: Call) -> Any:
    algo = _find(call)
    if algo is None:
        raise WireError(400, -2011, "Unknown order sent.")
    conditional.cancel_algo(call.engine.state, call.account, algo.id)
    return {"algoId": algo.id, "clientAlgoId": algo.client_algo_id, "code": "200", "msg": "success"}


def _cancel_all(call: Call) -> Any:
    conditional.cancel_all_algos(call.engine.state, call.account, call.symbol())
    return _ALL_CANCELED


def _open(call: Call) -> Any:
    symbol = call.maybe_symbol()
    waiting = call.account.open_algo_orders.values()
    return [_shape(call, algo) for algo in waiting if symbol in {None, algo.request.symbol}]


def _all(call: Call) -> Any:
    symbol = call.maybe_symbol()
    found = [algo for algo in call.account.algo_orders.values() if symbol in {None, algo.request.symbol}]
    return [_shape(call, algo) for algo in found[-call.params.limit(500, 1000) :]]


def _shape(call: Call, algo: AlgoOrder) -> Any:
    actual = call.account.orders.get(algo.order_id) if algo.order_id is not None else None
    return algo_json(algo, call.instrument(algo.request.symbol), actual)


_DATA = Security.USER_DATA
_TRADE = Security.TRADE
TABLE: Table = {
    ("POST", "/fapi/v1/algoOrder"): Endpoint(_place, _TRADE),
    ("GET", "/fapi/v1/algoOrder"): Endpoint(_query, _DATA),
    ("DELETE", "/fapi/v1/algoOrder"): Endpoint(_cancel, _TRADE),
    ("DELETE", "/fapi/v1/algoOpenOrders"): Endpoint(_cancel_all, _TRADE),
    ("GET", "/fapi/v1/openAlgoOrders"): Endpoint(_open, _DATA, lambda params: 1 if params.has("symbol") else 40),
    ("GET", "/fapi/v1/allAlgoOrders"): Endpoint(_all, _DATA, 5),
}
