"""Answers in OKX's shapes, made up; every maker takes the fields that matter to a test."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from guard.ports.venue import FetchedBook, Instrument
from guard.risk.book import HaircutTier, Tier
from guard.venues.markets import Listing, MarketTable
from guard.venues.okx.assemble import Answers, Reference, assemble
from guard.venues.okx.parse import read_algo_orders, read_balance, read_open_orders, read_positions
from guard.venues.okx.parse_reference import AccountMode, Modes

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
TIERS = (Tier(0.0, 100.0, 0.004, max_leverage=100.0), Tier(100.0, None, 0.01, max_leverage=50.0))
Row = dict[str, Any]


def wrapped(*rows: Row) -> Row:
    """The envelope of every answer."""
    return {"code": "0", "msg": "", "data": list(rows)}


def listing(base: str, quote: str, settle: str, size: str) -> Listing:
    """A swap."""
    symbol = f"{base}/{quote}:{settle}"
    grid = Instrument(symbol, Decimal("0.01"), Decimal("0.01"), Decimal("0.1"), Decimal(size), maximum=Decimal(10_000))
    kind = "inverse" if settle == base else "linear"
    return Listing(f"{base}-{quote}-SWAP", symbol, settle, kind, float(size), grid, taker=0.0005, maker=0.0002)  # type: ignore[arg-type] # kind is one of both


MARKETS = MarketTable.of(
    [
        listing("BTC", "USDT", "USDT", "0.01"),
        listing("ETH", "USDT", "USDT", "0.1"),
        listing("BTC", "USD", "BTC", "100"),
    ]
)


@dataclass(frozen=True)
class Make:
    """Makers of rows, answers and books."""

    markets: MarketTable = MARKETS
    tiers: tuple[Tier, ...] = TIERS

    def currency(self, currency: str = "USDT", cash: str = "1000", **fields: object) -> Row:
        """A row of `details` in futures mode without positions."""
        row: Row = {
            "ccy": currency,
            "cashBal": cash,
            "eq": cash,
            "eqUsd": cash,
            "isoEq": "0",
            "stgyEq": "0",
            "upl": "0",
            "disEq": "",
            "interest": "",
            "imr": "",
            "mmr": "",
            "mgnRatio": "",
            "availEq": cash,
            "uTime": "1700000000000",
        }
        return {**row, **fields}

    def balance(self, *currencies: Row, **fields: object) -> Row:
        """The balance answer; figures of the account are empty, as in futures mode."""
        top: Row = {"adjEq": "", "imr": "", "mmr": "", "mgnRatio": "", "availEq": "", "uTime": "1700000000001"}
        return wrapped({**top, "details": list(currencies), **fields})

    def position(self, market_id: str = "BTC-USDT-SWAP", pos: str = "10", **fields: object) -> Row:
        """A cross position in one-way mode."""
        row: Row = {
            "instId": market_id,
            "instType": "SWAP",
            "posSide": "net",
            "pos": pos,
            "avgPx": "40000",
            "markPx": "41000",
            "lever": "10",
            "mgnMode": "cross",
            "margin": "",
            "ccy": "USDT",
            "usdPx": "1",
            "adl": "1",
            "liqPx": "",
            "mgnRatio": "30",
            "mmr": "16.4",
            "imr": "410",
            "uTime": "1700000000000",
        }
        return {**row, **fields}

    def order(self, market_id: str = "BTC-USDT-SWAP", **fields: object) -> Row:
        """A resting buy of 5 contracts."""
        row: Row = {
            "instId": market_id,
            "instType": "SWAP",
            "ordId": "312269865356374016",
            "clOrdId": "",
            "posSide": "net",
            "side": "buy",
            "ordType": "limit",
            "px": "39000",
            "sz": "5",
            "accFillSz": "0",
            "reduceOnly": "false",
            "tdMode": "cross",
            "lever": "10",
            "state": "live",
        }
        return {**row, **fields}

    def algo(self, market_id: str = "BTC-USDT-SWAP", **fields: object) -> Row:
        """A stop at the market that reduces."""
        row: Row = {
            "instId": market_id,
            "instType": "SWAP",
            "algoId": "681096944655273984",
            "algoClOrdId": "",
            "posSide": "net",
            "side": "sell",
            "ordType": "conditional",
            "ordPx": "",
            "slOrdPx": "-1",
            "slTriggerPx": "38000",
            "tpOrdPx": "",
            "sz": "10",
            "closeFraction": "",
            "reduceOnly": "true",
            "tdMode": "cross",
            "lever": "10",
        }
        return {**row, **fields}

    def answers(
        self,
        *,
        balance: Row | None = None,
        positions: tuple[Row, ...] = (),
        orders: tuple[Row, ...] = (),
        algos: tuple[Row, ...] = (),
        marks: dict[str, float] | None = None,
    ) -> Answers:
        """What one cycle read."""
        parts = dict.fromkeys(("balances", "positions", "marks", "open_orders", "conditional_orders"), NOW)
        return Answers(
            balance=read_balance(balance or self.balance(self.currency())),
            positions=read_positions(wrapped(*positions)),
            orders=(*read_open_orders([wrapped(*orders)]), *read_algo_orders([wrapped(*algos)])),
            parts=parts,
            marks=marks or {},
        )

    def reference(self, account_mode: AccountMode = "single", *, hedge: bool = False, **fields: Any) -> Reference:
        """Everything known."""
        keys = [
            ("SWAP", family, mode) for family in ("BTC-USDT", "ETH-USDT", "BTC-USD") for mode in ("cross", "isolated")
        ]
        given: dict[str, Any] = {
            "markets": MARKETS,
            "modes": Modes(account_mode, "hedge" if hedge else "one_way"),
            "tiers": dict.fromkeys(keys, TIERS),
            "discounts": {
                "USDT": (HaircutTier(0.0, None, 0.0),),
                "BTC": (HaircutTier(0.0, 20.0, 0.02), HaircutTier(20.0, None, 0.05)),
            },
            "taker_fee": 0.0005,
        }
        return Reference(**{**given, **fields})

    def book(self, answers: Answers, reference: Reference | None = None) -> FetchedBook:
        """The book of a cycle."""
        return assemble("alice", answers, reference or self.reference(), ())


@pytest.fixture
def make() -> Make:
    """Makers of rows."""
    return Make()
