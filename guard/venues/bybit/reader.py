"""One Bybit unified account: the order in which its parts are read. Decides nothing about risk."""

from __future__ import annotations

from collections.abc import Mapping

from guard.ports.errors import VenueError
from guard.ports.venue import Depth, FetchedBook, KeyRights, SymbolTerms
from guard.risk.book import Tier
from guard.venues.bybit import endpoints as at
from guard.venues.bybit import parse_reference
from guard.venues.bybit.assemble import assemble, torn_evidence
from guard.venues.bybit.listings import linear_settles
from guard.venues.bybit.orders import BybitOrderWords
from guard.venues.bybit.reading import StateReader
from guard.venues.bybit.reference import ReferenceDesk
from guard.venues.client import VenueClient
from guard.venues.errors import answer_of
from guard.venues.markets import Listing
from guard.venues.orderdesk import OrderWords
from guard.venues.reader import AccountModes

_DEPTH_LEVELS = 50
_NOT_FOUND = 404


class BybitReader:
    """Implements `guard.venues.reader.VenueReader`."""

    def __init__(self, client: VenueClient) -> None:
        self._client = client
        self._reference = ReferenceDesk(client)
        self._state = StateReader(client)
        self._settles: tuple[str, ...] = ()
        self._last_tiers: Mapping[str, tuple[Tier, ...]] | None = None
        self._words = BybitOrderWords(self._reference.symbol_modes)

    @property
    def words(self) -> OrderWords | None:
        """How this venue speaks of orders."""
        return self._words

    async def read(self) -> FetchedBook:
        """Read everything a book needs.

        1 REFERENCE  listings, modes, collateral ratios: at hand, or read
        2 READ       wallet, positions and orders of every settlement coin, at the same time
        3 COMPLETE   tiers and fees of what is held, prices that did not come along, a changed position mode
        4 ASSEMBLE   rows to a book, with the names of what is missing and of what does not fit together

        Raises:
            VenueError: something could not be read or understood.
        """
        _, markets = await self._reference.ready()
        self._settles = linear_settles(markets)
        answers = await self._state.read(self._settles)
        modes = await self._reference.proven_modes(answers)
        reference = await self._reference.for_answers(modes, answers)
        torn = torn_evidence(answers, reference.markets)
        fetched = assemble(self._client.spec.name, answers, reference, torn, self._last_tiers)
        self._last_tiers = fetched.book.tiers
        return fetched

    def forget_orders(self) -> None:
        """Nothing is kept: orders are read anew every time."""

    async def modes(self, within_s: float | None = None) -> AccountModes:
        """The account's modes as the venue stated them, at most ten minutes (or `within_s`) ago.

        Raises:
            VenueError: they cannot be read; no older statement stands in.
        """
        modes = await self._reference.modes(within_s)
        return AccountModes(modes.position_mode, modes.account_mode, self._settles)

    async def rights(self) -> KeyRights:
        """What the key may do; unknown where the address has no such request (the demo network).

        Raises:
            VenueError: the venue cannot be asked.
        """
        try:
            return parse_reference.read_rights(await self._client.call(at.RIGHTS))
        except VenueError as error:
            answer = answer_of(error)
            if answer is not None and (answer.status == _NOT_FOUND or answer.code == at.NOT_ON_DEMO):
                return KeyRights(read=True)
            raise

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
        return parse_reference.read_depth(await self._reference.depth(listing, _DEPTH_LEVELS), listing.symbol)
