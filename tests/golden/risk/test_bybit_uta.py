"""Bybit unified account: API samples of the entry-price version, tiers, account rates, and the legacy inverse example.

Sources are named at each case. Cases of the entry-price version are dated before 2025-09-02.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from guard.risk.assess import assess
from guard.risk.book import Book
from guard.risk.rules.bybit_uta import pools

BuildBook = Callable[..., Book]
Flat = Callable[..., list[dict[str, Any]]]
BEFORE = datetime(2025, 6, 1, tzinfo=UTC)


# Bybit V5 position sample, unified margin sample, and a payload of ccxt PR #15928:
# side, contracts, entry, leverage, maintenance rate, IM, MM (fee to close at 0.06 % inside).
SAMPLES = [
    ("long", 100, 0.3615, 10, 0.01, 3.634521, 0.381021),
    ("long", 0.5, 1073.85, 10, 0.005, 53.9824395, 2.9745645),
    ("short", 0.1, 16505.0, 2, 0.005, 826.73545, 9.73795),
]


@pytest.mark.parametrize(("side", "size", "entry", "leverage", "rate", "initial", "maintenance"), SAMPLES)
def test_position_margins(
    build: BuildBook,
    flat: Flat,
    side: str,
    size: float,
    entry: float,
    leverage: float,
    rate: float,
    initial: float,
    maintenance: float,
) -> None:
    """PositionIM and positionMM to 8 digits; the mark does not matter in this version."""
    leg = {
        "symbol": "X/USDT:USDT", "side": side, "contracts": size, "entry_price": entry, "mark_price": entry * 1.07,
        "leverage": leverage,
    }  # fmt: skip
    book = build("bybit-uta", 1000, [leg], {"X/USDT:USDT": flat(rate)}, fees={"taker": 0.0006})
    position = assess(replace(book, as_of=BEFORE)).pools[0].positions[0]
    assert position.initial_margin == pytest.approx(initial, abs=1e-8)
    assert position.maintenance_margin + position.closing_fee == pytest.approx(maintenance, abs=1e-8)


TIERS = [(0, 0.02), (1000, 0.025), (2000, 0.03), (3000, 0.035), (4000, 0.04)]


@pytest.mark.parametrize("given", [False, True], ids=["derived deductions", "given deduction of 30"])
def test_tiered_maintenance_margin(build: BuildBook, given: bool) -> None:
    """100 XYZ at 35: 92.5 without the fee, by slices and by the quick form with a deduction of 30 (help page)."""
    rows = [
        {"floor": floor, "cap": cap, "mm_rate": rate}
        for (floor, rate), cap in zip(TIERS, [1000, 2000, 3000, 4000, None], strict=True)
    ]
    if given:
        rows[3]["mm_deduction"] = 30
    leg = {"symbol": "XYZ/USDT:USDT", "contracts": 100, "entry_price": 35, "mark_price": 35}
    book = build("bybit-uta", 1000, [leg], {"XYZ/USDT:USDT": rows})
    assert assess(book).pools[0].maintenance_margin == pytest.approx(92.5, abs=1e-9)
    assert float(pools(book)[0].legs.line_deduction[3, 0]) == pytest.approx(30, abs=1e-9)


def test_account_rates(build: BuildBook, flat: Flat) -> None:
    """Wallet-balance sample: 18,070.43799271 - 0.11001349; IM rate 0.0101; available 17,887.72614237."""
    value = 182.60183684
    leg = {
        "symbol": "X/USDT:USDT", "contracts": value, "entry_price": 1 + 0.11001349 / value, "mark_price": 1,
        "leverage": 1,
    }  # fmt: skip
    book = build("bybit-uta", 18070.43799271, [leg], {"X/USDT:USDT": flat(0.38106773 / value)})
    pool = assess(book).pools[0]
    assert pool.equity == pytest.approx(18070.32797922, abs=1e-7)
    assert pool.initial_margin / pool.equity == pytest.approx(0.0101, abs=5e-5)
    assert pool.available_margin == pytest.approx(17887.72614237, abs=2e-8)
    assert pool.risk_ratio == pytest.approx(0.38106773 / 18070.32797922, rel=1e-6)


def test_isolated_liquidation_price(build: BuildBook, flat: Flat) -> None:
    """Help page, example 1: long 1 BTC at 20,000 and 50x: IM 400, MM 100, liquidation 19,700."""
    leg = {
        "symbol": "BTC/USDT:USDT", "entry_price": 20000, "mark_price": 20000, "leverage": 50,
        "margin_mode": "isolated", "isolated_margin": 400,
    }  # fmt: skip
    book = build("bybit-uta", 0, [leg], {"BTC/USDT:USDT": flat(0.005)})
    pool = assess(replace(book, as_of=BEFORE)).pools[-1]
    assert (pool.initial_margin, pool.maintenance_margin) == pytest.approx((400, 100), abs=1e-9)
    assert pool.positions[0].liquidation_price == pytest.approx(19700, abs=1e-9)


# Isolated rows of freqtrade, tests/exchange/test_exchange.py (39,400 and 19,700 are Bybit help-centre examples):
# side, entry, leverage, maintenance rate, liquidation price; tolerance 1e-5 as recorded.
PEER_CASES = [
    ("long", 10, 1, 0.01, 0.1),
    ("long", 10, 3, 0.01, 6.7666666),
    ("long", 10, 5, 0.01, 8.1),
    ("long", 10, 10, 0.01, 9.1),
    ("long", 40000, 50, 0.005, 39400),
    ("long", 20000, 50, 0.005, 19700),
    ("short", 10, 1, 0.01, 19.9),
    ("short", 10, 3, 0.01, 13.233333),
    ("short", 10, 5, 0.01, 11.9),
    ("short", 10, 10, 0.01, 10.9),
]


@pytest.mark.parametrize(("side", "entry", "leverage", "rate", "price"), PEER_CASES)
def test_isolated_peer_cases(
    build: BuildBook, flat: Flat, side: str, entry: float, leverage: float, rate: float, price: float
) -> None:
    """EP -/+ (IM - MM) / size, with MM at the entry value."""
    leg = {
        "symbol": "ETH/USDT:USDT", "side": side, "entry_price": entry, "mark_price": entry, "leverage": leverage,
        "margin_mode": "isolated", "isolated_margin": entry / leverage,
    }  # fmt: skip
    book = replace(build("bybit-uta", 0, [leg], {"ETH/USDT:USDT": flat(rate)}), as_of=BEFORE)
    assert assess(book).pools[-1].positions[0].liquidation_price == pytest.approx(price, rel=1e-5)


INVERSE = {
    "symbol": "BTC/USD:BTC", "kind": "inverse", "settle": "BTC", "contracts": 10000, "entry_price": 8000,
    "mark_price": 8000,
}  # fmt: skip


def test_legacy_inverse_cross(build: BuildBook, flat: Flat) -> None:
    """Long 10,000 USD at 8,000 with 0.5 BTC (help.bybit.com 360039261334): bankruptcy 5,718.57, liquidation 5,739.0835.

    The page shows 5,739.50: rounded up to the tick.
    """
    # Bankruptcy: equity just pays the fee to close at that price: no maintenance, a fee of 0.075 % on the mark.
    fees = {"taker": 0.00075}
    bare = build("bybit-uta", 0.5, [{**INVERSE, "leverage": 1e12}], {"BTC/USD:BTC": flat(0.0)}, fees=fees)
    bankruptcy = assess(bare).pools[0].positions[0].liquidation_price
    assert bankruptcy == pytest.approx(5718.571428571428, rel=1e-9)
    # Liquidation: maintenance on the entry, fee at the bankruptcy price, which stands for this leverage.
    assert bankruptcy is not None
    leg = {**INVERSE, "leverage": 1 / (8000 / bankruptcy - 1)}
    book = build("bybit-uta", 0.5, [leg], {"BTC/USD:BTC": flat(0.005)}, fees=fees)
    price = assess(replace(book, as_of=BEFORE)).pools[0].positions[0].liquidation_price
    assert price == pytest.approx(5739.0835, abs=0.0005)
    assert price == pytest.approx(5739.50, abs=0.5)


def test_haircuts_and_order_losses(build: BuildBook, flat: Flat) -> None:
    """Derived: equity = haircut wallet + PnL - loss of a buy above the mark; orders add a requirement of their own."""
    wallet = [
        {"asset": "USDT", "balance": 1000},
        {"asset": "BTC", "balance": 0.3, "price": 10000, "haircut_tiers": [
            {"floor": 0, "cap": 0.1, "haircut": 0.0}, {"floor": 0.1, "cap": None, "haircut": 0.5},
        ]},
    ]  # fmt: skip
    leg = {"symbol": "BTC/USDT:USDT", "contracts": 0.1, "entry_price": 9000, "mark_price": 10000, "leverage": 10}
    orders = [
        {"symbol": "BTC/USDT:USDT", "side": "buy", "price": 10500, "remaining": 0.2},
        {"symbol": "BTC/USDT:USDT", "side": "sell", "price": 10500, "remaining": 0.1},
    ]
    book = build("bybit-uta", 0, [leg], {"BTC/USDT:USDT": flat(0.01)}, collateral=wallet, orders=orders)
    pool = assess(book).pools[0]
    assert pool.equity == pytest.approx(1000 + 1000 + 1000 + 100 - 100)
    assert pool.maintenance_margin == pytest.approx(0.01 * (1000 + 2100 + 1050))
