"""The JSON of an assessment."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from guard.risk.assess import assess
from guard.risk.book import Book, Position, Tier
from guard.risk.quality import Quality
from guard.risk.reportfile import report_json
from guard.risk.zones import Zone

TOP = ["account", "venue", "model", "as_of", "quality", "zone", "zone_reason", "risk_ratio", "margin_level", "pools"]
POOL = [
    "currency", "margin_mode", "wallet_balance", "unrealized_pnl", "equity", "collateral_value", "initial_margin",
    "maintenance_margin", "closing_fees", "available_margin", "risk_ratio", "margin_level", "effective_leverage",
    "gross_notional", "net_exposure", "liquidation_shock_down", "liquidation_shock_up", "positions",
]  # fmt: skip
POSITION = [
    "symbol", "side", "notional", "unrealized_pnl", "initial_margin", "maintenance_margin", "closing_fee",
    "liquidation_price",
]  # fmt: skip


def test_names_and_order(book: Callable[..., Book]) -> None:
    """The contract's keys, in its order, and nothing that JSON cannot carry."""
    found = report_json(assess(book()), Quality.FRESH, Zone.SAFE, "no bar is reached")
    assert list(found) == TOP
    assert list(found["pools"][0]) == POOL
    assert [name for name in found["pools"][0]["positions"][0] if name in POSITION] == POSITION
    assert found["as_of"] == "2026-11-21T12:00:00Z"
    assert (found["quality"], found["zone"]) == ("fresh", "safe")
    json.dumps(found, allow_nan=False)


def test_isolated_pools_name_their_symbol(book: Callable[..., Book], leg: Callable[..., Position]) -> None:
    """Otherwise two isolated legs could not be told apart."""
    alone = book(
        positions=(leg(margin_mode="isolated", isolated_margin=1000.0),),
        tiers={"BTC/USDT:USDT": (Tier(0.0, None, 0.01),)},
    )
    found = report_json(assess(alone), Quality.FRESH, Zone.SAFE, "")
    assert found["pools"][1]["symbol"] == "BTC/USDT:USDT"


def test_never_prints_infinity(book: Callable[..., Book]) -> None:
    """A defect of ours is an exception, not an answer."""
    risk = replace(assess(book()), risk_ratio=float("inf"))
    with pytest.raises(ValueError, match="risk_ratio is inf"):
        report_json(risk, Quality.FRESH, Zone.SAFE, "")
