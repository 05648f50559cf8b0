"""OKX's listed contracts, from ccxt's market structures and the exact strings of the venue inside them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from guard.ports.venue import Instrument
from guard.risk.book import Kind
from guard.venues.fields import Row, number, positive_decimal, record, refused, text
from guard.venues.markets import Listing, MarketTable, readable
from guard.venues.okx import endpoints as at

_KINDS: Mapping[str, Kind] = {"linear": "linear", "inverse": "inverse"}


def family_of(market_id: str) -> str:
    """The instrument family whose tiers hold: `BTC-USDT` of `BTC-USDT-SWAP`. Listings that differ are left out."""
    return market_id.rpartition("-")[0]


def read_markets(markets: object) -> MarketTable:
    """The table of listings; a contract whose rules cannot be read is left out.

    Args:
        markets: ccxt's `fetch_markets()`.

    Raises:
        BadAnswer: no list, or not one contract in it.
    """
    return MarketTable.of(readable(markets, at.MARKETS.name, _listing))


def _listing(market: Mapping[str, Any]) -> Listing:
    market_id = text(market, "id", at.MARKETS.name)
    where = f"{at.MARKETS.name} {market_id}"
    info = record(market.get("info"), where)
    kind = _KINDS.get(text(info, "ctType", where))
    if kind is None or text(info, "instFamily", where) != family_of(market_id):
        raise refused(where, "is of a kind that is not known")
    size = positive_decimal(info, "ctVal", where) * _multiplier(info, where)
    unit, symbol = text(info, "ctValCcy", where), text(market, "symbol", where)
    base = symbol.partition("/")[0]
    if (unit == base) != (kind == "linear"):
        raise refused(where, f"one contract is {size} {unit}, which is not how {kind} contracts are sized")
    return Listing(
        market_id=market_id,
        symbol=symbol,
        settle=text(market, "settle", where),
        kind=kind,
        contract_size=float(size),
        instrument=_instrument(symbol, info, size, where),
        taker=number(market, "taker", where),
        maker=number(market, "maker", where),
    )


def _multiplier(info: Row, where: str) -> Decimal:
    return positive_decimal(info, "ctMult", where) if info.get("ctMult") else Decimal(1)


def _instrument(symbol: str, info: Row, size: Decimal, where: str) -> Instrument:
    return Instrument(
        symbol=symbol,
        step=positive_decimal(info, "lotSz", where),
        minimum=positive_decimal(info, "minSz", where),
        tick=positive_decimal(info, "tickSz", where),
        contract_size=size,
        maximum=positive_decimal(info, "maxLmtSz", where) if info.get("maxLmtSz") else None,
    )
