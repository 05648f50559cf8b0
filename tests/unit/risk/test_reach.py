"""Reach: bankruptcy beside liquidation, and moves along betas."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from guard.risk.book import Book, Collateral, Position, Tier
from guard.risk.bookerror import BookError
from guard.risk.reach import reach

MakeBook = Callable[..., Book]
MakeLeg = Callable[..., Position]
ETH = "ETH/USDT:USDT"


def test_bankruptcy_lies_beyond_liquidation(book: MakeBook) -> None:
    """Equity ends at 5,000; liquidation comes 0.4 % of the value before."""
    found = reach(book())[0]
    btc = found.symbols[0]
    assert btc.bankruptcy_price == pytest.approx(5000.0)
    assert btc.liquidation_price == pytest.approx(5000.0 / 0.996)
    assert found.bankruptcy.down == pytest.approx(-0.5)
    assert found.liquidation.down == pytest.approx(0.5 / 0.996 - 1.0)


def test_a_beta_of_two_halves_the_distance(book: MakeBook) -> None:
    """BTC moves twice as far as the market, so the market needs half the move."""
    one, two = reach(book())[0], reach(book(), {"BTC": 2.0})[0]
    assert one.liquidation.down is not None
    assert two.liquidation.down == pytest.approx(one.liquidation.down / 2.0)


def test_opposite_positions_offset_along_betas(book: MakeBook, leg: MakeLeg) -> None:
    """Long BTC against short ETH of the same value: out of reach together, near when the hedge breaks."""
    legs = (leg(), leg(symbol=ETH, side="short"))
    hedged = book(positions=legs, tiers={leg.symbol: (Tier(0.0, None, 0.004),) for leg in legs})
    assert reach(hedged)[0].liquidation.down is None
    broken = reach(hedged, {"BTC": 1.0, "ETH": -1.0})[0].liquidation
    assert broken.down == pytest.approx(-(5000.0 - 80.0) / 20_000.0, rel=1e-6)


def test_coin_collateral_takes_part(book: MakeBook) -> None:
    """Wrong-way risk: with BTC as collateral the market needs less of a move than the mark alone."""
    wallet = (Collateral("USDT", 0.0), Collateral("BTC", 0.5, price=10_000.0))
    found = reach(book(model="tiered", collateral=wallet, tiers={"BTC/USDT:USDT": (Tier(0.0, None, 0.01),)}))[0]
    assert found.bankruptcy.down == pytest.approx(-5000.0 / 15_000.0)
    assert found.symbols[0].bankruptcy_price == pytest.approx(5000.0)


def test_refuses_a_beta_that_is_no_number(book: MakeBook) -> None:
    """NaN in, error out."""
    with pytest.raises(BookError, match=r'betas\["BTC"\] was nan, must be a finite number'):
        reach(book(), {"BTC": float("nan")})
