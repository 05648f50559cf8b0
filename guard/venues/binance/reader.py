"""One account at a branch of Binance's futures: the order in which its parts are read. Decides nothing about risk."""

from __future__ import annotations

from collections.abc import Mapping

from guard.ports.errors import VenueError
from guard.ports.venue import Depth, FetchedBook, KeyRights, SymbolTerms
from guard.risk.book import Tier
from guard.venues.binance import parse_reference
from guard.venues.binance.assemble import assemble, torn_evidence
from guard.venues.binance.branch import Branch
from guard.venues.binance.orders import BinanceOrderWords
from guard.venues.binance.reading import StateReader
from guard.venues.binance.reference import ReferenceDesk
from guard.venues.client import VenueClient
from guard.venues.errors import answer_of
from guard.venues.markets import Listing
from guard.venues.reader import AccountModes

_DEPTH_LEVELS = 50
_NOT_FOUND = 404


class FuturesReader:
    """Implements `guard.venues.reader.VenueReader`."""

    def __init__(self, client: VenueClient, branch: Branch) -> None:
        self.words = BinanceOrderWords(branch.requests)
        self._client = client
        self._branch = branch
        self._at = branch.requests
        self._reference = ReferenceDesk(client, branch)
        self._state = StateReader(client, branch)
        self._last_tiers: Mapping[str, tuple[Tier, ...]] | None = None

    async def read(self) -> FetchedBook:
        """Read everything a book needs.

        1 REFERENCE  listings, tiers, leverages, modes: at hand, or read
        2 READ       balances, positions, orders, conditional orders, at the same time
        3 COMPLETE   mark prices that did not come along; a new symbol, a changed leverage or mode
        4 ASSEMBLE   rows to a book, with the names of what is missing and of what does not fit together

        Raises:
            VenueError: something could not be read or understood.
        """
        modes = await self._reference.ready()
        answers = await self._state.read(is_multi_assets=modes.is_multi_assets)
        torn = torn_evidence(answers.account, answers.positions, answers.parts["positions"])
        answers = await self._state.with_marks(answers)
        modes = await self._reference.proven_modes(modes, answers)
        reference = await self._reference.for_answers(modes, answers)
        fetched = assemble(self._client.spec.name, answers, reference, torn, self._last_tiers)
        self._last_tiers = fetched.book.tiers
        return fetched

    async def ccxt_calls(self) -> list[object]:
        """Exactly the ccxt calls of one `read` (known account, nothing kept): the bench's yardstick.

        Call `forget_orders` before each `read` that is compared with it.
        """
        return await self._state.ccxt_calls()

    def forget_orders(self) -> None:
        """Read the lists of orders at the next `read`, however young the kept ones are."""
        self._state.forget_orders()

    async def modes(self, within_s: float | None = None) -> AccountModes:
        """The account's modes as the venue stated them, at most ten minutes (or `within_s`) ago.

        Raises:
            VenueError: they cannot be read; no older statement stands in.
        """
        modes = await self._reference.modes(within_s)
        return AccountModes(modes.position_mode, "multi-assets" if modes.is_multi_assets else self._branch.mode)

    async def rights(self) -> KeyRights:
        """What the key may do; unknown where the address has no such request (the venue's test networks).

        Raises:
            VenueError: the venue cannot be asked.
        """
        try:
            return parse_reference.read_rights(await self._client.call(self._at.rights), self._at.rights.name)
        except VenueError as error:
            answer = answer_of(error)
            if answer is not None and answer.status == _NOT_FOUND:
                return KeyRights(read=True)
            raise

    async def listing(self, symbol: str) -> Listing:
        """The listing of `symbol`.

        Raises:
            VenueError: the venue lists no such symbol, or cannot be asked.
        """
        return await self._reference.listing(symbol)

    async def terms(self, symbol: str) -> SymbolTerms | None:
        """What a leg of `symbol` would be held under; None where the branch does not tell leverage and margin mode.

        Raises:
            VenueError: the venue lists no such symbol, or cannot be asked.
        """
        return await self._reference.terms(symbol)

    async def depth(self, listing: Listing) -> Depth:
        """The order book, 50 levels a side where the venue has them.

        Raises:
            VenueError: the venue cannot be asked.
        """
        answer = await self._client.call(self._at.depth, {"symbol": listing.market_id, "limit": _DEPTH_LEVELS})
        return parse_reference.read_depth(answer, listing.symbol, self._at.depth.name)
