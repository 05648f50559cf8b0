"""One Gate account: the order in which its parts are read. Decides nothing about risk."""

from __future__ import annotations

from collections.abc import Mapping

from guard.ports.errors import BadAnswer, PermissionMissing, VenueError
from guard.ports.venue import Depth, FetchedBook, KeyRights, SymbolTerms
from guard.risk.book import Tier
from guard.venues.client import VenueClient
from guard.venues.fields import refused
from guard.venues.gate import endpoints as at
from guard.venues.gate import parse_reference
from guard.venues.gate.answers import Answers, Modes
from guard.venues.gate.assemble import assemble, mode_words
from guard.venues.gate.orders import GateOrderWords
from guard.venues.gate.parse import LegTerms
from guard.venues.gate.reading import StateReader
from guard.venues.gate.reference import ReferenceDesk
from guard.venues.markets import Listing
from guard.venues.reader import AccountModes

_DEPTH_LEVELS = 50


class GateReader:
    """Implements `guard.venues.reader.VenueReader`."""

    words = GateOrderWords()

    def __init__(self, client: VenueClient) -> None:
        self._client = client
        self._reference = ReferenceDesk(client)
        self._state = StateReader(client)
        self._last_tiers: Mapping[str, tuple[Tier, ...]] | None = None

    async def read(self) -> FetchedBook:
        """Read everything a book needs.

        1 REFERENCE  listings, modes: at hand, or read
        2 READ       accounts, positions, orders, price orders, at the same time; once more if the modes have changed
        3 COMPLETE   mark prices that did not come along, settings of contracts without position, tiers
        4 ASSEMBLE   rows to a book, with the names of what is missing and of what does not fit together

        Raises:
            VenueError: something could not be read or understood.
        """
        modes = await self._reference.ready()
        modes, answers, torn = await self._proven(modes)

        async def terms(settle: str, market_id: str) -> LegTerms:
            return await self._reference.terms(settle, market_id, dual=modes.position_mode == "hedge")

        answers = await self._state.completed(answers, self._reference.marks, terms)
        reference = await self._reference.for_answers(answers)
        fetched = assemble(self._client.spec.name, answers, reference, torn, self._last_tiers)
        self._last_tiers = fetched.book.tiers
        return fetched

    async def _proven(self, modes: Modes) -> tuple[Modes, Answers, tuple[str, ...]]:
        """What was read in the modes that it was read with: a user may change them while flat."""
        for _ in range(2):
            try:
                answers, torn = await self._state.read(modes)
            except VenueError as error:
                if error.code == at.NO_ACCOUNT:
                    self._reference.doubt_modes()
                raise
            if self._reference.are_proven(modes, answers):
                return modes, answers, torn
            modes = await self._reference.modes()
        raise refused(at.ACCOUNT.name, "states other modes from one request to the next")

    async def ccxt_calls(self) -> list[object]:
        """Exactly the ccxt calls of one `read` of a known account: the bench's yardstick."""
        return await self._state.ccxt_calls(await self._reference.modes())

    def forget_orders(self) -> None:
        """Nothing to do: every reading asks for the orders."""

    async def modes(self, within_s: float | None = None) -> AccountModes:
        """The account's modes as the venue stated them, at most two minutes (or `within_s`) ago.

        Raises:
            VenueError: they cannot be read; no older statement stands in.
        """
        modes = await self._reference.modes(within_s)
        settles = tuple(settle.upper() for settle in modes.settles)
        return AccountModes(modes.position_mode, mode_words(modes.account_mode), settles)

    async def rights(self) -> KeyRights:
        """What the key may do. Both requests need the right to read the account's data: without it nothing is told.

        Raises:
            VenueError: the venue cannot be asked.
        """
        try:
            answer = await self._client.call(at.MAIN_KEYS)
        except PermissionMissing:
            return KeyRights(read=True, ip_restricted=await self._restriction())
        return parse_reference.read_rights(answer, self._client.spec.credentials.api_key)

    async def _restriction(self) -> bool | None:
        try:
            return parse_reference.read_restriction(await self._client.call(at.DETAIL))
        except (PermissionMissing, BadAnswer):
            return None

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
        return await self._reference.symbol_terms(symbol)

    async def depth(self, listing: Listing) -> Depth:
        """The order book, 50 levels a side where the venue has them.

        Raises:
            VenueError: the venue cannot be asked.
        """
        asked = {"settle": listing.settle.lower(), "contract": listing.market_id, "limit": _DEPTH_LEVELS}
        return parse_reference.read_depth(await self._client.call(at.DEPTH, asked), listing.symbol)
