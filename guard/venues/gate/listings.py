"""Gate's listed contracts, from ccxt's market structures and the exact strings of the venue inside them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from guard.ports.venue import Instrument
from guard.risk.book import Kind
from guard.venues.fields import Row, decimal, flag, number, positive_decimal, record, refused, text
from guard.venues.gate import endpoints as at
from guard.venues.markets import Listing, MarketTable, readable

_KINDS: Mapping[str, Kind] = {"direct": "linear", "inverse": "inverse"}


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
    kind = _KINDS.get(text(info, "type", where))
    symbol, settle = text(market, "symbol", where), text(market, "settle", where)
    base, _, rest = symbol.partition("/")
    if kind is None or settle != (rest.partition(":")[0] if kind == "linear" else base):
        # Contracts that settle in a third currency are no part of any rule here.
        raise refused(where, "is of a kind that is not known")
    size = _contract_size(info, kind, where)
    return Listing(
        market_id=market_id,
        symbol=symbol,
        settle=settle,
        kind=kind,
        contract_size=float(size),
        instrument=_instrument(symbol, info, size, where),
        taker=number(info, "taker_fee_rate", where),
        maker=number(market, "maker", where),
    )


def _contract_size(info: Row, kind: Kind, where: str) -> Decimal:
    """Coins of a linear contract; inverse contracts are of one dollar, and written as 0."""
    stated = decimal(info, "quanto_multiplier", where)
    if kind == "inverse" and stated == 0:
        return Decimal(1)
    if stated <= 0:
        raise refused(where, f"quanto_multiplier was {stated}, must be > 0")
    return stated


def _instrument(symbol: str, info: Row, size: Decimal, where: str) -> Instrument:
    minimum = positive_decimal(info, "order_size_min", where)
    has_parts = info.get("enable_decimal") not in {None, ""} and flag(info, "enable_decimal", where)
    return Instrument(
        symbol=symbol,
        # Of contracts that are traded in parts of one, the smallest order is the step.
        step=minimum if has_parts else Decimal(1),
        minimum=minimum,
        tick=positive_decimal(info, "order_price_round", where),
        contract_size=size,
        maximum=positive_decimal(info, "order_size_max", where) if info.get("order_size_max") else None,
    )
