"""Steps on a copy of a book: what they change, and that nothing else does."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from guard.protect.reduced import Cut, reduce_book
from guard.risk.altered import without_leg
from guard.risk.assess import assess
from guard.risk.book import Book, Collateral, Order, Position, Tier
from guard.risk.bookerror import BookError
from guard.risk.whatif import closed, hedged, topped_up
from tests.harness.held_books import BTC, ETH, pair

COIN = "BTC/USD:BTC"


def inverse() -> Book:
    """A short of 1,000 contracts of 100 USD, kept in BTC."""
    leg = Position(COIN, "short", 1000.0, 100.0, "inverse", "BTC", 50_000.0, 40_000.0, 10.0)
    tiers = {COIN: (Tier(0.0, None, 0.004),)}
    return pair(model="tiered", collateral=(Collateral("BTC", 2.0),), positions=(leg,), tiers=tiers)


def isolated(model: str = "tiered") -> Book:
    """The pair, its ETH leg with 500,000 USDT of its own."""
    btc, eth = pair().positions
    return pair(model=model, positions=(btc, replace(eth, margin_mode="isolated", isolated_margin=500_000.0)))


def equity(book: Book) -> float:
    """Over all pools; of one currency here."""
    return sum(pool.equity for pool in assess(book).pools)


@pytest.mark.parametrize("book", [pair(), inverse(), isolated()], ids=["linear", "inverse", "isolated"])
@pytest.mark.parametrize("part", [0.1, 0.5, 1.0])
def test_closing_costs_the_fee_and_nothing_else(book: Book, part: float) -> None:
    """Realised PnL and released margin stay in the account; the leg is smaller by what was closed."""
    place = len(book.positions) - 1
    leg = book.positions[place]
    step = closed(book, place, part * leg.contracts)
    assert equity(step.book) == pytest.approx(equity(book) - step.fee, rel=1e-12)
    notional = part * leg.contracts * leg.contract_size
    in_settle = notional / leg.mark_price if leg.kind == "inverse" else notional * leg.mark_price
    assert step.fee == pytest.approx(0.0005 * in_settle)
    left = [each.contracts for each in step.book.positions if each.symbol == leg.symbol]
    assert left == ([] if part == 1.0 else [pytest.approx((1.0 - part) * leg.contracts)])


@pytest.mark.parametrize("model", ["tiered", "mexc"])
def test_closing_agrees_with_what_protection_expects(model: str) -> None:
    """The same step by the planner's arithmetic: also where a wallet holds isolated margin."""
    book = isolated(model)
    leg = book.positions[1]
    step = closed(book, 1, 1000.0)
    cut = Cut((leg.symbol, leg.side), Decimal(1000), cost=step.fee)
    ours, theirs = assess(step.book), assess(reduce_book(book, [cut]))
    assert len(ours.pools) == len(theirs.pools) == 2
    for mine, other in zip(ours.pools, theirs.pools, strict=True):
        assert mine.equity == pytest.approx(other.equity, rel=1e-12)
        assert mine.maintenance_margin == pytest.approx(other.maintenance_margin, rel=1e-12)


def test_closing_all_without_a_fee_is_the_book_without_the_leg() -> None:
    """Orders on the symbol go with it, others stay."""
    orders = (Order(ETH, "buy", 1000.0, 1.0), Order(BTC, "sell", 40_000.0, 1.0))
    book = pair(orders=orders, fees=replace(pair().fees, taker=0.0))
    assert closed(book, 1, 3683.979).book == without_leg(book, 1)
    assert closed(book, 1, 3683.979).book.orders == orders[1:]
    assert closed(book, 1, 1.0).book.orders == orders


@pytest.mark.parametrize("contracts", [0.0, -1.0, 200.0, float("nan")])
def test_no_more_is_closed_than_there_is(contracts: float) -> None:
    """A defect of the caller is an error, no short position."""
    with pytest.raises(BookError, match="contracts was"):
        closed(pair(), 0, contracts)


def test_a_hedge_opens_the_other_side_and_pays_its_fee() -> None:
    """Exposure falls, requirement rises where both sides pay; a second hedge adds to the first."""
    book = pair(position_mode="hedge")
    once = hedged(book, 0, 50.0)
    before, after = assess(book).pools[0], assess(once.book).pools[0]
    assert after.net_exposure == pytest.approx(before.net_exposure - 50.0 * 31_967.27)
    assert after.equity == pytest.approx(before.equity - once.fee)
    assert after.maintenance_margin > before.maintenance_margin
    twice = hedged(once.book, 0, 50.0)
    assert [(leg.side, leg.contracts) for leg in twice.book.positions if leg.symbol == BTC] == [
        ("long", 109.488),
        ("short", 100.0),
    ]


def test_a_hedge_needs_hedge_mode_and_cross_margin() -> None:
    """Elsewhere the same order would do something else."""
    with pytest.raises(BookError, match="position_mode was one_way"):
        hedged(pair(), 0, 1.0)
    with pytest.raises(BookError, match="margin_mode was isolated"):
        hedged(replace(isolated(), position_mode="hedge"), 1, 1.0)


def test_more_collateral_is_more_equity() -> None:
    """In the wallet of the cross pool, at the price that the asset has there."""
    assert equity(topped_up(pair(), "USDT", 500.0)) == pytest.approx(equity(pair()) + 500.0)
    assert equity(topped_up(inverse(), "BTC", 0.5)) == pytest.approx(equity(inverse()) + 0.5)
