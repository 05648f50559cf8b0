"""Endpoints that everybody may ask: contracts, prices, books, time."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from guard.sandbox.dialects.bingx.call import Call, Endpoint, Handler, Table
from guard.sandbox.dialects.bingx.words import digits, market_id, plain
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.orderbook import Level

TAKER = Decimal("0.0005")
MAKER = Decimal("0.0002")
# The unit in which `bids` and `asks` of linear books count.
_BOOK_UNIT = Decimal("0.0001")


def _time(call: Call) -> Any:
    return {"serverTime": call.now_ms}


def _contracts(call: Call) -> Any:
    return [_contract(each) for each in call.venue.instruments(inverse=False)]


def _contract(instrument: Instrument) -> dict[str, Any]:
    return {
        "contractId": "100",
        "symbol": market_id(instrument),
        "size": plain(_BOOK_UNIT),
        "quantityPrecision": digits(instrument.step),
        "pricePrecision": digits(instrument.tick),
        "feeRate": float(TAKER),
        "makerFeeRate": float(MAKER),
        "takerFeeRate": float(TAKER),
        "tradeMinLimit": 0,
        "tradeMinQuantity": float(instrument.step),
        "tradeMinUSDT": float(instrument.min_notional),
        "maxLongLeverage": instrument.max_leverage,
        "maxShortLeverage": instrument.max_leverage,
        "currency": instrument.margin_asset,
        "asset": instrument.base,
        "status": 1,
        "apiStateOpen": "true",
        "apiStateClose": "true",
        "ensureTrigger": True,
        "triggerFeeRate": "0.00020000",
    }


def _coin_contracts(call: Call) -> Any:
    return [
        {
            "symbol": market_id(each),
            "pricePrecision": digits(each.tick),
            "minTickSize": plain(each.contract_size),
            "minTradeValue": plain(each.contract_size),
            "minQty": "1.00000000",
            "status": 1,
            "timeOnline": 1713175200000,
        }
        for each in call.venue.instruments(inverse=True)
    ]


def _premium(call: Call, instrument: Instrument) -> dict[str, Any]:
    mark = plain(call.market.mark(instrument.symbol))
    return {
        "symbol": market_id(instrument),
        "markPrice": mark,
        "indexPrice": mark,
        "lastFundingRate": plain(call.market.funding_rate(instrument.symbol)),
        "nextFundingTime": call.engine.next_funding_ms,
        "fundingIntervalHours": 8,
    }


def _premium_index(call: Call) -> Any:
    if call.params.get("symbol"):
        return _premium(call, call.instrument())
    return [_premium(call, each) for each in call.venue.instruments(inverse=False)]


def _coin_premium_index(call: Call) -> Any:
    wanted = [call.instrument()] if call.params.get("symbol") else call.venue.instruments(inverse=True)
    return [_premium(call, each) for each in wanted]


def _pairs(levels: tuple[Level, ...], unit: Decimal, places: int) -> list[list[str]]:
    return [[plain(level.price), plain(level.qty / unit, places)] for level in levels]


def _depth(call: Call) -> Any:
    instrument = call.instrument()
    book = call.market.book(instrument.symbol)
    bids, asks, places = book.bids, book.asks[::-1], digits(instrument.step)
    return {
        "T": call.now_ms,
        "bids": _pairs(bids, _BOOK_UNIT, 4),
        "asks": _pairs(asks, _BOOK_UNIT, 4),
        "bidsCoin": _pairs(bids, Decimal(1), places),
        "asksCoin": _pairs(asks, Decimal(1), places),
    }


def _coin_depth(call: Call) -> Any:
    instrument = call.instrument()
    book, size = call.market.book(instrument.symbol), instrument.contract_size
    return {"T": call.now_ms, "bids": _pairs(book.bids, size, 1), "asks": _pairs(book.asks[::-1], size, 1)}


def ticker(call: Call, instrument: Instrument) -> dict[str, Any]:
    """One row of the 24 hour ticker; the last price is the mark."""
    mark, book = plain(call.market.mark(instrument.symbol)), call.market.book(instrument.symbol)
    return {
        "symbol": market_id(instrument),
        "priceChange": "0",
        "priceChangePercent": "0",
        "lastPrice": mark,
        "lastQty": "0",
        "highPrice": mark,
        "lowPrice": mark,
        "volume": "0",
        "quoteVolume": "0",
        "openPrice": mark,
        "openTime": call.now_ms,
        "closeTime": call.now_ms,
        "bidPrice": plain(book.bids[0].price),
        "bidQty": plain(book.bids[0].qty),
        "askPrice": plain(book.asks[0].price),
        "askQty": plain(book.asks[0].qty),
    }


def _ticker(call: Call) -> Any:
    if call.params.get("symbol"):
        return ticker(call, call.instrument())
    return [ticker(call, each) for each in call.venue.instruments(inverse=False)]


def _coin_ticker(call: Call) -> Any:
    wanted = [call.instrument()] if call.params.get("symbol") else call.venue.instruments(inverse=True)
    return [ticker(call, each) for each in wanted]


def _no_spot(_call: Call) -> Any:
    return {"symbols": []}


def _public(handler: Handler) -> Endpoint:
    return Endpoint(handler)


TABLE: Table = {
    ("GET", "/openApi/swap/v2/server/time"): _public(_time),
    ("GET", "/openApi/swap/v2/quote/contracts"): _public(_contracts),
    ("GET", "/openApi/swap/v2/quote/premiumIndex"): _public(_premium_index),
    ("GET", "/openApi/swap/v2/quote/depth"): _public(_depth),
    ("GET", "/openApi/swap/v2/quote/ticker"): _public(_ticker),
    ("GET", "/openApi/cswap/v1/market/contracts"): _public(_coin_contracts),
    ("GET", "/openApi/cswap/v1/market/premiumIndex"): _public(_coin_premium_index),
    ("GET", "/openApi/cswap/v1/market/depth"): _public(_coin_depth),
    ("GET", "/openApi/cswap/v1/market/ticker"): _public(_coin_ticker),
    ("GET", "/openApi/spot/v1/common/symbols"): _public(_no_spot),
}
