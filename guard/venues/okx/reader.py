"""One OKX account: the order in which its parts are read. Decides nothing about risk."""

from __future__ import annotations

from collections.abc import Mapping

from guard.ports.venue import Depth, FetchedBook, KeyRights, SymbolTerms
from guard.risk.book import Tier
from guard.venues.client import VenueClient
from guard.venues.markets import Listing
from guard.venues.okx import endpoints as at
from guard.venues.okx import parse_reference
from guard.venues.okx.assemble import assemble, mode_words
from guard.venues.okx.orders import OkxOrderWords
from guard.venues.okx.reading import StateReader
from guard.venues.okx.reference import ReferenceDesk
from guard.venues.reader import AccountModes

_DEPTH_LEVELS = 50


class OkxReader:
    """Implements `guard.venues.reader.VenueReader`."""

    words = OkxOrderWords()

    def __init__(self, client: VenueClient) -> None:
        self._client = client
        self._reference = ReferenceDesk(client)
        self._state = StateReader(client)
        self._last_tiers: Mapping[str, tuple[Tier, ...]] | None = None

    async def read(self) -> FetchedBook:
        """Read everything a book needs.

        1 REFERENCE  listings, the user's fee, modes: at hand, or read
        2 READ       balances, positions, orders, conditional orders, at the same time
        3 COMPLETE   mark prices that did not come along; tiers and discounts; modes that changed
        4 ASSEMBLE   rows to a book, with the names of what is missing and of what does not fit together

        Raises:
            VenueError: something could not be read or understood.
        """
        modes = await self._reference.ready()
        answers, torn = await self._state.read()
        answers = await self._state.with_marks(answers, self._reference.marks)
        modes = await self._reference.proven_modes(modes, answers)
        reference = await self._reference.for_answers(modes, answers)
        fetched = assemble(self._client.spec.name, answers, reference, torn, self._last_tiers)
        self._last_tiers = fetched.book.tiers
        return fetched

    async def ccxt_calls(self) -> list[object]:
        """Exactly the ccxt calls of one `read` of a known account: the bench's yardstick."""
        return await self._state.ccxt_calls()

    def forget_orders(self) -> None:
        """Nothing to do: every reading asks for the orders."""

    async def modes(self, within_s: float | None = None) -> AccountModes:
        """The account's modes as the venue stated them, at most ten minutes (or `within_s`) ago.

        Raises:
            VenueError: they cannot be read; no older statement stands in.
        """
        modes = await self._reference.modes(within_s)
        return AccountModes(modes.position_mode, mode_words(modes))

    async def rights(self) -> KeyRights:
        """What the key may do.

        Raises:
            VenueError: the venue cannot be asked.
        """
        return parse_reference.read_rights(await self._client.call(at.CONFIG))

    async def listing(self, symbol: str) -> Listing:
        """The listing of `symbol`.

        Raises:
            VenueError: the venue lists no such symbol, or cannot be asked.
        """
        return await self._reference.listing(symbol)

    async def terms(self, symbol: str) -> SymbolTerms | None:
        """What a leg of `symbol` would be held under; None where the venue does not tell.

        Raises:
            VenueError: the venue lists no such symbol, or cannot be asked.
        """
        return await self._reference.terms(symbol)

    async def depth(self, listing: Listing) -> Depth:
        """The order book, 50 levels a side where the venue has them.

        Raises:
            VenueError: the venue cannot be asked.
        """
        answer = await self._client.call(at.DEPTH, {"instId": listing.market_id, "sz": _DEPTH_LEVELS})
        return parse_reference.read_depth(answer, listing.symbol)
