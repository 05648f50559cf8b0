"""One Bitget futures account: the order in which its parts are read. Decides nothing about risk."""

from __future__ import annotations

from collections.abc import Mapping

from guard.ports.errors import PermissionMissing, VenueError
from guard.ports.venue import Depth, FetchedBook, KeyRights, SymbolTerms
from guard.risk.book import Tier
from guard.venues.bitget import endpoints as at
from guard.venues.bitget.assemble import MODEL, Reference, assemble, book_mode, contradicted, model_of
from guard.venues.bitget.listings import product_of
from guard.venues.bitget.orders import BitgetOrderWords, Situation
from guard.venues.bitget.parse_reference import read_depth, read_rights, read_unified_rights
from guard.venues.bitget.pools import pools_of, torn_evidence
from guard.venues.bitget.reading import StateReader
from guard.venues.bitget.reference import Modes, ReferenceDesk
from guard.venues.bitget.unified import assemble_unified
from guard.venues.client import VenueClient
from guard.venues.fields import refused
from guard.venues.markets import Listing
from guard.venues.reader import AccountModes

_DEPTH_LEVELS = "50"
_OTHER_KIND = frozenset({at.IS_UNIFIED, at.IS_CLASSIC})


class BitgetReader:
    """Implements `guard.venues.reader.VenueReader`."""

    def __init__(self, client: VenueClient) -> None:
        self._client = client
        self._reference = ReferenceDesk(client)
        self._state = StateReader(client)
        self._situation = Situation()
        self._used: tuple[str, ...] = ()
        self._last_tiers: Mapping[str, tuple[Tier, ...]] | None = None
        self.words = BitgetOrderWords(self._situation)

    async def read(self) -> FetchedBook:
        """Read everything a book needs.

        1 REFERENCE  listings and modes: at hand, or read; a unified account is told apart from a classic one
        2 READ       accounts and positions of all products at the same time, then the orders
        3 COMPLETE   marks of contracts that are only ordered, tiers, a new listing, a changed mode
        4 ASSEMBLE   rows to a book, with the names of what is missing and of what does not fit together

        Raises:
            VenueError: something could not be read or understood.
        """
        modes = await self._modes()
        try:
            return await self._read_as(modes)
        except VenueError as error:
            if error.code not in _OTHER_KIND:
                raise
        return await self._read_as(await self._modes(within_s=0.0))

    async def _modes(self, within_s: float | None = None) -> Modes:
        await self._reference.markets()
        modes = await self._reference.modes(within_s)
        self._situation.is_unified = modes.is_unified
        self._situation.position_modes = modes.position_modes
        return modes

    async def _read_as(self, modes: Modes) -> FetchedBook:
        return await self._read_unified(modes) if modes.is_unified else await self._read_classic(modes)

    async def _read_classic(self, modes: Modes) -> FetchedBook:
        answers = await self._state.classic()
        answers = await self._state.with_marks(answers)
        if contradicted(modes.position_modes, answers):
            modes = await self._modes(within_s=0.0)
            wrong = contradicted(modes.position_modes, answers)
            if wrong is not None:
                raise refused(f"{at.ACCOUNT.name} {wrong}", "names a position mode that legs and orders contradict")
        computed = model_of(answers) == MODEL
        markets = await self._reference.markets_for(answers.used_ids)
        held = [row for row in answers.positions if computed and row.market_id in markets.by_id]
        reference = Reference(markets, await self._reference.tiers(held), modes.position_modes)
        torn = torn_evidence(pools_of(answers.accounts, answers.positions), reference.tiers)
        fetched = assemble(self._client.spec.name, answers, reference, torn, self._last_tiers)
        self._last_tiers = fetched.book.tiers
        self._used = answers.used_products
        self._situation.isolated_ids = frozenset(row.market_id for row in answers.positions if row.is_isolated)
        return fetched

    async def _read_unified(self, modes: Modes) -> FetchedBook:
        answers = await self._state.unified()
        if any(row.mode != modes.position_modes[row.product] for row in answers.positions):
            modes = await self._modes(within_s=0.0)
            if any(row.mode != modes.position_modes[row.product] for row in answers.positions):
                raise refused(at.UNIFIED_SETTINGS.name, "names a position mode that the held legs contradict")
        used = {row.market_id for row in answers.positions} | {row.market_id for row in answers.orders}
        markets = await self._reference.markets_for(used)
        return assemble_unified(self._client.spec.name, answers, markets, book_mode(modes.position_modes, ()))

    def forget_orders(self) -> None:
        """No list of orders is ever kept."""

    async def modes(self, within_s: float | None = None) -> AccountModes:
        """The account's modes as the venue stated them, at most ten minutes (or `within_s`) ago.

        The position mode is the venue's by product: where products differ it is named for each, and the book's stands
        for all; an order is checked against the one of its product.

        Raises:
            VenueError: they cannot be read; no older statement stands in.
        """
        modes = await self._modes(within_s)
        return AccountModes(book_mode(modes.position_modes, self._used), _described(modes), modes.settles)

    async def rights(self) -> KeyRights:
        """What the key may do; unknown where it may not ask (that needs the right to read spot).

        Raises:
            VenueError: the venue cannot be asked.
        """
        modes = await self._modes()
        try:
            if modes.is_unified:
                return read_unified_rights(await self._client.call(at.UNIFIED_RIGHTS))
            return read_rights(await self._client.call(at.RIGHTS))
        except PermissionMissing as error:
            if error.code != at.LACKS_RIGHT:
                raise
            return KeyRights(read=True)

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
        asked = {"symbol": listing.market_id, "productType": product_of(listing.settle), "limit": _DEPTH_LEVELS}
        return read_depth(await self._client.call(at.DEPTH, asked), listing.symbol)


def _described(modes: Modes) -> str:
    """The account mode in words for people."""
    if modes.is_unified:
        return "unified account (venue's figures)"
    words = ["classic"]
    if modes.unions:
        words.append(f"multi-assets mode in {', '.join(modes.unions)} (venue's figures)")
    if len(set(modes.position_modes.values())) > 1:
        words.append(", ".join(f"{product} {mode}" for product, mode in modes.position_modes.items()))
    return "; ".join(words)
