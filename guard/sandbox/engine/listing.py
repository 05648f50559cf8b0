"""What the sandbox lists: symbols with figures in the manner of the venue. Data, not rules.

The BTC and ETH brackets are those of the venue's published two-position example (2.5 % - 16,300 and
10 % - 135,365); the others are of the same kind and consistent in themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from guard.sandbox.engine.instruments import Bracket, Instrument, make_brackets

_BTC = make_brackets(
    [
        (0, "0.004", 125),
        (50_000, "0.005", 100),
        (250_000, "0.01", 50),
        (1_000_000, "0.025", 20),
        (10_000_000, "0.05", 10),
        (20_000_000, "0.1", 5),
        (50_000_000, "0.125", 4),
        (100_000_000, "0.15", 3),
        (200_000_000, "0.25", 2),
        (300_000_000, "0.5", 1),
    ],
    cap=500_000_000,
)
_ETH = make_brackets(
    [
        (0, "0.005", 100),
        (10_000, "0.0065", 75),
        (100_000, "0.01", 50),
        (500_000, "0.02", 25),
        (1_000_000, "0.05", 10),
        (2_000_000, "0.1", 5),
        (5_000_000, "0.125", 4),
        (10_000_000, "0.15", 3),
        (20_000_000, "0.25", 2),
        (50_000_000, "0.5", 1),
    ],
    cap=100_000_000,
)
_LARGE = make_brackets(
    [
        (0, "0.006", 75),
        (10_000, "0.01", 50),
        (50_000, "0.025", 20),
        (250_000, "0.05", 10),
        (1_000_000, "0.1", 5),
        (2_000_000, "0.125", 4),
        (5_000_000, "0.25", 2),
        (10_000_000, "0.5", 1),
    ],
    cap=20_000_000,
)
_SMALL = make_brackets(
    [
        (0, "0.01", 50),
        (5_000, "0.025", 20),
        (25_000, "0.05", 10),
        (100_000, "0.1", 5),
        (250_000, "0.125", 4),
        (500_000, "0.25", 2),
        (1_000_000, "0.5", 1),
    ],
    cap=5_000_000,
)

_BTC_COIN = make_brackets(
    [
        (0, "0.004", 125),
        (5, "0.005", 100),
        (10, "0.01", 50),
        (20, "0.025", 20),
        (50, "0.05", 10),
        (100, "0.1", 5),
        (200, "0.125", 4),
        (400, "0.15", 3),
        (1_000, "0.25", 2),
        (1_500, "0.5", 1),
    ],
    cap=3_000,
)
_ETH_COIN = make_brackets(
    [
        (0, "0.005", 100),
        (20, "0.0065", 75),
        (100, "0.01", 50),
        (500, "0.02", 25),
        (1_000, "0.05", 10),
        (2_000, "0.1", 5),
        (4_000, "0.125", 4),
        (8_000, "0.15", 3),
        (15_000, "0.25", 2),
        (25_000, "0.5", 1),
    ],
    cap=50_000,
)

# symbol, tick, contract size in USD, largest order in contracts, brackets
_INVERSE_ROWS: tuple[tuple[str, str, str, str, tuple[Bracket, ...]], ...] = (
    ("BTCUSD", "0.1", "100", "1000000", _BTC_COIN),
    ("ETHUSD", "0.01", "10", "1000000", _ETH_COIN),
)

# symbol, tick, step, largest order, smallest notional, brackets
_ROWS: tuple[tuple[str, str, str, str, str, tuple[Bracket, ...]], ...] = (
    ("BTCUSDT", "0.10", "0.001", "1000", "100", _BTC),
    ("ETHUSDT", "0.01", "0.001", "10000", "20", _ETH),
    ("SOLUSDT", "0.0010", "0.01", "1000000", "5", _LARGE),
    ("BNBUSDT", "0.010", "0.01", "100000", "5", _LARGE),
    ("XRPUSDT", "0.0001", "0.1", "10000000", "5", _LARGE),
    ("DOGEUSDT", "0.00001", "1", "50000000", "5", _LARGE),
    ("ADAUSDT", "0.00010", "1", "20000000", "5", _LARGE),
    ("LTCUSDT", "0.01", "0.001", "100000", "20", _LARGE),
    ("LINKUSDT", "0.001", "0.01", "200000", "20", _LARGE),
    ("AVAXUSDT", "0.0010", "1", "1000000", "5", _SMALL),
    ("NEARUSDT", "0.0010", "1", "5000000", "5", _SMALL),
    ("OPUSDT", "0.0001", "0.1", "5000000", "5", _SMALL),
    ("1000PEPEUSDT", "0.0000001", "1", "500000000", "5", _SMALL),
    ("BTCUSDC", "0.1", "0.001", "500", "100", _BTC),
    ("ETHUSDC", "0.01", "0.001", "5000", "20", _ETH),
)


def default_instruments() -> dict[str, Instrument]:
    """Every contract that the sandbox lists, by symbol."""
    return {instrument.symbol: instrument for instrument in _instruments()}


def inverse_instruments() -> dict[str, Instrument]:
    """The coin-settled contracts, by symbol: quantities in USD, one contract is 100 USD of BTC or 10 USD of ETH."""
    return {instrument.symbol: instrument for instrument in _inverse_instruments()}


def delivery_instruments() -> dict[str, Instrument]:
    """Coin-settled contracts that expire, by symbol: funding is not paid on them."""
    quarter = replace(inverse_instruments()["BTCUSD"], symbol="BTCUSD_301227", expires_ms=1_924_588_800_000)
    return {quarter.symbol: quarter}


def _inverse_instruments() -> Iterable[Instrument]:
    for symbol, tick, contract_size, max_contracts, brackets in _INVERSE_ROWS:
        coin, size = symbol[:-3], Decimal(contract_size)
        yield Instrument(
            symbol=symbol,
            base=coin,
            quote=symbol[-3:],
            margin_asset=coin,
            tick=Decimal(tick),
            step=size,
            max_qty=size * Decimal(max_contracts),
            max_market_qty=size * Decimal(max_contracts) / 5,
            min_notional=Decimal(0),
            brackets=brackets,
            kind="inverse",
            contract_size=size,
        )


def _instruments() -> Iterable[Instrument]:
    for symbol, tick, step, max_qty, min_notional, brackets in _ROWS:
        quote = symbol[-4:]
        yield Instrument(
            symbol=symbol,
            base=symbol[:-4],
            quote=quote,
            margin_asset=quote,
            tick=Decimal(tick),
            step=Decimal(step),
            max_qty=Decimal(max_qty),
            max_market_qty=Decimal(max_qty) / 5,
            min_notional=Decimal(min_notional),
            brackets=brackets,
        )


START_PRICES: dict[str, Decimal] = {
    "BTCUSDT": Decimal(43500),
    "ETHUSDT": Decimal(3400),
    "SOLUSDT": Decimal(56),
    "BNBUSDT": Decimal(510),
    "XRPUSDT": Decimal("1.58"),
    "DOGEUSDT": Decimal("0.48"),
    "ADAUSDT": Decimal("2.05"),
    "LTCUSDT": Decimal(300),
    "LINKUSDT": Decimal(41),
    "AVAXUSDT": Decimal(37),
    "NEARUSDT": Decimal("5.8"),
    "OPUSDT": Decimal("1.5"),
    "1000PEPEUSDT": Decimal("0.009"),
    "BTCUSDC": Decimal(43500),
    "ETHUSDC": Decimal(3400),
}
"""Where every listed symbol stands when no scenario says otherwise, in quote units."""

INVERSE_START_PRICES: dict[str, Decimal] = {
    "BTCUSD": Decimal(43500),
    "ETHUSD": Decimal(3400),
    "BTCUSD_301227": Decimal(44200),
}
"""The same of the coin-settled contracts."""
