"""What legs ask for as they shrink: the model against the engine's own translation, under every rule."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from guard.protect.burden import Burdens, pairing_of
from guard.protect.plan_values import Target
from guard.protect.poolkey import PoolKey
from guard.protect.slack import Goal, pool_named, tally_of
from guard.risk.book import Book, Collateral, Fees, Position, Side, Tier
from guard.risk.rules import MODELS, RULES, pools_of
from tests.harness.random_books import INVERSE_ONLY, PARAMETERS

AT = datetime(2026, 11, 21, tzinfo=UTC)
HEDGED = tuple(model for model in MODELS if model not in {"reported", "hyperliquid", "kraken-futures"})
TIERS = (Tier(0.0, 2_000.0, 0.01), Tier(2_000.0, 20_000.0, 0.02), Tier(20_000.0, None, 0.05))
GOAL = Goal(Target(0.35, 0.1, margin_level=1.5))


def book_of(model: str, *legs: tuple[Side, float]) -> Book:
    """Legs of one coin at 100, in contracts of one coin (inverse: of 100 dollars), behind 10,000."""
    inverse = model in INVERSE_ONLY
    symbol, settle = ("BTC/USD:BTC", "BTC") if inverse else ("BTC/USDT:USDT", "USDT")
    known = {field.name for field in RULES[model].parameters}
    terms: dict[str, Any] = {name: value for name, value in PARAMETERS.items() if name in known}
    account = {"account_mode": {"okx": "single", "gate": "classic", "deribit-sm": "segregated"}.get(model)}
    return Book(
        account="alice", venue="v", model=model, as_of=AT, position_mode="hedge", fees=Fees(taker=0.0005),
        collateral=(Collateral(settle, 10_000.0),),
        positions=tuple(
            Position(symbol, side, size, 100.0 if inverse else 1.0, "inverse" if inverse else "linear", settle,
                     90.0, 100.0, 10.0) for side, size in legs
        ),
        tiers={symbol: TIERS}, parameters={symbol: terms, **({"*": account} if account["account_mode"] else {})},
    )  # fmt: skip


def key_of(book: Book) -> PoolKey:
    """Its only pool with legs."""
    return PoolKey(next(pool.currency for pool in pools_of(book) if pool.positions))


def burden(book: Book) -> np.ndarray[Any, Any]:
    """What the engine says that the pool asks for, for each demand."""
    pool = pool_named(book, key_of(book))
    assert pool is not None
    return tally_of(pool, GOAL).burden


@pytest.mark.parametrize("sizes", [(150.0, 80.0), (80.0, 150.0), (100.0, 100.0)])
@pytest.mark.parametrize("model", HEDGED)
def test_how_both_legs_of_a_symbol_share(model: str, sizes: tuple[float, float]) -> None:
    """The pairing of each rule is what the engine charges for both legs together."""
    both = burden(book_of(model, ("long", sizes[0]), ("short", sizes[1])))
    long, short = burden(book_of(model, ("long", sizes[0]))), burden(book_of(model, ("short", sizes[1])))
    net = abs(sizes[0] - sizes[1])
    rest = burden(book_of(model, ("long" if sizes[0] > sizes[1] else "short", net))) if net else 0.0 * long
    shared = {"sum": long + short, "larger": np.maximum(long, short), "net": rest}
    required, initial = (pairing_of(model, "hedge", initial=which) for which in (False, True))
    assert both[:3] == pytest.approx(shared[required][:3], rel=1e-9, abs=1e-9)
    # KuCoin's initial margin has a floor by leverage, on the leg that is larger; BitMEX's is on the entry, and what
    # both legs share of it on the mark.
    if model not in {"kucoin", "bitmex"}:
        assert both[3:] == pytest.approx(shared[initial][3:], rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("model", tuple(model for model in MODELS if model != "reported"))
def test_a_leg_at_any_size(model: str) -> None:
    """At the corners the model is the engine; between them it never lies above it by more than its gap."""
    book = replace(book_of(model, ("long", 300.0)), position_mode="one_way")
    key = key_of(book)
    burdens = Burdens(book, key, GOAL)
    for part in (0.05, 0.199, 0.37, 0.66, 0.9, 1.0):
        real = burden(replace(book, positions=(replace(book.positions[0], contracts=300.0 * part),)))
        ours = burdens.at(np.array([[part]]))[0, :, 0]
        allowed = burdens.gap[:, 0] + 1e-9 * real
        assert np.all(ours <= real + allowed)
        if burdens.direct[0]:
            assert ours == pytest.approx(real, rel=1e-9)
    assert burdens.at(np.array([[1.0]]))[0, :, 0] == pytest.approx(burden(book), rel=1e-9)


def test_marginal_tiers_are_straight_lines() -> None:
    """Corners are where a tier ends, at each price that is looked at: 2,000 and 20,000 of 30,000."""
    book = replace(book_of("binance-usdm", ("long", 300.0)), position_mode="one_way")
    burdens = Burdens(book, PoolKey("USDT"), GOAL)
    assert burdens.direct.all()
    corners = sorted(corner for corner in burdens.corners(0).tolist() if corner < 1.0)
    prices = (100.0, 90.0, 110.0)
    assert corners == pytest.approx(sorted(end / (300.0 * at) for at in prices for end in (2_000.0, 20_000.0)))


def test_rates_by_size_are_sampled() -> None:
    """OKX takes the tier of the contracts for all of the leg: the hull touches where the tiers end."""
    book = replace(book_of("okx", ("long", 30_000.0)), position_mode="one_way")
    burdens = Burdens(book, PoolKey("USDT"), GOAL)
    assert not burdens.direct.any()
    for end in (2_000.0, 20_000.0):
        real = burden(replace(book, positions=(replace(book.positions[0], contracts=end),)))
        assert burdens.at(np.array([[end / 30_000.0]]))[0, :, 0] == pytest.approx(real, rel=1e-9)
    assert burdens.hidden(np.array([0.5]))[0, 0] > 0.0
