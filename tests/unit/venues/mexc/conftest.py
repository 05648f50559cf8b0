"""Answers in the venue's shapes, made up; every maker takes the fields that matter to a test."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from guard.ports.venue import FetchedBook
from guard.venues.mexc.assemble import Answers, Reference, assemble
from guard.venues.mexc.parse import read_assets, read_open_orders, read_positions
from guard.venues.mexc.parse_reference import Charge, Contracts, read_contracts

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
NOW_MS = NOW.timestamp() * 1000
Row = dict[str, Any]


def enveloped(data: object) -> Row:
    """A good answer."""
    return {"success": True, "code": 0, "data": data}


@dataclass(frozen=True)
class Make:
    """Makers of rows, answers and books."""

    def asset(self, currency: str = "USDT", **fields: object) -> Row:
        """1,000 of a currency."""
        return {
            "currency": currency,
            "positionMargin": 0,
            "availableBalance": 1000,
            "cashBalance": 1000,
            "frozenBalance": 0,
            "equity": 1000,
            "unrealized": 0,
            "bonus": 0,
            **fields,
        }

    def position(self, symbol: str = "BTC_USDT", **fields: object) -> Row:
        """20,000 contracts of 0.0001 BTC long from 10,000, cross, at 10x."""
        return {
            "positionId": 1,
            "symbol": symbol,
            "positionType": 1,
            "openType": 2,
            "state": 1,
            "holdVol": 20000,
            "frozenVol": 0,
            "closeVol": 0,
            "holdAvgPrice": 10000,
            "openAvgPrice": 10000,
            "closeAvgPrice": 0,
            "liquidatePrice": 0,
            "oim": 2012,
            "im": 2012,
            "holdFee": 0,
            "realised": 0,
            "leverage": 10,
            "createTime": 1,
            "updateTime": 1,
            "autoAddIm": False,
            **fields,
        }

    def order(self, symbol: str = "BTC_USDT", **fields: object) -> Row:
        """1,000 contracts to open long at 9,000."""
        return {
            "orderId": "5",
            "symbol": symbol,
            "positionId": 0,
            "price": 9000,
            "vol": 1000,
            "leverage": 20,
            "side": 1,
            "category": 1,
            "orderType": 1,
            "dealAvgPrice": 0,
            "dealVol": 0,
            "orderMargin": 45.54,
            "openType": 2,
            "state": 2,
            "externalOid": "_m_1",
            "errorCode": 0,
            "usedMargin": 0,
            **fields,
        }

    def market(self, market_id: str = "BTC_USDT", **info: object) -> Row:
        """A contract as ccxt makes it: 0.0001 BTC, risk limits that grow in steps."""
        base, quote = market_id.split("_")
        settle = base if quote == "USD" else quote
        known = {
            "symbol": market_id,
            "contractSize": 0.0001,
            "priceUnit": 0.1,
            "volUnit": 1,
            "minVol": 1,
            "maxVol": 1000000,
            "takerFeeRate": 0.0006,
            "makerFeeRate": 0.0002,
            "maintenanceMarginRate": 0.004,
            "initialMarginRate": 0.008,
            "riskBaseVol": 10000,
            "riskIncrVol": 20000,
            "riskIncrMmr": 0.004,
            "riskIncrImr": 0.004,
            "riskLevelLimit": 3,
        }
        return {
            "id": market_id,
            "symbol": f"{base}/{quote}:{settle}",
            "settle": settle,
            "inverse": settle == base,
            "info": {**known, **info},
        }

    def contracts(self, *markets: Row) -> Contracts:
        """A table of them; by default a linear and a coin-margined one."""
        return read_contracts(list(markets) or [self.market(), self.market("BTC_USD", contractSize=100)])

    def answers(
        self, positions: tuple[Row, ...] = (), orders: tuple[Row, ...] = (), assets: tuple[Row, ...] = (), **fields: Any
    ) -> Answers:
        """What one reading found."""
        return Answers(
            **{
                "assets": read_assets(enveloped(list(assets) or [self.asset()])),
                "positions": read_positions(enveloped(list(positions))),
                "orders": read_open_orders(enveloped(list(orders))),
                "marks": {"BTC_USDT": 10000.0, "BTC_USD": 10000.0},
                "parts": {"balances": NOW, "positions": NOW},
                "asked_ms": NOW_MS,
                **fields,
            }
        )

    def fetched(
        self, answers: Answers, contracts: Contracts | None = None, mode: Any = "one_way", charges: Any = None
    ) -> FetchedBook:
        """The book of it."""
        charged: dict[str, tuple[Charge, ...]] = charges or {}
        return assemble("alice", answers, Reference(contracts or self.contracts(), charged, mode), ())


@pytest.fixture
def make() -> Make:
    """The makers."""
    return Make()
