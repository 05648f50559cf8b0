"""KuCoin classic cross margin, isolated legs, and a unified position.

Sources: KuCoin support 35084093025049, 35233217061785, 35084240398361; API samples. The article rounds 0.501667 % to
0.5 % and computes with it; with the venue's constant of 125 it is 0.401333 %.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from guard.risk.assess import assess
from guard.risk.book import Book
from guard.risk.rules.kucoin import Constants, max_open_size

BuildBook = Callable[..., Book]
Flat = Callable[..., list[dict[str, Any]]]
BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"


def constants(rate: float, *, m: float = 1e15, f: float = 1.3) -> dict[str, float]:
    """Constants that give this maintenance rate whatever the size (a huge `m`)."""
    return {"m": m, "mmr_limit": 1.0, "mmr_lev_constant": 1 / (2 * rate), "f": f}


def test_risk_rate(build: BuildBook) -> None:
    """One position and one open order: 5.88 % printed, 5.875552 % in full."""
    leg = {"symbol": BTC, "contracts": 100, "contract_size": 0.001, "entry_price": 62000, "mark_price": 62000}
    order = {"symbol": ETH, "side": "buy", "price": 3000, "remaining": 1000}
    parameters = {
        BTC: constants(0.005),
        ETH: {**constants(0.008), "contract_size": 0.01, "leverage": 10, "mark_price": 3000},
    }
    book = build("kucoin", 5000, [leg], {}, orders=[order], parameters=parameters, fees={"taker": 0.0006})
    assert assess(book).risk_ratio == pytest.approx(0.05875551987153754, rel=1e-9)


def test_max_open_size() -> None:
    """490 * ln(100,000 * 10 / 60,000 / 490 + 1) = 16.39 BTC."""
    size = max_open_size(free_margin=100_000, leverage=10, price=60_000, k=490)
    assert size == pytest.approx(16.38948769309466, rel=1e-9)


@pytest.mark.parametrize(("constant", "rate"), [(100, 0.005016666666666667), (125, 0.004013333333333333)])
def test_continuous_rate(constant: float, rate: float) -> None:
    """(1 + 1 / 300) / (2 * constant): 0.501667 % and 0.401333 %."""
    found = Constants(m=300, mmr_limit=0.3, mmr_lev_constant=constant, f=1.3)
    assert found.mm_rate(1.0) == pytest.approx(rate, rel=1e-12)
    assert found.mm_rate(1e9) == 0.3


def test_order_netting(build: BuildBook) -> None:
    """Position 100, buys 100, sells of 200 contracts of which 100 need 250: 250, not 450."""
    leg = {"symbol": BTC, "contracts": 100, "entry_price": 10, "mark_price": 10, "leverage": 10}
    orders = [
        {"symbol": BTC, "side": "buy", "price": 10, "remaining": 100},
        {"symbol": BTC, "side": "sell", "price": 25, "remaining": 200},
    ]
    book = build("kucoin", 1000, [leg], {}, orders=orders, parameters={BTC: constants(0.005)})
    assert assess(book).pools[0].initial_margin == pytest.approx(250, rel=1e-9)


@pytest.mark.parametrize(
    ("given", "requirement"),
    [(constants(0.005), 900.0), ({"m": 300, "mmr_limit": 0.3, "mmr_lev_constant": 100, "f": 1.3}, 909.0)],
    ids=["with the article's 0.5 %", "with the size of position and orders"],
)
def test_worst_side(build: BuildBook, given: dict[str, float], requirement: float) -> None:
    """max(|1 + 2|, |1 - 3|) * 60,000 * MMR: 900 and not 6 * 60,000 * MMR = 1,800."""
    leg = {"symbol": BTC, "contracts": 1, "entry_price": 60000, "mark_price": 60000}
    orders = [
        {"symbol": BTC, "side": "buy", "price": 60000, "remaining": 2},
        {"symbol": BTC, "side": "sell", "price": 60000, "remaining": 3},
    ]
    pool = assess(build("kucoin", 10000, [leg], {}, orders=orders, parameters={BTC: given})).pools[0]
    assert pool.maintenance_margin == pytest.approx(requirement, rel=1e-9)


def isolated(contracts: float, entry: float, margin: float, leverage: float) -> dict[str, Any]:
    """An isolated leg at its entry."""
    return {
        "symbol": ETH, "contracts": contracts, "entry_price": entry, "mark_price": entry, "leverage": leverage,
        "margin_mode": "isolated", "isolated_margin": margin,
    }  # fmt: skip


def test_isolated_pos_maint(build: BuildBook, flat: Flat) -> None:
    """PosComm 0.05228309, posMaint 0.50707892, posMargin 3.40376309 (API sample; the funding term is inferred)."""
    leg = isolated(1, 83.787, 3.40376309, 25)
    book = build(
        "kucoin", 0, [leg], {ETH: flat(0.005)}, parameters={ETH: {"funding_rate": 0.000428}}, fees={"taker": 0.0006}
    )
    pool = assess(book).pools[-1]
    assert pool.closing_fees == pytest.approx(0.05228309, abs=1e-7)
    assert pool.maintenance_margin + pool.closing_fees == pytest.approx(0.50707892, abs=1e-7)
    assert pool.initial_margin + pool.closing_fees == pytest.approx(3.40376309, abs=1e-7)


def test_isolated_liquidation_price(build: BuildBook, flat: Flat) -> None:
    """A recorded position: posMaint 0.50637594, liquidation 4,023.0 (rounded up to a 0.05 tick)."""
    leg = isolated(0.02, 4182.1, 3.68897586, 25)
    funding = 0.50637594 / 83.642 - 0.005 - 1.04 * 0.0006
    book = build(
        "kucoin", 0, [leg], {ETH: flat(0.005)}, parameters={ETH: {"funding_rate": funding}}, fees={"taker": 0.0006}
    )
    position = assess(book).pools[-1].positions[0]
    assert position.maintenance_margin + position.closing_fee == pytest.approx(0.50637594, rel=1e-9)
    assert position.liquidation_price == pytest.approx(4023.0, rel=3e-5)


def test_unified_position(build: BuildBook, flat: Flat) -> None:
    """A unified account's cross position: value * mmr and value / leverage, no fee (model `tiered`)."""
    leg = {"symbol": ETH, "contracts": 1, "entry_price": 18.298, "mark_price": 18.298, "leverage": 3}
    position = assess(build("tiered", 100, [leg], {ETH: flat(0.007)})).pools[0].positions[0]
    assert position.maintenance_margin == pytest.approx(0.128086, abs=1e-9)
    assert position.initial_margin == pytest.approx(6.0993333327234, abs=1e-6)
