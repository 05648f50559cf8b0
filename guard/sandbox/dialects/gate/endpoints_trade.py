"""Endpoints that place, query and cancel orders and price orders."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from guard.sandbox.dialects.gate.call import Call, Route, Table, as_decimal, wire_s
from guard.sandbox.dialects.gate.errors import WireError, invalid
from guard.sandbox.dialects.gate.names import settle_of
from guard.sandbox.dialects.gate.shapes_orders import is_open, order_json, price_order_json
from guard.sandbox.engine import conditional, matching
from guard.sandbox.engine.accounts import Account
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

_TEXT = re.compile(r"t-[0-9A-Za-z_.-]{1,28}")
_TIFS = {"gtc": TimeInForce.GTC, "ioc": TimeInForce.IOC, "fok": TimeInForce.FOK, "poc": TimeInForce.GTX}
_KNOWN_BY_TEXT_S = 60
_RISES, _FALLS = "1", "2"


def _leg(account: Account, side: Side, *, closes: bool) -> Leg:
    """In dual mode an order that reduces works on the leg that its side closes."""
    if not account.hedge_mode:
        return Leg.BOTH
    return Leg.LONG if (side is Side.BUY) != closes else Leg.SHORT


def _text(params: Mapping[str, Any]) -> str:
    word = str(params.get("text") or "")
    if word and not _TEXT.fullmatch(word):
        raise WireError("INVALID_PARAM_VALUE", "invalid argument: text")
    return word


def _flag(params: Mapping[str, Any], name: str) -> bool:
    return str(params.get(name, "")).lower() == "true"


def _place(call: Call) -> dict[str, Any]:
    account, instrument = call.settled_account(), call.instrument()
    text, size = _text(call.params), call.decimal("size")
    if size == 0:
        raise invalid("size")
    if text and text in account.client_ids:
        raise Rejection(Reason.DUPLICATE_CLIENT_ID)
    tif = call.maybe("tif") or "gtc"
    if tif not in _TIFS:
        raise invalid("tif")
    side, reduces = (Side.BUY if size > 0 else Side.SELL), _flag(call.params, "reduce_only")
    price = call.decimal("price") if call.maybe("price") else Decimal(0)
    if price == 0 and tif != "ioc":
        raise invalid("tif")
    request = OrderRequest(
        symbol=instrument.symbol,
        side=side,
        leg=_leg(account, side, closes=reduces),
        kind=OrderKind.LIMIT if price else OrderKind.MARKET,
        qty=abs(size) * instrument.contract_size,
        price=price or None,
        time_in_force=_TIFS[tif],
        reduce_only=None if account.hedge_mode else reduces,
        client_order_id=text,
    )
    order = matching.place_order(call.world.engine.state, account, request)
    call.world.engine.settle_account(account)
    return order_json(call.world, account, order)


def _found(call: Call) -> Order:
    """By number; by text while it rests and for a minute after."""
    account, word = call.settled_account(), call.text("order_id")
    number = int(word) if word.isdigit() else account.client_ids.get(word)
    order = account.orders.get(number) if number is not None else None
    if order is None or settle_of(call.market.instruments[order.symbol]) != call.settle:
        raise Rejection(Reason.UNKNOWN_ORDER)
    age_s = call.world.wire_ms / 1000 - wire_s(call.world, order.updated_ms)
    if not word.isdigit() and not is_open(order) and age_s > _KNOWN_BY_TEXT_S:
        raise Rejection(Reason.UNKNOWN_ORDER)
    return order


def _query(call: Call) -> dict[str, Any]:
    return order_json(call.world, call.account, _found(call))


def _cancel(call: Call) -> dict[str, Any]:
    order = _found(call)
    if not is_open(order):
        raise WireError("ORDER_FINISHED", "order already finished")
    matching.cancel_order(call.world.engine.state, call.account, order.id)
    return order_json(call.world, call.account, order)


def _listed(call: Call) -> list[Any]:
    account, status = call.settled_account(), call.text("status")
    if status not in {"open", "finished"}:
        raise invalid("status")
    symbols = {each.symbol for each in call.selected()}
    newest = sorted(account.orders.values(), key=lambda order: -order.id)
    rows = [order for order in newest if order.symbol in symbols and is_open(order) == (status == "open")]
    return call.page([order_json(call.world, account, order) for order in rows])


def _part(call: Call, name: str) -> Mapping[str, Any]:
    part = call.params.get(name)
    if not isinstance(part, dict):
        raise invalid(name)
    return part


def _place_price_order(call: Call) -> dict[str, Any]:
    initial, trigger = _part(call, "initial"), _part(call, "trigger")
    account = call.settled_account()
    call = Call(call.world, {**call.params, "contract": initial.get("contract")}, call.key, call.now_ms)
    instrument = call.instrument()
    size = as_decimal(initial.get("size", 0), "size")
    rule, at_price = str(trigger.get("rule")), as_decimal(trigger.get("price"), "price")
    if rule not in {_RISES, _FALLS}:
        raise invalid("Trigger.rule")
    side = _closing_side(account, initial, instrument.symbol) if size == 0 else (Side.BUY if size > 0 else Side.SELL)
    reduces = size == 0 or _flag(initial, "reduce_only")
    price = as_decimal(initial.get("price") or 0, "price")
    stops = (rule == _RISES) == (side is Side.BUY)
    kinds = (AlgoKind.STOP, AlgoKind.STOP_MARKET) if stops else (AlgoKind.TAKE_PROFIT, AlgoKind.TAKE_PROFIT_MARKET)
    leg = _leg(account, side, closes=reduces)
    request = AlgoRequest(
        symbol=instrument.symbol,
        side=side,
        leg=leg,
        kind=kinds[0] if price else kinds[1],
        qty=None if size == 0 else abs(size) * instrument.contract_size,
        price=price or None,
        trigger_price=at_price,
        reduce_only=reduces if leg is Leg.BOTH else None,
        close_position=size == 0,
        client_algo_id=_text(initial),
    )
    placed = conditional.place_algo(call.world.engine.state, account, request)
    return {"id": placed.id, "id_string": str(placed.id)}


def _closing_side(account: Account, initial: Mapping[str, Any], symbol: str) -> Side:
    word = str(initial.get("auto_size") or "")
    if word in {"close_long", "close_short"}:
        return Side.SELL if word == "close_long" else Side.BUY
    held = account.position(symbol, Leg.BOTH).qty
    if not _flag(initial, "close") or not held:
        raise invalid("size")
    return Side.SELL if held > 0 else Side.BUY


def _listed_price_orders(call: Call) -> list[Any]:
    account = call.settled_account()
    symbols = {each.symbol for each in call.selected()}
    waiting = account.open_algo_orders if call.text("status") == "open" else {}
    newest = sorted(waiting.values(), key=lambda algo: -algo.id)
    rows = [price_order_json(call.world, account, algo) for algo in newest if algo.request.symbol in symbols]
    return call.page(rows)


def _cancel_price_order(call: Call) -> dict[str, Any]:
    number = call.text("order_id")
    if not number.isdigit():
        raise invalid("order_id")
    algo = conditional.cancel_algo(call.world.engine.state, call.settled_account(), int(number))
    return price_order_json(call.world, call.account, algo)


_ORDERS, _PRICE_ORDERS = "/api/v4/futures/{settle}/orders", "/api/v4/futures/{settle}/price_orders"
TABLE: Table = {
    ("POST", _ORDERS): Route(_place),
    ("GET", _ORDERS): Route(_listed),
    ("GET", f"{_ORDERS}/{{order_id}}"): Route(_query),
    ("DELETE", f"{_ORDERS}/{{order_id}}"): Route(_cancel),
    ("POST", _PRICE_ORDERS): Route(_place_price_order),
    ("GET", _PRICE_ORDERS): Route(_listed_price_orders),
    ("DELETE", f"{_PRICE_ORDERS}/{{order_id}}"): Route(_cancel_price_order),
}
