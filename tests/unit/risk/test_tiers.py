"""Tier tables: derived deductions, lookup, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from guard.risk.book import Tier
from guard.risk.bookerror import BookError
from guard.risk.tiers import tier_table

ROWS = (Tier(0.0, 50_000.0, 0.004), Tier(50_000.0, 250_000.0, 0.005), Tier(250_000.0, 1e6, 0.01))


def marginal(size: float) -> float:
    """The requirement slice by slice, the slow way."""
    total = 0.0
    for tier in ROWS:
        top = size if tier.cap is None else min(size, tier.cap)
        total += max(0.0, top - tier.floor) * tier.mm_rate
    return total


@pytest.mark.parametrize("size", [0.0, 1.0, 49_999.0, 50_000.0, 50_001.0, 250_000.0, 999_999.0, 1e6])
def test_deductions_make_slices(size: float) -> None:
    """With derived deductions the quick form equals the sum over slices, also at the edges."""
    table = tier_table("X", ROWS)
    assert float(table.maintenance(size)) == pytest.approx(marginal(size), rel=1e-12)


def test_lookup_is_vectorised() -> None:
    """Any shape in, the same shape out."""
    table = tier_table("X", ROWS)
    sizes = np.array([[10.0, 60_000.0], [300_000.0, 0.0]])
    assert table.maintenance(sizes).shape == (2, 2)
    assert float(table.maintenance(sizes)[1, 0]) == pytest.approx(300_000 * 0.01 - 1300)


@pytest.mark.parametrize(("size", "row"), [(0.0, 0), (1.0, 0), (50_000.0, 0), (50_000.01, 1), (250_000.0, 1), (9e9, 2)])
def test_rows_are_open_below_and_closed_above(size: float, row: int) -> None:
    """`floor < size <= cap`."""
    assert tier_table("X", ROWS).row(size) == row


def test_given_deductions_are_used() -> None:
    """A table that starts with a deduction (a cut-out of a longer one) keeps it, and is never below 0."""
    table = tier_table("X", (Tier(0.0, None, 0.025, 16_300.0),))
    assert float(table.maintenance(3_500_032.45776)) == pytest.approx(71_200.811444)
    assert float(table.maintenance(1000.0)) == 0.0


def test_rounded_deductions_are_accepted() -> None:
    """Venues print three decimals: 11.605 for 11.6."""
    rows = (Tier(0.0, 250.0, 0.1, 5.355), Tier(250.0, None, 0.125, 11.605))
    assert tier_table("X", rows).deduction[1] == 11.605


def test_refuses_a_jump() -> None:
    """A deduction that contradicts the rates is refused with the value that fits."""
    with pytest.raises(BookError) as caught:
        tier_table("X", (Tier(0.0, 50_000.0, 0.004, 0.0), Tier(50_000.0, None, 0.01, 0.0)))
    assert str(caught.value) == 'tiers["X"][1].mm_deduction was 0, must be 300 so that the requirement does not jump'


def test_refuses_falling_rates() -> None:
    """The requirement would not be convex."""
    with pytest.raises(BookError, match=r"mm_rate was 0.001, must not be below 0.01 of the tier before"):
        tier_table("X", (Tier(0.0, 1.0, 0.01), Tier(1.0, None, 0.001)))


def test_refuses_a_size_beyond_the_last_cap() -> None:
    """Neither 0 nor infinity: the symbol, the size and the cap are named."""
    with pytest.raises(BookError) as caught:
        tier_table("X", ROWS).check_within(2e6, "the notional", "USDT")
    assert str(caught.value) == 'tiers["X"] ends at 1000000 USDT, the notional of X is 2000000 USDT'
