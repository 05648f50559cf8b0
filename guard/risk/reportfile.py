"""The JSON of `guard risk --json`: names and order of interfaces, fractions 0..1, never NaN or infinity."""

from __future__ import annotations

import math
from dataclasses import fields
from datetime import UTC
from typing import Any

from guard.risk.quality import Quality
from guard.risk.report import AccountRisk, PoolRisk, PositionRisk
from guard.risk.zones import Zone


def report_json(risk: AccountRisk, quality: Quality, zone: Zone, reason: str) -> dict[str, Any]:
    """An assessment as one JSON object.

    Args:
        risk: the assessment.
        quality: how far its data may be believed.
        zone: the zone that it is in, and `reason`, why.
        reason: one line.

    Returns:
        Plain dicts, lists, strings, numbers and None; numbers in full precision.

    Raises:
        ValueError: a figure is not finite: a defect of ours, never printed.
    """
    return {
        "account": risk.account,
        "venue": risk.venue,
        "model": risk.model,
        "as_of": risk.as_of.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "quality": quality.value,
        "zone": zone.value,
        "zone_reason": reason,
        "risk_ratio": _finite("risk_ratio", risk.risk_ratio),
        "margin_level": _finite("margin_level", risk.margin_level),
        "pools": [pool_json(pool) for pool in risk.pools],
    }


def pool_json(pool: PoolRisk) -> dict[str, Any]:
    """One pool; `symbol` is there for an isolated pool only."""
    names = [field.name for field in fields(pool) if field.name not in {"positions", "symbol"}]
    found: dict[str, Any] = {name: _finite(name, getattr(pool, name)) for name in names}
    if pool.symbol is not None:
        found["symbol"] = pool.symbol
    found["positions"] = [_position_json(position) for position in pool.positions]
    return found


def _position_json(position: PositionRisk) -> dict[str, Any]:
    return {field.name: _finite(field.name, getattr(position, field.name)) for field in fields(position)}


def _finite(name: str, value: Any) -> Any:
    """Numbers must be finite, and a negative zero is a zero."""
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{name} is {value}: an assessment must never carry that")
        return value + 0.0
    return value
