"""Answers in KuCoin's shapes, with figures of our own."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from guard.ports.venue import Instrument
from guard.risk.book import Kind
from guard.venues.kucoinfutures.legs import Held, Reference
from guard.venues.kucoinfutures.parse import Overview, read_open_orders, read_overview, read_positions, read_stop_orders
from guard.venues.kucoinfutures.parse_reference import ContractTable, read_contracts
from guard.venues.markets import Listing, MarketTable

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def said(data: Any) -> dict[str, Any]:
    """An answer that is no refusal."""
    return {"code": "200000", "data": data}


def listing(market_id: str, symbol: str, size: str, kind: Kind = "linear") -> Listing:
    """A listed contract."""
    instrument = Instrument(symbol, Decimal(1), Decimal(1), Decimal("0.1"), Decimal(size), maximum=Decimal(1_000_000))
    return Listing(market_id, symbol, symbol.partition(":")[2], kind, float(size), instrument, 0.0006, 0.0002)


class Shapes:
    """Makes answers; what is given replaces the usual."""

    @staticmethod
    def cross(**changes: Any) -> dict[str, Any]:
        """A cross leg: 10 BTC long at 60,000, mark 61,000, 20x."""
        return {
            "id": "600000000001260912",
            "symbol": "XBTUSDTM",
            "crossMode": True,
            "maintMarginReq": 0.00413333,
            "delevPercentage": 0.4,
            "currentTimestamp": 1768481897988,
            "currentQty": 10_000,
            "isOpen": True,
            "markPrice": 61_000.0,
            "markValue": 610_000.0,
            "posCost": 600_000.0,
            "posInit": 30_000.0,
            "posMargin": 30_500.0,
            "posMaint": 2_521.333,
            "unrealisedPnl": 10_000.0,
            "avgEntryPrice": 60_000.0,
            "liquidationPrice": 0,
            "settleCurrency": "USDT",
            "isInverse": False,
            "marginMode": "CROSS",
            "positionSide": "BOTH",
            "leverage": 20,
            **changes,
        }

    @staticmethod
    def isolated(**changes: Any) -> dict[str, Any]:
        """An isolated leg as older answers have it: no margin mode, no side; -2 ETH at 4,000, 25x."""
        return {
            "symbol": "ETHUSDTM",
            "crossMode": False,
            "maintMarginReq": 0.005,
            "realLeverage": 25.92,
            "currentQty": -200,
            "markPrice": 4_050.0,
            "markValue": -8_100.0,
            "posCost": -8_000.0,
            "posInit": 320.0,
            "posComm": 4.992,
            "posMargin": 330.0,
            "posMaint": 45.8,
            "maintMargin": 230.0,
            "unrealisedPnl": -100.0,
            "avgEntryPrice": 4_000.0,
            "settleCurrency": "USDT",
            "isInverse": False,
            **changes,
        }

    @staticmethod
    def wallet(**changes: Any) -> dict[str, Any]:
        """The USDT wallet: 50,000 and 10,000 of PnL."""
        return {
            "accountEquity": 60_000.0,
            "unrealisedPNL": 10_000.0,
            "marginBalance": 50_000.0,
            "positionMargin": 30_500.0,
            "orderMargin": 0,
            "frozenFunds": 0,
            "availableBalance": 29_500.0,
            "currency": "USDT",
            "riskRatio": 0.0481,
            **changes,
        }

    @staticmethod
    def order(**changes: Any) -> dict[str, Any]:
        """A resting buy of 2 BTC at 55,000."""
        return {
            "id": "71001",
            "symbol": "XBTUSDTM",
            "type": "limit",
            "side": "buy",
            "price": "55000",
            "size": 2_000,
            "filledSize": 0,
            "closeOrder": False,
            "clientOid": "mine-1",
            "isActive": True,
            "reduceOnly": False,
            "marginMode": "CROSS",
            "positionSide": "BOTH",
            **changes,
        }

    @staticmethod
    def contract(**changes: Any) -> dict[str, Any]:
        """The constants of XBTUSDTM."""
        return {
            "symbol": "XBTUSDTM",
            "settleCurrency": "USDT",
            "k": 490.0,
            "m": 300.0,
            "f": 1.3,
            "mmrLimit": 0.3,
            "mmrLevConstant": 125.0,
            "fundingFeeRate": 0.0001,
            "adjustK": None,
            "adjustM": None,
            "adjustMmrLevConstant": None,
            "adjustActiveTime": None,
            **changes,
        }

    def contracts(self, *rows: dict[str, Any]) -> ContractTable:
        """The table of these rows; BTC, ETH and an inverse contract by default."""
        usual = (
            self.contract(),
            self.contract(symbol="ETHUSDTM", m=4_000.0),
            self.contract(symbol="XBTUSDM", settleCurrency="XBT"),
        )
        return read_contracts(said(list(rows or usual)))

    def reference(self, *, hedge: bool = False, contracts: ContractTable | None = None) -> Reference:
        """What changes rarely."""
        markets = MarketTable.of(
            (
                listing("XBTUSDTM", "BTC/USDT:USDT", "0.001"),
                listing("ETHUSDTM", "ETH/USDT:USDT", "0.01"),
                listing("XBTUSDM", "BTC/USD:BTC", "1", "inverse"),
            )
        )
        constants = (contracts or self.contracts()).constants
        return Reference(markets, constants, "hedge" if hedge else "one_way")

    def held(self, *rows: dict[str, Any], orders: Any = (), stops: Any = (), **changes: Any) -> Held:
        """What was read of legs and orders."""
        resting = read_open_orders(said({"totalPage": 1, "items": list(orders)})).orders
        waiting = read_stop_orders(said({"totalPage": 1, "items": list(stops)})).orders
        parts = dict.fromkeys(("balances", "positions", "marks", "open_orders", "conditional_orders"), NOW)
        return Held(read_positions(said(list(rows))), resting + waiting, parts, **changes)

    def overviews(self, *rows: dict[str, Any]) -> dict[str, Overview]:
        """Wallets by currency."""
        found = [read_overview(said(row)) for row in rows or (self.wallet(),)]
        return {row.currency: row for row in found}


@pytest.fixture(scope="session")
def shapes() -> Shapes:
    """The maker of answers."""
    return Shapes()
