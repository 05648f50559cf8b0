"""Levels, alerts and legs for the tests of pictures."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from guard.ports.history import Level
from guard.ports.records import AlertReason, AlertRecord, IntentRecord, IntentState, Snapshot
from guard.risk.zones import Zone

START = datetime(2026, 11, 21, 2, 50, tzinfo=UTC)


@pytest.fixture
def start() -> datetime:
    """When everything begins."""
    return START


@pytest.fixture
def level() -> Callable[..., Level]:
    """Builds a level so many seconds after the start: safe and fresh, unless told otherwise."""
    base = Level(0.0, "safe", "fresh", "USDT", 1000.0, 0.1, 0.4)

    def build(second: float, **changes: Any) -> Level:
        return base._replace(at_s=START.timestamp() + second, **changes)

    return build


@pytest.fixture
def blind() -> Callable[[float], Level]:
    """Builds a level of which nothing is known."""

    def build(second: float) -> Level:
        return Level(START.timestamp() + second, "unknown", "missing", None, None, None, None)

    return build


@pytest.fixture
def alert() -> Callable[[float, Zone], AlertRecord]:
    """Builds an alert so many seconds after the start."""

    def build(second: float, zone: Zone) -> AlertRecord:
        at = START + timedelta(seconds=second)
        return AlertRecord("alert", "account", "zone", "print", zone, AlertReason.FIRST, at, "")

    return build


@pytest.fixture
def intent() -> Callable[[float, IntentState], IntentRecord]:
    """Builds a decision to act so many seconds after the start."""

    def build(second: float, state: IntentState) -> IntentRecord:
        at = START + timedelta(seconds=second)
        return IntentRecord("intent", "account", at, state, Zone.DANGER, "", "{}", 0.8)

    return build


@pytest.fixture
def snapshot() -> Callable[..., Snapshot]:
    """Builds a snapshot of an account: in warning, unless told otherwise."""

    def build(name: str = "main", **changes: Any) -> Snapshot:
        fields: dict[str, Any] = {
            "account_id": name,
            "account": name,
            "at": START,
            "zone": Zone.WARNING,
            "reason": "",
            "quality": "fresh",
            "data_at": START,
            "currency": "USDT",
            "equity": 1000.0,
            "unrealized_pnl": 0.0,
            "initial_margin": 10.0,
            "maintenance_margin": 5.0,
            "available_margin": 900.0,
            "risk_ratio": 0.4,
            "margin_level": 2.0,
            "distance": 0.077,
            "effective_leverage": 3.0,
            "error": None,
        }
        return Snapshot(**fields | changes)

    return build
