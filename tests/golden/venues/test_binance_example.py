"""The venue's published two-position example, from its answers to the risk of the account.

Source: Binance FAQ b3c689c1f50a44cabb3a84e663b81d93, "cross liquidation price": WB 1,535,443.01 USDT; 109.488 BTC long
from 32,481.98 at 31,967.27 (2.5 %, maintenance amount 16,300); 3,683.979 ETH long from 1,456.84 at 1,335.18 (10 %,
135,365); liquidation at 26,316.89 and 1,153.26. Prices as published have two digits, hence the tolerance of 0.01.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from guard.ports.venue import Instrument
from guard.risk.assess import assess
from guard.venues.binance.assemble import Answers, Reference, assemble, outdated_settings, torn_evidence
from guard.venues.binance.parse_reference import SymbolSetting, read_brackets
from guard.venues.binanceusdm.branch import USDM
from guard.venues.binanceusdm.parse import read_account, read_positions
from guard.venues.markets import Listing, MarketTable

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"

POSITIONS: list[dict[str, Any]] = [
    {
        "symbol": "BTCUSDT",
        "positionSide": "BOTH",
        "positionAmt": "109.488",
        "entryPrice": "32481.98",
        "markPrice": "31967.27000000",
        "unRealizedProfit": "-56354.57",
        "liquidationPrice": "26316.89",
        "isolatedMargin": "0",
        "notional": "3500032.45",
        "marginAsset": "USDT",
        "isolatedWallet": "0",
        "maintMargin": "71200.81144",
        "positionInitialMargin": "175001.6225",
        "updateTime": 1700000000000,
    },
    {
        "symbol": "ETHUSDT",
        "positionSide": "BOTH",
        "positionAmt": "3683.979",
        "entryPrice": "1456.84",
        "markPrice": "1335.18000000",
        "unRealizedProfit": "-448192.89",
        "liquidationPrice": "1153.26",
        "isolatedMargin": "0",
        "notional": "4918775.08",
        "marginAsset": "USDT",
        "isolatedWallet": "0",
        "maintMargin": "356512.508",
        "positionInitialMargin": "245938.754",
        "updateTime": 1700000000000,
    },
]
ACCOUNT: dict[str, Any] = {
    "totalMaintMargin": "427713.31944",
    "totalMarginBalance": "1030895.55",
    "assets": [
        {
            "asset": "USDT",
            "walletBalance": "1535443.01",
            "crossWalletBalance": "1535443.01",
            "crossUnPnl": "-504547.46",
            "maintMargin": "427713.31944",
            "initialMargin": "420940.3765",
            "availableBalance": "609955.17",
        }
    ],
    "positions": [
        {**{key: row[key] for key in ("symbol", "positionSide", "positionAmt", "isolatedWallet", "updateTime")}}
        for row in POSITIONS
    ],
}


def bracket(floor: int, cap: int, rate: float, cum: float) -> dict[str, float]:
    """One bracket as the venue writes it."""
    return {"notionalFloor": floor, "notionalCap": cap, "maintMarginRatio": rate, "cum": cum, "initialLeverage": 20}


BRACKETS = [
    {
        "symbol": "BTCUSDT",
        "brackets": [
            bracket(0, 50_000, 0.004, 0),
            bracket(50_000, 250_000, 0.005, 50),
            bracket(250_000, 1_000_000, 0.01, 1_300),
            bracket(1_000_000, 10_000_000, 0.025, 16_300),
        ],
    },
    {
        "symbol": "ETHUSDT",
        "brackets": [
            bracket(0, 10_000, 0.005, 0),
            bracket(10_000, 100_000, 0.0065, 15),
            bracket(100_000, 500_000, 0.01, 365),
            bracket(500_000, 1_000_000, 0.02, 5_365),
            bracket(1_000_000, 2_000_000, 0.05, 35_365),
            bracket(2_000_000, 5_000_000, 0.1, 135_365),
        ],
    },
]


def listing(market_id: str, symbol: str) -> Listing:
    """A listing; its rules play no part here."""
    rules = Instrument(symbol, Decimal("0.001"), Decimal("0.001"), Decimal("0.01"), Decimal(1))
    return Listing(market_id, symbol, "USDT", "linear", 1.0, rules, 0.0005, 0.0002)


@pytest.fixture
def answers() -> Answers:
    """What the venue answers."""
    parts = {"balances": NOW, "positions": NOW}
    return Answers(read_account(ACCOUNT), read_positions(POSITIONS), (), parts)


@pytest.fixture
def reference() -> Reference:
    """What is known of its symbols."""
    settings = {"BTCUSDT": SymbolSetting(20.0), "ETHUSDT": SymbolSetting(20.0)}
    markets = MarketTable.of([listing("BTCUSDT", BTC), listing("ETHUSDT", ETH)])
    tiers = read_brackets(BRACKETS, "brackets", USDM.bracket_floors, USDM.bracket_cap)
    return Reference(USDM, markets, tiers, settings, "one_way", is_multi_assets=False)


def test_the_published_risk_and_liquidation_prices(answers: Answers, reference: Reference) -> None:
    """Both legs share one equity; each liquidation price has the other's maintenance margin in it."""
    fetched = assemble("alice", answers, reference, ())
    risk = assess(fetched.book)
    (pool,) = risk.pools
    assert (fetched.missing, fetched.book.model) == ((), "binance-usdm")
    assert risk.risk_ratio == pytest.approx(0.414895, abs=5e-7)
    prices = {leg.symbol: leg.liquidation_price for leg in pool.positions}
    assert prices == pytest.approx({BTC: 26316.89, ETH: 1153.26}, abs=0.01)
    requirements = {leg.symbol: leg.maintenance_margin for leg in pool.positions}
    assert requirements == pytest.approx({BTC: 71200.81, ETH: 356512.51}, abs=0.01)


def test_the_venues_own_figures_agree(answers: Answers, reference: Reference) -> None:
    """To the cent of its rounded answers."""
    book = assemble("alice", answers, reference, ()).book
    (pool,) = assess(book).pools
    reported = book.venue_reported
    assert reported.equity == pytest.approx(pool.equity, abs=0.02)
    assert reported.maintenance_margin == pytest.approx(pool.maintenance_margin, abs=0.02)
    assert reported.initial_margin == pytest.approx(pool.initial_margin, abs=0.02)
    assert reported.risk_ratio == pytest.approx(0.414895, abs=5e-7)


def test_the_example_is_of_one_moment_and_leverage(answers: Answers, reference: Reference) -> None:
    """Neither torn nor outdated."""
    assert torn_evidence(answers.account, answers.positions) == ()
    assert not outdated_settings(answers, reference.settings)
