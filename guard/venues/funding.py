"""Funding rates of a venue's contracts, for all accounts of a site: asked for in the background, never waited for.

A book is told what is known at that moment; where nothing is, it has no funding and is as whole as ever. What a venue
answers stands in the venue's own folder.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import structlog

from guard.ports.errors import BadAnswer, VenueError
from guard.ports.urgency import urgent
from guard.ports.venue import AccountSpec, FetchedBook
from guard.venues.client import VenueClient
from guard.venues.hub import VenueSite
from guard.venues.markets import Listing

if TYPE_CHECKING:
    from guard.venues.entry import VenueEntry

log = structlog.get_logger(__name__)

T = TypeVar("T")

REFRESH_S = 600.0
"""At most this often is a site asked, be it answered or not."""
_USABLE_S = 1_800.0
# After every reading of an account.
_LEAST_URGENT = -1
_HOURS_A_DAY = 24.0


def _one_part(_listing: Listing) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class FundingSource:
    """How a venue is asked for its funding.

    Attributes:
        read: asks for a part: what a long pays in a day, as a fraction of its notional, by the venue's id.
        part_of: what has to be asked for to know of a contract, where one request does not tell all.
        listed: where a site's listings are found; nothing is asked for that.
    """

    read: Callable[[VenueClient, str], Awaitable[Mapping[str, float]]]
    part_of: Callable[[Listing], str] = _one_part
    listed: Callable[[VenueSite, str], Listing | None] = VenueSite.listing


@dataclass(frozen=True, slots=True)
class Rate:
    """Funding of one contract: `per_interval` is what a long pays every `hours`, as a fraction of its notional."""

    market_id: str
    per_interval: float
    hours: float

    @property
    def per_day(self) -> float:
        """What a long pays in a day."""
        return self.per_interval * _HOURS_A_DAY / self.hours


def daily(answers: Iterable[T], read: Callable[[T], Rate]) -> dict[str, float]:
    """What longs pay in a day, by the venue's id; contracts whose rate or interval is not told are left out.

    Args:
        answers: one for each contract.
        read: makes a rate of one; raises `BadAnswer` where it cannot.
    """
    found = {}
    for answer in answers:
        try:
            rate = read(answer)
        except BadAnswer:
            continue
        found[rate.market_id] = rate.per_day
    return found


@dataclass(slots=True)
class _Part:
    """What is known of a part: its rates and when they were received, and when it was asked for last (stopwatch)."""

    rates: Mapping[str, float]
    at_s: float
    asked_s: float
    has_failed: bool = False


class FundingBoard:
    """The rates of one site. Made by `board_of`, closed with the site."""

    def __init__(self, site: VenueSite, entry: VenueEntry, source: FundingSource) -> None:
        self._site = site
        self._source = source
        # Of nobody's: an account whose requests these were would wait for its turn behind them.
        self._client = VenueClient(site, AccountSpec("funding", entry.name, base_url=site.base_url), entry.dialect)
        self._parts: dict[str, _Part] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def told(self, fetched: FetchedBook) -> FetchedBook:
        """The book with what is known of its contracts; what is due is asked for, and is there for a later book."""
        rates = {}
        for symbol in {leg.symbol for leg in fetched.book.positions}:
            rate = self._rate(symbol)
            if rate is not None:
                rates[symbol] = rate
        return replace(fetched, funding=rates) if rates else fetched

    def _rate(self, symbol: str) -> float | None:
        listing = self._source.listed(self._site, symbol)
        if listing is None:
            return None
        now_s = self._site.clock.monotonic()
        name = self._source.part_of(listing)
        part = self._parts.setdefault(name, _Part({}, float("-inf"), float("-inf")))
        if now_s - part.asked_s >= REFRESH_S:
            part.asked_s = now_s
            self._ask(name, part)
        if now_s - part.at_s > _USABLE_S:
            return None
        # Of contracts that expire hardly any has funding, and those are told.
        return part.rates.get(listing.market_id, 0.0 if _expires(symbol) else None)

    def _ask(self, name: str, part: _Part) -> None:
        # Not in the caller's context: neither its urgency nor its deadlines are meant for this.
        task = asyncio.create_task(self._read(name, part), name=f"{self._site.venue} funding", context=_nobodys())
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def _read(self, name: str, part: _Part) -> None:
        try:
            with urgent(_LEAST_URGENT):
                part.rates = await self._source.read(self._client, name)
        except VenueError as error:
            if not part.has_failed:
                log.warning("funding rates not read", venue=self._site.venue, error=str(error))
            part.has_failed = True
            return
        part.at_s, part.has_failed = self._site.clock.monotonic(), False

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("funding rates not read", venue=self._site.venue, error=f"{type(error).__name__}: {error}")

    async def close(self) -> None:
        """Ask no more."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._client.close()


def board_of(site: VenueSite, entry: VenueEntry) -> FundingBoard | None:
    """The board of a site; None where the venue does not tell its funding, or nobody asks."""
    if entry.funding is None or not site.tells_funding:
        return None
    if site.funding is None:
        site.funding = FundingBoard(site, entry, entry.funding)
    return site.funding


def _expires(symbol: str) -> bool:
    return "-" in symbol.rpartition(":")[2]


def _nobodys() -> contextvars.Context:
    return contextvars.Context()
