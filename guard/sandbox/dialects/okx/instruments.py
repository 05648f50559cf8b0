"""What OKX lists: the engine's contracts under OKX's names, measured in OKX's contracts."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Final

from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.listing import default_instruments, inverse_instruments
from guard.sandbox.engine.market import AssetIndex, Market

# Base units of one contract, and the smallest part of a contract that is traded.
_SIZES: Final[dict[str, tuple[str, str]]] = {
    "BTC": ("0.01", "0.01"),
    "ETH": ("0.1", "0.01"),
    "SOL": ("1", "0.01"),
    "BNB": ("0.01", "1"),
    "XRP": ("100", "0.01"),
    "DOGE": ("1000", "0.01"),
    "ADA": ("100", "0.1"),
    "LTC": ("1", "0.1"),
    "LINK": ("1", "0.1"),
    "NEAR": ("10", "0.1"),
}
_USUAL = ("1", "1")


def okx_instruments() -> dict[str, Instrument]:
    """Linear and inverse swaps, by the engine's symbols."""
    found = {}
    for symbol, instrument in default_instruments().items():
        size, lot = (Decimal(text) for text in _SIZES.get(instrument.base, _USUAL))
        found[symbol] = replace(instrument, contract_size=size, step=size * lot, min_notional=Decimal(0))
    return {**found, **inverse_instruments()}


def follow_coins(market: Market) -> None:
    """Let coins that contracts settle in be worth their mark in USD."""
    for symbol, instrument in market.instruments.items():
        if instrument.is_inverse:
            market.assets[instrument.margin_asset] = AssetIndex(follows=symbol)


def family_of(instrument: Instrument) -> str:
    """The instrument family: `BTC-USDT`, of inverse contracts `BTC-USD`."""
    return f"{instrument.base}-{instrument.quote}"


def wire_id(instrument: Instrument) -> str:
    """The contract's name on the wire."""
    return f"{family_of(instrument)}-SWAP"


def symbol_of(instrument_id: str) -> str:
    """The engine's symbol of a name on the wire; whether it is listed is for the engine to say."""
    return instrument_id.removesuffix("-SWAP").replace("-", "")
