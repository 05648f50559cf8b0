"""What Gate lists: the engine's contracts under Gate's names, measured in Gate's contracts."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Final

from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.listing import default_instruments, inverse_instruments
from guard.sandbox.engine.market import AssetIndex, Market

# Base units of one contract (`quanto_multiplier`).
_SIZES: Final[dict[str, str]] = {
    "BTC": "0.0001",
    "ETH": "0.01",
    "BNB": "0.001",
    "XRP": "10",
    "DOGE": "10",
    "ADA": "10",
    "LTC": "0.1",
    "AVAX": "0.1",
}
SETTLES: Final = ("usdt", "btc")
DECIMAL: Final = frozenset({"LINKUSDT"})
"""Contracts that are traded in tenths of one (`enable_decimal`)."""
_TENTH = Decimal("0.1")


def gate_instruments() -> dict[str, Instrument]:
    """Swaps in USDT, and BTC in dollars, of one dollar a contract."""
    found = {}
    for symbol, instrument in default_instruments().items():
        if instrument.margin_asset != "USDT":
            continue
        size = Decimal(_SIZES.get(instrument.base, "1"))
        step = size * _TENTH if symbol in DECIMAL else size
        found[symbol] = replace(instrument, contract_size=size, step=step, min_notional=Decimal(0))
    one = Decimal(1)
    return {**found, "BTCUSD": replace(inverse_instruments()["BTCUSD"], contract_size=one, step=one)}


def follow_coins(market: Market) -> None:
    """Let coins be worth the mark of their contract in USDT."""
    for symbol, instrument in market.instruments.items():
        if instrument.margin_asset == "USDT":
            market.assets[instrument.base] = AssetIndex(follows=symbol)


def wire_id(instrument: Instrument) -> str:
    """The contract's name on the wire."""
    return f"{instrument.base}_{instrument.quote}"


def symbol_of(contract: str) -> str:
    """The engine's symbol of a name on the wire; whether it is listed is for the engine to say."""
    return contract.replace("_", "")


def settle_of(instrument: Instrument) -> str:
    """The settlement currency as it stands in paths."""
    return instrument.margin_asset.lower()
