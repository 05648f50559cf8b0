"""Bitget: flat and marginal tiers, snapshots of the API, the larger side of a hedge.

Sources: Bitget announcement 12560603841952; API samples (ccxt, bitget.py); futures/introduction/liquidation-summarize.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from guard.risk.assess import assess
from guard.risk.book import Book
from guard.risk.rules.bitget import displayed_liquidation_price

BuildBook = Callable[..., Book]
Flat = Callable[..., list[dict[str, Any]]]
BTC = "BTC/USDT:USDT"
ROWS = [{"floor": 0, "cap": 200_000, "mm_rate": 0.004}, {"floor": 200_000, "cap": None, "mm_rate": 0.005}]
FEES = {"taker": 0.0006}


@pytest.mark.parametrize(
    ("opened_at", "requirement"),
    [("2025-11-10T07:59:59Z", 1848), ("2025-11-10T08:00:00Z", 1648), (None, 1648)],
    ids=["older position", "newer position", "not known, by the book's date"],
)
def test_flat_and_marginal_tiers(build: BuildBook, opened_at: str | None, requirement: float) -> None:
    """3 BTC at 110,000: 1,848 by the flat rule, 1,648 by the marginal one, the fee of 0.06 % inside."""
    leg = {"symbol": BTC, "contracts": 3, "entry_price": 110_000, "mark_price": 110_000, "opened_at": opened_at}
    pool = assess(build("bitget", 100_000, [leg], {BTC: ROWS}, fees=FEES)).pools[0]
    assert pool.maintenance_margin + pool.closing_fees == pytest.approx(requirement, abs=1e-6)


SNAPSHOTS = [(37359.0, 0.029599540355, 31724.970702417), (37370.5, 0.029550120396, 31725.023602417)]


def wallet_behind(mark: float, ratio: float) -> float:
    """Wallet of the recorded account: its equity follows from the ratio that the API printed."""
    return 0.002 * mark * (0.004 + 0.0006) / ratio - 0.002 * (mark - 37355.5)


@pytest.mark.parametrize(("mark", "ratio", "price"), SNAPSHOTS)
def test_displayed_liquidation_price(build: BuildBook, flat: Flat, mark: float, ratio: float, price: float) -> None:
    """The API freezes the requirement at the mark; the price at which the ratio is 1 lies 0.08 % lower."""
    leg = {"symbol": BTC, "contracts": 0.002, "entry_price": 37355.5, "mark_price": mark}
    pool = assess(build("bitget", wallet_behind(mark, ratio), [leg], {BTC: flat(0.004)}, fees=FEES)).pools[0]
    assert pool.risk_ratio == pytest.approx(ratio, rel=1e-9)
    displayed = displayed_liquidation_price(
        mark=mark, size=0.002, equity=pool.equity, maintenance=pool.maintenance_margin, closing_fee=pool.closing_fees,
        long=True,
    )  # fmt: skip
    assert displayed == pytest.approx(price, abs=0.01)
    assert pool.positions[0].liquidation_price == pytest.approx(displayed * 0.9992, rel=2e-4)


def test_equity_moves_by_the_pnl() -> None:
    """Between both snapshots the PnL grew by 0.023, and so did equity, only with the fee in the requirement."""
    (mark_1, ratio_1, _), (mark_2, ratio_2, _) = SNAPSHOTS
    equity_1 = wallet_behind(mark_1, ratio_1) + 0.002 * (mark_1 - 37355.5)
    equity_2 = wallet_behind(mark_2, ratio_2) + 0.002 * (mark_2 - 37355.5)
    assert equity_2 - equity_1 == pytest.approx(0.023, abs=1e-6)


def test_hedge_charges_the_larger_side(build: BuildBook, flat: Flat) -> None:
    """Derived: 300,000 long against 100,000 short need 1,380, not 1,840."""
    legs = [
        {"symbol": BTC, "contracts": 3, "entry_price": 100_000, "mark_price": 100_000},
        {"symbol": BTC, "side": "short", "contracts": 1, "entry_price": 100_000, "mark_price": 100_000},
    ]
    book = build("bitget", 100_000, legs, {BTC: flat(0.004)}, fees=FEES, position_mode="hedge")
    pool = assess(book).pools[0]
    assert pool.maintenance_margin + pool.closing_fees == pytest.approx(1380, abs=1e-9)
