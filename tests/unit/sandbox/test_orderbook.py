from __future__ import annotations

from decimal import Decimal

import pytest

from guard.sandbox.engine.listing import START_PRICES, default_instruments
from guard.sandbox.engine.orderbook import Depth, Level, sweep, without
from guard.sandbox.engine.sides import Side

D = Decimal
LEVELS = (Level(D(100), D(1)), Level(D(101), D(2)), Level(D(102), D(3)))


@pytest.mark.parametrize("symbol", START_PRICES)
def test_book_is_ordered_on_the_grid_and_never_crossed(symbol: str) -> None:
    """Best first, on tick and step, with a spread, for every listed contract."""
    instrument = default_instruments()[symbol]
    book = Depth().around(START_PRICES[symbol], instrument)
    bids, asks = [level.price for level in book.bids], [level.price for level in book.asks]
    assert bids == sorted(set(bids), reverse=True)
    assert asks == sorted(set(asks))
    assert bids[0] < asks[0]
    assert all(price % instrument.tick == 0 for price in bids + asks)
    assert all(level.qty % instrument.step == 0 and level.qty > 0 for level in book.bids + book.asks)


@pytest.mark.parametrize(
    ("qty", "limit", "expected"),
    [
        ("0.5", None, [("100", "0.5")]),
        ("4", None, [("100", "1"), ("101", "2"), ("102", "1")]),
        ("4", "101", [("100", "1"), ("101", "2")]),
        ("4", "99", []),
        ("10", None, [("100", "1"), ("101", "2"), ("102", "3")]),
    ],
)
def test_sweep_takes_the_best_levels_first(qty: str, limit: str | None, expected: list[tuple[str, str]]) -> None:
    """A buyer pays up level by level, never beyond the limit and never more than there is."""
    fills = sweep(LEVELS, Side.BUY, D(qty), None if limit is None else D(limit))
    assert fills == [Level(D(price), D(amount)) for price, amount in expected]


def test_sell_limit_stops_below() -> None:
    """For a seller a lower price is the worse one."""
    bids = (Level(D(100), D(1)), Level(D(99), D(1)))
    assert sweep(bids, Side.SELL, D(5), D(100)) == [Level(D(100), D(1))]


def test_taken_quantity_is_gone() -> None:
    """What a taker took is not offered again."""
    assert without(LEVELS, D("1.5")) == (Level(D(101), D("1.5")), Level(D(102), D(3)))
    assert without(LEVELS, D(6)) == ()
