"""Snapshots for the unit tests of the chat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from guard.ports.records import PositionSnapshot, Snapshot
from guard.risk.zones import Zone

NOW = datetime(2026, 11, 21, 12, 0, 5, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    """The moment at which everything is shown."""
    return NOW


@pytest.fixture
def leg() -> Callable[..., PositionSnapshot]:
    """Builds a leg: 109.488 BTC long, liquidated at 26,316.89, unless told otherwise."""
    base = PositionSnapshot(
        symbol="BTC/USDT:USDT",
        side="long",
        contracts=109.488,
        entry_price=32_481.98,
        mark_price=31_967.27,
        notional=3_500_032.46,
        unrealized_pnl=-56_354.57,
        maintenance_margin=71_200.81,
        liquidation_price=26_316.89,
    )

    def build(**changes: Any) -> PositionSnapshot:
        return replace(base, **changes)

    return build


@pytest.fixture
def snapshot(leg: Callable[..., PositionSnapshot]) -> Callable[..., Snapshot]:
    """Builds a snapshot: alice in warning, data 12 s old, one leg, unless told otherwise."""
    base = Snapshot(
        account_id="account-1",
        account="alice",
        at=NOW - timedelta(seconds=12),
        zone=Zone.WARNING,
        reason="distance to liquidation 7.7 % is at or below 8 %",
        quality="fresh",
        data_at=NOW - timedelta(seconds=12),
        currency="USDT",
        equity=1_030_895.56,
        unrealized_pnl=-504_547.45,
        initial_margin=420_940.38,
        maintenance_margin=427_713.32,
        available_margin=609_955.18,
        risk_ratio=0.414895,
        margin_level=2.449,
        distance=0.076942,
        effective_leverage=8.1665,
        error=None,
        positions=(leg(),),
    )

    def build(**changes: Any) -> Snapshot:
        return replace(base, **changes)

    return build


@pytest.fixture
def blind(snapshot: Callable[..., Snapshot]) -> Snapshot:
    """An account that could not be read: no figure at all."""
    return snapshot(
        zone=Zone.UNKNOWN,
        reason="no believable data for 2 cycles",
        quality="missing",
        data_at=NOW - timedelta(minutes=7),
        currency=None,
        equity=None,
        unrealized_pnl=None,
        initial_margin=None,
        maintenance_margin=None,
        available_margin=None,
        risk_ratio=None,
        margin_level=None,
        distance=None,
        effective_leverage=None,
        error="binanceusdm did not answer in 10 s",
        positions=(),
    )
