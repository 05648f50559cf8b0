"""Orders in KuCoin's shapes: plain and conditional, of a classic and of a unified account."""

from __future__ import annotations

from typing import Any

from guard.sandbox.dialects.kucoinfutures.wording import NANOSECONDS, contract_id, currency_id, lots, plain
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.market import Market
from guard.sandbox.engine.orders import AlgoOrder, Order, OrderKind, OrderStatus, Trade
from guard.sandbox.engine.sides import Side

_LIVE = {OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED}


def order_row(order: Order, account: Account, market: Market) -> dict[str, Any]:
    """As `GET orders` tells it."""
    instrument, settings = market.instruments[order.symbol], account.settings_of(order.symbol)
    active = order.status in _LIVE
    return {
        "id": str(order.id),
        "symbol": contract_id(instrument),
        "type": "limit" if order.kind is OrderKind.LIMIT else "market",
        "side": order.side.value.lower(),
        "price": plain(order.price) if order.price else None,
        "size": lots(instrument, order.qty),
        "value": plain(instrument.notional(order.qty, order.price)) if order.price else "0",
        "dealValue": plain(order.notional_filled),
        "dealSize": lots(instrument, order.filled),
        "stp": "",
        "stop": "",
        "stopPriceType": "",
        "stopTriggered": False,
        "stopPrice": None,
        "timeInForce": order.time_in_force.value,
        "postOnly": False,
        "hidden": False,
        "iceberg": False,
        "leverage": str(settings.leverage),
        "forceHold": False,
        "closeOrder": order.close_position,
        "visibleSize": None,
        "clientOid": order.client_order_id,
        "remark": None,
        "tags": "",
        "isActive": active,
        "cancelExist": order.status is OrderStatus.CANCELED,
        "createdAt": order.created_ms,
        "updatedAt": order.updated_ms,
        "endAt": None if active else order.updated_ms,
        "orderTime": order.created_ms * NANOSECONDS,
        "settleCurrency": currency_id(instrument.margin_asset),
        "marginMode": "ISOLATED" if settings.isolated else "CROSS",
        "positionSide": order.leg.value,
        "avgDealPrice": plain(order.average_price) if order.filled else "0",
        "status": "open" if active else "done",
        "filledSize": lots(instrument, order.filled),
        "filledValue": plain(order.notional_filled),
        "reduceOnly": order.closes,
    }


def stop_row(algo: AlgoOrder, account: Account, market: Market) -> dict[str, Any]:
    """As `GET stopOrders` tells it."""
    request = algo.request
    instrument, settings = market.instruments[request.symbol], account.settings_of(request.symbol)
    return {
        "id": str(algo.id),
        "symbol": contract_id(instrument),
        "type": "market" if request.kind.is_market else "limit",
        "side": request.side.value.lower(),
        "price": plain(request.price) if request.price else None,
        "size": None if request.qty is None else lots(instrument, request.qty),
        "value": None,
        "stp": None,
        "stop": "up" if request.side is Side.BUY else "down",
        "stopPriceType": "MP",
        "stopTriggered": False,
        "stopPrice": plain(request.trigger_price) if request.trigger_price else None,
        "timeInForce": "GTC",
        "postOnly": False,
        "hidden": False,
        "iceberg": False,
        "leverage": str(settings.leverage),
        "forceHold": False,
        "closeOrder": request.close_position,
        "visibleSize": None,
        "clientOid": algo.client_algo_id,
        "remark": None,
        "tags": None,
        "isActive": True,
        "cancelExist": False,
        "createdAt": algo.created_ms,
        "updatedAt": algo.updated_ms,
        "endAt": None,
        "orderTime": algo.created_ms * NANOSECONDS,
        "settleCurrency": currency_id(instrument.margin_asset),
        "marginMode": "ISOLATED" if settings.isolated else "CROSS",
        "positionSide": request.leg.value,
        "status": "open",
        "filledSize": None,
        "filledValue": None,
        "reduceOnly": stop_closes(algo),
    }


def stop_closes(algo: AlgoOrder) -> bool:
    """Whether a conditional order can only make a leg smaller."""
    request = algo.request
    if request.leg.value == "BOTH":
        return bool(request.reduce_only) or request.close_position
    return not request.leg.opened_by(request.side)


def unified_row(row: dict[str, Any]) -> dict[str, Any]:
    """The same order as a unified account is told of it."""
    trigger = row["stopPrice"] or ""
    return {
        "orderId": row["id"],
        "symbol": row["symbol"],
        "orderType": row["type"].upper(),
        "side": row["side"].upper(),
        "size": str(row["size"] or 0),
        "price": row["price"] or "0",
        "timeInForce": row["timeInForce"],
        "tags": "",
        "orderTime": row["orderTime"],
        "stp": "",
        "cancelAfter": None,
        "postOnly": False,
        "reduceOnly": row["reduceOnly"],
        "triggerDirection": row["stop"].upper(),
        "triggerPrice": trigger,
        "triggerPriceType": "MP" if trigger else "",
        "tpTriggerPrice": "",
        "tpTriggerPriceType": "",
        "slTriggerPrice": "",
        "slTriggerPriceType": "",
        "filledSize": str(row["filledSize"] or 0),
        "avgPrice": row.get("avgDealPrice") or "0",
        "marginMode": row["marginMode"],
        "positionSide": row["positionSide"],
        "clientOid": row["clientOid"],
        "sizeUnit": "UNIT",
        "status": 2,
    }


def order_news(
    order: Order, account: Account, market: Market, kind: str, now_ms: int, trade: Trade | None = None
) -> dict[str, Any]:
    """As `/contractMarket/tradeOrders` tells it; `trade` is the fill that it tells of."""
    row = order_row(order, account, market)
    instrument = market.instruments[order.symbol]
    match: dict[str, Any] = {}
    if trade is not None:
        size = str(lots(instrument, trade.qty))
        match = {"matchPrice": plain(trade.price), "matchSize": size, "tradeId": str(trade.id)}
    left = lots(instrument, order.remaining) if row["isActive"] else 0
    return {
        **match,
        "symbol": row["symbol"],
        "orderType": row["type"],
        "side": row["side"],
        "canceledSize": "0" if kind in {"open", "match", "filled"} else str(lots(instrument, order.remaining)),
        "orderId": row["id"],
        "positionSide": row["positionSide"],
        "liquidity": "taker",
        "marginMode": row["marginMode"],
        "type": kind,
        "feeType": "takerFee",
        "orderTime": str(row["orderTime"]),
        "size": str(row["size"]),
        "filledSize": str(row["filledSize"]),
        "price": row["price"] or "0",
        "remainSize": str(left),
        "clientOid": row["clientOid"],
        "tradeType": "trade",
        "status": row["status"],
        "ts": now_ms * NANOSECONDS,
    }
