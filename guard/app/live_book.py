"""A book at newer mark prices, and what it is worth. Pure.

Between two private readings only prices move. `revalued` puts newer marks into the last fresh book; nothing else in it
changes: balances, legs, orders, tiers, collateral prices stay what and when they were. So its private parts keep their
times, and what was stale stays stale. The venue's own totals belong to the old marks and are left out: there is nothing
to compare with until the next reading.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from guard.app.judge import JudgePolicy, judge
from guard.ports.records import AccountRecord, Reading
from guard.ports.venue import FetchedBook
from guard.risk.assess import assess
from guard.risk.book import Book, Position, VenueReported
from guard.risk.bookerror import BookError
from guard.risk.levels import policy_for
from guard.risk.quality import Quality
from guard.risk.report import AccountRisk
from guard.risk.zones import Zone, ZoneState, entered_zone, severity

MARKS = "marks"
_MARK = "mark_price"
# Its figures are the venue's own totals; they do not follow from marks.
REPORTED_MODEL = "reported"


def marked_symbols(book: Book) -> frozenset[str]:
    """Symbols whose mark price the book contains: of its legs, and of contracts that it only has orders on."""
    return frozenset(leg.symbol for leg in book.positions) | frozenset(
        symbol for symbol, terms in book.parameters.items() if terms.get(_MARK) is not None
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
    positions = tuple([_moved(leg, marks.get(leg.symbol)) for leg in book.positions])
    parameters = {symbol: _marked(terms, marks.get(symbol)) for symbol, terms in book.parameters.items()}
    if positions == book.positions and parameters == book.parameters:
        return fetched
    now_marked = replace(book, positions=positions, parameters=parameters, venue_reported=VenueReported())
    return replace(fetched, book=now_marked, parts={**fetched.parts, MARKS: at})


def _moved(leg: Position, mark: float | None) -> Position:
    return leg if mark is None or mark == leg.mark_price else replace(leg, mark_price=mark)


def _marked(terms: Mapping[str, Any], mark: float | None) -> Mapping[str, Any]:
    is_other = mark is not None and terms.get(_MARK) not in {None, mark}
    return {**terms, _MARK: mark} if is_other else terms


@dataclass(frozen=True, slots=True)
class Glance:
    """What a tick comes to: the risk at its marks, without liquidation prices, and whether it must be judged."""

    risk: AccountRisk
    is_worse: bool


def glance(fetched: FetchedBook, prior: ZoneState, policy: JudgePolicy, now: datetime) -> Glance | None:
    """Look whether a revalued book is in a worse zone than before; `judge_live` then says so in full.

    The same figures and bars as a judgement, without what only people read: most ticks end here.

    Returns:
        None when the private parts are stale, or the book cannot be assessed.
    """
    private = [at for name, at in fetched.parts.items() if name != MARKS] or list(fetched.parts.values())
    if (now - min(private)).total_seconds() > policy.stale_after_s or prior.zone is Zone.UNKNOWN:
        return None
    try:
        zones = policy_for(fetched.book, policy.zones)
        risk = assess(fetched.book, prices=False)
    except BookError:
        return None
    return Glance(risk, severity(entered_zone(risk, zones)[0]) > severity(prior.last_known))


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
