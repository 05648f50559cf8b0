"""Readings and risks to write messages about; a store to deliver them from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from guard.ports.records import Reading
from guard.risk.quality import DataQuality, Quality
from guard.risk.report import AccountRisk, PoolRisk, PositionRisk
from guard.risk.zones import Zone, ZoneState
from guard.sim.memory_outbox import MemoryOutbox

NOW = datetime(2026, 11, 21, 12, 0, 5, tzinfo=UTC)


def make_leg(symbol: str = "BTC/USDT:USDT", **figures: object) -> PositionRisk:
    """A long leg of 109.488 BTC at 31,967.27 USDT, liquidated at 26,316.89 USDT."""
    leg = PositionRisk(
        symbol=symbol,
        side="long",
        contracts=109.488,
        entry_price=32481.98,
        mark_price=31967.27,
        notional=3_500_032.46,
        unrealized_pnl=-56_354.57,
        initial_margin=175_001.62,
        maintenance_margin=71_200.81,
        closing_fee=0.0,
        liquidation_price=26_316.89,
    )
    return replace(leg, **figures)  # type: ignore[arg-type]  # tests name any figure


def make_pool(*legs: PositionRisk, **figures: object) -> PoolRisk:
    """A cross pool in USDT with the given legs."""
    pool = PoolRisk(
        currency="USDT",
        margin_mode="cross",
        symbol=None,
        wallet_balance=1_535_443.01,
        unrealized_pnl=-504_547.45,
        equity=1_030_895.56,
        collateral_value=1_535_443.01,
        initial_margin=420_940.38,
        maintenance_margin=427_713.32,
        closing_fees=0.0,
        available_margin=609_955.18,
        risk_ratio=0.414895,
        margin_level=2.4490,
        effective_leverage=8.1665,
        gross_notional=8_418_807.54,
        net_exposure=8_418_807.54,
        liquidation_shock_down=-0.076942,
        liquidation_shock_up=None,
        positions=legs,
    )
    return replace(pool, **figures)  # type: ignore[arg-type]  # tests name any figure


def make_risk(*pools: PoolRisk) -> AccountRisk:
    """The account of the given pools."""
    ratios = [pool.risk_ratio for pool in pools]
    levels = [pool.margin_level for pool in pools if pool.margin_level is not None]
    known = [ratio for ratio in ratios if ratio is not None]
    return AccountRisk(
        account="alice",
        venue="binanceusdm",
        model="binance-usdm",
        as_of=NOW,
        risk_ratio=None if None in ratios else max(known, default=0.0),
        margin_level=min(levels, default=None),
        pools=pools,
    )


def make_reading(zone: Zone = Zone.WARNING, risk: AccountRisk | None = None, **fields: object) -> Reading:
    """A fresh reading of alice in `zone`."""
    reading = Reading(
        account_id="account-1",
        account="alice",
        at=NOW,
        quality=DataQuality(Quality.FRESH, (), 2.0),
        zone_state=ZoneState(zone=zone, last_known=zone),
        zone=zone,
        reason="distance to liquidation 7.7 % is at or below 8 %",
        risk=risk,
        fetched=None,
        error=None,
        duration_ms=12.0,
    )
    return replace(reading, **fields)  # type: ignore[arg-type]  # tests name any field


@pytest.fixture
def leg() -> Callable[..., PositionRisk]:
    """Makes legs."""
    return make_leg


@pytest.fixture
def pool() -> Callable[..., PoolRisk]:
    """Makes pools."""
    return make_pool


@pytest.fixture
def risk() -> Callable[..., AccountRisk]:
    """Makes accounts."""
    return make_risk


@pytest.fixture
def reading() -> Callable[..., Reading]:
    """Makes readings."""
    return make_reading


@pytest.fixture
def memory() -> MemoryOutbox:
    """An empty store."""
    return MemoryOutbox()
