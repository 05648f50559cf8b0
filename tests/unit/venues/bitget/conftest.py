"""Rows in the shapes of the venue, with figures of our own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Make = Callable[..., dict[str, Any]]


@pytest.fixture
def enveloped() -> Callable[[object], dict[str, Any]]:
    """An answer with data."""
    return lambda data: {"code": "00000", "msg": "success", "requestTime": 1_767_000_000_000, "data": data}


@pytest.fixture
def account_row() -> Make:
    """A margin coin of a product."""

    def make(**fields: Any) -> dict[str, Any]:
        row: dict[str, Any] = {
            "marginCoin": "USDT",
            "locked": "0",
            "available": "9000",
            "crossedMaxAvailable": "8500",
            "isolatedMaxAvailable": "8500",
            "maxTransferOut": "8500",
            "accountEquity": "10000",
            "usdtEquity": "10000",
            "btcEquity": "0.1",
            "crossedRiskRate": "0.02",
            "unrealizedPL": "400",
            "coupon": "0",
            "unionTotalMargin": "",
            "unionAvailable": "",
            "unionMm": "",
            "assetList": [],
            "isolatedMargin": "600",
            "crossedMargin": "1000",
            "crossedUnrealizedPL": None,
            "isolatedUnrealizedPL": "",
            "grant": "",
            "assetMode": "single",
        }
        return {**row, **fields}

    return make


@pytest.fixture
def position_row() -> Make:
    """A leg."""

    def make(**fields: Any) -> dict[str, Any]:
        row = {
            "marginCoin": "USDT",
            "symbol": "BTCUSDT",
            "holdSide": "long",
            "openDelegateSize": "0",
            "marginSize": "1000",
            "available": "0.5",
            "locked": "0",
            "total": "0.5",
            "leverage": "20",
            "achievedProfits": "0",
            "openPriceAvg": "40000",
            "marginMode": "crossed",
            "posMode": "one_way_mode",
            "unrealizedPL": "500",
            "liquidationPrice": "0",
            "keepMarginRate": "0.004",
            "markPrice": "41000",
            "marginRatio": "0.02",
            "breakEvenPrice": "",
            "totalFee": "",
            "takeProfit": "",
            "cTime": "1766000000000",
            "uTime": "1766000000001",
        }
        return {**row, **fields}

    return make


@pytest.fixture
def order_row() -> Make:
    """A resting order."""

    def make(**fields: Any) -> dict[str, Any]:
        row = {
            "symbol": "BTCUSDT",
            "size": "0.4",
            "orderId": "1111",
            "clientOid": "mine",
            "baseVolume": "0.1",
            "fee": "0",
            "price": "39000",
            "priceAvg": "",
            "status": "live",
            "side": "buy",
            "force": "gtc",
            "totalProfits": "0",
            "posSide": "net",
            "marginCoin": "USDT",
            "quoteVolume": "0",
            "leverage": "20",
            "marginMode": "crossed",
            "enterPointSource": "web",
            "tradeSide": "buy_single",
            "posMode": "one_way_mode",
            "orderType": "limit",
            "orderSource": "normal",
            "presetStopSurplusPrice": "",
            "reduceOnly": "NO",
            "cTime": "1766000000000",
            "uTime": "1766000000000",
        }
        return {**row, **fields}

    return make


@pytest.fixture
def plan_row(order_row: Make) -> Make:
    """A waiting order."""

    def make(**fields: Any) -> dict[str, Any]:
        row = order_row()
        for name in ("baseVolume", "leverage", "status", "reduceOnly"):
            row.pop(name)
        told = {"planType": "normal_plan", "callbackRatio": "", "triggerPrice": "38000", "planStatus": "live"}
        return {**row, **told, **fields}

    return make
