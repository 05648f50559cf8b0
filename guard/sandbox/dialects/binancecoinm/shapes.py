"""What COIN-M says in a form of its own: contracts, books, brackets, the account. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from guard.sandbox.dialects.binancecoinm.wording import wire_id
from guard.sandbox.dialects.binanceusdm import shapes_account, shapes_market
from guard.sandbox.dialects.numbers import plain
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.margin import AccountFigures
from guard.sandbox.engine.market import Market

Json = dict[str, Any]
_LOTS = ("LOT_SIZE", "MARKET_LOT_SIZE")


def exchange_info(market: Market, now_ms: int, weight_limit: int) -> Json:
    """`GET /dapi/v1/exchangeInfo`."""
    told = shapes_market.exchange_info(market, now_ms, weight_limit)
    rows = [_contract(row, market.instruments[row["symbol"]]) for row in told["symbols"]]
    return {"timezone": "UTC", "serverTime": now_ms, "rateLimits": told["rateLimits"], "symbols": rows}


def _contract(told: Json, instrument: Instrument) -> Json:
    term: Json = {"contractType": "PERPETUAL"}
    if instrument.expires_ms is not None:
        term = {"contractType": "NEXT_QUARTER", "deliveryDate": instrument.expires_ms}
    row = {
        **told,
        **term,
        "symbol": wire_id(instrument),
        "pair": f"{instrument.base}{instrument.quote}",
        "contractStatus": told["status"],
        "contractSize": int(instrument.contract_size),
        "quantityPrecision": 0,
        "equalQtyPrecision": 4,
        "filters": [_filter(row, instrument) for row in told["filters"] if row["filterType"] != "MIN_NOTIONAL"],
    }
    del row["status"], row["settlePlan"]
    return row


def _filter(row: Json, instrument: Instrument) -> Json:
    if row["filterType"] not in _LOTS:
        return row
    sizes = {key: plain(instrument.contracts(Decimal(row[key]))) for key in ("minQty", "maxQty", "stepSize")}
    return {**row, **sizes}


def leverage_brackets(instrument: Instrument) -> Json:
    """One row of `GET /dapi/v2/leverageBracket`: caps and floors are in the coin."""
    told = shapes_market.leverage_brackets(instrument)
    brackets = [
        {
            "bracket": row["bracket"],
            "initialLeverage": row["initialLeverage"],
            "qtyCap": row["notionalCap"],
            "qtyFloor": row["notionalFloor"],
            "maintMarginRatio": row["maintMarginRatio"],
            "cum": row["cum"],
        }
        for row in told["brackets"]
    ]
    return {"symbol": wire_id(instrument), "notionalCoef": told["notionalCoef"], "brackets": brackets}


def depth(market: Market, symbol: str, limit: int, now_ms: int) -> Json:
    """`GET /dapi/v1/depth`, in contracts."""
    told = shapes_market.depth(market, symbol, limit, now_ms)
    instrument = market.instruments[symbol]

    def rows(levels: list[list[str]]) -> list[list[str]]:
        return [[price, plain(instrument.contracts(Decimal(qty)))] for price, qty in levels]

    names = {"symbol": wire_id(instrument), "pair": f"{instrument.base}{instrument.quote}"}
    return {**told, **names, "bids": rows(told["bids"]), "asks": rows(told["asks"])}


def account(account: Account, market: Market, figures: AccountFigures) -> Json:
    """`GET /dapi/v1/account`, in the engine's names and units: coins, and a row for every contract; no totals."""
    told = shapes_account.account_v2(account, market, figures)
    kept = ("feeTier", "canTrade", "canDeposit", "canWithdraw", "updateTime", "positions")
    assets = [{key: value for key, value in row.items() if key != "marginAvailable"} for row in told["assets"]]
    return {"assets": assets, **{key: told[key] for key in kept}}
