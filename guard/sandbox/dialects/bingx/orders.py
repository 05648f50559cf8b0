"""Orders as BingX writes them: resting and waiting ones in one list; coin-margined ones have words of their own."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from guard.sandbox.dialects.bingx.words import market_id, plain
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.orders import AlgoKind, AlgoOrder, Order, OrderStatus
from guard.sandbox.engine.sides import Leg

STATUS = {
    OrderStatus.NEW: "NEW",
    OrderStatus.PARTIALLY_FILLED: "PARTIALLY_FILLED",
    OrderStatus.FILLED: "FILLED",
    OrderStatus.CANCELED: "CANCELLED",
    OrderStatus.EXPIRED: "CANCELLED",
}
_OPENING = {AlgoKind.STOP: "TRIGGER_LIMIT", AlgoKind.STOP_MARKET: "TRIGGER_MARKET"}


def order_row(order: Order, instrument: Instrument) -> dict[str, Any]:
    """An order as the queries tell it."""
    row = _row(instrument, order.id, order.client_order_id, order.qty, order.filled)
    row |= {
        "side": order.side.value,
        "positionSide": order.leg.value,
        "type": order.kind.value,
        "price": plain(order.price),
        "avgPrice": plain(order.average_price, 8),
        "cumQuote": plain(order.notional_filled, 8),
        "status": STATUS[order.status],
        "time": order.created_ms,
        "updateTime": order.updated_ms,
        "reduceOnly": order.reduce_only,
    }
    return _of_coin(row) if instrument.is_inverse else row


def algo_row(algo: AlgoOrder, instrument: Instrument) -> dict[str, Any]:
    """A waiting order; one that opens is called otherwise than one that closes."""
    wanted = algo.request
    closes = wanted.close_position or (
        bool(wanted.reduce_only) if wanted.leg is Leg.BOTH else not wanted.leg.opened_by(wanted.side)
    )
    row = _row(instrument, algo.id, algo.client_algo_id, wanted.qty or Decimal(0), Decimal(0))
    row |= {
        "side": wanted.side.value,
        "positionSide": wanted.leg.value,
        "type": wanted.kind.value if closes else _OPENING.get(wanted.kind, wanted.kind.value),
        "price": plain(wanted.price or Decimal(0)),
        "avgPrice": "0.00",
        "cumQuote": "0",
        "status": "NEW",
        "stopPrice": plain(wanted.trigger_price or Decimal(0)),
        "time": algo.created_ms,
        "updateTime": algo.updated_ms,
        "reduceOnly": bool(wanted.reduce_only),
        "closePosition": "true" if wanted.close_position else "false",
    }
    return _of_coin(row) if instrument.is_inverse else row


def _row(instrument: Instrument, number: int, client_id: str, qty: Decimal, filled: Decimal) -> dict[str, Any]:
    return {
        "symbol": market_id(instrument),
        "orderId": number,
        "origQty": plain(instrument.contracts(qty)),
        "executedQty": plain(instrument.contracts(filled)),
        "stopPrice": "",
        "profit": "0.0000",
        "commission": "0.000000",
        "clientOrderId": "" if client_id.startswith("sandbox-") else client_id,
        "leverage": "",
        "takeProfit": {"type": "", "quantity": 0, "stopPrice": 0, "price": 0, "workingType": ""},
        "stopLoss": {"type": "", "quantity": 0, "stopPrice": 0, "price": 0, "workingType": ""},
        "advanceAttr": 0,
        "positionID": 0,
        "takeProfitEntrustPrice": 0,
        "stopLossEntrustPrice": 0,
        "orderType": "",
        "workingType": "MARK_PRICE",
        "stopGuaranteed": "false",
        "triggerOrderId": 0,
        "closePosition": "",
    }


def _of_coin(row: dict[str, Any]) -> dict[str, Any]:
    """Sizes as numbers in a field of their own, words with a capital only."""
    row |= {
        "quantity": float(row["origQty"]),
        "origQty": "",
        "positionSide": str(row["positionSide"]).capitalize(),
        "status": "Pending" if row["status"] == "NEW" else str(row["status"]).capitalize(),
        "orderId": str(row["orderId"]),
    }
    del row["reduceOnly"]
    return row
