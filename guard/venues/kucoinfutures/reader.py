"""One account at KuCoin futures: the order in which its parts are read. Decides nothing about risk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from guard.ports.venue import Depth, FetchedBook, KeyRights, SymbolTerms
from guard.risk.book import Tier
from guard.venues.client import VenueClient
from guard.venues.kucoinfutures import endpoints as at
from guard.venues.kucoinfutures import parse_reference
from guard.venues.kucoinfutures.assemble import (
    REPORTED_MODEL,
    ClassicAnswers,
    assemble_classic,
    needed_currencies,
)
from guard.venues.kucoinfutures.assemble_unified import assemble_unified
from guard.venues.kucoinfutures.legs import Reference
from guard.venues.kucoinfutures.orders import KucoinOrderWords
from guard.venues.kucoinfutures.reading import StateReader
from guard.venues.kucoinfutures.reference import ReferenceDesk
from guard.venues.markets import Listing
from guard.venues.reader import AccountModes

CLASSIC = "classic"
CLASSIC_REPORTED = "classic with inverse contracts (the venue's own figures)"
UNIFIED = "unified (the venue's own figures)"


class KucoinReader:
    """Implements `guard.venues.reader.VenueReader`."""

    def __init__(self, client: VenueClient) -> None:
        self._client = client
        self._state = StateReader(client)
        self._reference = ReferenceDesk(client, self._state)
        self._last_tiers: Mapping[str, tuple[Tier, ...]] | None = None
        self._last_model: str | None = None
        self.words = KucoinOrderWords(lambda: self._reference.is_unified)

    async def read(self) -> FetchedBook:
        """Read everything a book needs.

        1 REFERENCE  listings, constants, modes: at hand, or read
        2 READ       balances, positions, orders, conditional orders, at the same time
        3 COMPLETE   a new symbol, a changed mode, a wallet that was empty
        4 ASSEMBLE   rows to a book, with the names of what is missing and of what does not fit together

        Raises:
            VenueError: something could not be read or understood.
        """
        modes = await self._reference.ready()
        name = self._client.spec.name
        if modes.is_unified:
            unified = await self._state.unified()
            reference = await self._reference.for_held(modes.position_mode, unified.held)
            fetched = assemble_unified(name, unified, reference)
        else:
            answers = await self._state.classic(await self._reference.wallets())
            mode = await self._reference.proven_mode(modes, answers.held)
            reference = await self._reference.for_held(mode, answers.held)
            answers = await self._with_wallets(answers, reference)
            fetched = assemble_classic(name, answers, reference, self._last_tiers)
        self._last_tiers, self._last_model = fetched.book.tiers, fetched.book.model
        return fetched

    async def _with_wallets(self, answers: ClassicAnswers, reference: Reference) -> ClassicAnswers:
        """With the wallets that something settles in since they were last looked for."""
        absent = sorted(needed_currencies(answers.held, reference) - answers.overviews.keys())
        if not absent:
            return answers
        found, _ = await self._state.overviews([self._reference.currency_id(name) for name in absent])
        return replace(answers, overviews={**answers.overviews, **found})

    def forget_orders(self) -> None:
        """Orders are read anew every time."""

    async def modes(self, within_s: float | None = None) -> AccountModes:
        """The account's modes as the venue stated them, at most ten minutes (or `within_s`) ago.

        Raises:
            VenueError: they cannot be read; no older statement stands in.
        """
        modes = await self._reference.modes(within_s)
        if modes.is_unified:
            return AccountModes(modes.position_mode, UNIFIED)
        word = CLASSIC_REPORTED if self._last_model == REPORTED_MODEL else CLASSIC
        return AccountModes(modes.position_mode, word, self._reference.wallet_names)

    async def rights(self) -> KeyRights:
        """What the key may do.

        Raises:
            VenueError: the venue cannot be asked.
        """
        return parse_reference.read_rights(await self._client.call(at.RIGHTS))

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
        """The order book, 20 levels a side where the venue has them.

        Raises:
            VenueError: the venue cannot be asked.
        """
        answer = await self._client.call(at.DEPTH, {"symbol": listing.market_id})
        return parse_reference.read_depth(answer, listing.symbol)
