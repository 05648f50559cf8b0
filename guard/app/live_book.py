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
from functools import cached_property
from typing import Any, Protocol

from guard.app.judge import JudgePolicy, judge
from guard.ports.records import AccountRecord, Reading
from guard.ports.venue import FetchedBook
from guard.risk.assess import assess
from guard.risk.book import Book, Position, VenueReported
from guard.risk.bookerror import BookError
from guard.risk.levels import policy_for
from guard.risk.quality import Quality
from guard.risk.standing import Levels, Standing, bars_beyond, standing_of
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
    book = _remarked(fetched.book, marks)
    if book is fetched.book:
        return fetched
    return replace(fetched, book=book, parts={**fetched.parts, MARKS: at})


def _remarked(book: Book, marks: Mapping[str, float]) -> Book:
    positions = tuple([_moved(leg, marks.get(leg.symbol)) for leg in book.positions])
    parameters = {symbol: _marked(terms, marks.get(symbol)) for symbol, terms in book.parameters.items()}
    if positions == book.positions and parameters == book.parameters:
        return book
    return replace(book, positions=positions, parameters=parameters, venue_reported=VenueReported())


def _moved(leg: Position, mark: float | None) -> Position:
    return leg if mark is None or mark == leg.mark_price else replace(leg, mark_price=mark)


def _marked(terms: Mapping[str, Any], mark: float | None) -> Mapping[str, Any]:
    is_other = mark is not None and terms.get(_MARK) not in {None, mark}
    return {**terms, _MARK: mark} if is_other else terms


class LiveRisk(Protocol):
    """What is known of an account between two readings; as in `guard.risk.report.AccountRisk`."""

    @property
    def risk_ratio(self) -> float | None:
        """Of the worst pool."""
        ...

    @property
    def margin_level(self) -> float | None:
        """Of the lowest pool."""
        ...

    @property
    def distance(self) -> float | None:
        """Of the nearest pool."""
        ...


class CalmRisk:
    """The risk at marks that reach no bar. The distance is solved for who asks: to the zone it does not matter."""

    def __init__(self, levels: Levels, book: Book, marks: Mapping[str, float]) -> None:
        self.risk_ratio: float = levels.risk_ratio
        self.margin_level = levels.margin_level
        self._book = book
        self._marks = marks

    @cached_property
    def distance(self) -> float | None:
        """Distance to liquidation as a fraction; None = out of reach."""
        return assess(_remarked(self._book, self._marks), prices=False).distance


@dataclass(frozen=True, slots=True)
class Glance:
    """What a tick comes to: the risk at its marks, without liquidation prices, and whether it must be judged.

    `severity` is that of the zone that it leads into; of one that is no worse, 0.
    """

    risk: LiveRisk
    is_worse: bool
    severity: int = 0


class Onlooker:
    """What is kept of one live reading while ticks come in: its pools, and when its private parts are stale.

    Args:
        reading: a live one (`is_live`).
        policy: the account's.

    Raises:
        ValueError: nothing was fetched.
    """

    __slots__ = ("_fetched", "_policy", "_prices", "_prior", "_private_at", "_standing", "reading")

    def __init__(self, reading: Reading, policy: JudgePolicy) -> None:
        if reading.fetched is None:
            raise ValueError("a reading without a book has no ticks")
        self.reading = reading
        self._fetched = reading.fetched
        self._prior = reading.zone_state
        self._policy = policy
        self._private_at = _private_at(reading.fetched)
        self._prices = _prices(reading.fetched.book)
        self._standing = self._kept()

    def glance(self, marks: Mapping[str, float], now: datetime) -> Glance | None:
        """Look whether the account stands at these marks; most ticks end here, at a fifth of what `glance` costs.

        Args:
            marks: prices by symbol, > 0, as `revalued` has them.
            now: the present.

        Returns:
            None when that is not certain: `glance` then says what `revalued` comes to.
        """
        if self._standing is None or self._is_stale(now):
            return None
        levels = self._standing.at(marks)
        return Glance(CalmRisk(levels, self._fetched.book, marks), is_worse=False) if levels is not None else None

    def moves(self, marks: Mapping[str, float]) -> bool:
        """Whether any of these marks is another than the book's: whether `revalued` would be another book."""
        return any(marks.get(symbol, price) != price for symbol, price in self._prices)

    def _is_stale(self, now: datetime) -> bool:
        return (now - self._private_at).total_seconds() > self._policy.stale_after_s

    def _kept(self) -> Standing | None:
        book = self._fetched.book
        if self._prior.zone is Zone.UNKNOWN:
            return None
        try:
            return standing_of(book, bars_beyond(policy_for(book, self._policy.zones), self._prior.last_known))
        except BookError:
            return None


def _prices(book: Book) -> list[tuple[str, float]]:
    """Every mark that the book has, by symbol."""
    of_legs = [(leg.symbol, leg.mark_price) for leg in book.positions]
    return of_legs + [
        (symbol, terms[_MARK]) for symbol, terms in book.parameters.items() if terms.get(_MARK) is not None
    ]


def _private_at(fetched: FetchedBook) -> datetime:
    return min([at for name, at in fetched.parts.items() if name != MARKS] or list(fetched.parts.values()))


def glance(fetched: FetchedBook, prior: ZoneState, policy: JudgePolicy, now: datetime) -> Glance | None:
    """Look whether a revalued book is in a worse zone than before; `judge_live` then says so in full.

    The same figures and bars as a judgement, without what only people read.

    Returns:
        None when the private parts are stale, or the book cannot be assessed.
    """
    if (now - _private_at(fetched)).total_seconds() > policy.stale_after_s or prior.zone is Zone.UNKNOWN:
        return None
    try:
        zones = policy_for(fetched.book, policy.zones)
        risk = assess(fetched.book, prices=False)
    except BookError:
        return None
    entered = severity(entered_zone(risk, zones)[0])
    is_worse = entered > severity(prior.last_known)
    return Glance(risk, is_worse, entered if is_worse else 0)


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
