"""Whether our figures of a book are the venue's own."""

from __future__ import annotations

import pytest

from guard.ports.venue import FetchedBook
from guard.risk.assess import assess


def agrees(fetched: FetchedBook, relative: float) -> None:
    """The book is whole, and every cross pool's equity, requirement and ratio are those that the venue reports.

    A pool of which the venue reports nothing proves nothing: at least one figure must have been compared.
    """
    assert (fetched.missing, fetched.torn) == ((), ())
    book, compared = fetched.book, 0
    for pool in assess(book).pools:
        if pool.margin_mode != "cross":
            continue
        reported = book.venue_reported.pools.get(pool.currency)
        if reported is None:
            assert not pool.positions, f"the venue reports nothing of pool {pool.currency}"
            continue
        if reported.equity is not None:
            assert pool.equity == pytest.approx(reported.equity, rel=relative, abs=1e-9)
            compared += 1
        if reported.risk_ratio is not None:
            assert pool.risk_ratio == pytest.approx(reported.risk_ratio, rel=relative, abs=1e-6)
            compared += 1
    assert compared > 0
