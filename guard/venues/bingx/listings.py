"""BingX's listed contracts, from ccxt's market structures and the venue's own fields inside them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from guard.ports.venue import Instrument
from guard.risk.book import Kind
from guard.venues.bingx import endpoints as at
from guard.venues.fields import Row, exact, number, optional_number, positive, record, refused, text
from guard.venues.markets import Listing, MarketTable, readable

_DIGITS_MAX = 20


def read_markets(linear: object, inverse: object) -> MarketTable:
    """The table of listings; a contract whose rules cannot be read is left out.

    Args:
        linear: ccxt's `fetch_swap_markets()`.
        inverse: ccxt's `fetch_inverse_swap_markets()`.

    Raises:
        BadAnswer: no list, or not one contract in the first.
    """
    found = readable(linear, at.MARKETS.name, lambda market: _listing(market, "linear", at.MARKETS.name))
    coins = at.COIN_MARKETS.name
    return MarketTable.of(
        [*found, *readable(inverse, coins, lambda market: _listing(market, "inverse", coins), may_be_none=True)]
    )


def _listing(market: Mapping[str, Any], kind: Kind, request: str) -> Listing:
    where = f"{request} {market.get('id')}"
    symbol, info = text(market, "symbol", where), record(market.get("info"), where)
    instrument = _coin_instrument(symbol, info, where) if kind == "inverse" else _instrument(symbol, info, where)
    return Listing(
        market_id=text(market, "id", where),
        symbol=symbol,
        settle=text(market, "settle", where),
        kind=kind,
        contract_size=float(instrument.contract_size),
        instrument=instrument,
        taker=_fee(info, "takerFeeRate", market, "taker", where),
        maker=_fee(info, "makerFeeRate", market, "maker", where),
    )


def _fee(info: Row, key: str, market: Mapping[str, Any], name: str, where: str) -> float:
    """The contract's base fee; where the venue gives none, what ccxt knows of it."""
    fee = optional_number(info, key, where)
    return number(market, name, where) if fee is None else fee


def _instrument(symbol: str, info: Row, where: str) -> Instrument:
    step = _unit(info, "quantityPrecision", where)
    return Instrument(
        symbol=symbol,
        step=step,
        minimum=max(step, exact(info, "tradeMinQuantity", where)),
        tick=_unit(info, "pricePrecision", where),
        contract_size=Decimal(1),
        min_notional=exact(info, "tradeMinUSDT", where) if info.get("tradeMinUSDT") else Decimal(0),
    )


def _coin_instrument(symbol: str, info: Row, where: str) -> Instrument:
    """Whole contracts of so many USD (the venue calls that `minTickSize`)."""
    positive(info, "minTickSize", where)
    size = exact(info, "minTickSize", where)
    return Instrument(
        symbol=symbol,
        step=Decimal(1),
        minimum=max(Decimal(1), exact(info, "minQty", where)),
        tick=_unit(info, "pricePrecision", where),
        contract_size=size,
    )


def _unit(info: Row, key: str, where: str) -> Decimal:
    """A step from a number of digits after the point."""
    digits = exact(info, key, where)
    if digits != int(digits) or not 0 <= digits <= _DIGITS_MAX:
        raise refused(where, f"{key} was {digits}")
    return Decimal(1).scaleb(-int(digits))
