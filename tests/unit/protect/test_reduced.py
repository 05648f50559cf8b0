"""The book after cuts: equity changes by the cost and by nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from guard.protect.reduced import Cut, add_collateral, reduce_book
from guard.risk.assess import assess
from guard.risk.book import Book, Collateral, Position, Tier

BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"


@pytest.fixture
def two_legs(make: Any) -> Book:
    """A long and a short leg."""
    legs = [make.position(BTC, "long", 1.0, 40_000.0, 36_000.0), make.position(ETH, "short", 5.0, 2_500.0, 2_400.0)]
    result: Book = make.book(legs, 9_000.0)
    return result


def test_equity_changes_by_the_cost_only(two_legs: Book) -> None:
    """Realised PnL moves from unrealized to wallet."""
    after = reduce_book(two_legs, [Cut((BTC, "long"), Decimal("0.25"), 7.0), Cut((ETH, "short"), Decimal(2), 3.0)])
    before_pool, after_pool = assess(two_legs).pools[0], assess(after).pools[0]
    assert after_pool.equity == pytest.approx(before_pool.equity - 10.0, abs=1e-9)
    assert after_pool.wallet_balance == pytest.approx(9_000.0 - 1_000.0 + 200.0 - 10.0)
    assert [leg.contracts for leg in after.positions] == [0.75, 3.0]


def test_a_closed_leg_is_gone(two_legs: Book) -> None:
    """Cutting all of a leg removes it; the other is untouched."""
    after = reduce_book(two_legs, [Cut((BTC, "long"), Decimal(1))])
    assert after.positions == two_legs.positions[1:]


def test_never_more_than_the_leg(two_legs: Book) -> None:
    """A cut larger than its leg is a defect, never a flip."""
    with pytest.raises(ValueError, match="larger than its leg"):
        reduce_book(two_legs, [Cut((BTC, "long"), Decimal("1.001"))])


def test_a_negative_cut_grows_at_the_mark(two_legs: Book) -> None:
    """Growing a leg at the mark leaves equity where it is."""
    after = reduce_book(two_legs, [Cut((BTC, "long"), Decimal("-0.5"))])
    assert assess(after).pools[0].equity == pytest.approx(assess(two_legs).pools[0].equity, abs=1e-9)
    assert after.positions[0].contracts == 1.5


def test_inverse_legs_settle_in_coin() -> None:
    """PnL and cost of an inverse leg are in its coin."""
    leg = Position("BTC/USD:BTC", "long", 1_000.0, 100.0, "inverse", "BTC", 40_000.0, 36_000.0, 20.0)
    book = Book(
        account="alice",
        venue="x",
        model="tiered",
        as_of=datetime(2026, 11, 21, tzinfo=UTC),
        collateral=(Collateral("BTC", 1.0),),
        positions=(leg,),
        tiers={"BTC/USD:BTC": (Tier(0.0, None, 0.005),)},
    )
    after = reduce_book(book, [Cut(("BTC/USD:BTC", "long"), Decimal(400), 36.0)])
    before_pool, after_pool = assess(book).pools[0], assess(after).pools[0]
    assert after_pool.equity == pytest.approx(before_pool.equity - 36.0 / 36_000.0, abs=1e-12)


def test_an_isolated_leg_gives_back_its_share(make: Any) -> None:
    """Half of the leg takes half of its margin with it, into the wallet, with its PnL and less its cost."""
    leg = replace(make.position(BTC, "long", 1.0, 40_000.0, 36_000.0), margin_mode="isolated", isolated_margin=5_000.0)
    book = make.book([leg], 100.0)
    after = reduce_book(book, [Cut((BTC, "long"), Decimal("0.5"), 9.0)])
    assert after.positions[0].isolated_margin == 2_500.0
    assert after.collateral[0].balance == pytest.approx(100.0 + 2_500.0 - 2_000.0 - 9.0)
    total = sum(pool.equity for pool in assess(book).pools) - sum(pool.equity for pool in assess(after).pools)
    assert total == pytest.approx(9.0)


def test_cash_of_an_asset_that_was_not_held(make: Any) -> None:
    """An isolated leg may settle in an asset that the wallet does not list."""
    leg = replace(make.position(BTC, "long", 1.0, 40_000.0, 36_000.0), margin_mode="isolated", isolated_margin=5_000.0)
    after = reduce_book(replace(make.book([leg], 0.0), collateral=()), [Cut((BTC, "long"), Decimal(1))])
    assert after.collateral == (Collateral("USDT", 1_000.0),)


def test_add_collateral(make: Any, two_legs: Book) -> None:
    """To the wallet, or to an isolated leg."""
    assert add_collateral(two_legs, "USDT", 50.0, None).collateral[0].balance == 9_050.0
    leg = replace(two_legs.positions[0], margin_mode="isolated", isolated_margin=1.0)
    book = replace(two_legs, positions=(leg, two_legs.positions[1]))
    grown = add_collateral(book, "USDT", 50.0, (BTC, "long"))
    assert grown.positions[0].isolated_margin == 51.0
    assert grown.positions[1].isolated_margin is None
    assert grown.collateral == book.collateral
