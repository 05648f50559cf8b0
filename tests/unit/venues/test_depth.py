"""Order books as pairs of price and size."""

from __future__ import annotations

from typing import Any

import pytest

from guard.ports.errors import BadAnswer
from guard.ports.venue import Depth, DepthLevel
from guard.venues.depth import read_levels, read_sides

WHERE = "okx GET v5/market/books"


def test_both_sides() -> None:
    """As the venue orders them; strings and numbers; what follows the pair is left out."""
    row = {"bids": [["10", "2", "0", "1"], [9, 1.5]], "asks": [["11", "3"]]}
    levels = (DepthLevel(10.0, 2.0), DepthLevel(9.0, 1.5))
    assert read_sides(row, "BTC/USDT:USDT", WHERE) == Depth("BTC/USDT:USDT", levels, (DepthLevel(11.0, 3.0),))
    assert read_sides({"b": [], "a": []}, "X", WHERE, ("b", "a")) == Depth("X", (), ())


@pytest.mark.parametrize(
    "side", [None, {}, "", [["10"]], [10], [["10", "0"]], [["0", "1"]], [["10", "-1"]], [["", "1"]]]
)
def test_a_level_that_is_no_pair_of_positive_numbers_is_refused(side: Any) -> None:
    """A book with a hole would price an order wrongly."""
    with pytest.raises(BadAnswer, match=WHERE):
        read_sides({"bids": side, "asks": []}, "X", WHERE)


def test_levels_that_were_cut_to_nothing_are_left_out_where_a_venue_cuts() -> None:
    """Sizes rounded down; a negative one stays wrong."""
    assert read_levels({"bids": [["10", "0"], ["9", "1"]]}, "bids", WHERE, may_be_empty=True) == (DepthLevel(9.0, 1.0),)
    with pytest.raises(BadAnswer):
        read_levels({"bids": [["10", "-1"]]}, "bids", WHERE, may_be_empty=True)
