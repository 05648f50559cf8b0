"""Positions as the venue itself told them, read by the adapter: its liquidation price and its risk rate come out.

The maintenance rate of 0.65 % is inferred (the venue did not tell it with the samples); that one rate fits both, and
that the fee is 0.05 % of the value, is what the cases prove. Figures carried over from public samples of the API.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from guard.ports.venue import Instrument
from guard.risk.assess import assess
from guard.risk.book import Kind, Tier
from guard.venues.bingx import endpoints as at
from guard.venues.bingx.answers import Answers, Modes, Reference
from guard.venues.bingx.assemble import assemble
from guard.venues.bingx.parse import read_balances, read_positions
from guard.venues.markets import Listing, MarketTable

NOW = datetime(2026, 3, 4, tzinfo=UTC)
# One-way mode, isolated, 2025-08-10; a funding payment was taken from its margin.
ISOLATED = {
    "symbol": "FARTCOIN-USDT",
    "currency": "USDT",
    "positionAmt": "231.093",
    "positionSide": "LONG",
    "isolated": True,
    "avgPrice": "1.1099",
    "initialMargin": "25.6513",
    "margin": "21.4291",
    "leverage": "10",
    "unrealizedProfit": "-4.0142",
    "liquidationPrice": "1.0068",
    "riskRate": "0.0849",
    "markPrice": "1.0925",
    "onlyOnePosition": True,
    "updateTime": "1754841628601",
}
# Coin-margined, cross, 2024-07: one contract of 10 USD.
COIN = {
    "symbol": "SOL-USD",
    "positionSide": "LONG",
    "isolated": False,
    "positionAmt": "1",
    "unrealizedProfit": "-0.00009074",
    "initialMargin": "0.00630398",
    "avgPrice": "158.63",
    "leverage": 10,
    "markPrice": "158.402",
    "riskRate": "0.00123783",
    "updateTime": 1721107015848,
}
COIN_WALLET = {"asset": "SOL", "balance": "0.35707951", "equity": "0.35698877", "freezedMargin": "0"}


def book(position: dict[str, Any], wallet: dict[str, Any], kind: Kind, size: str, symbol: str, settle: str) -> Any:
    """The adapter's book of one position."""
    instrument = Instrument(symbol, Decimal(1), Decimal(1), Decimal("0.0001"), Decimal(size))
    listing = Listing(position["symbol"], symbol, settle, kind, float(size), instrument, taker=0.0005, maker=0.0002)
    rows = read_positions({"code": 0, "data": [position]}, at.POSITIONS, kind)
    wallets = read_balances({"code": 0, "data": [wallet]}, at.BALANCE)
    answers = Answers(
        balances=wallets if kind == "linear" else (),
        coin_balances=wallets if kind == "inverse" else (),
        positions=rows,
        orders=(),
        parts={"balances": NOW, "positions": NOW},
        asked_ms=0.0,
    )
    tiers = {position["symbol"]: (Tier(0.0, None, 0.0065),)} if kind == "linear" else {}
    modes = Modes("one_way", is_multi_assets=False, standard=False)
    return assemble("alice", answers, Reference(MarketTable.of([listing]), tiers, {}, modes), ()).book


def test_an_isolated_position() -> None:
    """The margin without the PnL is what the venue's liquidation price is made of, printed to four places."""
    wallet = {"asset": "USDT", "balance": "100", "equity": "95.9858", "freezedMargin": "0"}
    found = book(ISOLATED, wallet, "linear", "1", "FARTCOIN/USDT:USDT", "USDT")
    assert found.positions[0].isolated_margin == pytest.approx(25.4433)
    pool = next(pool for pool in assess(found).pools if pool.margin_mode == "isolated")
    assert pool.unrealized_pnl == pytest.approx(-4.0142, abs=0.012), "the mark is printed to four places"
    assert pool.positions[0].liquidation_price == pytest.approx(1.0068, abs=5e-5)
    # Its risk rate was computed at a price 0.26 % below the mark beside it.
    assert pool.risk_ratio == pytest.approx(0.0849, rel=0.03)


def test_a_coin_margined_position() -> None:
    """What the risk rate implies is a rate of 0.65 % beside the fee, to the places that are printed."""
    found = book(COIN, COIN_WALLET, "inverse", "10", "SOL/USD:SOL", "SOL")
    (tier,) = found.tiers["SOL/USD:SOL"]
    assert tier.mm_rate == pytest.approx(0.0065, abs=2e-6)
    (pool,) = assess(found).pools
    assert pool.unrealized_pnl == pytest.approx(-0.00009074, abs=5e-9)
    assert pool.initial_margin == pytest.approx(0.00630398, abs=5e-9)
