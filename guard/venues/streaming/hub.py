"""All streams of the program: one public stream for each site, one private stream for each account.

A `StreamHub` is made once beside the `VenueHub` whose sites it listens to. Knows no venue; plans come from the
registry.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from guard.ports.clock import Clock
from guard.ports.venue import AccountSpec
from guard.venues.client import VenueClient
from guard.venues.entry import VenueEntry
from guard.venues.hub import VenueHub, VenueSite
from guard.venues.streaming.account import AccountLink
from guard.venues.streaming.board import MarkBoard
from guard.venues.streaming.link import Link, LinkState
from guard.venues.streaming.marks import SiteMarks
from guard.venues.streaming.plan import StreamBounds, StreamPlan
from guard.venues.streaming.socket import SocketMaker

log = structlog.get_logger(__name__)

# A look that comes this much too late says that this program was held up, not that the streams were silent.
_HELD_UP_S = 2.0


@dataclass(slots=True)
class _Site:
    """What is shared by the accounts of a site, and what runs for it."""

    marks: SiteMarks
    sockets: SocketMaker
    caller: VenueClient
    tasks: list[asyncio.Task[Any]]


@dataclass(slots=True)
class _Account:
    site: _Site
    link: AccountLink | None
    task: asyncio.Task[Any] | None


class StreamListener(Protocol):
    """Who is told. Both methods must be quick and not raise."""

    def on_marks(self, board: MarkBoard, symbols: frozenset[str]) -> None:
        """The marks of these symbols have changed."""
        ...

    def on_event(self, account_id: str) -> None:
        """An account has changed."""
        ...


class StreamHub:
    """Streams of the watched accounts.

    Args:
        venues: the sites that accounts are opened at.
        entry_of: the registry's row of a venue; None = no exchange stands behind it.
        clock: time.
        bounds: times.

    Attributes:
        listener: who is told; nobody until it is set.
    """

    listener: StreamListener | None = None

    def __init__(
        self,
        venues: VenueHub,
        entry_of: Callable[[str], VenueEntry | None],
        clock: Clock,
        bounds: StreamBounds,
    ) -> None:
        self._venues = venues
        self._entry_of = entry_of
        self._clock = clock
        self._bounds = bounds
        self._sites: dict[VenueSite, _Site] = {}
        self._accounts: dict[str, _Account] = {}
        self._watch: asyncio.Task[None] | None = None

    def follow(self, account_id: str, spec: AccountSpec) -> bool:
        """Listen to an account from now on; False where its venue has nothing to listen to.

        Raises:
            InputError: no such venue, or a base URL that is none.
        """
        entry = self._entry_of(spec.venue)
        plan = entry.streams if entry else None
        if entry is None or not isinstance(plan, StreamPlan) or account_id in self._accounts:
            return account_id in self._accounts
        site = self._site(entry, plan, spec)
        link, task = None, None
        if plan.watch_account is not None:
            link = AccountLink(
                spec, site.marks.site, plan, site.sockets, self._bounds, lambda: self._on_event(account_id)
            )
            task = self._started(link.run(), link.name)
        self._accounts[account_id] = _Account(site, link, task)
        if self._watch is None:
            self._watch = self._started(self._watch_over(), "streams")
        return True

    def hold(self, account_id: str, symbols: frozenset[str], *, urgent: bool) -> None:
        """An account holds exactly `symbols`; `urgent`: its zone is no calm one."""
        account = self._accounts.get(account_id)
        if account is not None:
            account.site.marks.hold(account_id, symbols, urgent=urgent)

    def board(self, account_id: str) -> MarkBoard | None:
        """The marks of the account's site; None where there are none."""
        account = self._accounts.get(account_id)
        return account.site.marks.board if account else None

    async def forget(self, account_id: str) -> None:
        """Listen to an account no more."""
        account = self._accounts.pop(account_id, None)
        if account is None:
            return
        account.site.marks.hold(account_id, frozenset(), urgent=False)
        if account.task is not None:
            await _ended([account.task])

    def states(self) -> tuple[LinkState, ...]:
        """Every link, in order of name."""
        return tuple(sorted((link.state for link in self._links()), key=lambda state: state.name))

    @property
    def ticks(self) -> int:
        """Marks received so far, of symbols that were held."""
        return sum(site.marks.board.ticks for site in self._sites.values())

    @property
    def events(self) -> int:
        """News of accounts heard so far."""
        return sum(account.link.events for account in self._accounts.values() if account.link)

    @property
    def calls(self) -> int:
        """Requests for all marks made so far, because a stream did not tell them."""
        return sum(site.marks.calls for site in self._sites.values())

    async def close(self) -> None:
        """End everything, within a few seconds. Before the `VenueHub` is closed."""
        accounts, self._accounts = list(self._accounts.values()), {}
        sites, self._sites = list(self._sites.values()), {}
        tasks = [account.task for account in accounts if account.task]
        tasks += [task for site in sites for task in site.tasks]
        if self._watch is not None:
            tasks.append(self._watch)
            self._watch = None
        await _ended(tasks)
        for site in sites:
            await site.sockets.close()
            await site.caller.close()

    def _site(self, entry: VenueEntry, plan: StreamPlan, spec: AccountSpec) -> _Site:
        site = self._venues.site(entry.name, spec.base_url, entry.weight_per_minute, entry.ccxt_id)
        known = self._sites.get(site)
        if known is not None:
            return known
        sockets = SocketMaker(site, entry.ccxt_id, entry.dialect, plan, self._bounds)
        nobody = AccountSpec("marks", spec.venue, base_url=spec.base_url)
        caller = VenueClient(site, nobody, entry.dialect)
        marks = SiteMarks(site, plan, sockets, caller, self._bounds, self._on_marks)
        tasks = [self._started(marks.call_when_needed(), f"{site.venue} marks call")]
        if marks.link is not None:
            tasks.append(self._started(self._when_held(marks), marks.link.name))
        self._sites[site] = _Site(marks, sockets, caller, tasks)
        return self._sites[site]

    async def _when_held(self, marks: SiteMarks) -> None:
        """Dial once there is something to subscribe to."""
        while not marks.board.held:
            await self._clock.sleep(self._bounds.check_s)
        if marks.link is not None:
            await marks.link.run()

    async def _watch_over(self) -> None:
        while True:
            due_s = self._clock.monotonic() + self._bounds.check_s
            await self._clock.sleep(self._bounds.check_s)
            if self._clock.monotonic() - due_s < _HELD_UP_S:
                for link in self._links():
                    link.check()

    def _links(self) -> Iterable[Link]:
        for site in self._sites.values():
            if site.marks.link is not None and site.marks.board.held:
                yield site.marks.link
        for account in self._accounts.values():
            if account.link is not None:
                yield account.link

    def _on_marks(self, board: MarkBoard, symbols: frozenset[str]) -> None:
        if self.listener is not None:
            self.listener.on_marks(board, symbols)

    def _on_event(self, account_id: str) -> None:
        if self.listener is not None:
            self.listener.on_event(account_id)

    def _started(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[Any]:
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(_told)
        return task


def _told(task: asyncio.Task[Any]) -> None:
    """These tasks end by being cancelled; anything else is a defect of ours, and polling goes on without them."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("stream stopped", stream=task.get_name(), error=f"{type(error).__name__}: {error}")


async def _ended(tasks: list[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
