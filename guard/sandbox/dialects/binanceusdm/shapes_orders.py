"""Orders, trades and the ledger in the venue's JSON. Pure."""

from __future__ import annotations

from typing import Any

from guard.sandbox.dialects.numbers import money, on_grid, plain
from guard.sandbox.engine.accounts import LedgerEntry, LedgerKind
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.orders import AlgoOrder, AlgoStatus, Order, Trade
from guard.sandbox.engine.sides import Side

Json = dict[str, Any]


def order_json(order: Order, instrument: Instrument) -> Json:
    """An order as every order endpoint writes it."""
    kind = order.kind.value
    return {
        "orderId": order.id,
        "symbol": order.symbol,
        "status": order.status.value,
        "clientOrderId": order.client_order_id,
        "price": on_grid(order.price, instrument.tick),
        "avgPrice": f"{order.average_price:.8f}",
        "origQty": on_grid(order.qty, instrument.step),
        "executedQty": on_grid(order.filled, instrument.step),
        "cumQty": on_grid(order.filled, instrument.step),
        "cumQuote": plain(order.notional_filled),
        "timeInForce": order.time_in_force.value,
        "type": kind,
        "reduceOnly": order.reduce_only,
        "closePosition": order.close_position,
        "side": order.side.value,
        "positionSide": order.leg.value,
        "stopPrice": on_grid(order.trigger_price, instrument.tick),
        "workingType": "CONTRACT_PRICE",
        "priceProtect": False,
        "origType": order.algo_kind or kind,
        "priceMatch": "NONE",
        "selfTradePreventionMode": "EXPIRE_MAKER",
        "goodTillDate": 0,
        "time": order.created_ms,
        "updateTime": order.updated_ms,
    }


def placed_json(order: Order, instrument: Instrument, response_type: str) -> Json:
    """The answer to a new order: ACK says only that it was taken, RESULT what became of it."""
    answer = order_json(order, instrument)
    del answer["time"]
    if response_type == "ACK":
        nothing = on_grid(order.qty * 0, instrument.step)
        answer |= {"status": "NEW", "executedQty": nothing, "cumQty": nothing, "cumQuote": "0", "avgPrice": "0.00"}
    return answer


def algo_json(algo: AlgoOrder, instrument: Instrument, actual: Order | None = None) -> Json:
    """A conditional order."""
    request = algo.request
    answer: Json = {
        "algoId": algo.id,
        "clientAlgoId": algo.client_algo_id,
        "algoType": "CONDITIONAL",
        "orderType": request.kind.value,
        "symbol": request.symbol,
        "side": request.side.value,
        "positionSide": request.leg.value,
        "timeInForce": request.time_in_force.value,
        "quantity": on_grid(request.qty, instrument.step) if request.qty is not None else "0",
        "algoStatus": algo.status.value,
        "actualOrderId": str(algo.order_id or ""),
        "actualPrice": f"{actual.average_price:.5f}" if actual else "0.00000",
        "triggerPrice": on_grid(request.trigger_price or instrument.tick * 0, instrument.tick),
        "price": on_grid(request.price or instrument.tick * 0, instrument.tick),
        "icebergQuantity": None,
        "tpTriggerPrice": "0.000",
        "tpPrice": "0.000",
        "slTriggerPrice": "0.000",
        "slPrice": "0.000",
        "tpOrderType": "",
        "selfTradePreventionMode": "EXPIRE_MAKER",
        "workingType": request.working_type,
        "priceMatch": "NONE",
        "closePosition": request.close_position,
        "priceProtect": False,
        "reduceOnly": bool(request.reduce_only) or request.close_position,
        "createTime": algo.created_ms,
        "updateTime": algo.updated_ms,
        "triggerTime": algo.triggered_ms,
        "goodTillDate": 0,
    }
    if request.callback_rate is not None:
        answer["callbackRate"] = plain(request.callback_rate)
        answer["activatePrice"] = plain(request.activate_price) if request.activate_price else ""
    if algo.status is AlgoStatus.REJECTED:
        answer["rejectReason"] = algo.rejection
    return answer


def trade_json(trade: Trade, instrument: Instrument) -> Json:
    """One row of `GET /fapi/v1/userTrades`."""
    return {
        "symbol": trade.symbol,
        "id": trade.id,
        "orderId": trade.order_id,
        "side": trade.side.value,
        "price": on_grid(trade.price, instrument.tick),
        "qty": on_grid(trade.qty, instrument.step),
        "realizedPnl": money(trade.realized_pnl),
        "quoteQty": plain(trade.price * trade.qty),
        "commission": money(trade.fee),
        "commissionAsset": trade.asset,
        "time": trade.at_ms,
        "positionSide": trade.leg.value,
        "buyer": trade.side is Side.BUY,
        "maker": trade.maker,
        "marginAsset": trade.asset,
        "pair": trade.symbol,
    }


def income_json(entry: LedgerEntry) -> Json:
    """One row of `GET /fapi/v1/income`."""
    return {
        "symbol": entry.symbol,
        "incomeType": entry.kind.value,
        "income": money(entry.amount),
        "asset": entry.asset,
        "info": entry.kind.value if entry.kind is LedgerKind.TRANSFER else str(entry.trade_id or ""),
        "time": entry.at_ms,
        "tranId": entry.id,
        "tradeId": str(entry.trade_id or ""),
    }
