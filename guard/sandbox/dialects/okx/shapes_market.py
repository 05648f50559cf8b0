"""Public data as OKX writes it: instruments, marks, tickers, books, tiers, discounts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from guard.sandbox.dialects.okx.call import plain
from guard.sandbox.dialects.okx.instruments import family_of, wire_id
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.market import Market
from guard.sandbox.engine.orderbook import Level
from guard.sandbox.engine.rules.okx import DISCOUNTS, Discount, tiers_of

_FUNDING_MS = 28_800_000


def instrument_json(instrument: Instrument) -> dict[str, Any]:
    """One row of `public/instruments`."""
    return {
        "alias": "",
        "auctionEndTime": "",
        "baseCcy": "",
        "category": "1",
        "contTdSwTime": "",
        "ctMult": "1",
        "ctType": instrument.kind,
        "ctVal": plain(instrument.contract_size),
        "ctValCcy": instrument.quote if instrument.is_inverse else instrument.base,
        "expTime": "",
        "futureSettlement": False,
        "instFamily": family_of(instrument),
        "instId": wire_id(instrument),
        "instType": "SWAP",
        "lever": str(instrument.max_leverage),
        "listTime": "1611916828000",
        "lotSz": plain(instrument.contracts(instrument.step)),
        "maxLmtSz": plain(instrument.contracts(instrument.max_qty)),
        "maxMktSz": plain(instrument.contracts(instrument.max_market_qty)),
        "minSz": plain(instrument.contracts(instrument.step)),
        "optType": "",
        "quoteCcy": "",
        "ruleType": "normal",
        "settleCcy": instrument.margin_asset,
        "state": "live",
        "stk": "",
        "tickSz": plain(instrument.tick),
        "uly": family_of(instrument),
    }


def mark_json(market: Market, instrument: Instrument, now_ms: int) -> dict[str, Any]:
    """One row of `public/mark-price` and of the mark-price channel."""
    return {
        "instId": wire_id(instrument),
        "instType": "SWAP",
        "markPx": plain(market.mark(instrument.symbol)),
        "ts": str(now_ms),
    }


def funding_json(market: Market, instrument: Instrument, next_funding_ms: int, now_ms: int) -> dict[str, Any]:
    """One row of `public/funding-rate`: what is paid next, and when it is paid after that."""
    return {
        "fundingRate": plain(market.funding_rate(instrument.symbol)),
        "fundingTime": str(next_funding_ms),
        "instId": wire_id(instrument),
        "instType": "SWAP",
        "method": "current_period",
        "nextFundingRate": "",
        "nextFundingTime": str(next_funding_ms + _FUNDING_MS),
        "ts": str(now_ms),
    }


def ticker_json(market: Market, instrument: Instrument, now_ms: int) -> dict[str, Any]:
    """One row of `market/tickers` and of the tickers channel."""
    book, last = market.book(instrument.symbol), plain(market.mark(instrument.symbol))
    return {
        "instType": "SWAP",
        "instId": wire_id(instrument),
        "last": last,
        "lastSz": "1",
        "askPx": plain(book.asks[0].price),
        "askSz": plain(instrument.contracts(book.asks[0].qty)),
        "bidPx": plain(book.bids[0].price),
        "bidSz": plain(instrument.contracts(book.bids[0].qty)),
        "open24h": last,
        "high24h": last,
        "low24h": last,
        "volCcy24h": "0",
        "vol24h": "0",
        "ts": str(now_ms),
        "sodUtc0": last,
        "sodUtc8": last,
    }


def book_json(market: Market, instrument: Instrument, levels: int, now_ms: int) -> dict[str, Any]:
    """The one row of `market/books`: price, contracts, a deprecated 0, number of orders."""
    book = market.book(instrument.symbol)

    def side(rows: tuple[Level, ...]) -> list[list[str]]:
        return [[plain(row.price), plain(instrument.contracts(row.qty)), "0", "3"] for row in rows[:levels]]

    return {"asks": side(book.asks), "bids": side(book.bids), "ts": str(now_ms), "seqId": now_ms}


def tiers_json(instrument: Instrument) -> list[dict[str, Any]]:
    """The rows of `public/position-tiers`: a tier begins one contract after the last one ended."""
    rows, start = [], Decimal(0)
    for index, tier in enumerate(tiers_of(instrument)):
        rows.append(
            {
                "baseMaxLoan": "",
                "imr": plain(Decimal(1) / tier.max_leverage),
                "instFamily": family_of(instrument),
                "instId": "",
                "maxLever": str(tier.max_leverage),
                "maxSz": plain(tier.max_contracts),
                "minSz": plain(start),
                "mmr": plain(tier.mm_rate),
                "optMgnFactor": "0",
                "quoteMaxLoan": "",
                "tier": str(index + 1),
                "uly": family_of(instrument),
            }
        )
        start = tier.max_contracts + 1
    return rows


def discounts_json() -> list[dict[str, Any]]:
    """The rows of `public/discount-rate-interest-free-quota`."""
    return [
        {
            "amt": "0",
            "ccy": currency,
            "colRes": "0",
            "collateralRestrict": False,
            "details": [_discount_json(index + 1, tier) for index, tier in enumerate(tiers)],
            "discountLv": "1",
            "minDiscountRate": "0",
        }
        for currency, tiers in DISCOUNTS.items()
    ]


def _discount_json(number: int, tier: Discount) -> dict[str, Any]:
    return {
        "discountRate": plain(tier.rate),
        "liqPenaltyRate": plain(1 - tier.rate),
        "maxAmt": "" if tier.end is None else plain(tier.end),
        "minAmt": plain(tier.start),
        "tier": str(number),
        "disCcyEq": "",
    }
