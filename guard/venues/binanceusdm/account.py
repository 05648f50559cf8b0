"""A Binance USD-M account: the shell around the pure parts. Reads and compares; decides nothing about risk."""

from __future__ import annotations

from collections.abc import Mapping

from guard.ports.errors import VenueError
from guard.ports.venue import (
    AccountCheck,
    AccountSpec,
    Depth,
    FetchedBook,
    Instrument,
    KeyRights,
    OrderRequest,
    OrderState,
)
from guard.risk.book import Tier
from guard.venues.binanceusdm import endpoints as at
from guard.venues.binanceusdm import parse_reference
from guard.venues.binanceusdm.assemble import assemble, torn_evidence
from guard.venues.binanceusdm.reading import BookReader
from guard.venues.binanceusdm.reference import ReferenceDesk
from guard.venues.binanceusdm.trading import OrderDesk
from guard.venues.client import VenueClient
from guard.venues.errors import answer_of
from guard.venues.hub import VenueHub, VenueSite

_DEPTH_LEVELS = 50
_SKEW_WARNING_MS = 1_000.0
_NOT_FOUND = 404


class BinanceUsdmAccount:
    """Implements `guard.ports.venue.VenueAccount`. Make it with `guard.venues.registry.open_account`.

    `own_hub` is closed with the account.
    """

    def __init__(self, spec: AccountSpec, site: VenueSite, own_hub: VenueHub | None = None) -> None:
        self.spec = spec
        self._clock = site.clock
        self._own_hub = own_hub
        self._client = VenueClient(site, spec, at.DIALECT)
        self._reference = ReferenceDesk(self._client)
        self._reader = BookReader(self._client)
        self._last_tiers: Mapping[str, tuple[Tier, ...]] | None = None
        self._orders = OrderDesk(self._client, self._reference)

    async def fetch_book(self) -> FetchedBook:
        """Read everything a book needs.

        1 REFERENCE  listings, tiers, leverages, modes: at hand, or read
        2 READ       balances, positions, orders, conditional orders, at the same time
        3 COMPARE    balances and positions of different moments are read once more, then said to be torn
        4 COMPLETE   mark prices that did not come along; a new symbol, a changed leverage or mode
        5 ASSEMBLE   rows to a book, with the names of what is missing

        Raises:
            VenueError: something could not be read or understood.
        """
        modes = await self._reference.ready()
        answers = await self._reader.read(is_multi_assets=modes.is_multi_assets)
        torn = torn_evidence(answers.account, answers.positions)
        if torn:
            answers = await self._reader.read(is_multi_assets=modes.is_multi_assets)
            torn = torn_evidence(answers.account, answers.positions)
        answers = await self._reader.with_marks(answers)
        modes = await self._reference.proven_modes(modes, answers)
        reference = await self._reference.for_answers(modes, answers)
        fetched = assemble(self.spec.name, answers, reference, torn, self._last_tiers)
        self._last_tiers = fetched.book.tiers
        return fetched

    async def ccxt_calls(self) -> list[object]:
        """Exactly the ccxt calls of one `fetch_book` (known account, nothing kept): the bench's yardstick.

        Call `forget_orders` before each `fetch_book` that is compared with it.
        """
        return await self._reader.ccxt_calls()

    def forget_orders(self) -> None:
        """Read the lists of orders at the next `fetch_book`, however young the kept ones are."""
        self._reader.forget_orders()

    async def check(self) -> AccountCheck:
        """Read the book, the key's rights, the account's modes and the clock difference.

        Raises:
            VenueError: the account cannot be read.
        """
        skew_ms = await self._client.measure_skew_ms()
        fetched = await self.fetch_book()
        rights = await self._rights()
        modes = await self._reference.modes()
        return AccountCheck(
            fetched=fetched,
            rights=rights,
            clock_skew_ms=skew_ms,
            position_mode=modes.position_mode,
            account_mode="multi-assets" if modes.is_multi_assets else "single-asset",
            warnings=_warnings_of(rights, skew_ms),
        )

    async def _rights(self) -> KeyRights:
        """What the key may do; unknown where the address has no such request (the venue's test networks)."""
        try:
            return parse_reference.read_rights(await self._client.call(at.RIGHTS))
        except VenueError as error:
            answer = answer_of(error)
            if answer is not None and answer.status == _NOT_FOUND:
                return KeyRights(read=True)
            raise

    async def instrument(self, symbol: str) -> Instrument:
        """Trading rules of `symbol`.

        Raises:
            VenueError: the venue lists no such symbol, or cannot be asked.
        """
        return (await self._reference.listing(symbol)).instrument

    async def depth(self, symbol: str) -> Depth:
        """Order book of `symbol`, 50 levels a side where the venue has them.

        Raises:
            VenueError: the venue lists no such symbol, or cannot be asked.
        """
        listing = await self._reference.listing(symbol)
        answer = await self._client.call(at.DEPTH, {"symbol": listing.market_id, "limit": _DEPTH_LEVELS})
        return parse_reference.read_depth(answer, symbol)

    async def submit(self, request: OrderRequest) -> OrderState:
        """Send an order, once.

        Raises:
            OrderRejected: it is certain that nothing is open: not sent, or refused.
            OrderOutcomeUnknown: no certain answer; `find_order` tells.
        """
        try:
            return await self._orders.submit(request)
        finally:
            self._reader.forget_orders()

    async def find_order(self, client_order_id: str, symbol: str) -> OrderState | None:
        """The order with this client id; None when it is certain that it never arrived (waits up to 6 s for that).

        Raises:
            VenueError: the venue cannot be asked.
        """
        return await self._orders.find(client_order_id, symbol)

    async def close(self) -> None:
        """Release connections."""
        await self._client.close()
        if self._own_hub is not None:
            await self._own_hub.close()


def _warnings_of(rights: KeyRights, skew_ms: float) -> tuple[str, ...]:
    found = []
    if rights.withdraw is None:
        found.append("the venue does not tell what this key may do")
    if rights.withdraw:
        found.append("this key may withdraw funds; a watching key needs no such right")
    if rights.trade is False:
        found.append("this key may not trade futures: the guard can warn, it cannot act")
    if rights.ip_restricted is False:
        found.append("this key is not bound to addresses: whoever has it can use it from anywhere")
    if abs(skew_ms) > _SKEW_WARNING_MS:
        found.append(f"this machine's clock is {skew_ms:+.0f} ms from the venue's; synchronise it (NTP)")
    return tuple(found)
