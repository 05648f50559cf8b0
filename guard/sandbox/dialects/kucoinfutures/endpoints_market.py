"""What anybody may ask: time, contracts, marks, tickers, order books, risk limits, and the way to public streams."""

from __future__ import annotations

from typing import Any, Final

from guard.sandbox.dialects.kucoinfutures.call import Call, Endpoint, Table
from guard.sandbox.dialects.kucoinfutures.signing import Security
from guard.sandbox.dialects.kucoinfutures.wording import (
    NANOSECONDS,
    bad_parameter,
    contract_id,
    currency_id,
    lots,
    number,
    plain,
)
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.market import Market
from guard.sandbox.engine.rules.kucoinfutures import constants_of

# What the engine's accounts pay.
_FEES: Final = Account(0, "")
_PING_MS: Final = 18_000


def contract(market: Market, symbol: str, next_funding_ms: int, now_ms: int) -> dict[str, Any]:
    """As `GET contracts/active` tells one contract."""
    instrument, constants, mark = market.instruments[symbol], constants_of(market, symbol), market.mark(symbol)
    inverse = instrument.is_inverse
    size = instrument.contract_size
    return {
        "symbol": contract_id(instrument),
        "rootSymbol": instrument.quote,
        "type": "FFWCSX",
        "firstOpenDate": 1_585_555_200_000,
        "expireDate": None,
        "settleDate": None,
        "baseCurrency": currency_id(instrument.base),
        "quoteCurrency": instrument.quote,
        "settleCurrency": currency_id(instrument.margin_asset),
        "maxOrderQty": lots(instrument, instrument.max_qty),
        "maxPrice": 10_000_000.0,
        "lotSize": 1,
        "tickSize": number(instrument.tick),
        "indexPriceTickSize": number(instrument.tick),
        "multiplier": number(-size if inverse else size),
        "initialMargin": 0.008,
        "maintainMargin": number(instrument.brackets[0].mm_rate),
        "maxRiskLimit": number(instrument.brackets[0].cap),
        "minRiskLimit": number(instrument.brackets[0].cap),
        "riskStep": 50_000,
        "makerFeeRate": number(_FEES.maker_rate),
        "takerFeeRate": number(_FEES.taker_rate),
        "takerFixFee": 0.0,
        "makerFixFee": 0.0,
        "settlementFee": None,
        "isDeleverage": True,
        "isQuanto": not inverse,
        "isInverse": inverse,
        "markMethod": "FairPrice",
        "fairMethod": "FundingRate",
        "fundingFeeRate": number(market.funding_rate(symbol)),
        "predictedFundingFeeRate": number(market.funding_rate(symbol)),
        "fundingRateGranularity": 28_800_000,
        "status": "Open",
        "markPrice": number(mark),
        "indexPrice": number(mark),
        "lastTradePrice": number(mark),
        "nextFundingRateTime": max(0, next_funding_ms - now_ms),
        "maxLeverage": instrument.max_leverage,
        "k": number(constants.k),
        "m": number(constants.m),
        "f": number(constants.f),
        "mmrLimit": number(constants.mmr_limit),
        "mmrLevConstant": number(constants.lev_constant),
        "supportCross": True,
        "buyLimit": number(mark * (1 + instrument.price_band)),
        "sellLimit": number(mark * (1 - instrument.price_band)),
        "adjustK": None,
        "adjustM": None,
        "adjustMmrLevConstant": None,
        "adjustActiveTime": None,
    }


def _contracts(call: Call) -> Any:
    next_ms = call.venue.world.engine.next_funding_ms
    return [contract(call.market, symbol, next_ms, call.now_ms) for symbol in call.market.symbols()]


def _contract(call: Call) -> Any:
    return contract(call.market, call.symbol(call.rest), call.venue.world.engine.next_funding_ms, call.now_ms)


def _risk_limits(call: Call) -> Any:
    instrument = call.instrument(call.symbol(call.rest))
    return [
        {
            "symbol": contract_id(instrument),
            "level": level,
            "maxRiskLimit": number(bracket.cap),
            "minRiskLimit": number(bracket.floor),
            "maxLeverage": bracket.max_leverage,
            "initialMargin": 1 / bracket.max_leverage,
            "maintainMargin": number(bracket.mm_rate),
        }
        for level, bracket in enumerate(instrument.brackets, start=1)
    ]


def _mark(call: Call) -> Any:
    wire_id, found, word = call.rest.partition("/")
    if not found or word != "current":
        raise bad_parameter("symbol parameter invalid.")
    mark = number(call.market.mark(call.symbol(wire_id)))
    return {"symbol": wire_id, "granularity": 1_000, "timePoint": call.now_ms, "value": mark, "indexPrice": mark}


def ticker(market: Market, symbol: str, now_ms: int) -> dict[str, Any]:
    """As `GET ticker` and `/contractMarket/ticker` tell a contract."""
    book, instrument = market.book(symbol), market.instruments[symbol]
    return {
        "sequence": now_ms,
        "symbol": contract_id(instrument),
        "side": "buy",
        "size": 1,
        "price": plain(market.mark(symbol)),
        "bestBidSize": lots(instrument, book.bids[0].qty),
        "bestBidPrice": plain(book.bids[0].price),
        "bestAskSize": lots(instrument, book.asks[0].qty),
        "bestAskPrice": plain(book.asks[0].price),
        "tradeId": str(now_ms),
        "ts": now_ms * NANOSECONDS,
    }


def _ticker(call: Call) -> Any:
    return ticker(call.market, call.symbol(), call.now_ms)


def _all_tickers(call: Call) -> Any:
    return [ticker(call.market, symbol, call.now_ms) for symbol in call.market.symbols()]


def _depth(call: Call) -> Any:
    symbol = call.symbol()
    book, instrument = call.market.book(symbol), call.instrument(symbol)
    return {
        "sequence": call.now_ms,
        "symbol": contract_id(instrument),
        "bids": [[number(level.price), lots(instrument, level.qty)] for level in book.bids[:20]],
        "asks": [[number(level.price), lots(instrument, level.qty)] for level in book.asks[:20]],
        "ts": call.now_ms * NANOSECONDS,
    }


def stream_servers(call: Call, account_id: int | None) -> dict[str, Any]:
    """Where a stream is to be opened, and the token that opens it: this very server."""
    return {
        "token": call.venue.token(account_id),
        "instanceServers": [
            {
                "endpoint": f"ws://{call.host}/endpoint",
                "encrypt": False,
                "protocol": "websocket",
                "pingInterval": _PING_MS,
                "pingTimeout": 10_000,
            }
        ],
    }


def _public_streams(call: Call) -> Any:
    return stream_servers(call, None)


def _private_streams(call: Call) -> Any:
    return stream_servers(call, call.account.id)


TABLE: Table = {
    ("GET", "/api/v1/timestamp"): Endpoint(lambda call: call.now_ms),
    ("GET", "/api/v1/status"): Endpoint(lambda _: {"status": "open", "msg": ""}),
    ("GET", "/api/v1/contracts/active"): Endpoint(_contracts),
    ("GET", "/api/v1/contracts/risk-limit/"): Endpoint(_risk_limits),
    ("GET", "/api/v1/contracts/"): Endpoint(_contract),
    ("GET", "/api/v1/mark-price/"): Endpoint(_mark),
    ("GET", "/api/v1/ticker"): Endpoint(_ticker),
    ("GET", "/api/v1/allTickers"): Endpoint(_all_tickers),
    ("GET", "/api/v1/level2/depth20"): Endpoint(_depth),
    ("GET", "/api/v1/level2/depth100"): Endpoint(_depth),
    ("POST", "/api/v1/bullet-public"): Endpoint(_public_streams),
    ("POST", "/api/v1/bullet-private"): Endpoint(_private_streams, Security.GENERAL),
    ("POST", "/api/v2/bullet-private"): Endpoint(_private_streams, Security.GENERAL),
}
