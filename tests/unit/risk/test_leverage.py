"""Leverage that fits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from guard.risk.assess import assess
from guard.risk.book import Book, Position, Tier
from guard.risk.bookerror import BookError
from guard.risk.leverage import advise, book_volatility, optimal_leverage, returns_of, styles_of

MakeBook = Callable[..., Book]
MakeLeg = Callable[..., Position]
ETH = "ETH/USDT:USDT"


@pytest.mark.parametrize(
    ("leverage", "styles"),
    [(1.0, ("swing", "long-term")), (1.5, ("swing",)), (3.33, ("general",)), (7.0, ("scalping",)), (20.0, ())],
)
def test_styles(leverage: float, styles: tuple[str, ...]) -> None:
    """2-4x in general, 1-2x swing, 5-10x scalping, 1x long-term."""
    assert styles_of(leverage) == styles


@pytest.mark.parametrize(
    ("drawdown", "move", "message"),
    [
        (0.0, 0.03, "drawdown was 0, must be above 0 and at most 1"),
        (1.1, 0.03, "drawdown was 1.1"),
        (float("nan"), 0.03, "drawdown was nan"),
        (0.1, 0.0, "move was 0, must be a finite number above 0"),
        (0.1, float("inf"), "move was inf"),
    ],
)
def test_refusals(drawdown: float, move: float, message: str) -> None:
    """Nothing is divided by nothing."""
    with pytest.raises(BookError, match=message):
        optimal_leverage(drawdown, move)


def pair(book: MakeBook, leg: MakeLeg, side: str) -> Book:
    """Long BTC with a leg in ETH of the same value."""
    legs = (leg(), leg(symbol=ETH, side=side))
    return book(positions=legs, tiers={each.symbol: (Tier(0.0, None, 0.01),) for each in legs})


def test_volatility_of_a_book(book: MakeBook, leg: MakeLeg) -> None:
    """Longs that move together raise it, opposite legs lower it: correlation enters through the returns."""
    returns = {"BTC/USDT:USDT": [0.01, -0.01, 0.02, -0.02], ETH: [0.01, -0.01, 0.02, -0.02]}
    together = book_volatility(assess(pair(book, leg, "long")).pools[0], returns)
    against = book_volatility(assess(pair(book, leg, "short")).pools[0], returns)
    hourly = float(np.std([0.01, -0.01, 0.02, -0.02], ddof=1))
    assert together == pytest.approx(hourly * 24**0.5)
    assert against == pytest.approx(0.0)


def test_advice(book: MakeBook) -> None:
    """Leverage 2 against 3.33 leaves room; against 1 half of the book has to go."""
    pool = assess(book()).pools[0]
    assert advise(pool, drawdown=0.10, move=0.03).reduce_by == 0.0
    assert advise(pool, drawdown=0.10, move=0.10).reduce_by == pytest.approx(0.5)


def test_effective_leverage_moves_with_pnl(book: MakeBook, leg: MakeLeg) -> None:
    """A loss raises it, a profit lowers it, without any trade."""
    at = {
        mark: assess(book(positions=(leg(mark_price=mark),))).pools[0].effective_leverage for mark in (8e3, 1e4, 12e3)
    }
    assert at[8e3] == pytest.approx(8000 / 3000)
    assert at[1e4] == pytest.approx(2.0)
    assert at[12e3] == pytest.approx(12_000 / 7000)


def test_returns(book: MakeBook, leg: MakeLeg) -> None:
    """Prices become returns; too few, or one at 0, are refused; so are symbols without returns."""
    assert returns_of([100.0, 110.0, 99.0]).tolist() == pytest.approx([0.1, -0.1])
    with pytest.raises(BookError, match="had 2 entries"):
        returns_of([1.0, 2.0])
    with pytest.raises(BookError, match="not above 0"):
        returns_of([1.0, 0.0, 2.0])
    pool = assess(pair(book, leg, "long")).pools[0]
    with pytest.raises(BookError, match='returns has no "ETH/USDT:USDT"'):
        book_volatility(pool, {"BTC/USDT:USDT": [0.1, 0.2]})
    with pytest.raises(BookError, match="all of one length"):
        book_volatility(pool, {"BTC/USDT:USDT": [0.1, 0.2], ETH: [0.1]})
    with pytest.raises(BookError, match="an empty book has no volatility"):
        book_volatility(assess(book(positions=(), tiers={})).pools[0], {})
