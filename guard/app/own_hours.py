"""Hours of its own volatility for each reading of a watched account that asks for them, from marks of the last days.

The store is asked once an account and start. From then on a sample an hour is kept in memory: 1.3 KiB for each contract
held and 1.3 KiB for their times. An account that does not ask for hours costs nothing. What the hours are is
`guard.risk.own_volatility`'s business.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from guard.app.change_watch import is_whole
from guard.app.watch import Watch
from guard.ports.errors import StoreError
from guard.ports.records import Reading
from guard.risk.book import Book
from guard.risk.own_volatility import LEAST_H, WINDOW_H, MarkHistory, OwnHours, own_hours, prices_of
from guard.risk.quality import Quality
from guard.risk.report import AccountRisk

log = structlog.get_logger(__name__)

_WINDOW: Final = timedelta(hours=WINDOW_H)


class MarkStore(Protocol):
    """What is asked."""

    async def hourly_marks(self, account_id: str, since: datetime) -> list[tuple[datetime, dict[str, float]]]:
        """The first marks of each hour since then, oldest first."""
        ...


async def with_own_hours(watch: Watch, reading: Reading, store: MarkStore) -> Reading:
    """The reading with its hours, and its prices kept; as it is where nobody asks for hours, or it is not whole.

    A store that cannot be read is asked again at the next reading: until then nothing is known.
    """
    if not watch.protect.counts_hours or reading.risk is None or reading.fetched is None or not is_whole(reading):
        return reading
    book, now_s = reading.fetched.book, reading.at.timestamp()
    try:
        past = watch.marks
        if past is None or past.is_after(now_s):
            past = await _stored(watch, reading.at, store)
    except StoreError as error:
        log.warning("marks of the last days not read", account=watch.record.name, error=str(error))
        return reading
    prices = prices_of(book)
    watch.marks = past.sampled(now_s, prices, doubtful=reading.quality.quality is Quality.DISPUTED)
    found = own_hours(book, reading.risk, watch.marks.until(now_s, prices))
    _log(watch, found)
    return replace(reading, own_hours=found)


def hours_after(watch: Watch, now: datetime, book: Book, risk: AccountRisk) -> OwnHours:
    """Hours of a book that the account would have at present prices; nothing known where no prices were kept."""
    past = watch.marks or MarkHistory()
    return own_hours(book, risk, past.until(now.timestamp(), prices_of(book)))


async def _stored(watch: Watch, now: datetime, store: MarkStore) -> MarkHistory:
    past = MarkHistory()
    for at, marks in await store.hourly_marks(watch.record.account_id, now - _WINDOW):
        if at <= now:  # others are from before the clock was set back
            past = past.sampled(at.timestamp(), marks)
    return past


def _log(watch: Watch, found: OwnHours) -> None:
    """Say once that hours cannot be told, and once that they can."""
    unknown, name = found.unknown, watch.record.name
    if watch.hours_known is (unknown is None):
        return
    watch.hours_known = unknown is None
    if unknown is None:
        log.info("hours of own volatility are known", account=name)
    elif unknown.of_present_only:
        log.warning("hours of own volatility cannot be told: figures of the present only", account=name)
    else:
        log.warning(
            "hours of own volatility are not known yet: they call for nothing",
            account=name,
            history_h=round(unknown.history_h, 1),
            needed_h=LEAST_H,
            lacking=unknown.lacking,
        )
