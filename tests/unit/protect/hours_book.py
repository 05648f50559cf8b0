"""Books of BTC and ETH for plans in hours of own volatility."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from guard.ports.venue import Instrument
from guard.risk.book import Book, Collateral, Fees, Position, Tier

BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"
RULES = {
    symbol: Instrument(symbol, Decimal("0.001"), Decimal("0.001"), Decimal("0.1"), Decimal(1), Decimal(5))
    for symbol in (BTC, ETH)
}


def book(*legs: Position, equity: float = 6_000.0) -> Book:
    """Legs with one tier of 1 % each; 2 BTC long from 40,000 unless told otherwise."""
    held = legs or (Position(BTC, "long", 2.0, 1.0, "linear", "USDT", 40_000.0, 40_000.0, 20.0),)
    return Book(
        account="alice",
        venue="binanceusdm",
        model="binance-usdm",
        as_of=datetime(2026, 11, 21, 12, tzinfo=UTC),
        fees=Fees(taker=0.0005),
        collateral=(Collateral("USDT", equity),),
        positions=held,
        tiers={leg.symbol: (Tier(0.0, None, 0.01),) for leg in held},
    )
