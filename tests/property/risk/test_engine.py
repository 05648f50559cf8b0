"""What must hold for every book: order, sign, continuity, and the liquidation price against the engine itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from guard.risk.assess import assess
from guard.risk.book import Book, Collateral, Position, Tier
from guard.risk.bookfile import with_marks
from guard.risk.tiers import tier_table
from guard.risk.zones import LADDER, ZonePolicy, entered_zone

AS_OF = datetime(2026, 11, 21, tzinfo=UTC)
COINS = ("BTC", "ETH", "SOL", "XRP")
MODELS = ("tiered", "binance-usdm")


def real(low: float, high: float) -> st.SearchStrategy[float]:
    """Finite floats in a range."""
    return st.floats(min_value=low, max_value=high, allow_nan=False, allow_infinity=False)


@st.composite
def tables(draw: st.DrawFn) -> tuple[Tier, ...]:
    """Tables of 1 to 5 tiers with rates that rise."""
    floors = [0.0, *sorted(draw(st.sets(st.integers(1_000, 5_000_000), max_size=4)))]
    rates = sorted(draw(st.lists(real(0.001, 0.5), min_size=len(floors), max_size=len(floors))))
    caps = [*floors[1:], None]
    return tuple(Tier(float(f), c, r) for f, c, r in zip(floors, caps, rates, strict=True))


@st.composite
def books(draw: st.DrawFn) -> Book:
    """Books of 1 to 4 symbols, some hedged, with a wallet from poor to rich."""
    legs: list[Position] = []
    for coin in draw(st.lists(st.sampled_from(COINS), min_size=1, max_size=4, unique=True)):
        mark = draw(real(0.01, 100_000.0))
        sides = draw(st.sampled_from([("long",), ("short",), ("long", "short")]))
        legs += [
            Position(
                f"{coin}/USDT:USDT",
                "long" if side == "long" else "short",
                draw(real(10.0, 1e6)) / mark,
                1.0,
                "linear",
                "USDT",
                mark * draw(real(0.5, 1.5)),
                mark,
                draw(st.sampled_from([1.0, 5.0, 20.0])),
            )
            for side in sides
        ]
    gross = sum(leg.contracts * leg.mark_price for leg in legs)
    return Book(
        account="a",
        venue="v",
        model=draw(st.sampled_from(MODELS)),
        as_of=AS_OF,
        position_mode="hedge",
        collateral=(Collateral("USDT", gross * draw(real(0.02, 2.0))),),
        positions=tuple(legs),
        tiers={leg.symbol: draw(tables()) for leg in legs},
    )


@given(books(), st.data())
def test_order_does_not_matter(book: Book, data: st.DataObject) -> None:
    """Legs in another order give the same pool."""
    legs = data.draw(st.permutations(book.positions))
    one, two = assess(book), assess(replace(book, positions=tuple(legs)))
    assert one.pools[0].equity == pytest.approx(two.pools[0].equity, rel=1e-9, abs=1e-6)
    assert one.pools[0].maintenance_margin == pytest.approx(two.pools[0].maintenance_margin, rel=1e-9)
    prices = {(p.symbol, p.side): p.liquidation_price for p in two.pools[0].positions}
    for position in one.pools[0].positions:
        price = prices[position.symbol, position.side]
        assert position.liquidation_price == (None if price is None else pytest.approx(price, rel=1e-6))


@given(tables())
def test_requirement_is_continuous_and_never_falls(tiers: tuple[Tier, ...]) -> None:
    """Over the whole table: from 0, rising, without jumps at the floors."""
    table = tier_table("X", tiers)
    edges = [tier.floor for tier in tiers[1:]]
    sizes = np.array(sorted([0.0, *np.linspace(0.0, 6e6, 50), *edges, *(edge * (1 + 1e-9) for edge in edges)]))
    margins = table.maintenance(sizes)
    assert float(margins[0]) == 0.0
    rises = np.diff(margins)
    assert bool((rises >= -1e-6).all())
    assert bool((rises <= np.diff(sizes) * tiers[-1].mm_rate + 1e-6).all())


@given(books())
def test_risk_is_1_at_the_liquidation_price(book: Book) -> None:
    """Put the symbol's mark where the report says, assess again: risk_ratio is 1 within 1e-9."""
    for position in assess(book).pools[0].positions:
        if position.liquidation_price is None:
            continue
        pool = assess(with_marks(book, {position.symbol: position.liquidation_price}), liquidation=False).pools[0]
        scale = abs(pool.wallet_balance) + abs(pool.unrealized_pnl)
        assume(pool.equity > 1e-6 * scale)  # below that float64 has no nine digits of equity left
        assert pool.risk_ratio == pytest.approx(1.0, abs=1e-9)


@given(books())
def test_risk_is_1_at_the_liquidation_shock(book: Book) -> None:
    """Move all marks by the shock, assess again: risk_ratio is 1 within 1e-9."""
    pool = assess(book).pools[0]
    assume(pool.risk_ratio is not None and pool.risk_ratio < 1.0)
    for shock in (pool.liquidation_shock_down, pool.liquidation_shock_up):
        if shock is None:
            continue
        marks = {leg.symbol: leg.mark_price * (1.0 + shock) for leg in book.positions}
        after = assess(with_marks(book, marks), liquidation=False).pools[0]
        assume(after.equity > 1e-6 * (abs(after.wallet_balance) + abs(after.unrealized_pnl)))
        assert after.risk_ratio == pytest.approx(1.0, abs=1e-9)


@given(books(), real(-0.999, 10.0))
def test_no_liquidation_before_the_shock(book: Book, part: float) -> None:
    """Between here and the reported shocks nothing is liquidated; the nearest root was not missed."""
    pool = assess(book).pools[0]
    assume(pool.risk_ratio is not None and pool.risk_ratio < 1.0)
    down = -1.0 if pool.liquidation_shock_down is None else pool.liquidation_shock_down
    up = 10.0 if pool.liquidation_shock_up is None else pool.liquidation_shock_up
    move = max(-0.9999, max(down, min(up, part)) * 0.999)
    marks = {leg.symbol: leg.mark_price * (1.0 + move) for leg in book.positions}
    ratio = assess(with_marks(book, marks), liquidation=False).risk_ratio
    assert ratio is not None
    assert ratio < 1.0


@given(books(), real(0.0, 1.0))
def test_less_equity_never_improves_a_zone(book: Book, lost: float) -> None:
    """Taking money out of the wallet never makes the zone better."""
    wallet = book.collateral[0]
    poorer = replace(book, collateral=(replace(wallet, balance=wallet.balance * (1.0 - lost)),))
    before, _ = entered_zone(assess(book), ZonePolicy())
    after, _ = entered_zone(assess(poorer), ZonePolicy())
    assert LADDER.index(after) >= LADDER.index(before)


@given(books())
def test_requirement_is_never_negative(book: Book) -> None:
    """Of no leg and of no pool."""
    pool = assess(book, liquidation=False).pools[0]
    assert pool.maintenance_margin >= 0.0
    assert all(position.maintenance_margin >= 0.0 for position in pool.positions)
