"""The mark prices of one site: the board, the stream that fills it, and the call that does while that is silent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog

from guard.ports.errors import VenueError
from guard.venues.client import VenueClient
from guard.venues.hub import VenueSite
from guard.venues.markets import Listing
from guard.venues.streaming.board import MarkBoard
from guard.venues.streaming.link import Link
from guard.venues.streaming.plan import StreamBounds, StreamPlan, Watcher
from guard.venues.streaming.socket import SocketMaker

log = structlog.get_logger(__name__)


class MarksLink(Link):
    """The public stream of one site, for the symbols of its board."""

    def __init__(
        self, site: VenueSite, board: MarkBoard, plan: StreamPlan, sockets: SocketMaker, bounds: StreamBounds
    ) -> None:
        super().__init__(f"{site.venue} marks", site, bounds)
        self._board = board
        self._plan = plan
        self._sockets = sockets
        self._exchange: Any = None
        self._subscribed: dict[str, Listing] = {}

    def open_exchange(self) -> Any:
        """An exchange that knows the held contracts and no others."""
        self._exchange = self._sockets.public(self)
        self._subscribed = {}
        return self._exchange

    def watchers(self, exchange: Any) -> Sequence[Watcher]:
        """The marks of every held contract that is listed."""
        if self._plan.watch_marks is None:
            return ()
        new = [
            row for row in listings(self._site, self._plan, self._board.held) if row.market_id not in self._subscribed
        ]
        if not new:
            return ()
        self._subscribed |= {row.market_id: row for row in new}
        exchange.set_markets([market_of(row) for row in self._subscribed.values()])
        return self._plan.watch_marks(exchange, new)

    def follow(self) -> None:
        """The board holds other symbols now: subscribe to those that are new."""
        if self._exchange is not None and not self._fallen.is_set():
            self.subscribe(self.watchers(self._exchange))

    def take(self, message: object) -> bool:
        """Marks to the board."""
        try:
            found = self._plan.read_marks(message)
        except VenueError as error:
            self.lost(error)
            return True
        if found is None:
            return False
        rows = self._subscribed
        self._board.put({rows[name].symbol: price for name, price in found.items() if name in rows}, "stream")
        return True

    def complaint(self) -> str:
        """Also: held symbols of which nothing is heard."""
        why = super().complaint()
        if why:
            return why
        unheard = self._board.unheard(self._bounds.silent_after_s)
        if not unheard:
            return ""
        shown = ", ".join(sorted(unheard)[:3])
        return f"no mark for {self._bounds.silent_after_s:g} s of {shown}" + (" and others" if len(unheard) > 3 else "")


class SiteMarks:
    """Board, stream and call of one site.

    Args:
        site: the venue at one address.
        plan: what may be listened to, and asked.
        sockets: makes connections.
        caller: a client without credentials, for the call.
        bounds: times.
        on_change: see `MarkBoard`.
    """

    def __init__(
        self,
        site: VenueSite,
        plan: StreamPlan,
        sockets: SocketMaker,
        caller: VenueClient,
        bounds: StreamBounds,
        on_change: Callable[[MarkBoard, frozenset[str]], None],
    ) -> None:
        self.site = site
        self.board = MarkBoard(site.clock, on_change)
        self.link = MarksLink(site, self.board, plan, sockets, bounds) if plan.watch_marks else None
        self.calls = 0
        self._plan = plan
        self._calls = plan.marks_calls
        self._caller = caller
        self._bounds = bounds
        self._urgent: set[str] = set()
        self._call_failed = False

    def hold(self, account_id: str, symbols: frozenset[str], *, urgent: bool) -> None:
        """An account holds exactly `symbols`; `urgent`: it is in no calm zone."""
        self.board.hold(account_id, symbols)
        if urgent and symbols:
            self._urgent.add(account_id)
        else:
            self._urgent.discard(account_id)
        if self.link is not None:
            self.link.follow()

    async def call_when_needed(self) -> None:
        """Ask for all marks while the stream does not tell those that are held; runs until cancelled."""
        clock, last_s = self.site.clock, float("-inf")
        while True:
            await clock.sleep(self._bounds.check_s)
            pause_s = self._bounds.urgent_s if self._urgent else self._bounds.calm_s
            if not self._calls or not self.board.unstreamed(self._bounds.silent_after_s):
                continue
            # A first mark is due soon after a subscription: do not ask for what is on its way.
            if self.link is not None and not self.link.complaint():
                continue
            if clock.monotonic() - last_s < pause_s:
                continue
            last_s = clock.monotonic()
            await self._ask()

    async def _ask(self) -> None:
        try:
            for call in self._calls:
                for params in call.params:
                    found = call.read(await self._caller.call(call.endpoint, params))
                    # At once: the next answer may wait for the request budget, and a mark is as old as its own.
                    self.board.put(self._by_symbol(found), "call", silent_after_s=self._bounds.silent_after_s)
        except VenueError as error:
            if not self._call_failed:
                log.warning("mark prices not read", venue=self.site.venue, error=str(error))
            self._call_failed = True
            return
        self._call_failed = False
        self.calls += 1

    def _by_symbol(self, found: Mapping[str, float]) -> dict[str, float]:
        held = {row.market_id: row.symbol for row in listings(self.site, self._plan, self.board.held)}
        return {held[name]: price for name, price in found.items() if name in held}


def listings(site: VenueSite, plan: StreamPlan, symbols: frozenset[str]) -> list[Listing]:
    """The listed ones of `symbols`, in a fixed order; none before the site's markets were read."""
    rows = (plan.find(site, symbol) for symbol in sorted(symbols))
    return [row for row in rows if row is not None]


def market_of(listing: Listing) -> dict[str, object]:
    """A listing as ccxt knows markets: what its stream methods ask of one, and no more."""
    pair, _, settle = listing.symbol.partition(":")
    base, _, quote = pair.partition("/")
    settle, _, expiry = settle.partition("-")
    is_linear = listing.kind == "linear"
    return {
        "id": listing.market_id,
        "lowercaseId": listing.market_id.lower(),
        "symbol": listing.symbol,
        "base": base,
        "baseId": base,
        "baseName": base,
        "quote": quote,
        "quoteId": quote,
        "settle": settle,
        "settleId": settle,
        "type": "future" if expiry else "swap",
        "subType": "linear" if is_linear else "inverse",
        "spot": False,
        "margin": False,
        "swap": not expiry,
        "future": bool(expiry),
        "option": False,
        "contract": True,
        "linear": is_linear,
        "inverse": not is_linear,
        "contractSize": listing.contract_size,
        "active": True,
        "precision": {"amount": None, "price": None},
        "limits": {},
        "info": {},
    }
