"""What an account's owner may ask of it and choose about it; classic and unified."""

from __future__ import annotations

from typing import Any

from guard.sandbox.dialects.kucoinfutures import shapes_account as shapes
from guard.sandbox.dialects.kucoinfutures.call import Call, Endpoint, Table, paged
from guard.sandbox.dialects.kucoinfutures.shapes_orders import order_row, stop_row, unified_row
from guard.sandbox.dialects.kucoinfutures.signing import Security
from guard.sandbox.dialects.kucoinfutures.wording import WireError, asset_of, bad_parameter
from guard.sandbox.engine.choices import set_hedge_mode, set_isolated, set_leverage
from guard.sandbox.engine.rules.kucoinfutures import UNIFIED


def _classic(call: Call) -> None:
    """Classic requests do not reach a unified account's money."""
    if call.account.mode == UNIFIED:
        raise WireError("330030", "This account is a unified account, please use its own interface.")


def _unified(call: Call) -> None:
    if call.account.mode != UNIFIED:
        raise WireError("112010", "Invalid Unified Account user.")


def _overview(call: Call) -> Any:
    _classic(call)
    name = asset_of(call.text("currency", "XBT"))
    return shapes.overview(call.venue.rule, call.account, call.market, call.figures(), name)


def position_rows(call: Call) -> list[dict[str, Any]]:
    """Every held leg, as a classic account is told of it."""
    legs = call.figures().legs
    return [shapes.position_row(call.venue.rule, call.account, call.market, leg, call.now_ms) for leg in legs]


def _positions(call: Call) -> Any:
    _classic(call)
    currency = call.text("currency", "")
    return [row for row in position_rows(call) if currency in {"", row["settleCurrency"]}]


def _position(call: Call) -> Any:
    _classic(call)
    wire_id = call.text("symbol")
    call.symbol()
    rows = [row for row in position_rows(call) if row["symbol"] == wire_id]
    return rows[0] if rows else {"symbol": wire_id, "isOpen": False, "currentQty": 0}


def _leverage(call: Call) -> Any:
    leverage = call.account.settings_of(call.symbol()).leverage
    return {"symbol": call.text("symbol"), "leverage": str(leverage)}


def _set_leverage(call: Call) -> Any:
    set_leverage(call.state, call.account, call.symbol(), call.whole("leverage", 0))
    return True


def _position_mode(call: Call) -> Any:
    return {"positionMode": int(call.account.hedge_mode)}


def _set_position_mode(call: Call) -> Any:
    mode = call.text("positionMode")
    if mode not in {"0", "1"}:
        raise bad_parameter("positionMode parameter invalid.")
    if call.account.hedge_mode != (mode == "1"):
        set_hedge_mode(call.account, hedge_mode=mode == "1")
    return {"positionMode": int(mode)}


def _margin_mode(call: Call) -> Any:
    isolated = call.account.settings_of(call.symbol()).isolated
    return {"symbol": call.text("symbol"), "marginMode": "ISOLATED" if isolated else "CROSS"}


def _set_margin_mode(call: Call) -> Any:
    isolated = call.text("marginMode") == "ISOLATED"
    if call.account.settings_of(call.symbol()).isolated != isolated:
        set_isolated(call.state, call.account, call.symbol(), isolated=isolated)
    return _margin_mode(call)


def _mode(call: Call) -> Any:
    return {"selfAccountMode": "UNIFIED" if call.account.mode == UNIFIED else "CLASSIC"}


def _rights(call: Call) -> Any:
    key = call.key
    if key is None:
        raise WireError("400001", "Please check the header of your request", 401)
    words = ["General"] * key.reading + ["Futures"] * key.futures + ["Transfer"] * key.withdrawals
    words += ["InnerTransfer"] * (key.universal_transfer or key.internal_transfer)
    return {
        "remark": "sandbox",
        "apiKey": key.key,
        "apiVersion": 3,
        "permission": ",".join(words),
        "ipWhitelist": ",".join(sorted(key.ips)),
        "createdAt": key.created_ms,
        "uid": key.account_id,
        "isMaster": True,
    }


def _unified_overview(call: Call) -> Any:
    _unified(call)
    return shapes.unified_overview(call.venue.rule, call.account, call.market, call.figures())


def _unified_balance(call: Call) -> Any:
    _unified(call)
    return shapes.unified_balance(call.figures(), call.now_ms)


def _unified_positions(call: Call) -> Any:
    _unified(call)
    size, page = min(call.whole("pageSize", 50), 200), max(call.whole("pageNumber", 1), 1)
    rows = [shapes.unified_position(row) for row in position_rows(call)]
    return rows[(page - 1) * size : page * size]


def _unified_orders(call: Call) -> Any:
    _unified(call)
    if call.text("tradeType") != "FUTURES":
        raise bad_parameter("tradeType parameter invalid.")
    account, market = call.account, call.market
    rows = [unified_row(order_row(order, account, market)) for order in account.open_orders.values()]
    rows += [unified_row(stop_row(algo, account, market)) for algo in account.open_algo_orders.values()]
    return {**paged(call, rows, "pageNumber"), "tradeType": "FUTURES"}


_READ = Security.GENERAL
_ACT = Security.FUTURES
TABLE: Table = {
    ("GET", "/api/v1/account-overview"): Endpoint(_overview, _READ),
    ("GET", "/api/v1/positions"): Endpoint(_positions, _READ),
    ("GET", "/api/v1/position"): Endpoint(_position, _READ),
    ("GET", "/api/v2/getCrossUserLeverage"): Endpoint(_leverage, _READ),
    ("POST", "/api/v2/changeCrossUserLeverage"): Endpoint(_set_leverage, _ACT),
    ("GET", "/api/v2/position/getPositionMode"): Endpoint(_position_mode, _READ),
    ("POST", "/api/v2/position/switchPositionMode"): Endpoint(_set_position_mode, _ACT),
    ("GET", "/api/v2/position/getMarginMode"): Endpoint(_margin_mode, _READ),
    ("POST", "/api/v2/position/changeMarginMode"): Endpoint(_set_margin_mode, _ACT),
    ("GET", "/api/v1/user/api-key"): Endpoint(_rights, _READ),
    ("GET", "/api/ua/v1/account/mode"): Endpoint(_mode, _READ),
    ("GET", "/api/ua/v1/unified/account/overview"): Endpoint(_unified_overview, _READ),
    ("GET", "/api/ua/v1/unified/account/balance"): Endpoint(_unified_balance, _READ),
    ("GET", "/api/ua/v1/unified/position/open-list"): Endpoint(_unified_positions, _READ),
    ("GET", "/api/ua/v1/unified/order/open-list"): Endpoint(_unified_orders, _READ),
}
