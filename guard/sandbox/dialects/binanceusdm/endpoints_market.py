"""Public endpoints: time, contracts, prices, books, candles, funding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from guard.sandbox.dialects.binanceusdm import shapes_market as shapes
from guard.sandbox.dialects.binanceusdm.call import Call, Endpoint, Table
from guard.sandbox.dialects.binanceusdm.errors import WireError
from guard.sandbox.dialects.binanceusdm.params import Params
from guard.sandbox.dialects.numbers import money

_MINUTE_MS = 60_000
INTERVALS_MS = {
    "1m": _MINUTE_MS,
    "3m": 3 * _MINUTE_MS,
    "5m": 5 * _MINUTE_MS,
    "15m": 15 * _MINUTE_MS,
    "30m": 30 * _MINUTE_MS,
    "1h": 60 * _MINUTE_MS,
    "2h": 120 * _MINUTE_MS,
    "4h": 240 * _MINUTE_MS,
    "6h": 360 * _MINUTE_MS,
    "8h": 480 * _MINUTE_MS,
    "12h": 720 * _MINUTE_MS,
    "1d": 1440 * _MINUTE_MS,
    "3d": 3 * 1440 * _MINUTE_MS,
    "1w": 7 * 1440 * _MINUTE_MS,
}
_LIMITS = (5, 10, 20, 50, 100, 500, 1000)


def _ping(_call: Call) -> Any:
    return {}


def _time(call: Call) -> Any:
    return {"serverTime": call.now_ms}


def _exchange_info(call: Call) -> Any:
    return shapes.exchange_info(call.market, call.now_ms, call.venue.weights.limit)


def _for_symbols(call: Call, row: Callable[[str], Any]) -> Any:
    """One row for a given symbol, a list for all."""
    symbol = call.maybe_symbol()
    return row(symbol) if symbol else [row(each) for each in call.market.symbols()]


def _premium_index(call: Call) -> Any:
    next_ms = call.engine.next_funding_ms
    return _for_symbols(call, lambda symbol: shapes.premium_index(call.market, symbol, next_ms, call.now_ms))


def _depth(call: Call) -> Any:
    limit = call.params.maybe_integer("limit") or 500
    if limit not in _LIMITS:
        raise WireError(400, -4021, f"{limit} is not valid depth limit.")
    return shapes.depth(call.market, call.symbol(), limit, call.now_ms)


def _depth_weight(params: Params) -> int:
    limit = params.values.get("limit", "500")
    return {"5": 2, "10": 2, "20": 2, "50": 2, "100": 5, "500": 10, "1000": 20}.get(limit, 10)


def _book_ticker(call: Call) -> Any:
    return _for_symbols(call, lambda symbol: shapes.book_ticker(call.market, symbol, call.now_ms))


def _price_ticker(call: Call) -> Any:
    return _for_symbols(call, lambda symbol: shapes.price_ticker(call.market, symbol, call.now_ms))


def _day_ticker(call: Call) -> Any:
    return _for_symbols(call, lambda symbol: shapes.day_ticker(call.market, symbol, call.engine.now_ms))


def _klines(call: Call) -> Any:
    """Candles from the price path: of the past, the present one last, none from the future."""
    symbol = call.symbol()
    interval = call.params.text("interval")
    if interval not in INTERVALS_MS:
        raise WireError(400, -1120, "Invalid interval.")
    span = INTERVALS_MS[interval]
    limit = call.params.limit(500, 1500)
    now = call.engine.now_ms
    last = (min(call.params.maybe_integer("endTime") or now, now) // span) * span
    start = call.params.maybe_integer("startTime")
    first = last - (limit - 1) * span if start is None else -(-start // span) * span
    starts = range(first, min(last, first + (limit - 1) * span) + 1, span)
    return [shapes.kline(call.market, symbol, each, span, now) for each in starts]


def _funding_info(call: Call) -> Any:
    # Where the story runs faster than clocks do, it is the story's eight hours.
    hours = call.engine.options.funding_interval_ms // 3_600_000 or 8
    return [
        {
            "symbol": symbol,
            "adjustedFundingRateCap": "0.02000000",
            "adjustedFundingRateFloor": "-0.02000000",
            "fundingIntervalHours": hours,
            "disclaimer": False,
        }
        for symbol in call.market.symbols()
    ]


def _funding_rate(call: Call) -> Any:
    """Past funding times with the present rate: the sandbox keeps rates constant unless told otherwise."""
    symbol = call.symbol()
    interval = call.engine.options.funding_interval_ms
    limit = call.params.limit(100, 1000)
    last = call.engine.now_ms // interval * interval
    since = call.params.maybe_integer("startTime") or last - (limit - 1) * interval
    times = [last - step * interval for step in range(limit)]
    return [
        {
            "symbol": symbol,
            "fundingRate": money(call.market.funding_rate(symbol)),
            "fundingTime": at_ms,
            "markPrice": money(call.market.series[symbol].price(at_ms)),
        }
        for at_ms in sorted(times)
        if at_ms >= since
    ]


def _asset_index(call: Call) -> Any:
    rows = [shapes.asset_index(call.market, asset, call.now_ms) for asset in sorted(call.market.assets)]
    wanted = call.params.maybe_text("symbol")
    if wanted is None:
        return rows
    for row in rows:
        if row["symbol"] == wanted:
            return row
    raise WireError(400, -1121, "Invalid symbol.")


TABLE: Table = {
    ("GET", "/fapi/v1/ping"): Endpoint(_ping),
    ("GET", "/fapi/v1/time"): Endpoint(_time),
    ("GET", "/fapi/v1/exchangeInfo"): Endpoint(_exchange_info),
    ("GET", "/fapi/v1/premiumIndex"): Endpoint(_premium_index, weight=10),
    ("GET", "/fapi/v1/depth"): Endpoint(_depth, weight=_depth_weight),
    ("GET", "/fapi/v1/ticker/bookTicker"): Endpoint(_book_ticker, weight=5),
    ("GET", "/fapi/v1/ticker/price"): Endpoint(_price_ticker, weight=2),
    ("GET", "/fapi/v2/ticker/price"): Endpoint(_price_ticker, weight=2),
    ("GET", "/fapi/v1/ticker/24hr"): Endpoint(_day_ticker, weight=40),
    ("GET", "/fapi/v1/klines"): Endpoint(_klines, weight=5),
    ("GET", "/fapi/v1/markPriceKlines"): Endpoint(_klines, weight=5),
    ("GET", "/fapi/v1/fundingInfo"): Endpoint(_funding_info),
    ("GET", "/fapi/v1/fundingRate"): Endpoint(_funding_rate),
    ("GET", "/fapi/v1/assetIndex"): Endpoint(_asset_index, weight=10),
}
