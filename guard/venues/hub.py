"""What all accounts at one venue share: connections, request budget, markets, the clock difference, enforced pauses.

A `VenueHub` is made once by whoever wires the program and passed to `open_account`; there is no global. Sharing is by
venue and base URL, because limits and bans of a venue are by address, not by account. Knows no venue.
"""

from __future__ import annotations

import ssl
from collections import ChainMap
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import aiohttp

from guard.ports.clock import Clock
from guard.venues import library
from guard.venues.addresses import parse_base_url
from guard.venues.budget import RequestBudget
from guard.venues.markets import Listing, MarketTable
from guard.venues.pauses import PAUSE_MAX_S
from guard.venues.shared import Shared
from guard.venues.wire import answering

if TYPE_CHECKING:
    from guard.venues.funding import FundingBoard

T = TypeVar("T")

HOUR_S = 3_600.0
DAY_S = 86_400.0
_TIME_REFRESH_S = 600.0
_TIME_USABLE_S = 3_600.0


class VenueSite:
    """One venue at one address, shared by its accounts.

    Attributes:
        venue: the name that users know it by; `ccxt_id` where ccxt calls it otherwise.
        base_url: what replaces scheme and host of every address; None = the venue's own.
        timeout_s: longest wait for one answer, in seconds.
        exchange_type: the ccxt class to build clients from.
        budget: request weight that all accounts spend together.
        markets: the listed symbols, refreshed daily.
        skew_ms: this machine's clock minus the venue's, in ms, refreshed every ten minutes.
        interned: equal values (leverage tiers) of several accounts, kept once.
        tells_funding: whether books are told the funding rates of what they hold.
        funding: what is known of those; made by `guard.venues.funding.board_of`.
    """

    def __init__(
        self,
        clock: Clock,
        venue: str,
        base_url: str | None,
        timeout_s: float,
        requests_per_minute: int,
        ccxt_id: str | None = None,
    ) -> None:
        self.clock = clock
        self.venue = venue
        self.base_url = base_url
        self.timeout_s = timeout_s
        self.budget = RequestBudget(clock, requests_per_minute)
        self.exchange_type = answering(library.exchange_class(ccxt_id or venue))
        self.markets: Shared[MarketTable] = Shared(clock, DAY_S, 7 * DAY_S)
        self.skew_ms: Shared[float] = Shared(clock, _TIME_REFRESH_S, _TIME_USABLE_S)
        self._shared: dict[str, Shared[Any]] = {}
        self.interned: dict[Any, Any] = {}
        self.tells_funding = False
        self.funding: FundingBoard | None = None
        self._bases: dict[str, dict[str, Any]] = {}
        self.ssl_context = self._make_ssl_context()
        self._session: aiohttp.ClientSession | None = None
        self._template: Any = None
        self._paused_until_s = float("-inf")

    def template(self, make: Callable[[], Any]) -> Any:
        """The ccxt exchange, without credentials, that the accounts here copy; made by `make` at first asking."""
        if self._template is None:
            self._template = make()
        return self._template

    def listing(self, symbol: str) -> Listing | None:
        """The listing of a symbol, as far as the table of markets has been read; nothing is asked for it."""
        table = self.markets.last
        return table.value.by_symbol.get(symbol) if table else None

    def beside_base(self, name: str, table: dict[str, T]) -> Mapping[str, T]:
        """The same entries as `table`, sharing memory with the tables of other accounts under `name`.

        Accounts differ in few of a venue's hundreds of contracts: an account keeps what differs from the base, which is
        the first table, and the newest one whenever contracts were listed or delisted.
        """
        base = self._bases.get(name)
        if base is None or base.keys() != table.keys():
            self._bases[name] = table
            return table
        own = {key: value for key, value in table.items() if value != base[key]}
        return ChainMap(own, base) if own else base

    def shared(self, name: str, refresh_s: float, usable_s: float | None = None) -> Shared[Any]:
        """What all accounts here share under `name` (public tiers, discounts, index prices), made at first asking."""
        if name not in self._shared:
            self._shared[name] = Shared(self.clock, refresh_s, usable_s)
        return self._shared[name]

    def _make_ssl_context(self) -> ssl.SSLContext | bool:
        if self.base_url is not None and parse_base_url(self.base_url).scheme == "http":
            return False
        import certifi  # noqa: PLC0415 - a dependency of ccxt, which owns the choice of roots

        return ssl.create_default_context(cafile=certifi.where())

    def session(self) -> aiohttp.ClientSession:
        """The connection pool; made at first use, because it belongs to the running loop."""
        if self._session is None:
            connector = aiohttp.TCPConnector(ssl=self.ssl_context)
            session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
            # It would send a GET again by itself when a kept connection breaks, and an order of Deribit's is a GET.
            session._retry_connection = False  # noqa: SLF001 - aiohttp has no other switch
            self._session = session
        return self._session

    def pause(self, seconds: float) -> None:
        """Ask nothing for `seconds`: the venue said so, and asking on turns a limit into a ban."""
        until_s = self.clock.monotonic() + min(seconds, PAUSE_MAX_S)
        self._paused_until_s = max(self._paused_until_s, until_s)

    def pause_left_s(self) -> float:
        """Seconds until asking is allowed again; 0 = now."""
        return max(0.0, self._paused_until_s - self.clock.monotonic())

    async def close(self) -> None:
        """Close the connections."""
        if self.funding is not None:
            await self.funding.close()
            self.funding = None
        await self.budget.close()
        if self._template is not None:
            await self._template.close()
            self._template = None
        if self._session is not None:
            await self._session.close()
            self._session = None


class VenueHub:
    """The sites in use. Close it after the accounts that were opened with it.

    Args:
        clock: time for every age and every timestamp that is signed.
        timeout_s: longest wait for one answer of a venue, in seconds.
        requests_per_minute: request weight that may be spent at a venue in a minute; None = the venue's own measure.
        tells_funding: ask for funding rates too, in the background, for whoever reads accounts again and again.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        timeout_s: float = 10.0,
        requests_per_minute: int | None = None,
        tells_funding: bool = False,
    ) -> None:
        self.clock = clock
        self._timeout_s = timeout_s
        self._requests_per_minute = requests_per_minute
        self._tells_funding = tells_funding
        self._sites: dict[tuple[str, str | None], VenueSite] = {}

    def site(self, venue: str, base_url: str | None, requests_per_minute: int, ccxt_id: str | None = None) -> VenueSite:
        """The site of `venue` at `base_url`, made at first asking with the venue's usual budget.

        A slash at the end makes no other address: what is one site to the venue must not have two budgets.

        Raises:
            InputError: no such venue, or `base_url` is not an address.
        """
        base_url = base_url.strip().rstrip("/") if base_url is not None else None
        key = (venue, base_url)
        if key not in self._sites:
            budget = self._requests_per_minute or requests_per_minute
            self._sites[key] = VenueSite(self.clock, venue, base_url, self._timeout_s, budget, ccxt_id)
            self._sites[key].tells_funding = self._tells_funding
        return self._sites[key]

    async def close(self) -> None:
        """Close all connections."""
        while self._sites:
            _, site = self._sites.popitem()
            await site.close()
