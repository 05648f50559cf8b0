"""Binance's listed contracts, from ccxt's market structures and the exact strings of the venue inside them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from guard.ports.venue import Instrument
from guard.venues.fields import Row, decimal, number, positive_decimal, refused, rows, text
from guard.venues.markets import Listing, MarketTable, readable


def read_markets(markets: object, where: str) -> MarketTable:
    """The table of listings; a contract whose rules cannot be read is left out.

    Args:
        markets: ccxt's `fetch_markets()`.
        where: the request.

    Raises:
        BadAnswer: no list, or not one contract in it.
    """
    return MarketTable.of(readable(markets, where, lambda market: _listing(market, f"{where} {market.get('id')}")))


def _listing(market: Mapping[str, Any], where: str) -> Listing:
    size = _contract_size(market, where)
    symbol = text(market, "symbol", where)
    return Listing(
        market_id=text(market, "id", where),
        symbol=symbol,
        settle=text(market, "settle", where),
        kind="inverse" if market.get("inverse") else "linear",
        contract_size=float(size),
        instrument=_instrument(symbol, size, market.get("info"), where),
        taker=number(market, "taker", where),
        maker=number(market, "maker", where),
    )


def _contract_size(market: Mapping[str, Any], where: str) -> Decimal:
    """USD a contract of an inverse one; a linear contract is one unit of its base asset."""
    info = market.get("info")
    if not market.get("inverse"):
        return Decimal(1)
    if not isinstance(info, Mapping):
        raise refused(where, "has no contractSize")
    return positive_decimal(info, "contractSize", where)


def _instrument(symbol: str, size: Decimal, info: object, where: str) -> Instrument:
    filters = info.get("filters") if isinstance(info, Mapping) else None
    by_type = {row.get("filterType"): row for row in rows(filters, where)}
    lot = _filter(by_type, "LOT_SIZE", where)
    notional = by_type.get("MIN_NOTIONAL")
    maximum = decimal(lot, "maxQty", where)
    return Instrument(
        symbol=symbol,
        step=positive_decimal(lot, "stepSize", where),
        minimum=decimal(lot, "minQty", where),
        tick=positive_decimal(_filter(by_type, "PRICE_FILTER", where), "tickSize", where),
        contract_size=size,
        min_notional=decimal(notional, "notional", where) if notional else Decimal(0),
        maximum=maximum if maximum > 0 else None,
    )


def _filter(by_type: Mapping[object, Row], name: str, where: str) -> Row:
    found = by_type.get(name)
    if found is None:
        raise refused(where, f"no filter {name}")
    return found
