"""The market in the venue's JSON: contracts, prices, books, candles. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from guard.sandbox.dialects.numbers import decimals, money, on_grid, plain
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.market import Market

Json = dict[str, Any]
_NEVER_MS = 4_133_404_800_000
_ONBOARD_MS = 1_569_398_400_000
_DAY_MS = 86_400_000
ORDER_TYPES = ["LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"]
TIMES_IN_FORCE = ["GTC", "IOC", "FOK", "GTX", "GTD"]


def exchange_info(market: Market, now_ms: int, weight_limit: int) -> Json:
    """`GET /fapi/v1/exchangeInfo`."""
    return {
        "timezone": "UTC",
        "serverTime": now_ms,
        "futuresType": "U_MARGINED",
        "rateLimits": [
            {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": weight_limit},
            {"rateLimitType": "ORDERS", "interval": "MINUTE", "intervalNum": 1, "limit": 1200},
            {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 300},
        ],
        "exchangeFilters": [],
        "assets": [
            {"asset": name, "marginAvailable": True, "autoAssetExchange": "-10000"} for name in sorted(market.assets)
        ],
        "symbols": [_contract(market.instruments[symbol]) for symbol in market.symbols()],
    }


def _contract(instrument: Instrument) -> Json:
    first = instrument.brackets[0]
    return {
        "symbol": instrument.symbol,
        "pair": instrument.symbol,
        "contractType": "PERPETUAL",
        "deliveryDate": _NEVER_MS,
        "onboardDate": _ONBOARD_MS,
        "status": "TRADING",
        "maintMarginPercent": f"{first.mm_rate * 100:.4f}",
        "requiredMarginPercent": f"{Decimal(100) / instrument.max_leverage:.4f}",
        "baseAsset": instrument.base,
        "quoteAsset": instrument.quote,
        "marginAsset": instrument.margin_asset,
        "pricePrecision": decimals(instrument.tick),
        "quantityPrecision": decimals(instrument.step),
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "underlyingSubType": [],
        "settlePlan": 0,
        "triggerProtect": "0.0500",
        "liquidationFee": f"{instrument.liquidation_fee:.6f}",
        "marketTakeBound": f"{instrument.price_band:.2f}",
        "maxMoveOrderLimit": 10000,
        "filters": _filters(instrument),
        "orderTypes": ORDER_TYPES,
        "timeInForce": TIMES_IN_FORCE,
    }


def _filters(instrument: Instrument) -> list[Json]:
    tick, step = plain(instrument.tick), plain(instrument.step)
    return [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": tick,
            "maxPrice": plain(instrument.tick * 100_000_000),
            "tickSize": tick,
        },
        {"filterType": "LOT_SIZE", "minQty": step, "maxQty": plain(instrument.max_qty), "stepSize": step},
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": step,
            "maxQty": plain(instrument.max_market_qty),
            "stepSize": step,
        },
        {"filterType": "MAX_NUM_ORDERS", "limit": 200},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "limit": 10},
        {"filterType": "MIN_NOTIONAL", "notional": plain(instrument.min_notional)},
        {
            "filterType": "PERCENT_PRICE",
            "multiplierUp": f"{1 + instrument.price_band:.4f}",
            "multiplierDown": f"{1 - instrument.price_band:.4f}",
            "multiplierDecimal": "4",
        },
        {"filterType": "POSITION_RISK_CONTROL", "positionControlSide": "NONE"},
    ]


def leverage_brackets(instrument: Instrument) -> Json:
    """One row of `GET /fapi/v1/leverageBracket`; the venue writes numbers here, not text."""
    return {
        "symbol": instrument.symbol,
        "notionalCoef": 1.0,
        "brackets": [
            {
                "bracket": number,
                "initialLeverage": bracket.max_leverage,
                "notionalCap": int(bracket.cap),
                "notionalFloor": int(bracket.floor),
                "maintMarginRatio": float(bracket.mm_rate),
                "cum": float(bracket.cum),
            }
            for number, bracket in enumerate(instrument.brackets, start=1)
        ],
    }


def premium_index(market: Market, symbol: str, next_funding_ms: int, now_ms: int) -> Json:
    """One row of `GET /fapi/v1/premiumIndex`."""
    mark = money(market.mark(symbol))
    return {
        "symbol": symbol,
        "markPrice": mark,
        "indexPrice": mark,
        "estimatedSettlePrice": mark,
        "lastFundingRate": money(market.funding_rate(symbol)),
        "interestRate": "0.00010000",
        "nextFundingTime": next_funding_ms,
        "time": now_ms,
    }


def depth(market: Market, symbol: str, limit: int, now_ms: int) -> Json:
    """`GET /fapi/v1/depth`."""
    book = market.book(symbol)
    instrument = market.instruments[symbol]

    def rows(levels: tuple[Any, ...]) -> list[list[str]]:
        return [
            [on_grid(level.price, instrument.tick), on_grid(level.qty, instrument.step)] for level in levels[:limit]
        ]

    return {"lastUpdateId": now_ms, "E": now_ms, "T": now_ms, "bids": rows(book.bids), "asks": rows(book.asks)}


def book_ticker(market: Market, symbol: str, now_ms: int) -> Json:
    """One row of `GET /fapi/v1/ticker/bookTicker`."""
    best = depth(market, symbol, 1, now_ms)
    bid, ask = best["bids"] or [["0", "0"]], best["asks"] or [["0", "0"]]
    return {
        "symbol": symbol,
        "bidPrice": bid[0][0],
        "bidQty": bid[0][1],
        "askPrice": ask[0][0],
        "askQty": ask[0][1],
        "time": now_ms,
    }


def price_ticker(market: Market, symbol: str, now_ms: int) -> Json:
    """One row of `GET /fapi/v1/ticker/price`."""
    tick = market.instruments[symbol].tick
    return {"symbol": symbol, "price": on_grid(market.mark(symbol), tick), "time": now_ms}


def day_ticker(market: Market, symbol: str, now_ms: int) -> Json:
    """One row of `GET /fapi/v1/ticker/24hr`; volumes are made up, prices are not."""
    tick = market.instruments[symbol].tick
    opened, high, low, last = market.series[symbol].candle(now_ms - _DAY_MS, now_ms, samples=48)
    return {
        "symbol": symbol,
        "priceChange": on_grid(last - opened, tick),
        "priceChangePercent": f"{(last / opened - 1) * 100:.3f}",
        "weightedAvgPrice": on_grid((opened + high + low + last) / 4, tick),
        "lastPrice": on_grid(last, tick),
        "lastQty": "1",
        "openPrice": on_grid(opened, tick),
        "highPrice": on_grid(high, tick),
        "lowPrice": on_grid(low, tick),
        "volume": "1000",
        "quoteVolume": plain(last * 1000),
        "openTime": now_ms - _DAY_MS,
        "closeTime": now_ms,
        "firstId": 1,
        "lastId": 1000,
        "count": 1000,
    }


def kline(market: Market, symbol: str, start_ms: int, span_ms: int, now_ms: int) -> list[Any]:
    """One candle of `GET /fapi/v1/klines`; the present one ends now."""
    end_ms = start_ms + span_ms - 1
    tick = market.instruments[symbol].tick
    prices = market.series[symbol].candle(start_ms, min(end_ms, now_ms))
    opened, high, low, close = (on_grid(price, tick) for price in prices)
    quote_volume = plain(prices[3] * 100)
    return [start_ms, opened, high, low, close, "100", end_ms, quote_volume, 100, "50", plain(prices[3] * 50), "0"]


def asset_index(market: Market, asset: str, now_ms: int) -> Json:
    """One row of `GET /fapi/v1/assetIndex`."""
    index = market.asset(asset)
    return {
        "symbol": f"{asset}USD",
        "time": now_ms,
        "index": money(index.index),
        "bidBuffer": money(index.bid_buffer),
        "askBuffer": money(index.ask_buffer),
        "bidRate": money(index.bid_rate),
        "askRate": money(index.ask_rate),
        "autoExchangeBidBuffer": money(index.bid_buffer),
        "autoExchangeAskBuffer": money(index.ask_buffer),
        "autoExchangeBidRate": money(index.bid_rate),
        "autoExchangeAskRate": money(index.ask_rate),
    }
