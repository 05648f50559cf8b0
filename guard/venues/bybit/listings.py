"""Bybit's listed contracts, from ccxt's market structures and the exact strings of the venue inside them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from guard.ports.venue import Instrument
from guard.venues.bybit import endpoints as at
from guard.venues.bybit.parse import Category
from guard.venues.fields import decimal, number, positive_decimal, record, text
from guard.venues.markets import Listing, MarketTable, readable

ALWAYS_SETTLED = ("USDC", "USDT")
"""Settlement coins of linear contracts that are asked for whatever is listed."""


def read_markets(markets: object) -> MarketTable:
    """The table of listings; a contract whose rules cannot be read is left out.

    Args:
        markets: ccxt's `fetch_markets()`.

    Raises:
        BadAnswer: no list, or not one contract in it.
    """
    return MarketTable.of(readable(markets, at.MARKETS.name, _listing))


def linear_settles(markets: MarketTable) -> tuple[str, ...]:
    """The coins in which linear contracts settle: positions and orders are told for one of them at a time."""
    listed = {listing.settle for listing in markets.by_id.values() if listing.kind == "linear"}
    return tuple(sorted(listed | set(ALWAYS_SETTLED)))


def category_of(listing: Listing) -> Category:
    """The venue's word for the kind."""
    return "inverse" if listing.kind == "inverse" else "linear"


def _listing(market: Mapping[str, Any]) -> Listing:
    where = f"{at.MARKETS.name} {market.get('id')}"
    symbol = text(market, "symbol", where)
    return Listing(
        market_id=text(market, "id", where),
        symbol=symbol,
        settle=text(market, "settle", where),
        kind="inverse" if market.get("inverse") else "linear",
        # Not ccxt's contract size, which is the smallest order: quantities are in base units, or in USD (inverse).
        contract_size=1.0,
        instrument=_instrument(symbol, market.get("info"), where),
        taker=number(market, "taker", where),
        maker=number(market, "maker", where),
    )


def _instrument(symbol: str, info: object, where: str) -> Instrument:
    row = record(info, where)
    lot = record(row.get("lotSizeFilter"), f"{where} lotSizeFilter")
    prices = record(row.get("priceFilter"), f"{where} priceFilter")
    maximum = decimal(lot, "maxOrderQty", where)
    return Instrument(
        symbol=symbol,
        step=positive_decimal(lot, "qtyStep", where),
        minimum=decimal(lot, "minOrderQty", where),
        tick=positive_decimal(prices, "tickSize", where),
        contract_size=Decimal(1),
        min_notional=decimal(lot, "minNotionalValue", where) if lot.get("minNotionalValue") else Decimal(0),
        maximum=maximum if maximum > 0 else None,
    )
