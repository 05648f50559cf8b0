"""Answers in the venue's shapes, made up; every maker takes the fields that matter to a test."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from guard.ports.venue import FetchedBook, Instrument
from guard.risk.book import Kind, Tier
from guard.venues.bingx import endpoints as at
from guard.venues.bingx.answers import Answers, Modes, Reference
from guard.venues.bingx.assemble import assemble
from guard.venues.bingx.parse import read_balances, read_orders, read_positions
from guard.venues.bingx.parse_reference import Leverages
from guard.venues.markets import Listing, MarketTable

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
NOW_MS = NOW.timestamp() * 1000
Row = dict[str, Any]
SINGLE = Modes("one_way", is_multi_assets=False, standard=False)


def enveloped(data: object) -> Row:
    """A good answer."""
    return {"code": 0, "msg": "", "data": data}


@dataclass(frozen=True)
class Make:
    """Makers of rows, answers and books."""

    def balance(self, asset: str = "USDT", **fields: object) -> Row:
        """1,000 of an asset."""
        return {
            "userId": "7",
            "asset": asset,
            "balance": "1000.0000",
            "equity": "1000.0000",
            "unrealizedProfit": "0.0000",
            "realisedProfit": "0.0000",
            "availableMargin": "1000.0000",
            "usedMargin": "0.0000",
            "freezedMargin": "0.0000",
            "shortUid": "7",
            **fields,
        }

    def position(self, symbol: str = "BTC-USDT", **fields: object) -> Row:
        """2 BTC long from 10,000, cross, at 10x."""
        return {
            "positionId": "1",
            "symbol": symbol,
            "currency": "USDT",
            "positionAmt": "2",
            "availableAmt": "2",
            "positionSide": "LONG",
            "isolated": False,
            "avgPrice": "10000",
            "initialMargin": "2000",
            "margin": "2000",
            "leverage": 10,
            "unrealizedProfit": "0",
            "realisedProfit": "0",
            "liquidationPrice": 0,
            "riskRate": "0.0090",
            "markPrice": "10000",
            "positionValue": "20000",
            "onlyOnePosition": True,
            "updateTime": 1,
            **fields,
        }

    def coin_position(self, symbol: str = "SOL-USD", **fields: object) -> Row:
        """One contract of 10 USD, in the venue's coin-margined words."""
        return {
            "symbol": symbol,
            "positionId": "2",
            "positionSide": "Long",
            "isolated": False,
            "positionAmt": "100",
            "availableAmt": "100",
            "unrealizedProfit": "0",
            "initialMargin": "0.5",
            "liquidationPrice": 23.9,
            "avgPrice": "200",
            "leverage": 10,
            "markPrice": "200",
            "riskRate": "0.0035",
            "maxMarginReduction": "0",
            "updateTime": 1,
            **fields,
        }

    def order(self, symbol: str = "BTC-USDT", **fields: object) -> Row:
        """1 BTC to buy at 9,000."""
        return {
            "symbol": symbol,
            "orderId": 5,
            "side": "BUY",
            "positionSide": "BOTH",
            "type": "LIMIT",
            "origQty": "1.0",
            "price": "9000",
            "executedQty": "0.0",
            "avgPrice": "0",
            "stopPrice": "",
            "status": "NEW",
            "time": 1,
            "updateTime": 1,
            "clientOrderId": "",
            "reduceOnly": False,
            "closePosition": "",
            **fields,
        }

    def listing(self, market_id: str = "BTC-USDT", **fields: Any) -> Listing:
        """Its listing."""
        base, quote = market_id.split("-")
        kind: Kind = "inverse" if quote == "USD" else "linear"
        settle = base if kind == "inverse" else quote
        size = Decimal(10) if kind == "inverse" else Decimal(1)
        symbol = f"{base}/{quote}:{settle}"
        instrument = Instrument(symbol, Decimal("0.001"), Decimal("0.001"), Decimal("0.1"), size)
        return Listing(market_id, symbol, settle, kind, float(size), instrument, taker=0.0005, maker=0.0002, **fields)

    def answers(
        self,
        positions: tuple[Row, ...] = (),
        orders: tuple[Row, ...] = (),
        balances: tuple[Row, ...] | None = None,
        *,
        coin_positions: tuple[Row, ...] = (),
        coin_balances: tuple[Row, ...] = (),
        **fields: Any,
    ) -> Answers:
        """What one reading found."""
        wallets = (self.balance(),) if balances is None else balances
        return Answers(
            balances=read_balances(enveloped(list(wallets)), at.BALANCE),
            coin_balances=read_balances(enveloped(list(coin_balances)), at.COIN_BALANCE),
            positions=(
                *read_positions(enveloped(list(positions)), at.POSITIONS, "linear"),
                *read_positions(enveloped(list(coin_positions)), at.COIN_POSITIONS, "inverse"),
            ),
            orders=read_orders(enveloped({"orders": list(orders)}), at.OPEN_ORDERS, "linear"),
            parts={"balances": NOW, "positions": NOW},
            asked_ms=NOW_MS,
            **fields,
        )

    def reference(self, modes: Modes = SINGLE, **fields: Any) -> Reference:
        """Two linear contracts and a coin-margined one; tiers of BTC."""
        listings = [self.listing(name) for name in ("BTC-USDT", "ETH-USDC", "SOL-USD")]
        tiers = {"BTC-USDT": (Tier(0.0, 100_000.0, 0.004, 0.0), Tier(100_000.0, None, 0.01, 600.0))}
        return Reference(
            **{
                "markets": MarketTable.of(listings),
                "tiers": tiers,
                "leverages": {"ETH-USDC": Leverages(20.0, 5.0)},
                "modes": modes,
                **fields,
            }
        )

    def fetched(self, answers: Answers, reference: Reference | None = None) -> FetchedBook:
        """The book of it."""
        return assemble("alice", answers, reference or self.reference(), ())


@pytest.fixture
def make() -> Make:
    """The makers."""
    return Make()
