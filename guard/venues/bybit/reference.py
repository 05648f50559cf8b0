"""What changes rarely or is public: listings, modes, tiers, collateral ratios, loan rates, fees, prices.

Read rarely, kept, and read anew when something does not fit. Knows how long each may be believed; compares nothing
with risk.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from guard.ports.errors import PermissionMissing, VenueError
from guard.ports.venue import SymbolTerms
from guard.risk.book import PositionMode, Tier
from guard.venues.bybit import endpoints as at
from guard.venues.bybit import parse_reference as reads
from guard.venues.bybit.assemble import Answers, Reference, contradicts
from guard.venues.bybit.builder import unpriced
from guard.venues.bybit.listings import category_of, read_markets
from guard.venues.bybit.parse import Category, read_page, read_positions
from guard.venues.bybit.parse_reference import FeeRates, LoanTier, Modes
from guard.venues.client import VenueClient
from guard.venues.hub import DAY_S
from guard.venues.markets import Listing, MarketTable
from guard.venues.shared import Shared
from guard.venues.together import together

_MODES_REFRESH_S = 60.0
_PROBE_REFRESH_S = 600.0
_CONTRADICTED_S = 5.0
_SETTINGS_REFRESH_S = 60.0
_TIERS_USABLE_S = 3 * DAY_S
_RATIOS_REFRESH_S = 6 * 3_600.0
_MARKS_REFRESH_S = 1.0
_MARKS_ONE_BY_ONE = 3
_PRICES_REFRESH_S = 10.0
# At most this often is something read anew because it did not fit.
_REREAD_S = 60.0
# A flat account's position mode is told by this symbol: the app sets it for all contracts of a settlement coin.
_PROBE = "BTCUSDT"


class ReferenceDesk:
    """The reference data of one account; what is public is shared with the other accounts of the site."""

    def __init__(self, client: VenueClient) -> None:
        clock = client.site.clock
        self._client = client
        self._site = client.site
        self._info: Shared[Modes] = Shared(clock, _MODES_REFRESH_S)
        self._held: dict[str, Category] = {}
        self._seen: dict[str, PositionMode] = {}
        self._seen_s = 0.0
        self._loans: Shared[dict[str, tuple[LoanTier, ...]]] = Shared(clock, DAY_S, _TIERS_USABLE_S)
        self._own: dict[str, Shared[Any]] = {}

    async def ready(self) -> tuple[Modes, MarketTable]:
        """Modes and listings, which say what is to be read.

        Raises:
            VenueError: something cannot be read, and nothing usable is kept.
        """
        modes, markets, _ = await together(self.modes(), self._markets(), self._ratios())
        return modes, markets

    async def modes(self, within_s: float | None = None) -> Modes:
        """The account's modes as the venue stated them, at most a minute (or `within_s`) ago.

        The venue keeps a position mode for each symbol and states it with every leg: those that the last reading has
        shown are believed for ten minutes (or `within_s`); where there are none, one symbol is asked for.

        Raises:
            VenueError: they cannot be read; no older statement stands in.
        """

        async def read_info() -> Modes:
            return reads.read_account_info(await self._client.call(at.ACCOUNT))

        info, symbols = await together(
            self._info.get(read_info, within_s=within_s, insist=True), self._symbol_modes_within(within_s)
        )
        modes: Modes = replace(info.value, symbols=symbols)
        return modes

    async def _symbol_modes_within(self, within_s: float | None) -> dict[str, PositionMode]:
        age_s = self._site.clock.monotonic() - self._seen_s
        if self._seen and age_s <= (_PROBE_REFRESH_S if within_s is None else within_s):
            return self._seen
        market_id = min(self._seen, key=lambda each: self._seen[each] != "hedge", default=_PROBE)
        category = self._held.get(market_id, "linear")

        async def read() -> dict[str, PositionMode]:
            return reads.modes_of(await self._symbol_rows(market_id, category))

        kept = self._own.setdefault(f"mode of {market_id}", Shared(self._site.clock, _PROBE_REFRESH_S))
        found: dict[str, PositionMode] = (await kept.get(read, within_s=within_s, insist=True)).value
        return found

    def symbol_modes(self) -> Mapping[str, PositionMode]:
        """Position modes by symbol id, as the last reading has shown them."""
        return self._seen

    async def proven_modes(self, answers: Answers) -> Modes:
        """The modes that `answers` are in; the margin mode is asked anew where they contradict it.

        Raises:
            VenueError: the venue cannot be asked.
        """
        self._held = {row.market_id: row.category for row in answers.held}
        self._seen = reads.modes_of(answers.held)
        self._seen_s = self._site.clock.monotonic()
        modes = await self.modes()
        if contradicts(modes.margin, answers):
            modes = await self.modes(within_s=_CONTRADICTED_S)
        return modes

    async def for_answers(self, modes: Modes, answers: Answers) -> Reference:
        """The reference that fits `answers`.

        Raises:
            VenueError: it cannot be read, and nothing usable is kept.
        """
        markets = await self._markets()
        if not answers.used.keys() <= markets.by_id.keys():
            markets = await self._markets(within_s=_REREAD_S)
        needs_rule = modes.margin != "portfolio"
        owes = any(row.owed for row in answers.wallet.coins)
        coins = unpriced(answers, markets)
        ratios, loans, tiers, fees, leverages, marks, prices = await together(
            self._ratios(),
            self._loan_tiers() if owes else _nothing(),
            _by_id(answers.used, self._tiers) if needs_rule else _nothing(),
            self._fees(answers.used),
            _by_id(answers.only_ordered, self._leverage),
            self._marks(answers.only_ordered),
            _by_id(dict.fromkeys(coins, "linear"), self._price),
        )
        return Reference(markets, modes, tiers, fees, ratios, loans, leverages, marks, prices)

    async def listing(self, symbol: str) -> Listing:
        """The listing of `symbol`.

        Raises:
            VenueError: the venue lists no such symbol, or cannot be asked.
        """
        for within_s in (None, _REREAD_S):
            listing = (await self._markets(within_s)).by_symbol.get(symbol)
            if listing is not None:
                return listing
        raise VenueError(f"bybit lists no {symbol}")

    async def terms(self, symbol: str) -> SymbolTerms | None:
        """Tiers, leverage and margin mode of a symbol, held or not; None where it is in another position mode.

        Raises:
            VenueError: the venue lists no such symbol, or cannot be asked.
        """
        listing = await self.listing(symbol)
        category, market_id = category_of(listing), listing.market_id
        modes, tiers, rows = await together(
            self.modes(), self._tiers(market_id, category), self._symbol_rows(market_id, category)
        )
        leverage = min((row.leverage for row in rows if row.leverage is not None), default=None)
        # The venue keeps the position mode for each symbol; a book has one.
        is_alike = reads.modes_of(rows).get(market_id) == modes.position_mode
        if not tiers or leverage is None or not is_alike or modes.margin == "portfolio":
            return None
        return SymbolTerms(symbol, tiers, leverage, modes.margin)

    async def depth(self, listing: Listing, levels: int) -> Any:
        """The answer with the order book of a contract.

        Raises:
            VenueError: the venue cannot be asked.
        """
        asked = {"category": category_of(listing), "symbol": listing.market_id, "limit": levels}
        return await self._client.call(at.DEPTH, asked)

    async def _markets(self, within_s: float | None = None) -> MarketTable:
        async def read() -> MarketTable:
            return read_markets(await self._client.call(at.MARKETS))

        return (await self._site.markets.get(read, within_s=within_s)).value

    async def _ratios(self) -> Mapping[str, Any]:
        async def read() -> Any:
            return reads.read_collateral_ratios(await self._client.call(at.COLLATERAL))

        kept = self._site.shared("collateral ratios", _RATIOS_REFRESH_S, _TIERS_USABLE_S)
        found: Mapping[str, Any] = (await kept.get(read)).value
        return found

    async def _loan_tiers(self) -> Mapping[str, Any]:
        async def read() -> dict[str, tuple[LoanTier, ...]]:
            try:
                return reads.read_loan_tiers(await self._client.call(at.LOANS))
            except PermissionMissing:  # no reason to be blind: the book names the rate as missing
                return {}

        return (await self._loans.get(read)).value

    async def _tiers(self, market_id: str, category: Category) -> tuple[Tier, ...] | None:
        async def read() -> tuple[Tier, ...]:
            try:
                answer = await self._client.call(at.RISK_LIMITS, {"category": category, "symbol": market_id})
            except VenueError as error:
                if error.code == at.NO_SYMBOL:  # no longer traded: it has no tiers, and the book says so
                    return ()
                raise
            return reads.read_tiers(answer, market_id)

        kept = self._site.shared(f"tiers of {market_id}", DAY_S, _TIERS_USABLE_S)
        found = (await kept.get(read)).value
        return (found or (await kept.get(read, within_s=_REREAD_S)).value) or None

    async def _fees(self, used: Mapping[str, Category]) -> Mapping[str, FeeRates]:
        async def of(category: Category) -> dict[str, FeeRates]:
            async def read() -> dict[str, FeeRates]:
                try:
                    return reads.read_fees(await self._client.call(at.FEES, {"category": category}))
                except PermissionMissing:  # likewise
                    return {}

            wanted = {market_id for market_id, its in used.items() if its == category}
            name = f"fees {category}"
            found: dict[str, FeeRates] = await self._kept(name, DAY_S, _TIERS_USABLE_S, read)
            if not wanted <= found.keys():  # listed since they were read
                found = await self._kept(name, DAY_S, _TIERS_USABLE_S, read, within_s=_REREAD_S)
            return found

        tables = await together(*(of(category) for category in sorted(set(used.values()))))
        return {market_id: rates for table in tables for market_id, rates in table.items()}

    async def _leverage(self, market_id: str, category: Category) -> float | None:
        async def read() -> float | None:
            rows = await self._symbol_rows(market_id, category)
            # Of two legs that differ the one with less leverage, which needs more margin.
            return min((row.leverage for row in rows if row.leverage is not None), default=None)

        found: float | None = await self._kept(f"leverage {market_id}", _SETTINGS_REFRESH_S, _SETTINGS_REFRESH_S, read)
        return found

    async def _symbol_rows(self, market_id: str, category: Category) -> tuple[Any, ...]:
        """The legs of one symbol, empty ones included."""
        answer = await self._client.call(at.POSITIONS, {"category": category, "symbol": market_id})
        return read_positions(read_page(answer, at.POSITIONS.name).rows, category)

    async def _marks(self, asked: Mapping[str, Category]) -> Mapping[str, float]:
        """Mark prices of these symbols: one by one, or all of a category at once where there are many."""
        if len(asked) <= _MARKS_ONE_BY_ONE:
            return await _by_id(asked, self._mark)
        tables = await together(*(self._all_marks(category) for category in sorted(set(asked.values()))))
        known = {market_id: mark for table in tables for market_id, mark in table.items()}
        return {market_id: known[market_id] for market_id in asked if market_id in known}

    async def _all_marks(self, category: Category) -> Mapping[str, float]:
        async def read() -> dict[str, float]:
            return reads.read_marks(await self._client.call(at.TICKERS, {"category": category}))

        kept = self._site.shared(f"marks {category}", _MARKS_REFRESH_S)
        found: Mapping[str, float] = (await kept.get(read)).value
        return found

    async def _mark(self, market_id: str, category: Category) -> float | None:
        async def read() -> float | None:
            answer = await self._client.call(at.TICKERS, {"category": category, "symbol": market_id})
            return reads.read_ticker_price(answer, "markPrice")

        kept = self._site.shared(f"mark of {market_id}", _MARKS_REFRESH_S)
        found: float | None = (await kept.get(read)).value
        return found

    async def _price(self, coin: str, _: Category) -> float | None:
        """USD per coin, from the spot market against USDT; None where there is no such market."""

        async def read() -> float | None:
            # USDT has no market against itself: USDC is worth so many USD, and so many USDT.
            symbol = "USDCUSDT" if coin == "USDT" else f"{coin}USDT"
            try:
                answer = await self._client.call(at.TICKERS, {"category": "spot", "symbol": symbol})
            except VenueError as error:
                if error.code == at.NO_SYMBOL:
                    return None
                raise
            price = reads.read_ticker_price(answer, "usdIndexPrice")
            if coin != "USDT" or price is None:
                return price
            in_usdt = reads.read_ticker_price(answer, "lastPrice")
            return price / in_usdt if in_usdt else None

        kept = self._site.shared(f"price of {coin}", _PRICES_REFRESH_S)
        found: float | None = (await kept.get(read)).value
        return found

    async def _kept(
        self,
        name: str,
        refresh_s: float,
        usable_s: float,
        read: Callable[[], Awaitable[Any]],
        within_s: float | None = None,
    ) -> Any:
        """What this account alone is told under `name`."""
        kept = self._own.setdefault(name, Shared(self._site.clock, refresh_s, usable_s))
        return (await kept.get(read, within_s=within_s)).value


async def _nothing() -> dict[str, Any]:
    return {}


async def _by_id(asked: Mapping[str, Category], read: Callable[[str, Category], Awaitable[Any]]) -> dict[str, Any]:
    """What `read` tells of each symbol or coin, without those of which it tells nothing."""

    async def one(name: str, category: Category) -> tuple[str, Any]:
        return name, await read(name, category)

    found = await together(*(one(name, category) for name, category in asked.items()))
    return {name: value for name, value in found if value is not None}
