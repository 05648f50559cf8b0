"""One MEXC account: the order in which its parts are read. Watched only. Decides nothing about risk."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from guard.ports.errors import PermissionMissing, VenueError
from guard.ports.venue import Depth, FetchedBook, KeyRights
from guard.risk.book import PositionMode, Tier
from guard.venues.client import Endpoint, VenueClient
from guard.venues.fields import refused
from guard.venues.hub import DAY_S
from guard.venues.markets import Listing
from guard.venues.mexc import endpoints as at
from guard.venues.mexc import parse
from guard.venues.mexc import parse_reference as reference
from guard.venues.mexc.assemble import UNTOLD_MODE, Answers, Reference, assemble, contradicts, torn_evidence
from guard.venues.mexc.parse import OrderRow, PositionRow
from guard.venues.mexc.parse_reference import Charge, Contract, Contracts
from guard.venues.reader import AccountModes
from guard.venues.shared import Dated, Shared
from guard.venues.together import together

_DEPTH_LEVELS = 50
_MODE_REFRESH_S = 600.0
_CHARGES_REFRESH_S = 600.0
_CHARGES_USABLE_S = 3_600.0
_CONTRACTS_USABLE_S = 7 * DAY_S
# At most this often is something read anew because it did not fit.
_REREAD_S = 60.0
# Accounts that are read at the same time share the fair prices.
_MARKS_REFRESH_S = 1.0
_PAGE = 100
_PAGES_MAX = 10
# Plans may live for years; the venue lists 90 days at a time.
_PLANS_SINCE_MS = 89 * 86_400_000


class MexcReader:
    """Implements `guard.venues.reader.VenueReader`."""

    words = None

    def __init__(self, client: VenueClient) -> None:
        self._client = client
        site = client.site
        self._contracts: Shared[Contracts] = site.shared("contracts", DAY_S, _CONTRACTS_USABLE_S)
        self._marks: Shared[dict[str, float]] = site.shared("marks", _MARKS_REFRESH_S)
        self._mode: Shared[PositionMode | None] = Shared(site.clock, _MODE_REFRESH_S)
        self._charges: dict[str, Shared[tuple[Charge, ...]]] = {}
        self._charged_for: dict[str, frozenset[tuple[str, bool, float]]] = {}
        self._last_tiers: Mapping[str, tuple[Tier, ...]] | None = None

    async def read(self) -> FetchedBook:
        """Read everything a book needs.

        1 REFERENCE  contracts with their risk limits, and the position mode: at hand, or read
        2 READ       balances, positions, fair prices and four kinds of orders, at the same time
        3 COMPLETE   what the venue charges of held symbols; a new symbol, a changed mode
        4 ASSEMBLE   rows to a book, with the names of what is missing and of what does not fit together

        Raises:
            VenueError: something could not be read or understood.
        """
        contracts, mode = await together(self._known_contracts(), self._stated_mode())
        answers = await self._state()
        if not answers.used_ids <= contracts.by_id.keys():
            contracts = await self._known_contracts(_REREAD_S)
        mode = await self._proven_mode(mode, answers)
        listed = [row for row in answers.positions if row.market_id in contracts.by_id]
        known = Reference(contracts, await self._charged(listed), mode)
        torn = torn_evidence(answers, contracts)
        fetched = assemble(self._client.spec.name, answers, known, torn, self._last_tiers)
        self._last_tiers = fetched.book.tiers
        return fetched

    async def _state(self) -> Answers:
        clock, skew = self._client.site.clock, self._client.site.skew_ms.last
        asked_ms = clock.now().timestamp() * 1000 - (skew.value if skew else 0.0)
        since_ms = int(asked_ms) - _PLANS_SINCE_MS
        assets, positions, marks, resting, planned, trailing, stops = await together(
            self._client.timed(at.ASSETS),
            self._client.timed(at.POSITIONS),
            self._known_marks(),
            self._paged(at.OPEN_ORDERS, {}, parse.read_open_orders),
            self._paged(at.PLAN_ORDERS, {"states": 1, "start_time": since_ms}, parse.read_plan_orders),
            self._paged(at.TRACK_ORDERS, {"states": "0,1"}, parse.read_track_orders, ("pageIndex", "pageSize")),
            self._client.timed(at.STOP_ORDERS),
        )
        return Answers(
            assets=parse.read_assets(assets.value),
            positions=parse.read_positions(positions.value),
            orders=(*resting[0], *planned[0], *trailing[0], *parse.read_stop_orders(stops.value)),
            marks=marks.value,
            parts={
                "balances": assets.at,
                "positions": positions.at,
                "marks": marks.at,
                "open_orders": resting[1],
                "conditional_orders": min(planned[1], trailing[1], stops.at),
            },
            asked_ms=asked_ms,
            incomplete=(*resting[2], *planned[2], *trailing[2]),
        )

    async def _paged(
        self,
        endpoint: Endpoint,
        params: dict[str, object],
        read: Callable[[object], tuple[OrderRow, ...]],
        names: tuple[str, str] = ("page_num", "page_size"),
    ) -> tuple[tuple[OrderRow, ...], datetime, tuple[str, ...]]:
        """All pages of a list of orders, when the first was received, and what remained unread."""
        found: list[OrderRow] = []
        received: datetime | None = None
        for page in range(1, _PAGES_MAX + 1):
            answer = await self._client.timed(endpoint, {**params, names[0]: page, names[1]: _PAGE})
            received = received or answer.at
            rows = read(answer.value)
            # A venue that takes no pages repeats the first one.
            new = [row for row in rows if row.order_id not in {each.order_id for each in found}]
            found += new
            if len(rows) < _PAGE or not new:
                return tuple(found), received, ()
        beyond = (f"orders beyond the first {len(found):,} ({endpoint.name})",)
        return tuple(found), received or self._client.site.clock.now(), beyond

    async def _known_marks(self) -> Dated[dict[str, float]]:
        async def read() -> dict[str, float]:
            return reference.read_marks(await self._client.call(at.TICKERS))

        return await self._marks.get(read, insist=True)

    async def _known_contracts(self, within_s: float | None = None) -> Contracts:
        async def read() -> Contracts:
            return reference.read_contracts(await self._client.call(at.MARKETS))

        return (await self._contracts.get(read, within_s=within_s)).value

    async def _stated_mode(self, within_s: float | None = None) -> PositionMode | None:
        """The position mode; None for a key that may not ask for it."""

        async def read() -> PositionMode | None:
            try:
                return reference.read_position_mode(await self._client.call(at.POSITION_MODE))
            except PermissionMissing as error:
                if error.code not in at.LACKS_RIGHT:
                    raise
                return None

        return (await self._mode.get(read, within_s=within_s, insist=True)).value

    async def _proven_mode(self, mode: PositionMode | None, answers: Answers) -> PositionMode | None:
        """The mode, read anew when held legs contradict it: a user may change it while flat."""
        if mode is None or not contradicts(mode, answers.positions):
            return mode
        mode = await self._stated_mode(0.0)
        if mode is not None and contradicts(mode, answers.positions):
            raise refused(at.POSITION_MODE.name, f"says {mode}, the held legs say otherwise")
        return mode

    async def _charged(self, legs: Sequence[PositionRow]) -> dict[str, tuple[Charge, ...]]:
        """What the venue charges of each contract, read anew when a leg's size has changed: the rate goes with it."""
        held: dict[str, frozenset[tuple[str, bool, float]]] = {}
        for leg in legs:
            size = (leg.side, leg.is_isolated, leg.contracts)
            held[leg.market_id] = held.get(leg.market_id, frozenset()) | {size}
        ids = sorted(held)
        asked = (self._charges_of(name, 0.0 if held[name] != self._charged_for.get(name) else None) for name in ids)
        found = dict(zip(ids, await together(*asked), strict=True))
        self._charged_for = held
        return found

    async def _charges_of(self, market_id: str, within_s: float | None) -> tuple[Charge, ...]:
        """What the venue charges of a contract; nothing for a key that may not ask for it."""

        async def read() -> tuple[Charge, ...]:
            try:
                return reference.read_charges(await self._client.call(at.LEVERAGE, {"symbol": market_id}))
            except PermissionMissing as error:
                if error.code not in at.LACKS_RIGHT:
                    raise
                return ()

        shared = self._charges.setdefault(
            market_id, Shared(self._client.site.clock, _CHARGES_REFRESH_S, _CHARGES_USABLE_S)
        )
        return (await shared.get(read, within_s=within_s)).value

    def forget_orders(self) -> None:
        """Nothing is kept from earlier readings."""

    async def modes(self, within_s: float | None = None) -> AccountModes:
        """The position mode as the venue stated it, and the currencies in which linear contracts settle.

        Raises:
            VenueError: it cannot be read; no older statement stands in.
        """
        mode, contracts = await self._stated_mode(within_s), await self._known_contracts()
        listings = [each.listing for each in contracts.by_id.values()]
        settles = {listing.settle for listing in listings if listing.kind == "linear"}
        told = "futures" if mode is not None else "futures; the position mode cannot be seen with this key"
        return AccountModes(mode or UNTOLD_MODE, told, tuple(sorted(settles)))

    async def rights(self) -> KeyRights:
        """The venue tells nothing of a key's rights; that it can read is known once it has read."""
        return KeyRights(read=True)

    async def listing(self, symbol: str) -> Listing:
        """The listing of `symbol`.

        Raises:
            VenueError: the venue lists no such symbol, or cannot be asked.
        """
        for within_s in (None, _REREAD_S):
            contract: Contract | None = (await self._known_contracts(within_s)).by_symbol.get(symbol)
            if contract is not None:
                return contract.listing
        raise VenueError(f"mexc lists no {symbol}")

    async def depth(self, listing: Listing) -> Depth:
        """The order book, 50 levels a side where the venue has them.

        Raises:
            VenueError: the venue cannot be asked.
        """
        params: dict[str, Any] = {"symbol": listing.market_id, "limit": _DEPTH_LEVELS}
        return reference.read_depth(await self._client.call(at.DEPTH, params), listing.symbol)
