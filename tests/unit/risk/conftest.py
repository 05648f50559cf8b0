"""Books for the unit tests of the risk engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from guard.risk.book import Book, Collateral, Position, Tier

AS_OF = datetime(2026, 11, 21, 12, tzinfo=UTC)
TWO_TIERS = (Tier(0.0, 50_000.0, 0.004), Tier(50_000.0, None, 0.01))


@pytest.fixture
def leg() -> Callable[..., Position]:
    """Builds a leg: 1 BTC long from 10,000 at 10,000 with leverage 10, unless told otherwise."""
    base = Position("BTC/USDT:USDT", "long", 1.0, 1.0, "linear", "USDT", 10_000.0, 10_000.0, 10.0)

    def build(**changes: Any) -> Position:
        return replace(base, **changes)

    return build


@pytest.fixture
def book(leg: Callable[..., Position]) -> Callable[..., Book]:
    """Builds a book: 1 BTC long with 5,000 USDT and two tiers, unless told otherwise."""
    base = Book(
        account="alice",
        venue="binanceusdm",
        model="binance-usdm",
        as_of=AS_OF,
        collateral=(Collateral("USDT", 5_000.0),),
        positions=(leg(),),
        tiers={"BTC/USDT:USDT": TWO_TIERS},
    )

    def build(**changes: Any) -> Book:
        return replace(base, **changes)

    return build


@pytest.fixture
def document() -> dict[str, Any]:
    """A valid book file, decoded."""
    return {
        "schema": "guard.book/1",
        "account": "alice",
        "venue": "binanceusdm",
        "model": "binance-usdm",
        "as_of": "2026-11-21T12:00:00Z",
        "position_mode": "one_way",
        "fees": {"taker": 0.0005},
        "collateral": [{"asset": "USDT", "balance": 5000, "price": 1.0, "haircut": 0.0, "frozen": 0.0}],
        "positions": [
            {
                "symbol": "BTC/USDT:USDT",
                "side": "long",
                "contracts": 1,
                "contract_size": 1,
                "kind": "linear",
                "settle": "USDT",
                "entry_price": "10000.0",
                "mark_price": 10000,
                "leverage": 10,
                "margin_mode": "cross",
                "isolated_margin": None,
            }
        ],
        "orders": [
            {"symbol": "BTC/USDT:USDT", "side": "buy", "price": 9000, "remaining": 1, "reduce_only": False},
        ],
        "tiers": {
            "BTC/USDT:USDT": [
                {"floor": 0, "cap": 50000, "mm_rate": 0.004, "mm_deduction": 0, "max_leverage": 125},
                {"floor": 50000, "cap": None, "mm_rate": 0.01},
            ]
        },
        "parameters": {"BTC/USDT:USDT": {}},
        "venue_reported": {"equity": None, "maintenance_margin": None, "risk_ratio": None},
    }
