"""Every figure that a document or a venue prints, out of a case file in `docs/cases`, by the command line.

Sources: the documents that this project implements, identified in `docs/documents.md`, and the venue pages named in
`docs/margin-rules.md`. Tolerances: 1e-9 relative where the source gives all digits or the figure is derived from its
own formula; half of the last printed digit otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

CASES = Path(__file__).parents[3] / "docs" / "cases"
EXACT = 1e-9
Answer = Callable[..., Any]
Figures = Mapping[str, float | None]

POOL = "pools.0."
LEG = "pools.0.positions.0."
UPPER = 444_444.444444444

# File, figures by path with full digits: 1e-9 relative.
FULL: list[tuple[str, Figures]] = [
    ("bingx-full-hedge-a", {"risk_ratio": 0.009, POOL + "available_margin": 8000}),
    ("bingx-full-hedge-b", {"risk_ratio": 0.010125, POOL + "available_margin": 6000}),
    ("bingx-full-hedge-c", {"risk_ratio": 0.02025, POOL + "available_margin": 4200, LEG + "liquidation_price": UPPER}),
    ("bingx-full-hedge-d", {"risk_ratio": 0.018, POOL + "available_margin": 4200, LEG + "liquidation_price": UPPER}),
    ("bingx-partial-hedge-a", {"risk_ratio": 0.027, POOL + "available_margin": 4000}),
    ("bingx-partial-hedge-b", {"risk_ratio": 0.030375, POOL + "available_margin": 2000}),
    ("bingx-self-trading", {"risk_ratio": 0.995625, POOL + "equity": 4000, POOL + "maintenance_margin": 3540}),
    ("kucoin-order-margin", {POOL + "initial_margin": 250}),
    ("kucoin-worst-side", {POOL + "maintenance_margin": 900}),
    ("kucoin-worst-side-by-size", {POOL + "maintenance_margin": 909}),
    ("kucoin-rate-100", {LEG + "maintenance_margin": 60_000 * 0.005016666666666667}),
    ("kucoin-rate-125", {LEG + "maintenance_margin": 60_000 * 0.004013333333333333}),
    ("kucoin-risk-rate", {"risk_ratio": 0.05875551987153754}),
    ("kucoin-max-open", {"risk_ratio": 0, POOL + "available_margin": 100_000}),
    ("bitmex-100x", {POOL + "initial_margin": 1, POOL + "maintenance_margin": 0.5, "risk_ratio": 0.5}),
    ("bitmex-100x-with-fees", {"risk_ratio": 0.58575}),
    ("bitmex-100x-isolated", {"pools.1.initial_margin": 1, "pools.1.risk_ratio": 0.5, POOL + "wallet_balance": 1}),
    ("bitmex-risk-limits", {POOL + "maintenance_margin": 45, POOL + "initial_margin": 50}),
    ("broker-floating-pnl", {POOL + "unrealized_pnl": 100, POOL + "equity": 1100, "margin_level": 1100 / 1300}),
    ("broker-level-120", {"margin_level": 1.2}),
    ("broker-level-75", {"margin_level": 0.75}),
    ("broker-level-40", {"margin_level": 0.4}),
    ("broker-level-25", {"margin_level": 0.25}),
    ("broker-level-15", {"margin_level": 0.15}),
    ("correlated-longs", {"risk_ratio": 0.025, POOL + "liquidation_shock_down": -(10_000 - 250) / (50_000 - 250)}),
    ("opposite-pair", {"risk_ratio": 0.025, POOL + "liquidation_shock_down": None}),
    ("binance-two-positions", {"risk_ratio": 0.41489491046786475, LEG + "liquidation_price": 26316.893264518858}),
    ("binance-multi-assets", {POOL + "equity": 416.02, POOL + "maintenance_margin": 199.596}),
    ("binance-portfolio-margin", {POOL + "unrealized_pnl": 186, POOL + "maintenance_margin": 3160 * 1.05}),
    ("bybit-tiers", {POOL + "maintenance_margin": 92.5}),
    ("okx-inverse-short", {POOL + "risk_ratio": 1 / 107.03564178926794}),
    ("okx-multi-currency", {POOL + "unrealized_pnl": 10_000, POOL + "equity": 110_000}),
    ("gate-marginal-tiers", {POOL + "maintenance_margin": 4900}),
    ("gate-before-2025-07-29", {POOL + "maintenance_margin": 6000}),
    ("deribit-standard-margin", {POOL + "initial_margin": 1_312_500, POOL + "maintenance_margin": 962_500}),
    ("kraken-spread", {POOL + "maintenance_margin": 1200, POOL + "initial_margin": 2400}),
    ("reported-portfolio", {"risk_ratio": 0.25}),
]

# File, path, printed figure, half of its last digit (or the tolerance that the case was recorded with).
PRINTED = [
    ("kucoin-risk-rate", "risk_ratio", 0.0588, 5e-5),
    ("binance-two-positions", POOL + "positions.1.liquidation_price", 1153.26, 0.005),
    ("binance-two-positions", POOL + "available_margin", 609955.18, 0.005),
    ("binance-coin", LEG + "liquidation_price", 33599.40, 0.03),
    ("mexc-isolated", "pools.0.positions.0.liquidation_price", 1211.2, 0.05),
    ("hyperliquid-long", LEG + "liquidation_price", 54108.51043771, 0.5),
    ("tiered-two-symbols", LEG + "liquidation_price", 99.39759036144578, 1e-6),
]

# Requirement with the closing fee that the venue counts inside it.
WITH_FEE = [
    ("bybit-entry-price-rule", 2.9745645, 1e-8),
    ("bitget-older-position", 1848, 1e-6),
    ("bitget-newer-position", 1648, 1e-6),
]


@pytest.mark.parametrize(("name", "figures"), FULL, ids=[row[0] for row in FULL])
def test_full_digits(answer: Answer, at: Callable[[Any, str], Any], name: str, figures: Figures) -> None:
    """Each figure of the case, 1e-9 relative."""
    report = answer("risk", f"docs/cases/{name}.json")
    for path, value in figures.items():
        found = at(report, path)
        assert found == (None if value is None else pytest.approx(value, rel=EXACT, abs=EXACT)), path


@pytest.mark.parametrize(("name", "path", "value", "tolerance"), PRINTED)
def test_printed_digits(
    answer: Answer, at: Callable[[Any, str], Any], name: str, path: str, value: float, tolerance: float
) -> None:
    """Each figure as the source prints it."""
    assert at(answer("risk", f"docs/cases/{name}.json"), path) == pytest.approx(value, abs=tolerance)


@pytest.mark.parametrize(("name", "value", "tolerance"), WITH_FEE)
def test_requirement_with_fee(answer: Answer, name: str, value: float, tolerance: float) -> None:
    """Maintenance margin and closing fees together."""
    pool = answer("risk", f"docs/cases/{name}.json")["pools"][0]
    assert pool["maintenance_margin"] + pool["closing_fees"] == pytest.approx(value, abs=tolerance)


def test_every_case_has_a_figure() -> None:
    """A case file that nothing compares proves nothing."""
    compared = {row[0] for row in (*FULL, *PRINTED, *WITH_FEE)}
    assert {file.stem for file in CASES.glob("*.json")} == compared


def test_self_trading(answer: Answer) -> None:
    """10 long against 5 short: 5 long are left, equity stays, a third of the requirement remains."""
    pool = answer("risk", "docs/cases/bingx-self-trading.json", "--net")["pools"][0]
    assert [(leg["side"], leg["contracts"]) for leg in pool["positions"]] == [("long", 5)]
    assert pool["equity"] == pytest.approx(4000, rel=EXACT)
    assert pool["maintenance_margin"] == pytest.approx(3540 / 3, rel=EXACT)


LEVELS = [(120, "safe"), (75, "watch"), (40, "warning"), (25, "danger"), (15, "liquidation")]


@pytest.mark.parametrize(("level", "zone"), LEVELS)
def test_broker_zones(answer: Answer, level: int, zone: str) -> None:
    """Every margin level has a zone, those that the document leaves without a name too."""
    report = answer("risk", f"docs/cases/broker-level-{level}.json", "--config", "docs/cases/broker.toml")
    assert report["zone"] == zone


RISK_LIMITS = [
    (200, 0.01, 0.005, 0.5, 100), (300, 0.015, 0.01, 0.667, 66.67), (400, 0.02, 0.015, 0.75, 50),
    (500, 0.025, 0.02, 0.8, 40), (600, 0.03, 0.025, 0.833, 33.33), (700, 0.035, 0.03, 0.857, 28.57),
    (800, 0.04, 0.035, 0.875, 25), (900, 0.045, 0.04, 0.889, 22.22), (1000, 0.05, 0.045, 0.9, 20),
]  # fmt: skip


def test_risk_limits(answer: Answer) -> None:
    """The table from 200 to 1,000 XBT: both rates, their quotient as printed, and the highest leverage."""
    (symbol,) = answer("limits", "docs/cases/bitmex-risk-limits.json")["symbols"]
    assert symbol["unit"] == "BTC"
    for row, (cap, im_rate, mm_rate, share, leverage) in zip(symbol["rows"], RISK_LIMITS, strict=True):
        assert (row["cap"], row["im_rate"], row["mm_rate"]) == pytest.approx((cap, im_rate, mm_rate), rel=EXACT)
        assert row["mm_of_im"] == pytest.approx(share, abs=5e-4)
        assert row["max_leverage"] == pytest.approx(leverage, abs=0.005)


# Case, figure of `guard limits`, value.
KUCOIN = [
    ("kucoin-order-margin", "initial_margin", 250), ("kucoin-order-margin", "added_up.initial_margin", 450),
    ("kucoin-worst-side", "maintenance_margin", 900), ("kucoin-worst-side", "added_up.maintenance_margin", 1800),
    ("kucoin-rate-100", "mm_rate", 0.005016666666666667), ("kucoin-rate-125", "mm_rate", 0.004013333333333333),
    ("kucoin-max-open", "max_open.long", 16.38948769309466), ("kucoin-worst-side-by-size", "mm_rate", 0.00505),
]  # fmt: skip


@pytest.mark.parametrize(("name", "path", "value"), KUCOIN)
def test_kucoin_nets(answer: Answer, at: Callable[[Any, str], Any], name: str, path: str, value: float) -> None:
    """What position and orders need together, and what each by itself would add up to."""
    (symbol,) = answer("limits", f"docs/cases/{name}.json")["symbols"]
    assert at(symbol, path) == pytest.approx(value, rel=EXACT)


def test_after_liquidation(answer: Answer) -> None:
    """Two XBT, one of them the isolated margin: about one is left, because the margin is lost, not half of it."""
    cross, isolated = answer("risk", "docs/cases/bitmex-100x-isolated.json")["pools"]
    assert isolated["positions"][0]["liquidation_price"] == pytest.approx(10_000 / 1.005, rel=EXACT)
    assert (cross["wallet_balance"], isolated["wallet_balance"]) == (1, 1)
