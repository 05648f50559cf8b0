"""A tick looked at cheaply against the same tick assessed in full: every rule, random books, random marks and bars."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from guard.risk.assess import assess
from guard.risk.book import Book
from guard.risk.bookerror import BookError
from guard.risk.bookfile import with_marks
from guard.risk.levels import policy_for
from guard.risk.pool import Assets, Legs
from guard.risk.rules import MODELS, pools_of, rule_of
from guard.risk.standing import Standing, bars_beyond, standing_of
from guard.risk.zones import LADDER, Zone, ZoneBars, ZonePolicy, entered_zone, severity
from tests.harness.random_books import books, real

NEVER = {"kraken-futures", "reported"}
FOLLOWING = tuple(model for model in MODELS if model not in NEVER)


def quiet_books(models: tuple[str, ...]) -> st.SearchStrategy[Book]:
    """Books of which every other one has no orders, as most that are kept."""
    return st.one_of(books(models), books(models).map(lambda book: replace(book, orders=())))


@st.composite
def ticks(draw: st.DrawFn, book: Book) -> dict[str, float]:
    """Newer marks of some symbols: mostly small moves, now and then a large one."""
    moves = st.one_of(st.none(), real(0.99, 1.01), real(0.5, 2.0))
    drawn = {leg.symbol: (leg.mark_price, draw(moves)) for leg in book.positions}
    return {symbol: mark * by for symbol, (mark, by) in drawn.items() if by is not None}


@st.composite
def policies(draw: st.DrawFn) -> ZonePolicy:
    """Bars in the right order, any of them left out."""

    def three(low: float, high: float, *, falling: bool) -> list[float | None]:
        found = sorted(draw(st.lists(real(low, high), min_size=4, max_size=4)), reverse=falling)
        return [value if draw(st.booleans()) else None for value in found]

    ratios, distances = three(0.05, 0.99, falling=False), three(0.001, 0.6, falling=True)
    levels = three(0.05, 3.0, falling=True)
    watch, warning, danger, liquidation = (ZoneBars(*bars) for bars in zip(ratios, distances, levels, strict=True))
    return ZonePolicy(watch, warning, danger, liquidation)


def in_full(book: Book, policy: ZonePolicy) -> tuple[Zone, Any]:
    """Zone and risk as an assessment has them."""
    risk = assess(book, prices=False)
    return entered_zone(risk, policy_for(book, policy))[0], risk


@settings(max_examples=300)
@given(st.data())
def test_standing_accounts_enter_no_worse_zone(data: st.DataObject) -> None:
    """Whenever the cheap way says that an account stands, the full way finds no worse zone, and the same levels."""
    book, policy = data.draw(quiet_books(MODELS)), data.draw(st.one_of(st.just(ZonePolicy()), policies()))
    prior = data.draw(st.sampled_from(LADDER))
    standing = standing_of(book, bars_beyond(policy_for(book, policy), prior))
    assume(standing is not None)
    assert standing is not None
    for marks in (data.draw(ticks(book)), data.draw(ticks(book))):
        levels = standing.at(marks)
        if levels is None:
            continue
        zone, risk = in_full(with_marks(book, marks), policy)
        assert severity(zone) <= severity(prior)
        assert risk.risk_ratio == pytest.approx(levels.risk_ratio, rel=1e-9, abs=1e-12)
        assert risk.margin_level == (
            None if levels.margin_level is None else pytest.approx(levels.margin_level, rel=1e-9)
        )


@pytest.mark.parametrize("model", FOLLOWING)
def test_only_marks_of_legs_follow_the_tick(model: str) -> None:
    """Where a rule says so of a book, its pools at other marks are the kept ones with other marks, within 1e-12."""
    compared = []

    @settings(max_examples=60)
    @given(quiet_books((model,)), st.data())
    def compare(book: Book, data: st.DataObject) -> None:
        if not rule_of(model).follows_marks(book):
            return
        moved = with_marks(book, data.draw(ticks(book)))
        for kept, anew in zip(pools_of(book), pools_of(moved), strict=True):
            gross = float((kept.legs.size * kept.legs.mark) @ kept.assets.price[kept.legs.settle]) + 1.0
            assert kept.symbols == anew.symbols
            assert kept.withheld == pytest.approx(anew.withheld, rel=1e-12)
            assert kept.im_orders == pytest.approx(anew.im_orders, rel=1e-12, abs=1e-12 * gross)
            # The entry of an order's leg of size 0 is its mark: it carries nothing.
            entry = np.where(kept.legs.size == 0.0, anew.legs.entry, kept.legs.entry)
            _same(replace(kept.legs, mark=anew.legs.mark, entry=entry), anew.legs)
            _same(kept.assets, anew.assets)
            compared.append(kept)

    compare()
    assert len(compared) > 4


def _same(one: Legs | Assets, other: Legs | Assets) -> None:
    for each in fields(one):
        mine, theirs = getattr(one, each.name), getattr(other, each.name)
        if isinstance(mine, np.ndarray) and mine.dtype == np.float64:
            assert np.allclose(mine, theirs, rtol=1e-12, atol=0.0), each.name
        else:
            assert np.array_equal(mine, theirs), each.name


@pytest.mark.parametrize("model", sorted(NEVER))
def test_other_rules_go_the_full_way(model: str) -> None:
    """A rule whose terms follow the mark, or whose figures are the venue's, has nothing kept."""

    @settings(max_examples=20)
    @given(books((model,)))
    def ask(book: Book) -> None:
        assert not rule_of(model).follows_marks(book)
        assert standing_of(book, ZoneBars(0.5, 0.1, 0.5)) is None

    ask()


@given(books(("binance-usdm", "bybit-uta", "okx", "bingx")), st.data())
def test_calm_accounts_are_seen_to_stand(book: Book, data: st.DataObject) -> None:
    """A tick that leads nowhere near a bar ends here: the cheap way is of use."""
    bars = ZoneBars(risk_ratio=0.9, distance=0.01, margin_level=0.05)
    standing = standing_of(book, bars)
    assume(isinstance(standing, Standing))
    assert standing is not None
    marks = data.draw(ticks(book))
    try:
        risk = assess(with_marks(book, marks), prices=False)
    except BookError:
        return
    ratio, distance, level = risk.risk_ratio, risk.distance, risk.margin_level
    if ratio is None or ratio > 0.89 or (distance is not None and distance < 0.011) or (level or 1.0) < 0.051:
        return
    assert standing.at(marks) is not None
