"""Bitget's listed contracts, from ccxt's market structures and the exact strings of the venue inside them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from guard.ports.venue import Instrument
from guard.venues.bitget import endpoints as at
from guard.venues.fields import Row, decimal, number, optional_text, positive_decimal, record, text
from guard.venues.markets import Listing, MarketTable, readable

_LINEAR_PRODUCTS: Mapping[str, str] = {"USDT": "USDT-FUTURES", "USDC": "USDC-FUTURES"}


def product_of(settle: str) -> str:
    """The product type of contracts that settle in `settle`."""
    return _LINEAR_PRODUCTS.get(settle, at.COIN_MARGINED)


def read_markets(markets: object) -> MarketTable:
    """The table of listings; a contract whose rules cannot be read is left out.

    Args:
        markets: ccxt's `fetch_markets()`.

    Raises:
        BadAnswer: no list, or not one contract in it.
    """
    return MarketTable.of(readable(markets, at.MARKETS.name, _listing))


def _listing(market: Mapping[str, Any]) -> Listing:
    where = f"{at.MARKETS.name} {market.get('id')}"
    symbol = text(market, "symbol", where)
    return Listing(
        market_id=text(market, "id", where),
        symbol=symbol,
        settle=text(market, "settle", where),
        kind="inverse" if market.get("inverse") else "linear",
        contract_size=1.0,
        instrument=_instrument(symbol, record(market.get("info"), where), where),
        taker=number(market, "taker", where),
        maker=number(market, "maker", where),
    )


def _instrument(symbol: str, info: Row, where: str) -> Instrument:
    """The grid: sizes in base units, prices in steps of `priceEndStep` of the last of `pricePlace` places."""
    step = positive_decimal(info, "sizeMultiplier", where)
    tick = positive_decimal(info, "priceEndStep", where).scaleb(-int(decimal(info, "pricePlace", where)))
    maximum = decimal(info, "maxOrderQty", where) if optional_text(info, "maxOrderQty") else Decimal(0)
    smallest = decimal(info, "minTradeUSDT", where) if optional_text(info, "minTradeUSDT") else Decimal(0)
    return Instrument(
        symbol=symbol,
        step=step,
        minimum=decimal(info, "minTradeNum", where),
        tick=tick,
        contract_size=Decimal(1),
        min_notional=smallest,
        maximum=maximum if maximum > 0 else None,
    )
