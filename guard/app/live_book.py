"""A book at newer mark prices, and what it is worth. Pure.

Between two private readings only prices move. `revalued` puts newer marks into the last fresh book; nothing else in it
changes: balances, legs, orders, tiers, collateral prices stay what and when they were. So its private parts keep their
times, and what was stale stays stale. The venue's own totals belong to the old marks and are left out: there is nothing
to compare with until the next reading.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from guard.app.judge import JudgePolicy, judge
from guard.ports.records import AccountRecord, Reading
from guard.ports.venue import FetchedBook
from guard.risk.book import Book, VenueReported
from guard.risk.quality import Quality
from guard.risk.zones import Zone, ZoneState, severity

MARKS = "marks"
# Its figures are the venue's own totals; they do not follow from marks.
REPORTED_MODEL = "reported"


def marked_symbols(book: Book) -> frozenset[str]:
    """Symbols whose mark price the book contains: of its legs, and of contracts that it only has orders on."""
    return frozenset(leg.symbol for leg in book.positions) | frozenset(
        symbol for symbol, terms in book.parameters.items() if terms.get("mark_price") is not None
    )


def is_live(reading: Reading | None) -> bool:
    """Whether ticks may be applied to what a reading fetched: fresh, undisputed, with figures that follow marks."""
    return (
        reading is not None
        and reading.fetched is not None
        and reading.risk is not None
        and reading.quality.quality is Quality.FRESH
        and reading.fetched.book.model != REPORTED_MODEL
    )


def revalued(fetched: FetchedBook, marks: Mapping[str, float], at: datetime) -> FetchedBook:
    """The book with these marks.

    Args:
        fetched: a fresh reading.
        marks: prices by symbol, > 0; symbols that the book does not have are ignored.
        at: when the oldest of the book's marks, these included, was received; becomes the time of that part.

    Returns:
        A new book; `fetched` itself when none of its prices changes.
    """
    book = fetched.book
    moved = {symbol for symbol in marked_symbols(book) & marks.keys() if marks[symbol] != _known(book, symbol)}
    if not moved:
        return fetched
    positions = tuple(
        replace(leg, mark_price=marks[leg.symbol]) if leg.symbol in moved else leg for leg in book.positions
    )
    parameters: dict[str, Mapping[str, Any]] = {
        symbol: {**terms, "mark_price": marks[symbol]} if symbol in moved and "mark_price" in terms else terms
        for symbol, terms in book.parameters.items()
    }
    now_marked = replace(book, positions=positions, parameters=parameters, venue_reported=VenueReported())
    return replace(fetched, book=now_marked, parts={**fetched.parts, MARKS: at})


def _known(book: Book, symbol: str) -> float | None:
    for leg in book.positions:
        if leg.symbol == symbol:
            return leg.mark_price
    mark: float | None = book.parameters[symbol].get("mark_price")
    return mark


def judge_live(
    record: AccountRecord,
    fetched: FetchedBook,
    prior: ZoneState,
    policy: JudgePolicy,
    *,
    now: datetime,
    duration_ms: float,
) -> Reading:
    """Judge a revalued book like any other, but by the age of its private parts alone.

    Marks are newer than the rest on purpose; that is no torn reading, and makes nothing younger either.
    """
    private = {name: at for name, at in fetched.parts.items() if name != MARKS}
    reading = judge(
        record, replace(fetched, parts=private or fetched.parts), prior, policy, now=now, duration_ms=duration_ms
    )
    return replace(reading, fetched=fetched)


def is_worse(prior: ZoneState, reading: Reading) -> bool:
    """Whether a tick has put a seen account into a worse zone. Only that may a tick do to a zone.

    Leaving a zone counts private readings, and so does being blind: what is better or equal, stale, or under an alarm
    of its own (`unknown`) waits for the next one.
    """
    if reading.quality.quality is not Quality.FRESH or Zone.UNKNOWN in {prior.zone, reading.zone}:
        return False
    return severity(reading.zone) > severity(prior.zone)
