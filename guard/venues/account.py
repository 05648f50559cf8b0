"""An account at a venue that is reached through ccxt: the shell around the parts that differ from venue to venue.

Reads and compares; decides nothing about risk. What is read, and in which words, stands in the venue's own folder.
"""

from __future__ import annotations

from guard.ports.errors import OrderRejected
from guard.ports.venue import (
    AccountCheck,
    Depth,
    FetchedBook,
    Instrument,
    KeyRights,
    OrderRequest,
    OrderState,
    OrderStatus,
    SymbolTerms,
    TellsTerms,
)
from guard.venues.client import VenueClient
from guard.venues.funding import FundingBoard
from guard.venues.hub import VenueHub
from guard.venues.orderdesk import OrderDesk
from guard.venues.reader import VenueReader

_SKEW_WARNING_MS = 1_000.0


class CcxtAccount:
    """Implements `guard.ports.venue.VenueAccount`. Make it with `guard.venues.registry.open_account`.

    `own_hub` is closed with the account. `funding` is what the site's accounts know of funding rates.
    """

    def __init__(
        self,
        client: VenueClient,
        reader: VenueReader,
        own_hub: VenueHub | None = None,
        funding: FundingBoard | None = None,
    ) -> None:
        self.spec = client.spec
        self.reader = reader
        self._client = client
        self._own_hub = own_hub
        self._funding = funding
        self._orders = OrderDesk(client, reader, reader.words) if reader.words is not None else None

    async def fetch_book(self) -> FetchedBook:
        """Read everything a book needs; parts of different moments are read once more, then said to be torn.

        Raises:
            VenueError: something could not be read or understood.
        """
        fetched = await self.reader.read()
        if fetched.torn:
            fetched = await self.reader.read()
        return fetched if self._funding is None else self._funding.told(fetched)

    async def check(self) -> AccountCheck:
        """Read the book, the key's rights, the account's modes and the clock difference.

        Raises:
            VenueError: the account cannot be read.
        """
        skew_ms = await self._client.measure_skew_ms()
        fetched = await self.fetch_book()
        rights = await self.reader.rights()
        modes = await self.reader.modes()
        return AccountCheck(
            fetched=fetched,
            rights=rights,
            clock_skew_ms=skew_ms,
            position_mode=modes.position_mode,
            account_mode=modes.account_mode,
            warnings=_warnings_of(rights, skew_ms, can_trade=self._orders is not None),
            settles=modes.settles,
            can_trade=self._orders is not None,
        )

    async def instrument(self, symbol: str) -> Instrument:
        """Trading rules of `symbol`.

        Raises:
            VenueError: the venue lists no such symbol, or cannot be asked.
        """
        return (await self.reader.listing(symbol)).instrument

    async def depth(self, symbol: str) -> Depth:
        """Order book of `symbol`.

        Raises:
            VenueError: the venue lists no such symbol, or cannot be asked.
        """
        return await self.reader.depth(await self.reader.listing(symbol))

    async def terms(self, symbol: str) -> SymbolTerms | None:
        """What a leg of `symbol` would be held under; None where the venue, or its folder, does not tell.

        Raises:
            VenueError: the venue lists no such symbol, or cannot be asked.
        """
        return await self.reader.terms(symbol) if isinstance(self.reader, TellsTerms) else None

    async def submit(self, request: OrderRequest) -> OrderState:
        """Send an order, once.

        Raises:
            OrderRejected: it is certain that nothing is open: not sent, or refused.
            OrderOutcomeUnknown: no certain answer; `find_order` tells.
        """
        if self._orders is None:
            raise OrderRejected(
                f"order {request.client_order_id} was not sent: accounts at {self.spec.venue} are watched only"
            )
        state = None
        try:
            state = await self._orders.submit(request)
        finally:
            if state is None or state.status is OrderStatus.OPEN:
                self.reader.forget_orders()
        return state

    async def find_order(self, client_order_id: str, symbol: str) -> OrderState | None:
        """The order with this client id; None when it is certain that it never arrived (waits until it is).

        Raises:
            VenueError: the venue cannot be asked.
        """
        return None if self._orders is None else await self._orders.find(client_order_id, symbol)

    async def cancel_order(self, symbol: str, venue_order_id: str) -> bool:
        """Cancel a resting order by the venue's own id; False: it is not open any more.

        Raises:
            OrderRejected: refused for certain, nothing changed.
            OrderOutcomeUnknown: no certain answer; the next reading of the book tells.
        """
        if self._orders is None:
            raise OrderRejected(
                f"order {venue_order_id} was not cancelled: accounts at {self.spec.venue} are watched only"
            )
        try:
            return await self._orders.cancel(symbol, venue_order_id)
        finally:
            self.reader.forget_orders()

    async def close(self) -> None:
        """Release connections."""
        await self._client.close()
        if self._own_hub is not None:
            await self._own_hub.close()


def _warnings_of(rights: KeyRights, skew_ms: float, *, can_trade: bool) -> tuple[str, ...]:
    found = []
    if rights.withdraw is None:
        found.append("the venue does not tell what this key may do")
    if rights.withdraw:
        found.append("this key may withdraw funds; a watching key needs no such right")
    if not can_trade:
        found.append("accounts at this venue are watched only: the guard can warn, it cannot act")
    elif rights.trade is False:
        found.append("this key may not trade futures: the guard can warn, it cannot act")
    if rights.ip_restricted is False:
        found.append("this key is not bound to addresses: whoever has it can use it from anywhere")
    if abs(skew_ms) > _SKEW_WARNING_MS:
        found.append(f"this machine's clock is {skew_ms:+.0f} ms from the venue's; synchronise it (NTP)")
    return tuple(found)
