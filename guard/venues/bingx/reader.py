"""One BingX account: the order in which its parts are read. Decides nothing about risk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from guard.ports.errors import PermissionMissing
from guard.ports.venue import Depth, FetchedBook, KeyRights, SymbolTerms
from guard.risk.book import Kind, Tier
from guard.venues.bingx import endpoints as at
from guard.venues.bingx import parse, parse_reference
from guard.venues.bingx.answers import Answers, Modes, torn_evidence
from guard.venues.bingx.assemble import assemble
from guard.venues.bingx.orders import BingxOrderWords
from guard.venues.bingx.reference import ReferenceDesk
from guard.venues.client import Endpoint, Timed, VenueClient
from guard.venues.markets import Listing
from guard.venues.reader import AccountModes
from guard.venues.together import together

_DEPTH_LEVELS = 50
_STATE = (
    at.BALANCE,
    at.POSITIONS,
    at.OPEN_ORDERS,
    at.COIN_BALANCE,
    at.COIN_POSITIONS,
    at.COIN_OPEN_ORDERS,
)
_ORDERS: Mapping[Endpoint, Kind] = {at.OPEN_ORDERS: "linear", at.COIN_OPEN_ORDERS: "inverse"}
_NO_ORDERS: dict[str, object] = {"data": None}


class BingxReader:
    """Implements `guard.venues.reader.VenueReader`."""

    def __init__(self, client: VenueClient) -> None:
        self.words = BingxOrderWords()
        self._client = client
        self._lists_orders = True
        self._reference = ReferenceDesk(client)
        self._last_tiers: Mapping[str, tuple[Tier, ...]] | None = None
        self._has_failed = False

    async def read(self) -> FetchedBook:
        """Read everything a book needs.

        1 REFERENCE  listings and modes: at hand, or read
        2 READ       balances, positions and orders of both kinds, at the same time
        3 COMPLETE   mark prices that did not come along; tiers and leverages of what is held or ordered
        4 ASSEMBLE   rows to a book, with the names of what is missing and of what does not fit together

        Raises:
            VenueError: something could not be read or understood.
        """
        modes = await self._reference.ready()
        answers = await self._state()
        self._lists_orders = not answers.unlisted
        modes = await self._reference.proven_modes(modes, answers)
        answers = await self._with_marks(answers)
        reference = await self._reference.for_answers(modes, answers)
        torn = torn_evidence(answers, reference.markets)
        fetched = assemble(self._client.spec.name, answers, reference, torn, self._last_tiers)
        self._last_tiers = fetched.book.tiers
        return fetched

    async def _state(self) -> Answers:
        """Everything of one moment, as nearly as the venue allows: all requests leave at the same time.

        After a reading that failed the balances are asked for alone first, so that a venue that is away costs one
        request a cycle.
        """
        if self._has_failed:
            await self._client.call(at.BALANCE)
        self._has_failed = True
        answers = await self._read_state()
        self._has_failed = False
        return answers

    async def _read_state(self) -> Answers:
        clock, skew = self._client.site.clock, self._client.site.skew_ms.last
        asked_ms = clock.now().timestamp() * 1000 - (skew.value if skew else 0.0)
        found = dict(zip(_STATE, await together(*map(self._timed, _STATE)), strict=True))
        return Answers(
            balances=parse.read_balances(found[at.BALANCE].value, at.BALANCE),
            coin_balances=parse.read_balances(found[at.COIN_BALANCE].value, at.COIN_BALANCE),
            positions=(
                *parse.read_positions(found[at.POSITIONS].value, at.POSITIONS, "linear"),
                *parse.read_positions(found[at.COIN_POSITIONS].value, at.COIN_POSITIONS, "inverse"),
            ),
            orders=(
                *parse.read_orders(found[at.OPEN_ORDERS].value, at.OPEN_ORDERS, "linear"),
                *parse.read_orders(found[at.COIN_OPEN_ORDERS].value, at.COIN_OPEN_ORDERS, "inverse"),
            ),
            parts={
                "balances": found[at.BALANCE].at,
                "positions": found[at.POSITIONS].at,
                "marks": found[at.POSITIONS].at,
                "open_orders": found[at.OPEN_ORDERS].at,
                "coin_balances": found[at.COIN_BALANCE].at,
                "coin_positions": found[at.COIN_POSITIONS].at,
                "coin_orders": found[at.COIN_OPEN_ORDERS].at,
            },
            asked_ms=asked_ms,
            unlisted=tuple(kind for each, kind in _ORDERS.items() if found[each].value is _NO_ORDERS),
        )

    async def _timed(self, endpoint: Endpoint) -> Timed:
        """An answer with its time. A key that may only read may not be allowed to list orders: that is no orders."""
        try:
            return await self._client.timed(endpoint)
        except PermissionMissing as error:
            if endpoint not in _ORDERS or error.code != at.RIGHT_MISSING:
                raise
            return Timed(_NO_ORDERS, self._client.site.clock.now())

    async def _with_marks(self, answers: Answers) -> Answers:
        """With mark prices for rows that came without, and for symbols that only orders name."""
        ids = sorted(answers.unmarked_ids)
        if not ids:
            return answers
        asked = [at.COIN_MARK if market_id in answers.coin_ids else at.MARK for market_id in ids]
        found = await together(
            *(self._client.call(each, {"symbol": name}) for each, name in zip(asked, ids, strict=True))
        )
        marks = {
            name: parse_reference.read_mark(answer, each) for name, each, answer in zip(ids, asked, found, strict=True)
        }
        return replace(answers, marks={name: mark for name, mark in marks.items() if mark is not None})

    def forget_orders(self) -> None:
        """Nothing is kept from earlier readings."""

    async def modes(self, within_s: float | None = None) -> AccountModes:
        """The account's modes as the venue stated them, at most ten minutes (or `within_s`) ago.

        Raises:
            VenueError: they cannot be read; no older statement stands in.
        """
        modes = await self._reference.modes(within_s)
        markets = await self._reference.markets()
        settles = sorted({listing.settle for listing in markets.by_id.values() if listing.kind == "linear"})
        return AccountModes(modes.position_mode, _account_mode(modes, lists_orders=self._lists_orders), tuple(settles))

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
        """The order book, 50 levels a side where the venue has them.

        Raises:
            VenueError: the venue cannot be asked.
        """
        inverse = listing.kind == "inverse"
        endpoint, keys = (at.COIN_DEPTH, ("bids", "asks")) if inverse else (at.DEPTH, ("bidsCoin", "asksCoin"))
        answer = await self._client.call(endpoint, {"symbol": listing.market_id, "limit": _DEPTH_LEVELS})
        return parse_reference.read_depth(answer, listing.symbol, endpoint, keys)


def _account_mode(modes: Modes, *, lists_orders: bool) -> str:
    known = {True: "multi-assets", False: "single-asset", None: "asset mode that this key may not ask for"}
    words = [known[modes.is_multi_assets]]
    if not lists_orders:
        words.append("orders cannot be seen with this key")
    # Another account with money of its own: what it holds is no hole in the book of this one.
    if modes.standard is None:
        words.append("standard futures cannot be seen with this key")
    elif modes.standard:
        words.append("standard futures are held, an account of their own that is not watched")
    return "; ".join(words)
