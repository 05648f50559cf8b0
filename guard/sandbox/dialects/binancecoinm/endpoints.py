"""The endpoints of COIN-M: those of USD-M under `/dapi`, with this wire's names and units, and a few of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from guard.sandbox.dialects.binancecoinm import shapes
from guard.sandbox.dialects.binancecoinm.wording import incoming, outgoing
from guard.sandbox.dialects.binanceusdm import (
    endpoints_account,
    endpoints_algo,
    endpoints_market,
    endpoints_trade,
    shapes_market,
)
from guard.sandbox.dialects.binanceusdm import shapes_account as usdm
from guard.sandbox.dialects.binanceusdm.call import Call, Endpoint, Handler, Table
from guard.sandbox.dialects.binanceusdm.signing import Security

# What this branch does not have, has in another form, or what would nest names in a text.
_LEFT_OUT = (
    "/fapi/v1/exchangeInfo",
    "/fapi/v1/depth",
    "/fapi/v1/premiumIndex",
    "/fapi/v1/leverageBracket",
    "/fapi/v1/multiAssetsMargin",
    "/fapi/v1/assetIndex",
    "/fapi/v1/symbolConfig",
    "/fapi/v1/accountConfig",
    "/fapi/v1/batchOrders",
    "/fapi/v1/order/test",
    "/fapi/v1/rateLimit/order",
)


def _translated(handler: Handler) -> Handler:
    """A handler of USD-M that is asked, and answers, in the names and units of this wire."""

    def handle(call: Call) -> Any:
        instruments = call.market.instruments
        return outgoing(handler(replace(call, params=incoming(call.params, instruments))), instruments)

    return handle


def _taken_over(table: Table) -> dict[tuple[str, str], Endpoint]:
    found = {}
    for (method, path), endpoint in table.items():
        if path.startswith("/fapi/v1/") and path not in _LEFT_OUT:
            found[method, path.replace("/fapi/", "/dapi/")] = replace(endpoint, handler=_translated(endpoint.handler))
        elif path.startswith("/sapi/"):
            found[method, path] = endpoint
    return found


def _each(call: Call, row: Callable[[str], Any]) -> Any:
    symbol = call.maybe_symbol()
    return [row(each) for each in ([symbol] if symbol else call.market.symbols())]


def _exchange_info(call: Call) -> Any:
    return shapes.exchange_info(call.market, call.now_ms, call.venue.weights.limit)


def _named(call: Call) -> Call:
    return replace(call, params=incoming(call.params, call.market.instruments))


def _depth(call: Call) -> Any:
    named = _named(call)
    return shapes.depth(call.market, named.symbol(), named.params.maybe_integer("limit") or 500, call.now_ms)


def _premium_index(call: Call) -> Any:
    """A list, of one row too."""
    next_ms = call.engine.next_funding_ms
    return _each(call, lambda symbol: shapes_market.premium_index(call.market, symbol, next_ms, call.now_ms))


def _brackets(call: Call) -> Any:
    return _each(_named(call), lambda symbol: shapes.leverage_brackets(call.instrument(symbol)))


def _account(call: Call) -> Any:
    return shapes.account(call.account, call.market, call.figures())


def _balances(call: Call) -> Any:
    return usdm.balances(call.account, call.market, call.figures())


def _risk(call: Call) -> Any:
    return usdm.position_risk_v2(call.account, call.market, call.figures(), call.maybe_symbol())


_DATA = Security.USER_DATA
TABLE: Table = {
    **_taken_over(endpoints_market.TABLE),
    **_taken_over(endpoints_account.TABLE),
    **_taken_over(endpoints_trade.TABLE),
    **_taken_over(endpoints_algo.TABLE),
    ("GET", "/dapi/v1/exchangeInfo"): Endpoint(_exchange_info),
    ("GET", "/dapi/v1/depth"): Endpoint(_depth, weight=5),
    ("GET", "/dapi/v1/premiumIndex"): Endpoint(_translated(_premium_index), weight=10),
    ("GET", "/dapi/v2/leverageBracket"): Endpoint(_brackets, _DATA),
    ("GET", "/dapi/v1/account"): Endpoint(_translated(_account), _DATA, 5),
    ("GET", "/dapi/v1/balance"): Endpoint(_balances, _DATA),
    ("GET", "/dapi/v1/positionRisk"): Endpoint(_translated(_risk), _DATA),
}
