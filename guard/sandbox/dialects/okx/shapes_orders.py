"""Orders and conditional orders as OKX writes them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from guard.sandbox.dialects.dialect import World
from guard.sandbox.dialects.okx.call import plain, wire_time
from guard.sandbox.dialects.okx.instruments import wire_id
from guard.sandbox.dialects.okx.shapes_account import POS_SIDES
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.orders import AlgoKind, AlgoOrder, AlgoStatus, Order, OrderKind, OrderStatus, TimeInForce

_STATES = {
    OrderStatus.NEW: "live",
    OrderStatus.PARTIALLY_FILLED: "partially_filled",
    OrderStatus.FILLED: "filled",
    OrderStatus.CANCELED: "canceled",
    OrderStatus.EXPIRED: "canceled",
}
_TYPES = {
    TimeInForce.GTC: "limit",
    TimeInForce.IOC: "ioc",
    TimeInForce.FOK: "fok",
    TimeInForce.GTX: "post_only",
}
_ALGO_STATES = {
    AlgoStatus.NEW: "live",
    AlgoStatus.FINISHED: "effective",
    AlgoStatus.CANCELED: "canceled",
    AlgoStatus.REJECTED: "order_failed",
}
_TRIGGERS = frozenset({AlgoKind.STOP, AlgoKind.TAKE_PROFIT})


def order_json(world: World, account: Account, order: Order) -> dict[str, Any]:
    """One row of `trade/order`, `trade/orders-pending` and of the orders channel."""
    instrument = world.engine.market.instruments[order.symbol]
    settings = account.settings_of(order.symbol)
    filled = order.filled > 0
    return {
        "accFillSz": plain(instrument.contracts(order.filled)),
        "algoClOrdId": "",
        "algoId": "",
        "attachAlgoClOrdId": "",
        "attachAlgoOrds": [],
        "avgPx": plain(order.average_price) if filled else "",
        "cTime": wire_time(world, order.created_ms),
        "cancelSource": "",
        "cancelSourceReason": "",
        "category": "normal",
        "ccy": "",
        "clOrdId": order.client_order_id.replace("-", ""),
        "fee": "0",
        "feeCcy": instrument.margin_asset,
        "fillPx": plain(order.average_price) if filled else "",
        "fillSz": plain(instrument.contracts(order.filled)),
        "fillTime": wire_time(world, order.updated_ms) if filled else "",
        "instId": wire_id(instrument),
        "instType": "SWAP",
        "isTpLimit": "false",
        "lever": str(settings.leverage),
        "linkedAlgoOrd": {"algoId": ""},
        "ordId": str(order.id),
        "ordType": "market" if order.kind is OrderKind.MARKET else _TYPES[order.time_in_force],
        "pnl": "0",
        "posSide": POS_SIDES[order.leg],
        "px": "" if order.kind is OrderKind.MARKET else plain(order.price),
        "pxType": "",
        "pxUsd": "",
        "pxVol": "",
        "quickMgnType": "",
        "rebate": "0",
        "rebateCcy": instrument.margin_asset,
        "reduceOnly": "true" if order.reduce_only else "false",
        "side": order.side.value.lower(),
        "slOrdPx": "",
        "slTriggerPx": "",
        "slTriggerPxType": "",
        "source": "",
        "state": _STATES[order.status],
        "stpId": "",
        "stpMode": "cancel_maker",
        "sz": plain(instrument.contracts(order.qty)),
        "tag": "",
        "tdMode": "isolated" if settings.isolated else "cross",
        "tgtCcy": "",
        "tpOrdPx": "",
        "tpTriggerPx": "",
        "tpTriggerPxType": "",
        "tradeId": "",
        "uTime": wire_time(world, order.updated_ms),
    }


def placed_json(order_id: str, client_order_id: str, now_ms: int) -> dict[str, Any]:
    """The row of an order that was accepted: ids, and nothing of its outcome."""
    return {
        "clOrdId": client_order_id,
        "ordId": order_id,
        "sCode": "0",
        "sMsg": "Order placed",
        "tag": "",
        "ts": str(now_ms),
    }


def algo_type(algo: AlgoOrder) -> str:
    """The kind of a conditional order by which lists of them are asked for."""
    kind = algo.request.kind
    if kind is AlgoKind.TRAILING_STOP_MARKET:
        return "move_order_stop"
    return "trigger" if kind in _TRIGGERS and not algo.request.reduce_only else "conditional"


def algo_json(world: World, account: Account, algo: AlgoOrder) -> dict[str, Any]:
    """One row of `trade/orders-algo-pending`."""
    request, kind = algo.request, algo_type(algo)
    instrument = world.engine.market.instruments[request.symbol]
    settings = account.settings_of(request.symbol)
    trigger = "" if request.trigger_price is None else plain(request.trigger_price)
    price = "-1" if request.price is None else plain(request.price)
    profit = request.kind in {AlgoKind.TAKE_PROFIT, AlgoKind.TAKE_PROFIT_MARKET}
    stop = kind == "conditional" and not profit
    take = kind == "conditional" and profit
    return {
        "activePx": "",
        "actualPx": "",
        "actualSide": "",
        "actualSz": "0",
        "algoClOrdId": algo.client_algo_id.replace("-", ""),
        "algoId": str(algo.id),
        "amendPxOnTriggerType": "0",
        "attachAlgoOrds": [],
        "cTime": wire_time(world, algo.created_ms),
        "callbackRatio": "" if request.callback_rate is None else plain(request.callback_rate / Decimal(100)),
        "callbackSpread": "",
        "ccy": "",
        "clOrdId": "",
        "closeFraction": "1" if request.close_position else "",
        "failCode": "",
        "instId": wire_id(instrument),
        "instType": "SWAP",
        "isTradeBorrowMode": "",
        "last": plain(world.engine.market.mark(request.symbol)),
        "lever": str(settings.leverage),
        "linkedOrd": {"ordId": ""},
        "moveTriggerPx": "",
        "ordId": "" if algo.order_id is None else str(algo.order_id),
        "ordIdList": [],
        "ordPx": price if kind == "trigger" else "",
        "ordType": kind,
        "posSide": POS_SIDES[request.leg],
        "pxLimit": "",
        "pxSpread": "",
        "pxVar": "",
        "quickMgnType": "",
        "reduceOnly": "true" if request.reduce_only else "false",
        "side": request.side.value.lower(),
        "slOrdPx": price if stop else "",
        "slTriggerPx": trigger if stop else "",
        "slTriggerPxType": "mark" if stop else "",
        "state": _ALGO_STATES[algo.status],
        "sz": "" if request.qty is None else plain(instrument.contracts(request.qty)),
        "szLimit": "",
        "tag": "",
        "tdMode": "isolated" if settings.isolated else "cross",
        "tgtCcy": "",
        "timeInterval": "",
        "tpOrdPx": price if take else "",
        "tpTriggerPx": trigger if take else "",
        "tpTriggerPxType": "mark" if take else "",
        "triggerPx": trigger if kind == "trigger" else "",
        "triggerPxType": "mark" if kind == "trigger" else "",
        "triggerTime": "",
        "uTime": wire_time(world, algo.updated_ms),
        "uly": "",
    }
