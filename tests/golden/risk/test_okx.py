"""OKX: recorded payloads, a help article, and the scaling of the minimum charge.

Sources: ccxt PRs 10547, 16769, 12433 (raw payloads), OKX multi-currency help, OKX notice 4417291853837, OKX help
"calculate the liquidation price" (a copy of it).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from guard.risk.assess import assess
from guard.risk.book import Book
from guard.risk.rules.okx import risk_unit_requirement

BuildBook = Callable[..., Book]
Flat = Callable[..., list[dict[str, Any]]]
SINGLE = {"*": {"account_mode": "single"}}
MULTI = {"*": {"account_mode": "multi"}}

SHORT = {
    "symbol": "ETH/USD:ETH", "side": "short", "kind": "inverse", "settle": "ETH",
    "contracts": 9374, "contract_size": 10,
    "entry_price": 4778.838446253866, "mark_price": 4631.350432786379, "leverage": 2,
    "margin_mode": "isolated", "isolated_margin": 11.290722659655176,
}  # fmt: skip


def test_isolated_inverse_short(build: BuildBook, flat: Flat) -> None:
    """Mmr 0.101201584, upl 0.624671487, mgnRatio 107.03564178926794: the fee of 0.05 % is part of the requirement."""
    book = build("okx", 0, [SHORT], {"ETH/USD:ETH": flat(0.005)}, parameters=SINGLE, fees={"taker": 0.0005})
    pool = assess(book).pools[-1]
    assert pool.maintenance_margin == pytest.approx(0.101201584030862, abs=1e-12)
    assert pool.unrealized_pnl == pytest.approx(0.6246714868620558, abs=1e-10)
    assert pool.risk_ratio is not None
    assert 1 / pool.risk_ratio == pytest.approx(107.03564178926794, rel=1e-9)


def test_isolated_inverse_liquidation_price(build: BuildBook, flat: Flat) -> None:
    """The API value is exactly one tick of 0.01 below 11,198.23376: rounded to the safe side."""
    book = build("okx", 0, [SHORT], {"ETH/USD:ETH": flat(0.005)}, parameters=SINGLE, fees={"taker": 0.0005})
    price = assess(book).pools[-1].positions[0].liquidation_price
    assert price == pytest.approx(11198.233762794074, rel=1e-9)
    assert price == pytest.approx(11198.22376279407, abs=0.0101)


@pytest.mark.parametrize(
    ("contract_size", "mark", "leverage", "rate", "initial", "maintenance"),
    [(0.001, 70.01, 3, 0.005, 0.0233366666666667, 0.00035005), (1000, 0.123965, 10, 0.01, None, 1.23965)],
    ids=["LTC-USDT-SWAP", "DOGE-USDT-SWAP"],
)
def test_cross_margins(
    build: BuildBook,
    flat: Flat,
    contract_size: float,
    mark: float,
    leverage: float,
    rate: float,
    initial: float | None,
    maintenance: float,
) -> None:
    """Imr and mmr stand on the mark price."""
    leg = {
        "symbol": "X/USDT:USDT", "contract_size": contract_size, "entry_price": mark, "mark_price": mark,
        "leverage": leverage,
    }  # fmt: skip
    position = assess(build("okx", 100, [leg], {"X/USDT:USDT": flat(rate)}, parameters=SINGLE)).pools[0].positions[0]
    assert position.maintenance_margin == pytest.approx(maintenance, abs=1e-9)
    if initial is not None:
        assert position.initial_margin == pytest.approx(initial, abs=1e-12)


def test_multi_currency_equity(build: BuildBook, flat: Flat) -> None:
    """100,000 USDT and a long of 0.5 BTC from 80,000 at 100,000: PnL 10,000, equity 110,000."""
    leg = {"symbol": "BTC/USDT:USDT", "contracts": 0.5, "entry_price": 80000, "mark_price": 100000}
    pool = assess(build("okx", 100_000, [leg], {"BTC/USDT:USDT": flat(0.005)}, parameters=MULTI)).pools[0]
    assert pool.unrealized_pnl == pytest.approx(10000, abs=1e-9)
    assert pool.equity == pytest.approx(110000, abs=1e-9)


def test_minimum_charge() -> None:
    """MR 40,000, MR7 30,000 scaled to 50,000: the unit needs 50,000."""
    assert risk_unit_requirement(40000, 30000, [(0, 1), (10000, 2), (70000, 4)]) == pytest.approx(50000, abs=1e-9)


# side, size, entry, isolated margin, maintenance rate, taker fee, liquidation price, tolerance. The first two are
# freqtrade's, tests/exchange/test_exchange.py; the last one is the help article's.
LIQUIDATIONS = [
    ("short", 1.0, 10, 10 / 3, 0.01, 0.0006, 13.193482419684678, 1e-6),
    ("long", 1.0, 10, 10 / 3, 0.01, 0.0006, 6.738090425173506, 1e-6),
    ("long", 0.5, 60996.0, 5000.0, 0.004, 0.0005, 51226.5, 1e-5),
]


@pytest.mark.parametrize(("side", "size", "entry", "margin", "rate", "fee", "price", "tolerance"), LIQUIDATIONS)
def test_isolated_linear(
    build: BuildBook,
    flat: Flat,
    side: str,
    size: float,
    entry: float,
    margin: float,
    rate: float,
    fee: float,
    price: float,
    tolerance: float,
) -> None:
    """Margin + s * size * (P - entry) = size * P * (mmr + fee)."""
    leg = {
        "symbol": "X/USDT:USDT", "side": side, "contracts": size, "entry_price": entry, "mark_price": entry,
        "margin_mode": "isolated", "isolated_margin": margin, "leverage": 3,
    }  # fmt: skip
    book = build("okx", 0, [leg], {"X/USDT:USDT": flat(rate)}, parameters=SINGLE, fees={"taker": fee})
    assert assess(book).pools[-1].positions[0].liquidation_price == pytest.approx(price, rel=tolerance)


def test_tiers_are_in_contracts_and_whole(build: BuildBook) -> None:
    """Derived: 300 contracts in the second tier pay its rate on all of them; the price does not change the tier."""
    rows = [{"floor": 0, "cap": 200, "mm_rate": 0.004}, {"floor": 200, "cap": 1000, "mm_rate": 0.01}]
    leg = {"symbol": "X/USDT:USDT", "contracts": 300, "contract_size": 0.01, "entry_price": 50000, "mark_price": 60000}
    pool = assess(build("okx", 100_000, [leg], {"X/USDT:USDT": rows}, parameters=SINGLE)).pools[0]
    assert pool.maintenance_margin == pytest.approx(3 * 60000 * 0.01)
