"""What the dialect lists: coins, their numbers, decimals and margin tables, on the venue's own dex and on a builder's.

The engine's names stay (`BTCUSDT`), whatever the money: everything settles in USDC here.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from guard.sandbox.engine.instruments import Instrument, make_brackets

MONEY: Final = "USDC"
BUILDER_DEX: Final = "xyz"
_BUILDER_FIRST: Final = 110_000
_CAP: Final = 10**10

Steps = tuple[tuple[int, int], ...]
"""A margin table: notional from which on, and the highest leverage there."""


@dataclass(frozen=True, slots=True)
class Coin:
    """One contract: the engine's symbol, the venue's name and number, decimals of its size, number of its table."""

    symbol: str
    name: str
    asset: int
    size_decimals: int
    table: int
    only_isolated: bool = False

    @property
    def dex(self) -> str:
        """The dex that lists it; empty for the venue's own."""
        dex, colon, _ = self.name.partition(":")
        return dex if colon else ""


# Tables below 50 have one tier, whose leverage is the table's number.
TABLES: Final[dict[int, Steps]] = {
    56: ((0, 40), (150_000_000, 20)),
    55: ((0, 25), (100_000_000, 10)),
    52: ((0, 20), (40_000_000, 10)),
    51: ((0, 10), (3_000_000, 5)),
}

# Engine symbol, name, decimals of the size, table, tick near the price at which the sandbox starts.
_ROWS: Final = (
    ("BTCUSDT", "BTC", 5, 56, "1"),
    ("ETHUSDT", "ETH", 4, 55, "0.1"),
    ("SOLUSDT", "SOL", 2, 52, "0.001"),
    ("BNBUSDT", "BNB", 3, 51, "0.01"),
    ("XRPUSDT", "XRP", 0, 52, "0.0001"),
    ("DOGEUSDT", "DOGE", 0, 51, "0.00001"),
    ("ADAUSDT", "ADA", 0, 51, "0.0001"),
    ("LTCUSDT", "LTC", 2, 10, "0.01"),
    ("LINKUSDT", "LINK", 1, 10, "0.001"),
    ("AVAXUSDT", "AVAX", 2, 10, "0.001"),
    ("NEARUSDT", "NEAR", 1, 10, "0.0001"),
    ("OPUSDT", "OP", 1, 5, "0.0001"),
    ("1000PEPEUSDT", "kPEPE", 0, 10, "0.000001"),
)
_BUILDER_ROWS: Final = (("GOLDUSDC", f"{BUILDER_DEX}:GOLD", 4, 20, "0.01"),)

COINS: Final[tuple[Coin, ...]] = (
    *(Coin(symbol, name, asset, places, table) for asset, (symbol, name, places, table, _) in enumerate(_ROWS)),
    *(
        Coin(symbol, name, _BUILDER_FIRST + index, places, table, only_isolated=True)
        for index, (symbol, name, places, table, _) in enumerate(_BUILDER_ROWS)
    ),
)
BY_SYMBOL: Final = {coin.symbol: coin for coin in COINS}
BY_NAME: Final = {coin.name: coin for coin in COINS}
BY_ASSET: Final = {coin.asset: coin for coin in COINS}


def steps_of(table: int) -> Steps:
    """The tiers of a table."""
    return TABLES.get(table, ((0, table),))


def instruments() -> dict[str, Instrument]:
    """Every contract for the engine."""
    return {symbol: _instrument(row) for row in (*_ROWS, *_BUILDER_ROWS) for symbol in [row[0]]}


def _instrument(row: tuple[str, str, int, int, str]) -> Instrument:
    symbol, name, places, table, tick = row
    rates = [(floor, str(Decimal(1) / (2 * leverage)), leverage) for floor, leverage in steps_of(table)]
    return Instrument(
        symbol=symbol,
        base=name.rpartition(":")[2],
        quote=MONEY,
        margin_asset=MONEY,
        tick=Decimal(tick),
        step=Decimal(1).scaleb(-places),
        max_qty=Decimal(10**9),
        max_market_qty=Decimal(10**9),
        min_notional=Decimal(10),
        brackets=make_brackets(rates, cap=_CAP),
    )
