"""What Binance's ids of contracts say by themselves: for contracts that are not listed (any more). Pure."""

from __future__ import annotations


def linear_settle_of(market_id: str) -> str:
    """The margin asset of a USD-M contract: `USDT` of `BTCUSDT` and of `BTCUSDT_261225`."""
    return "USDC" if market_id.partition("_")[0].endswith("USDC") else "USDT"


def linear_symbol(market_id: str, settle: str) -> str:
    """What a USD-M contract would be called if it were listed."""
    pair, _, term = market_id.partition("_")
    symbol = f"{pair.removesuffix(settle)}/{settle}:{settle}"
    return f"{symbol}-{term}" if term else symbol


def coin_of(market_id: str) -> str:
    """The margin asset of a COIN-M contract: `BTC` of `BTCUSD_PERP`."""
    return market_id.partition("_")[0].removesuffix("USD")


def inverse_symbol(market_id: str, settle: str) -> str:
    """`BTC/USD:BTC` of the perpetual, `BTC/USD:BTC-261225` of a delivery contract."""
    term = market_id.partition("_")[2]
    perpetual = f"{settle}/USD:{settle}"
    return perpetual if term in {"", "PERP"} else f"{perpetual}-{term}"
