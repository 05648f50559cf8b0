"""Answers in the venue's shapes, made up; every maker takes the fields that matter to a test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from guard.ports.venue import Instrument
from guard.risk.book import Tier
from guard.venues.binance.assemble import Answers, Reference
from guard.venues.binance.parse_reference import AssetRate, SymbolSetting
from guard.venues.binance.rows import read_algo_orders, read_open_orders
from guard.venues.binanceusdm import endpoints as at
from guard.venues.binanceusdm.branch import USDM
from guard.venues.binanceusdm.parse import read_account, read_positions
from guard.venues.markets import Listing, MarketTable

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
Row = dict[str, Any]


class ManualClock:
    """A clock that moves only when told to, or slept on."""

    def __init__(self) -> None:
        self.seconds = 100.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        """Wall time."""
        return NOW + timedelta(seconds=self.seconds - 100.0)

    def monotonic(self) -> float:
        """Stopwatch."""
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        """Jump."""
        self.slept.append(seconds)
        self.seconds += seconds


@pytest.fixture
def clock() -> ManualClock:
    """A clock at 100 s on its stopwatch."""
    return ManualClock()


@dataclass(frozen=True)
class Make:
    """Makers of rows and answers."""

    now: datetime = NOW

    def asset(self, asset: str = "USDT", **fields: object) -> Row:
        """An asset of the account answer with 1,000 in it."""
        return {
            "asset": asset,
            "walletBalance": "1000.00000000",
            "unrealizedProfit": "0.00000000",
            "marginBalance": "1000.00000000",
            "maintMargin": "0.00000000",
            "initialMargin": "0.00000000",
            "positionInitialMargin": "0.00000000",
            "openOrderInitialMargin": "0.00000000",
            "crossWalletBalance": "1000.00000000",
            "crossUnPnl": "0.00000000",
            "availableBalance": "1000.00000000",
            "maxWithdrawAmount": "1000.00000000",
            "updateTime": 1700000000000,
            **fields,
        }

    def account_leg(self, symbol: str = "BTCUSDT", **fields: object) -> Row:
        """A leg of the account answer: 2 long."""
        return {
            "symbol": symbol,
            "positionSide": "BOTH",
            "positionAmt": "2.000",
            "unrealizedProfit": "0.00000000",
            "isolatedMargin": "0",
            "notional": "20000",
            "isolatedWallet": "0",
            "initialMargin": "1000",
            "maintMargin": "80",
            "updateTime": 1700000000000,
            **fields,
        }

    def account(self, assets: list[Row] | None = None, legs: list[Row] | None = None, **fields: object) -> Row:
        """The account answer."""
        return {
            "totalInitialMargin": "0.00000000",
            "totalMaintMargin": "0.00000000",
            "totalWalletBalance": "1000.00000000",
            "totalMarginBalance": "1000.00000000",
            "availableBalance": "1000.00000000",
            "assets": [self.asset()] if assets is None else assets,
            "positions": legs or [],
            **fields,
        }

    def position(self, symbol: str = "BTCUSDT", **fields: object) -> Row:
        """A row of the positions answer: 2 long at 10,000, leverage 20."""
        return {
            "symbol": symbol,
            "positionSide": "BOTH",
            "positionAmt": "2.000",
            "entryPrice": "10000.0",
            "breakEvenPrice": "10005.0",
            "markPrice": "10000.00000000",
            "unRealizedProfit": "0.00000000",
            "liquidationPrice": "0",
            "isolatedMargin": "0",
            "notional": "20000",
            "marginAsset": "USDT",
            "isolatedWallet": "0",
            "initialMargin": "1000",
            "maintMargin": "80",
            "positionInitialMargin": "1000",
            "openOrderInitialMargin": "0",
            "adl": 1,
            "bidNotional": "0",
            "askNotional": "0",
            "updateTime": 1700000000000,
            **fields,
        }

    def order(self, symbol: str = "BTCUSDT", **fields: object) -> Row:
        """A resting order: buy 0.4 at 9,000, 0.1 of it filled."""
        return {
            "avgPrice": "0.00000",
            "clientOrderId": "mine",
            "cumQuote": "0",
            "executedQty": "0.100",
            "orderId": 1917641,
            "origQty": "0.400",
            "origType": "LIMIT",
            "price": "9000.0",
            "reduceOnly": False,
            "side": "BUY",
            "positionSide": "BOTH",
            "status": "NEW",
            "stopPrice": "0",
            "closePosition": False,
            "symbol": symbol,
            "time": 1700000000000,
            "timeInForce": "GTC",
            "type": "LIMIT",
            "updateTime": 1700000000000,
            **fields,
        }

    def algo_order(self, symbol: str = "BTCUSDT", **fields: object) -> Row:
        """A conditional order: sell 2 at the market when 9,500 is reached."""
        return {
            "algoId": 2148627,
            "clientAlgoId": "stop",
            "algoType": "CONDITIONAL",
            "orderType": "STOP_MARKET",
            "symbol": symbol,
            "side": "SELL",
            "positionSide": "BOTH",
            "timeInForce": "GTC",
            "quantity": "2.000",
            "algoStatus": "NEW",
            "actualOrderId": "",
            "triggerPrice": "9500.0",
            "price": "0.0",
            "closePosition": False,
            "reduceOnly": True,
            **fields,
        }

    def market(self, market_id: str = "BTCUSDT", **fields: object) -> Row:
        """A market structure as ccxt makes it."""
        base, quote = market_id[:-4], market_id[-4:]
        return {
            "id": market_id,
            "symbol": f"{base}/{quote}:{quote}",
            "settle": quote,
            "linear": True,
            "inverse": False,
            "taker": 0.0005,
            "maker": 0.0002,
            "info": {
                "filters": [
                    {"filterType": "PRICE_FILTER", "minPrice": "0.10", "maxPrice": "1000000", "tickSize": "0.10"},
                    {"filterType": "LOT_SIZE", "stepSize": "0.001", "maxQty": "1000", "minQty": "0.001"},
                    {"filterType": "MARKET_LOT_SIZE", "stepSize": "0.001", "maxQty": "120", "minQty": "0.001"},
                    {"filterType": "MIN_NOTIONAL", "notional": "100"},
                ]
            },
            **fields,
        }

    def listing(self, market_id: str = "BTCUSDT", **fields: Any) -> Listing:
        """A listing with steps of 0.001 and ticks of 0.1."""
        base, quote = market_id[:-4], market_id[-4:]
        symbol = f"{base}/{quote}:{quote}"
        rules = Instrument(
            symbol, Decimal("0.001"), Decimal("0.001"), Decimal("0.1"), Decimal(1), Decimal(100), Decimal(1000)
        )
        return Listing(
            market_id, symbol, quote, "linear", 1.0, fields.pop("instrument", rules), 0.0005, 0.0002, **fields
        )

    def markets(self, *market_ids: str) -> MarketTable:
        """A table of these listings."""
        return MarketTable.of(self.listing(market_id) for market_id in market_ids or ("BTCUSDT", "ETHUSDT", "BTCUSDC"))

    def reference(self, **fields: Any) -> Reference:
        """A one-way, single-asset account with tiers and leverage 20 on the listed symbols."""
        ids = ("BTCUSDT", "ETHUSDT", "BTCUSDC")
        given: dict[str, Any] = {
            "branch": USDM,
            "markets": self.markets(*ids),
            "tiers": dict.fromkeys(ids, (Tier(0.0, None, 0.004, 0.0, 125.0),)),
            "settings": dict.fromkeys(ids, SymbolSetting(20.0)),
            "position_mode": "one_way",
            "is_multi_assets": False,
        }
        return Reference(**{**given, **fields})

    def answers(
        self,
        *,
        account: Row | None = None,
        positions: list[Row] | None = None,
        orders: list[Row] | None = None,
        algo_orders: list[Row] | None = None,
        rates: dict[str, AssetRate] | None = None,
        marks: dict[str, float] | None = None,
    ) -> Answers:
        """What one cycle read, all parts at `now`."""
        return Answers(
            account=read_account(account or self.account()),
            positions=read_positions(positions or []),
            orders=read_open_orders(orders or [], at.OPEN_ORDERS.name)
            + read_algo_orders(algo_orders or [], at.OPEN_ALGO_ORDERS.name),
            parts=dict.fromkeys(("balances", "positions", "marks", "open_orders", "conditional_orders"), self.now),
            rates=rates or {},
            marks=marks or {},
        )


@pytest.fixture
def make() -> Make:
    """Makers of rows and answers."""
    return Make()


@pytest.fixture
def without() -> Callable[..., Row]:
    """A row without some of its fields."""
    return lambda row, *keys: {key: value for key, value in row.items() if key not in keys}
