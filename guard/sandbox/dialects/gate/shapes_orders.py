"""Orders and price orders as Gate writes them: a positive size buys, a negative one sells."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from guard.sandbox.dialects.dialect import World
from guard.sandbox.dialects.gate.call import plain, wire_s
from guard.sandbox.dialects.gate.names import wire_id
from guard.sandbox.dialects.gate.shapes import size_json
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.orders import AlgoKind, AlgoOrder, AlgoStatus, Order, OrderKind, OrderStatus, TimeInForce
from guard.sandbox.engine.sides import Leg, Side

_OPEN = frozenset({OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED})
_TIFS = {TimeInForce.GTC: "gtc", TimeInForce.IOC: "ioc", TimeInForce.FOK: "fok", TimeInForce.GTX: "poc"}
_PROFITS = frozenset({AlgoKind.TAKE_PROFIT, AlgoKind.TAKE_PROFIT_MARKET})


def is_open(order: Order) -> bool:
    """Whether it rests in the book."""
    return order.status in _OPEN


def order_json(world: World, account: Account, order: Order) -> dict[str, Any]:
    """One order, in answers and in the channel of that name."""
    instrument = world.engine.market.instruments[order.symbol]
    sign, told = order.side.sign, is_open(order)
    row = {
        "id": order.id,
        "id_string": str(order.id),
        "user": 5_691_000 + account.id,
        "contract": wire_id(instrument),
        "create_time": wire_s(world, order.created_ms),
        "update_time": wire_s(world, order.updated_ms),
        "size": size_json(instrument, order.qty * sign),
        "left": size_json(instrument, order.remaining * sign),
        "price": "0" if order.kind is OrderKind.MARKET else plain(order.price),
        "fill_price": plain(order.average_price) if order.filled else "0",
        "iceberg": 0,
        "tif": "ioc" if order.kind is OrderKind.MARKET else _TIFS[order.time_in_force],
        "text": order.client_order_id if order.client_order_id.startswith("t-") else "api",
        "is_close": order.close_position,
        "is_reduce_only": order.closes,
        "is_liq": False,
        "tkfr": plain(account.taker_rate),
        "mkfr": plain(account.maker_rate),
        "refu": 0,
        "status": "open" if told else "finished",
    }
    return row if told else {**row, "finish_as": _finish(order), "finish_time": wire_s(world, order.updated_ms)}


def _finish(order: Order) -> str:
    if order.status is OrderStatus.FILLED:
        return "filled"
    return "ioc" if order.time_in_force is TimeInForce.IOC else "cancelled"


def price_order_json(world: World, account: Account, algo: AlgoOrder) -> dict[str, Any]:
    """One conditional order."""
    request = algo.request
    instrument = world.engine.market.instruments[request.symbol]
    qty = request.qty or Decimal(0)
    closed = {Leg.LONG: "close_long", Leg.SHORT: "close_short"}.get(request.leg, "")
    reduces = not request.leg.opened_by(request.side) if request.leg is not Leg.BOTH else bool(request.reduce_only)
    rises = (request.side is Side.BUY) != (request.kind in _PROFITS)
    return {
        "user": 5_691_000 + account.id,
        "id": algo.id,
        "trigger": {
            "strategy_type": 0,
            "price_type": 1,
            "price": plain(request.trigger_price) if request.trigger_price is not None else "",
            "rule": 1 if rises else 2,
            "expiration": 86_400,
        },
        "initial": {
            "contract": wire_id(instrument),
            "size": size_json(instrument, qty * request.side.sign),
            "price": "0" if request.price is None else plain(request.price),
            "tif": "gtc" if request.price is not None else "ioc",
            "text": algo.client_algo_id if algo.client_algo_id.startswith("t-") else "api",
            "iceberg": 0,
            "is_close": request.close_position,
            "is_reduce_only": reduces,
            "auto_size": closed if request.close_position else "",
        },
        "trade_id": 0,
        "status": "open" if algo.status is AlgoStatus.NEW else "finished",
        "reason": algo.rejection,
        "create_time": int(wire_s(world, algo.created_ms)),
        "finish_time": int(wire_s(world, algo.updated_ms)),
        "is_stop_order": False,
        "stop_trigger": {"rule": 0, "trigger_price": "", "order_price": ""},
        "me_order_id": algo.order_id or 0,
        "order_type": "",
    }
