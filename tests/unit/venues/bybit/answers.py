"""Answers in Bybit's shapes, made up; every maker takes the fields that matter to a test."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from guard.ports.venue import Instrument
from guard.risk.book import HaircutTier, Kind, Tier
from guard.venues.bybit.assemble import Answers, Reference
from guard.venues.bybit.parse import Category, read_orders, read_positions, read_wallet
from guard.venues.bybit.parse_reference import FeeRates, Modes
from guard.venues.markets import Listing, MarketTable

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
FLAT_TIERS = (Tier(0.0, None, 0.005),)
Row = dict[str, Any]


def envelope(result: Any) -> Row:
    """What every answer is wrapped in."""
    return {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": 1772600767000}


def listing(rows: list[Row], cursor: str = "", category: str = "linear") -> Row:
    """An answer with a list."""
    return envelope({"category": category, "list": rows, "nextPageCursor": cursor})


def coin(name: str = "USDT", /, **fields: Any) -> Row:
    """A coin of the wallet with 1,000 in it, worth a dollar each."""
    return {
        "coin": name,
        "equity": "1000",
        "usdValue": "1000",
        "walletBalance": "1000",
        "unrealisedPnl": "0",
        "borrowAmount": "0",
        "spotBorrow": "0",
        "accruedInterest": "0",
        "locked": "0",
        "totalOrderIM": "0",
        "totalPositionIM": "0",
        "totalPositionMM": "0",
        "cumRealisedPnl": "0",
        "bonus": "0",
        "marginCollateral": True,
        "collateralSwitch": True,
        "availableToWithdraw": "",
        "availableToBorrow": "",
        **fields,
    }


def wallet(*coins: Row, **fields: Any) -> Row:
    """The wallet's answer."""
    account = {
        "accountType": "UNIFIED",
        "totalEquity": "1000",
        "totalWalletBalance": "1000",
        "totalMarginBalance": "1000",
        "totalAvailableBalance": "900",
        "totalInitialMargin": "100",
        "totalMaintenanceMargin": "20",
        "accountIMRate": "0.1",
        "accountMMRate": "0.02",
        "totalPerpUPL": "0",
        "accountLTV": "0",
        "coin": list(coins) or [coin()],
        **fields,
    }
    return envelope({"list": [account]})


def position(symbol: str = "BTCUSDT", /, **fields: Any) -> Row:
    """A row of the positions: 2 long at 10,000, leverage 20."""
    return {
        "positionIdx": 0,
        "riskId": 1,
        "riskLimitValue": "2000000",
        "symbol": symbol,
        "side": "Buy",
        "size": "2",
        "avgPrice": "10000",
        "positionValue": "20000",
        "tradeMode": 0,
        "positionStatus": "Normal",
        "leverage": "20",
        "markPrice": "10000",
        "liqPrice": "",
        "bustPrice": "",
        "positionBalance": "0",
        "positionIM": "1010.45",
        "positionMM": "110.45",
        "sessionAvgPrice": "",
        "unrealisedPnl": "0",
        "adlRankIndicator": 2,
        "createdTime": "1700000000000",
        "updatedTime": "1700000000000",
        "seq": 4,
        **fields,
    }


def order(symbol: str = "BTCUSDT", /, **fields: Any) -> Row:
    """An open order: buy 1 at 9,000."""
    return {
        "orderId": "14bad3a1",
        "orderLinkId": "",
        "symbol": symbol,
        "price": "9000",
        "qty": "1",
        "side": "Buy",
        "positionIdx": 0,
        "orderStatus": "New",
        "rejectReason": "EC_NoError",
        "avgPrice": "",
        "leavesQty": "1",
        "cumExecQty": "0",
        "timeInForce": "GTC",
        "orderType": "Limit",
        "stopOrderType": "",
        "triggerPrice": "",
        "reduceOnly": False,
        "closeOnTrigger": False,
        **fields,
    }


def contract(market_id: str, symbol: str, settle: str, kind: Kind = "linear") -> Listing:
    """A listed contract."""
    instrument = Instrument(
        symbol=symbol,
        step=Decimal("0.001") if kind == "linear" else Decimal(1),
        minimum=Decimal("0.001") if kind == "linear" else Decimal(1),
        tick=Decimal("0.1"),
        contract_size=Decimal(1),
        maximum=Decimal(100_000),
    )
    return Listing(market_id, symbol, settle, kind, 1.0, instrument, taker=0.0006, maker=0.0001)


MARKETS = MarketTable.of(
    [
        contract("BTCUSDT", "BTC/USDT:USDT", "USDT"),
        contract("ETHUSDT", "ETH/USDT:USDT", "USDT"),
        contract("BTCPERP", "BTC/USDC:USDC", "USDC"),
        contract("BTCUSD", "BTC/USD:BTC", "BTC", "inverse"),
    ]
)


def reference(modes: Modes | None = None, **fields: Any) -> Reference:
    """What is known of the contracts above; a fee of 0.055 %, no haircuts."""
    defaults: dict[str, Any] = {
        "tiers": dict.fromkeys(MARKETS.by_id, FLAT_TIERS),
        "fees": dict.fromkeys(MARKETS.by_id, FeeRates(0.00055, 0.0002)),
        "ratios": dict.fromkeys(("USDT", "USDC", "BTC"), (HaircutTier(0.0, None, 0.0),)),
    }
    return Reference(MARKETS, modes or Modes("cross"), **{**defaults, **fields})


def answers(
    wallet_answer: Row | None = None,
    positions: list[Row] | None = None,
    orders: list[Row] | None = None,
    category: Category = "linear",
    **fields: Any,
) -> Answers:
    """What one reading found."""
    return Answers(
        wallet=read_wallet(wallet_answer or wallet()),
        positions=read_positions(positions or [], category),
        orders=read_orders(orders or [], category),
        parts={"balances": NOW, "positions": NOW, "marks": NOW, "open_orders": NOW},
        **fields,
    )
