"""KuCoin's listed contracts, from ccxt's market structures and the exact strings of the venue inside them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from guard.ports.venue import Instrument
from guard.venues.fields import Row, exact, number, record, refused, text
from guard.venues.kucoinfutures import endpoints as at
from guard.venues.kucoinfutures.parse import currency_name
from guard.venues.markets import Listing, MarketTable, readable


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
    info = record(market.get("info"), where)
    symbol = text(market, "symbol", where)
    instrument = _instrument(symbol, info, where)
    return Listing(
        market_id=text(market, "id", where),
        symbol=symbol,
        settle=text(market, "settle", where),
        kind="inverse" if market.get("inverse") else "linear",
        contract_size=float(instrument.contract_size),
        instrument=instrument,
        taker=number(market, "taker", where),
        maker=number(market, "maker", where),
    )


def _instrument(symbol: str, info: Row, where: str) -> Instrument:
    """Contracts are whole numbers; one is `multiplier` base units, or that many quote units (written negative)."""
    lot, maximum = _above_zero(info, "lotSize", where), exact(info, "maxOrderQty", where)
    return Instrument(
        symbol=symbol,
        step=lot,
        minimum=lot,
        tick=_above_zero(info, "tickSize", where),
        contract_size=_above_zero({"multiplier": str(abs(exact(info, "multiplier", where)))}, "multiplier", where),
        maximum=maximum if maximum > 0 else None,
    )


def _above_zero(row: Row, key: str, where: str) -> Decimal:
    value = exact(row, key, where)
    if value <= 0:
        raise refused(where, f"{key} was {value}, must be > 0")
    return value


def symbol_of(market_id: str, settle: str, markets: MarketTable) -> str:
    """The symbol of a market; for one that is not listed, what it would be called as a perpetual."""
    listing = markets.by_id.get(market_id)
    if listing is not None:
        return listing.symbol
    stem = market_id.removesuffix("M")
    quote = next((name for name in ("USDT", "USDC", "USD") if stem.endswith(name)), "USDT")
    return f"{currency_name(stem.removesuffix(quote))}/{quote}:{settle or quote}"
