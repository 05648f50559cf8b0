"""Endpoints that place, query and cancel orders. A refused order is an HTTP 200 with a code of its own inside."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from guard.sandbox.dialects.okx.call import Call, Route, Table
from guard.sandbox.dialects.okx.errors import WireError, from_rejection, missing
from guard.sandbox.dialects.okx.shapes_account import LEGS
from guard.sandbox.dialects.okx.shapes_orders import algo_json, algo_type, order_json, placed_json
from guard.sandbox.engine import conditional, matching
from guard.sandbox.engine.orders import (
    AlgoKind,
    AlgoRequest,
    Order,
    OrderKind,
    OrderRequest,
    Reason,
    Rejection,
    TimeInForce,
)
from guard.sandbox.engine.sides import Leg, Side

_IDS = re.compile(r"[A-Za-z0-9]{1,32}")
_KINDS = {
    "limit": (OrderKind.LIMIT, TimeInForce.GTC),
    "ioc": (OrderKind.LIMIT, TimeInForce.IOC),
    "fok": (OrderKind.LIMIT, TimeInForce.FOK),
    "post_only": (OrderKind.LIMIT, TimeInForce.GTX),
    "market": (OrderKind.MARKET, TimeInForce.IOC),
}
_MARKET_PRICE = Decimal(-1)
_LARGEST_PAGE = 100


class OrderRefused(WireError):
    """A refusal inside an answer with HTTP 200 and code 1."""

    def __init__(self, code: str, text: str, client_id: str = "") -> None:
        super().__init__(code, text)
        self.client_id = client_id

    def row(self) -> dict[str, Any]:
        """Its row in `data`."""
        return {"clOrdId": self.client_id, "ordId": "", "sCode": self.code, "sMsg": self.text, "tag": "", "ts": ""}


def _told_inside(what: Callable[[Call], dict[str, Any]], id_name: str = "clOrdId") -> Callable[[Call], list[Any]]:
    """One operation whose refusal stands in its row."""

    def handler(call: Call) -> list[Any]:
        try:
            return [what(call)]
        except (Rejection, WireError) as error:
            refused = from_rejection(error) if isinstance(error, Rejection) else error
            raise OrderRefused(refused.code, refused.text, str(call.params.get(id_name) or "")) from error

    return handler


def _batch(what: Callable[[Call], dict[str, Any]]) -> Callable[[Call], list[Any]]:
    """Several operations, each of which succeeds or fails for itself."""

    def handler(call: Call) -> list[Any]:
        found: list[Any] = []
        for entry in call.params.get("", []):
            single = Call(call.world, entry, call.key, call.now_ms)
            try:
                found += _told_inside(what)(single)
            except OrderRefused as error:
                found.append(error.row())
        return found

    return handler


def _leg(call: Call) -> Leg:
    name = call.maybe("posSide") or "net"
    if name not in LEGS:
        raise missing("posSide")
    return LEGS[name]


def _check_margin_mode(call: Call, symbol: str) -> None:
    """The mode of an order is chosen with the order; here a symbol has one."""
    mode = call.text("tdMode")
    if mode not in {"cross", "isolated"}:
        raise missing("tdMode")
    settings = call.account.settings_of(symbol)
    if settings.isolated != (mode == "isolated"):
        held = any(position.symbol == symbol for position in call.account.held())
        if held:
            raise Rejection(Reason.REDUCE_ONLY_REJECTED)
        settings.isolated = mode == "isolated"


def _place(call: Call) -> dict[str, Any]:
    instrument, client_id = call.instrument(), call.maybe("clOrdId") or ""
    if client_id and not _IDS.fullmatch(client_id):
        raise missing("clOrdId")
    if client_id in call.account.client_ids:
        raise Rejection(Reason.DUPLICATE_CLIENT_ID)
    kind = call.text("ordType")
    if kind not in _KINDS:
        raise missing("ordType")
    order_kind, time_in_force = _KINDS[kind]
    leg = _leg(call)
    _check_margin_mode(call, instrument.symbol)
    request = OrderRequest(
        symbol=instrument.symbol,
        side=_side(call),
        leg=leg,
        kind=order_kind,
        qty=call.decimal("sz") * instrument.contract_size,
        price=call.decimal("px") if order_kind is OrderKind.LIMIT else None,
        time_in_force=time_in_force,
        # In long/short mode the venue ignores the word.
        reduce_only=call.is_true("reduceOnly") if leg is Leg.BOTH else None,
        client_order_id=client_id,
    )
    order = matching.place_order(call.world.engine.state, call.account, request)
    call.world.engine.settle_account(call.account)
    return placed_json(str(order.id), client_id, call.now_ms)


def _side(call: Call) -> Side:
    side = call.text("side").upper()
    if side not in {"BUY", "SELL"}:
        raise missing("side")
    return Side(side)


def _found(call: Call) -> Order:
    number, client_id = call.maybe("ordId"), call.maybe("clOrdId")
    if number is None and client_id is None:
        raise WireError("51003", "Either client order ID or order ID is required.", 400)
    order_id = int(number) if number is not None and number.isdigit() else None
    order = matching.find_order(call.account, call.instrument().symbol, order_id, client_id)
    if order is None:
        raise Rejection(Reason.UNKNOWN_ORDER)
    return order


def _query(call: Call) -> list[Any]:
    return [order_json(call.world, call.account, _found(call))]


def _cancel(call: Call) -> dict[str, Any]:
    try:
        order = matching.cancel_order(call.world.engine.state, call.account, _found(call).id)
    except Rejection as error:
        raise WireError("51400", "Order cancellation failed as the order has been filled or does not exist.") from error
    return {**placed_json(str(order.id), order.client_order_id, call.now_ms), "sMsg": ""}


def _page(call: Call, rows: list[dict[str, Any]], id_key: str) -> list[Any]:
    """Newest first, from behind `after`."""
    rows = sorted(rows, key=lambda row: int(row[id_key]), reverse=True)
    after = call.maybe("after")
    if after is not None:
        rows = [row for row in rows if int(row[id_key]) < int(after)]
    return rows[: min(_LARGEST_PAGE, int(call.maybe("limit") or _LARGEST_PAGE))]


def _pending(call: Call) -> list[Any]:
    wanted = call.maybe("instId")
    rows = [order_json(call.world, call.account, order) for order in call.account.open_orders.values()]
    return _page(call, [row for row in rows if wanted in {None, row["instId"]}], "ordId")


def _place_algo(call: Call) -> dict[str, Any]:
    instrument, kind = call.instrument(), call.text("ordType")
    trigger = call.maybe_decimal("slTriggerPx") or call.maybe_decimal("tpTriggerPx") or call.maybe_decimal("triggerPx")
    price = next((call.decimal(name) for name in ("slOrdPx", "tpOrdPx", "ordPx") if call.maybe(name)), _MARKET_PRICE)
    closes_all = call.maybe("closeFraction") == "1"
    leg = _leg(call)
    _check_margin_mode(call, instrument.symbol)
    market = price == _MARKET_PRICE
    algo = AlgoKind.STOP_MARKET if market else AlgoKind.STOP
    if call.maybe("tpTriggerPx"):
        algo = AlgoKind.TAKE_PROFIT_MARKET if market else AlgoKind.TAKE_PROFIT
    if kind == "move_order_stop":
        algo = AlgoKind.TRAILING_STOP_MARKET
    ratio = call.maybe_decimal("callbackRatio")
    request = AlgoRequest(
        symbol=instrument.symbol,
        side=_side(call),
        leg=leg,
        kind=algo,
        qty=None if closes_all else call.decimal("sz") * instrument.contract_size,
        price=None if market else price,
        trigger_price=trigger,
        callback_rate=None if ratio is None else ratio * 100,
        reduce_only=(call.is_true("reduceOnly") or closes_all) if leg is Leg.BOTH else None,
        close_position=closes_all,
        client_algo_id=call.maybe("algoClOrdId") or "",
    )
    placed = conditional.place_algo(call.world.engine.state, call.account, request)
    return {"algoId": str(placed.id), "algoClOrdId": placed.client_algo_id, "clOrdId": "", "sCode": "0", "sMsg": ""}


def _cancel_algo(call: Call) -> dict[str, Any]:
    number = call.text("algoId")
    conditional.cancel_algo(call.world.engine.state, call.account, int(number))
    return {"algoId": number, "algoClOrdId": "", "clOrdId": "", "sCode": "0", "sMsg": ""}


def _pending_algos(call: Call) -> list[Any]:
    kinds = call.text("ordType").split(",")
    if len(kinds) > 1 and set(kinds) != {"conditional", "oco"}:
        raise missing("ordType")
    wanted = call.maybe("instId")
    waiting = [algo for algo in call.account.open_algo_orders.values() if algo_type(algo) in kinds]
    rows = [algo_json(call.world, call.account, algo) for algo in waiting]
    return _page(call, [row for row in rows if wanted in {None, row["instId"]}], "algoId")


TABLE: Table = {
    ("POST", "/api/v5/trade/order"): Route(_told_inside(_place)),
    ("POST", "/api/v5/trade/batch-orders"): Route(_batch(_place)),
    ("POST", "/api/v5/trade/cancel-order"): Route(_told_inside(_cancel)),
    ("POST", "/api/v5/trade/cancel-batch-orders"): Route(_batch(_cancel)),
    ("POST", "/api/v5/trade/order-algo"): Route(_told_inside(_place_algo, "algoClOrdId")),
    ("POST", "/api/v5/trade/cancel-algos"): Route(_batch(_cancel_algo)),
    ("GET", "/api/v5/trade/order"): Route(_query),
    ("GET", "/api/v5/trade/orders-pending"): Route(_pending),
    ("GET", "/api/v5/trade/orders-algo-pending"): Route(_pending_algos),
}
