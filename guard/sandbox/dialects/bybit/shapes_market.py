"""Contracts, tickers, books, tiers and collateral ratios in the venue's JSON."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from guard.sandbox.dialects.bybit.naming import wire_id
from guard.sandbox.dialects.numbers import on_grid, plain
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.market import Market

_FUNDING_MINUTES = 480


def instrument_json(instrument: Instrument) -> dict[str, Any]:
    """One row of the instruments."""
    linear = not instrument.is_inverse
    lot = {
        "maxOrderQty": plain(instrument.max_qty),
        "minOrderQty": plain(instrument.step),
        "qtyStep": plain(instrument.step),
        "postOnlyMaxOrderQty": plain(instrument.max_qty),
        "maxMktOrderQty": plain(instrument.max_market_qty),
    }
    return {
        "symbol": wire_id(instrument),
        "contractType": "LinearPerpetual" if linear else "InversePerpetual",
        "status": "Trading",
        "baseCoin": instrument.base,
        "quoteCoin": instrument.quote,
        "launchTime": "1584230400000",
        "deliveryTime": "0",
        "deliveryFeeRate": "",
        "priceScale": "2",
        "leverageFilter": {
            "minLeverage": "1",
            "maxLeverage": f"{instrument.max_leverage}.00",
            "leverageStep": "0.01",
        },
        "priceFilter": {
            "minPrice": plain(instrument.tick),
            "maxPrice": "1999999.80",
            "tickSize": plain(instrument.tick),
        },
        "lotSizeFilter": {**lot, "minNotionalValue": plain(instrument.min_notional)} if linear else lot,
        "unifiedMarginTrade": True,
        "fundingInterval": _FUNDING_MINUTES,
        "settleCoin": instrument.margin_asset,
        "copyTrading": "none",
        "upperFundingRate": "0.00375",
        "lowerFundingRate": "-0.00375",
        "isPreListing": False,
        "preListingInfo": None,
        "displayName": "",
    }


def ticker_json(market: Market, instrument: Instrument, next_funding_ms: int) -> dict[str, Any]:
    """The ticker of a contract: mark, index and last price are all the mid."""
    book = market.book(instrument.symbol)
    price = on_grid(market.mark(instrument.symbol), instrument.tick)
    bid, ask = book.bids[0], book.asks[0]
    return {
        "symbol": wire_id(instrument),
        "lastPrice": price,
        "indexPrice": price,
        "markPrice": price,
        "prevPrice24h": price,
        "price24hPcnt": "0",
        "highPrice24h": price,
        "lowPrice24h": price,
        "prevPrice1h": price,
        "openInterest": "0",
        "openInterestValue": "0",
        "turnover24h": "0",
        "volume24h": "0",
        "fundingRate": plain(market.funding_rate(instrument.symbol)),
        "nextFundingTime": str(next_funding_ms),
        "predictedDeliveryPrice": "",
        "basisRate": "",
        "deliveryFeeRate": "",
        "deliveryTime": "0",
        "ask1Size": plain(ask.qty),
        "bid1Price": on_grid(bid.price, instrument.tick),
        "ask1Price": on_grid(ask.price, instrument.tick),
        "bid1Size": plain(bid.qty),
        "basis": "",
        "preOpenPrice": "",
        "preQty": "",
        "curPreListingPhase": "",
        "fundingIntervalHour": "8",
    }


def spot_ticker_json(market: Market, coin: str) -> dict[str, Any]:
    """The spot ticker of a coin against USDT: only its index price in USD is real."""
    index = market.asset(coin).index
    price = plain(index / market.asset("USDT").index)
    return {
        "symbol": f"{coin}USDT",
        "bid1Price": price,
        "bid1Size": "1",
        "ask1Price": price,
        "ask1Size": "1",
        "lastPrice": price,
        "prevPrice24h": price,
        "price24hPcnt": "0",
        "highPrice24h": price,
        "lowPrice24h": price,
        "turnover24h": "0",
        "volume24h": "0",
        "usdIndexPrice": plain(index),
    }


def book_json(market: Market, instrument: Instrument, limit: int, now_ms: int) -> dict[str, Any]:
    """The order book, best level first."""
    book = market.book(instrument.symbol)
    bids, asks = (
        [[on_grid(level.price, instrument.tick), plain(level.qty)] for level in side[:limit]]
        for side in (book.bids, book.asks)
    )
    return {"s": wire_id(instrument), "b": bids, "a": asks, "ts": now_ms, "u": now_ms, "seq": now_ms, "cts": now_ms}


def risk_limits_json(instrument: Instrument) -> list[dict[str, Any]]:
    """The tiers of a contract, rates as fractions."""
    return [
        {
            "id": number,
            "symbol": wire_id(instrument),
            "riskLimitValue": plain(bracket.cap),
            "maintenanceMargin": plain(bracket.mm_rate),
            "initialMargin": plain(Decimal(1) / bracket.max_leverage),
            "isLowestRisk": 1 if number == 1 else 0,
            "maxLeverage": f"{bracket.max_leverage}.00",
            "mmDeduction": plain(bracket.cum) if bracket.cum else "",
        }
        for number, bracket in enumerate(instrument.brackets, start=1)
    ]


def collateral_json(market: Market, coin: str) -> dict[str, Any]:
    """The collateral ratios of a coin: one for any amount."""
    ratio = plain(1 - market.asset(coin).bid_buffer)
    return {
        "currency": coin,
        "collateralRatioList": [{"minQty": "0", "maxQty": "", "collateralRatio": ratio}],
    }
