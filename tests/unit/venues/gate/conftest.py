"""Answers in Gate's shapes, made up; every maker takes the fields that matter to a test."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from guard.ports.venue import FetchedBook, Instrument
from guard.risk.book import HaircutTier, Kind, Tier
from guard.venues.gate.answers import Answers, SettleState
from guard.venues.gate.assemble import Reference, assemble
from guard.venues.gate.parse import AccountMode, LegTerms, read_account, read_positions
from guard.venues.gate.parse_orders import read_open_orders, read_price_orders
from guard.venues.gate.parse_unified import read_unified
from guard.venues.markets import Listing, MarketTable

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
TIERS = (Tier(0.0, 5_000.0, 0.004, 0.0, 125.0), Tier(5_000.0, None, 0.01, 30.0, 50.0))
Row = dict[str, Any]


def listing(market_id: str, settle: str, size: str, step: str = "1") -> Listing:
    """A swap."""
    base, quote = market_id.split("_")
    symbol = f"{base}/{quote}:{settle}"
    kind: Kind = "inverse" if settle == base else "linear"
    grid = Instrument(symbol, Decimal(step), Decimal(step), Decimal("0.1"), Decimal(size), maximum=Decimal(1_000_000))
    return Listing(market_id, symbol, settle, kind, float(size), grid, taker=0.00075, maker=0.0002)


MARKETS = MarketTable.of(
    [
        listing("BTC_USDT", "USDT", "0.0001"),
        listing("ETH_USDT", "USDT", "0.01"),
        listing("LINK_USDT", "USDT", "1", "0.1"),
        listing("BTC_USD", "BTC", "1"),
    ]
)


@dataclass(frozen=True)
class Make:
    """Makers of rows, answers and books."""

    markets: MarketTable = MARKETS
    tiers: tuple[Tier, ...] = TIERS

    def account(self, currency: str = "USDT", **fields: object) -> Row:
        """A classic account with 1,000 in it and a long leg of 4,100."""
        row: Row = {
            "user": 1,
            "currency": currency,
            "total": "1000",
            "unrealised_pnl": "100",
            "position_margin": "205",
            "order_margin": "0",
            "available": "895",
            "in_dual_mode": False,
            "position_mode": "single",
            "margin_mode": 0,
            "enable_evolved_classic": True,
            "enable_tiered_mm": True,
            "isolated_position_margin": "0",
            "cross_margin_balance": "1100",
            "cross_order_margin": "0",
            "cross_initial_margin": "205",
            "cross_maintenance_margin": "19.475",
            "cross_available": "895",
            "cross_mmr": "56.4826700898588",
            "cross_imr": "5.36",
        }
        return {**row, **fields}

    @property
    def unused(self) -> Row:
        """Fields of an account in which nothing is held or ordered."""
        return dict.fromkeys(("position_margin", "cross_initial_margin", "cross_maintenance_margin"), "0")

    def position(self, contract: str = "BTC_USDT", **fields: object) -> Row:
        """A long leg of 0.1 BTC at 41,000, bought at 40,000."""
        row: Row = {
            "contract": contract,
            "mode": "single",
            "size": 1000,
            "leverage": "0",
            "cross_leverage_limit": "20",
            "leverage_max": "125",
            "entry_price": "40000",
            "mark_price": "41000",
            "value": "4100",
            "margin": "205",
            "maintenance_margin": "19.475",
            "average_maintenance_rate": "0.004",
            "maintenance_rate": "0.004",
            "adl_ranking": 1,
            "update_time": 1_772_600_000,
        }
        return {**row, **fields}

    def order(self, contract: str = "BTC_USDT", **fields: object) -> Row:
        """A resting order that buys 10 contracts."""
        row: Row = {
            "id": 11,
            "contract": contract,
            "size": 10,
            "left": 10,
            "price": "40000",
            "tif": "gtc",
            "text": "t-g1",
            "status": "open",
            "is_close": False,
            "is_reduce_only": False,
        }
        return {**row, **fields}

    def price_order(self, contract: str = "BTC_USDT", **initial: object) -> Row:
        """A conditional order that sells 10 contracts of a leg."""
        terms = {"contract": contract, "size": -10, "price": "0", "text": "web", "is_close": False}
        terms |= {"is_reduce_only": True, "auto_size": ""}
        return {
            "id": 12,
            "status": "open",
            "order_type": initial.pop("order_type", ""),
            "trigger": {"price": "39000", "rule": 2},
            "initial": {**terms, **initial},
        }

    def unified(self, usdt: Row | None = None, **fields: object) -> Row:
        """A unified account with figures for USDT, and totals in USD."""
        balance = {"freeze": "10", "cross_balance": "1000", "margin_balance": "1090", "mm": "19.475", "im": "205"}
        balance |= {"mmr": "55.96", "available_margin": "885", "equity": "1100"} | (usdt or {})
        row: Row = {
            "balances": {"USDT": balance},
            "total_margin_balance": "5000",
            "total_maintenance_margin": "250",
            "total_initial_margin": "600",
            "total_available_margin": "4400",
            "total_maintenance_margin_rate": "20",
        }
        return {**row, **fields}

    def state(
        self,
        positions: tuple[Row, ...] = (),
        orders: tuple[Row, ...] = (),
        price_orders: tuple[Row, ...] = (),
        account: Row | None = None,
    ) -> SettleState:
        """What was read of one settlement currency."""
        row = account or self.account()
        settle = "btc" if row.get("currency") == "BTC" else "usdt"
        return SettleState(
            account=read_account(row, settle),
            positions=read_positions([list(positions)], settle),
            orders=(*read_open_orders([list(orders)], settle), *read_price_orders([list(price_orders)], settle)),
        )

    def answers(
        self,
        *states: SettleState,
        mode: AccountMode = "classic",
        unified: Row | None = None,
        marks: dict[str, float] | None = None,
        terms: dict[str, LegTerms] | None = None,
    ) -> Answers:
        """What was read in one cycle."""
        return Answers(
            account_mode=mode,
            states={state.account.settle: state for state in states},
            unified=None if unified is None else read_unified(unified),
            parts=dict.fromkeys(("balances", "positions", "marks", "open_orders", "conditional_orders"), NOW),
            marks=marks or {},
            terms=terms or {},
        )

    def book(
        self,
        answers: Answers,
        tiers: dict[str, tuple[Tier, ...]] | None = None,
        discounts: dict[str, tuple[HaircutTier, ...]] | None = None,
        prices: dict[str, float] | None = None,
    ) -> FetchedBook:
        """The book of these answers."""
        known = dict.fromkeys(self.markets.by_id, self.tiers) if tiers is None else tiers
        counted = {"USDT": (HaircutTier(0.0, None, 0.0),)} if discounts is None else discounts
        return assemble("alice", answers, Reference(self.markets, known, counted, prices or {}), ())

    def held(self, *positions: Row, **account: Any) -> FetchedBook:
        """The book of a classic account in USDT."""
        return self.book(self.answers(self.state(positions or (self.position(),), account=self.account(**account))))


@pytest.fixture
def make() -> Make:
    """Makers."""
    return Make()
