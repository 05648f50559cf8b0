"""One account in portfolio margin: the order in which its parts are read. Decides nothing about risk."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from guard.ports.errors import VenueError
from guard.ports.venue import Depth, FetchedBook, KeyRights
from guard.risk.book import Tier
from guard.venues.binance import parse_reference
from guard.venues.binance.assemble import torn_evidence
from guard.venues.binance.branch import Branch
from guard.venues.binance.reading import StateReader
from guard.venues.binance.reference import Modes, ReferenceDesk
from guard.venues.binancepm import endpoints as at
from guard.venues.binancepm import parse
from guard.venues.binancepm.assemble import Money, Wing, assemble, joint_mode
from guard.venues.binancepm.branches import INVERSE, LINEAR, MODE
from guard.venues.client import Endpoint, VenueClient
from guard.venues.hub import DAY_S, HOUR_S
from guard.venues.markets import Listing
from guard.venues.reader import AccountModes
from guard.venues.shared import Shared
from guard.venues.together import together

_RATES_USABLE_S = 3 * DAY_S
_DEPTH_LEVELS = 50


class PortfolioReader:
    """Implements `guard.venues.reader.VenueReader`. Watched only: orders go through each branch's own requests."""

    words = None

    def __init__(self, client: VenueClient) -> None:
        self._client = client
        self._wings = [_WingReader(client, branch) for branch in (LINEAR, INVERSE)]
        self._rates: Shared[Mapping[str, float]] = client.site.shared("collateral rates", HOUR_S, _RATES_USABLE_S)
        self._loans: Shared[Mapping[str, float]] = client.site.shared("loan leverages", DAY_S, _RATES_USABLE_S)
        self._last_tiers: Mapping[str, tuple[Tier, ...]] | None = None

    async def read(self) -> FetchedBook:
        """Read everything a book needs.

        1 REFERENCE  listings, tiers, leverages, modes of both branches: at hand, or read
        2 READ       balances, totals, index prices, and both branches' positions and orders, at the same time
        3 COMPLETE   collateral rates, loan rates; marks and settings that did not come along
        4 ASSEMBLE   rows to one book, with the names of what is missing and of what does not fit together

        Raises:
            VenueError: something could not be read or understood.
        """
        modes = await together(*(wing.reference.ready() for wing in self._wings))
        branches = (wing.read(each) for wing, each in zip(self._wings, modes, strict=True))
        money, *wings = await together(self._money(), *branches)
        fetched = assemble(self._client.spec.name, wings, money, self._last_tiers)
        self._last_tiers = fetched.book.tiers
        return fetched

    async def _money(self) -> Money:
        balances, totals, index = await together(
            self._asked(at.BALANCES), self._asked(at.ACCOUNT), self._asked(at.INDEX_PRICES)
        )
        rows = parse.read_balances(balances[0], at.BALANCES.name)
        owes = any(row.owed for row in rows)
        return Money(
            balances=rows,
            totals=parse.read_totals(totals[0], at.ACCOUNT.name),
            index_prices=parse.read_index_prices(index[0], at.INDEX_PRICES.name),
            collateral_rates=await self._table(self._rates, at.COLLATERAL_RATES, parse.read_rates),
            loan_leverages=await self._table(self._loans, at.LOAN_LEVERAGES, parse.read_loan_leverages)
            if owes
            else None,
            parts={"balances": balances[1], "totals": totals[1], "index_prices": index[1]},
        )

    async def _asked(self, endpoint: Endpoint) -> tuple[Any, datetime]:
        timed = await self._client.timed(endpoint)
        return timed.value, timed.at

    async def _table(
        self, shared: Shared[Mapping[str, float]], endpoint: Endpoint, read: Any
    ) -> Mapping[str, float] | None:
        """A table that changes rarely; None when it cannot be read: the book then names what it misses by it."""

        async def fetched() -> Mapping[str, float]:
            table: Mapping[str, float] = read(await self._client.call(endpoint), endpoint.name)
            return table

        try:
            return (await shared.get(fetched)).value
        except VenueError:
            return None

    def forget_orders(self) -> None:
        """Read the lists of orders at the next `read`, however young the kept ones are."""
        for wing in self._wings:
            wing.state.forget_orders()

    async def modes(self, within_s: float | None = None) -> AccountModes:
        """The account's modes as the venue stated them, at most ten minutes (or `within_s`) ago.

        Raises:
            VenueError: they cannot be read; no older statement stands in.
        """
        modes = await together(*(wing.reference.modes(within_s) for wing in self._wings))
        return AccountModes(joint_mode({each.position_mode for each in modes}), MODE)

    async def rights(self) -> KeyRights:
        """What the key may do.

        Raises:
            VenueError: the venue cannot be asked.
        """
        answer = await self._client.call(at.RIGHTS)
        return parse_reference.read_rights(answer, at.RIGHTS.name, trade="enablePortfolioMarginTrading")

    async def listing(self, symbol: str) -> Listing:
        """The listing of `symbol`; both branches share one table.

        Raises:
            VenueError: the venue lists no such symbol, or cannot be asked.
        """
        return await self._wings[0].reference.listing(symbol)

    async def depth(self, listing: Listing) -> Depth:
        """The order book, 50 levels a side where the venue has them.

        Raises:
            VenueError: the venue cannot be asked.
        """
        endpoint = (INVERSE if listing.kind == "inverse" else LINEAR).requests.depth
        answer = await self._client.call(endpoint, {"symbol": listing.market_id, "limit": _DEPTH_LEVELS})
        return parse_reference.read_depth(answer, listing.symbol, endpoint.name)


class _WingReader:
    """One branch of the account."""

    def __init__(self, client: VenueClient, branch: Branch) -> None:
        self.reference = ReferenceDesk(client, branch)
        self.state = StateReader(client, branch)

    async def read(self, modes: Modes) -> Wing:
        """The branch's positions and orders, with what was known of them."""
        answers = await self.state.read(is_multi_assets=False)
        torn = torn_evidence(answers.account, answers.positions)
        answers = await self.state.with_marks(answers)
        modes = await self.reference.proven_modes(modes, answers)
        return Wing(answers, await self.reference.for_answers(modes, answers), torn)
