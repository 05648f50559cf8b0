"""Endpoints that everybody may ask."""

from __future__ import annotations

from typing import Any

from guard.sandbox.dialects.bybit import shapes_market as shapes
from guard.sandbox.dialects.bybit.call import Call, Endpoint, Table
from guard.sandbox.dialects.bybit.naming import by_wire_id, of_category
from guard.sandbox.dialects.bybit.refusals import parameter_error
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.orders import Reason, Rejection

_BOOK_LEVELS = 25
_BOOK_MAX = 500
_INSTRUMENTS, _INSTRUMENTS_MAX = 500, 1000
_RISK_SYMBOLS = 15


def _time(call: Call) -> Any:
    return {"timeSecond": str(call.now_ms // 1000), "timeNano": str(call.now_ms * 1_000_000)}


def _wanted(call: Call) -> list[Instrument]:
    category = call.category()
    name = call.maybe("symbol")
    return [by_wire_id(call.market, category, name)] if name else of_category(call.market, category)


def _instruments(call: Call) -> Any:
    trading = call.maybe("status") in {None, "Trading"}
    rows = [shapes.instrument_json(each) for each in _wanted(call)] if trading else []
    return {"category": call.category(), **call.page(rows, _INSTRUMENTS, _INSTRUMENTS_MAX)}


def _tickers(call: Call) -> Any:
    if call.category() == "spot":
        coin = call.text("symbol").removesuffix("USDT")
        if coin not in call.market.assets or coin == "USDT":
            raise Rejection(Reason.UNKNOWN_SYMBOL, coin)
        return {"category": "spot", "list": [shapes.spot_ticker_json(call.market, coin)]}
    rows = [shapes.ticker_json(call.market, each, call.engine.next_funding_ms) for each in _wanted(call)]
    return {"category": call.category(), "list": rows}


def _book(call: Call) -> Any:
    limit = int(call.decimal("limit") or _BOOK_LEVELS)
    if not 1 <= limit <= _BOOK_MAX:
        raise parameter_error("params error: limit invalid")
    return shapes.book_json(call.market, call.instrument(), limit, call.now_ms)


def _risk_limits(call: Call) -> Any:
    page = call.page(_wanted(call), _RISK_SYMBOLS, _RISK_SYMBOLS)
    rows = [row for each in page["list"] for row in shapes.risk_limits_json(each)]
    return {"category": call.category(), "list": rows, "nextPageCursor": page["nextPageCursor"]}


def _collateral(call: Call) -> Any:
    wanted = call.maybe("currency")
    coins = sorted(name for name in call.market.assets if wanted in {None, name})
    return {"list": [shapes.collateral_json(call.market, coin) for coin in coins]}


TABLE: Table = {
    ("GET", "/v5/market/time"): Endpoint(_time),
    ("GET", "/v5/market/instruments-info"): Endpoint(_instruments),
    ("GET", "/v5/market/tickers"): Endpoint(_tickers),
    ("GET", "/v5/market/orderbook"): Endpoint(_book),
    ("GET", "/v5/market/risk-limit"): Endpoint(_risk_limits),
    ("GET", "/v5/spot-margin-trade/collateral"): Endpoint(_collateral),
}
