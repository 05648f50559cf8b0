"""What changes rarely: listings, tiers, and which kind of account this is.

Read rarely, kept, and read anew when something does not fit. Knows how long each may be believed; compares nothing
with risk.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from guard.ports.errors import VenueError
from guard.ports.venue import SymbolTerms
from guard.risk.book import PositionMode, Tier
from guard.venues.bitget import endpoints as at
from guard.venues.bitget.listings import product_of, read_markets
from guard.venues.bitget.parse import AccountRow, PositionRow, read_accounts
from guard.venues.bitget.parse_reference import (
    read_position_mode,
    read_symbol_setting,
    read_tiers,
    read_unified_mode,
)
from guard.venues.client import VenueClient
from guard.venues.hub import DAY_S
from guard.venues.markets import Listing, MarketTable
from guard.venues.shared import Shared
from guard.venues.together import together

_MODES_REFRESH_S = 600.0
_TIERS_USABLE_S = 3 * DAY_S
# At most this often is something read anew because it did not fit.
_REREAD_S = 60.0


@dataclass(frozen=True, slots=True)
class Modes:
    """What the venue stated about the account in this session.

    `position_modes` are by product in use; a unified account has the same in all. `settles` are the margin coins with
    anything in them, `unions` the products in multi-assets mode.
    """

    is_unified: bool
    position_modes: Mapping[str, PositionMode]
    settles: tuple[str, ...] = ()
    unions: tuple[str, ...] = ()


class ReferenceDesk:
    """The reference data of one account; listings and tiers are shared with the other accounts of the site."""

    def __init__(self, client: VenueClient) -> None:
        self._client = client
        self._site = client.site
        self._modes: Shared[Modes] = Shared(client.site.clock, _MODES_REFRESH_S)

    async def ready(self) -> Modes:
        """Have listings and modes at hand; returns the modes, which decide what is to be read.

        Raises:
            VenueError: something cannot be read, and nothing usable is kept.
        """
        await self.markets()
        return await self.modes()

    async def modes(self, within_s: float | None = None) -> Modes:
        """The account's modes as the venue stated them, at most ten minutes (or `within_s`) ago.

        Raises:
            VenueError: they cannot be read; no older statement stands in.
        """
        modes = (await self._modes.get(self._read_modes, within_s=within_s, insist=True)).value
        # ccxt's own detection would take any failure for a classic account.
        self._client.exchange.options["uta"] = modes.is_unified
        return modes

    async def _read_modes(self) -> Modes:
        try:
            return await self._read_classic_modes()
        except VenueError as error:
            if error.code != at.IS_UNIFIED:
                raise
        mode = read_unified_mode(await self._client.call(at.UNIFIED_SETTINGS))
        return Modes(is_unified=True, position_modes=dict.fromkeys(at.PRODUCTS, mode))

    async def _read_classic_modes(self) -> Modes:
        """Accounts of all products first; the mode of a product is asked for where there is anything to lose."""
        asked = ({"productType": product} for product in at.PRODUCTS)
        answers = await together(*(self._client.call(at.ACCOUNTS, params) for params in asked))
        accounts: list[AccountRow] = []
        for product, answer in zip(at.PRODUCTS, answers, strict=True):
            accounts.extend(read_accounts(answer, product))
        used = {row.product for row in accounts if not row.is_empty} or {at.PRODUCTS[0]}
        if any(row.is_union for row in accounts):
            # One wallet carries them all: a product whose own account is empty may hold legs.
            used = set(at.PRODUCTS)
        return Modes(
            is_unified=False,
            position_modes=await self._position_modes([product for product in at.PRODUCTS if product in used]),
            settles=tuple(sorted({row.coin for row in accounts if not row.is_empty})),
            unions=tuple(sorted({row.product for row in accounts if row.is_union})),
        )

    async def _position_modes(self, products: Sequence[str]) -> dict[str, PositionMode]:
        table = await self.markets()
        named = {product: listing for product in products if (listing := _any_listing(table, product)) is not None}
        asked = (_account_of(product, listing) for product, listing in named.items())
        answers = await together(*(self._client.call(at.ACCOUNT, params) for params in asked))
        return {product: read_position_mode(answer, product) for product, answer in zip(named, answers, strict=True)}

    async def markets(self, within_s: float | None = None) -> MarketTable:
        """The listings.

        Raises:
            VenueError: they cannot be read, and none usable are kept.
        """

        async def read() -> MarketTable:
            return read_markets(await self._client.call(at.MARKETS, {"uta": False}))

        return (await self._site.markets.get(read, within_s=within_s)).value

    async def markets_for(self, ids: Iterable[str]) -> MarketTable:
        """The listings, read anew (at most once a minute) when one of `ids` is not among them.

        Raises:
            VenueError: they cannot be read.
        """
        table = await self.markets()
        return table if table.by_id.keys() >= set(ids) else await self.markets(within_s=_REREAD_S)

    async def tiers(self, legs: Iterable[PositionRow]) -> dict[str, tuple[Tier, ...]]:
        """Tiers of the legs' contracts by id, read once a day for all accounts of the site.

        A table without the rate that the venue charges a leg is read anew, at most once a minute: tiers do change, and
        a day with the old ones is a day of wrong figures.

        Raises:
            VenueError: one cannot be read, and none usable is kept.
        """
        charged: dict[tuple[str, str], set[float]] = {}
        for leg in legs:
            rates = charged.setdefault((leg.market_id, leg.product), set())
            if leg.mm_rate is not None:
                rates.add(leg.mm_rate)
        found = await together(*(self._tiers_of(*named, told) for named, told in charged.items()))
        return {market_id: table for (market_id, _), table in zip(charged, found, strict=True)}

    async def _tiers_of(self, market_id: str, product: str, rates: set[float]) -> tuple[Tier, ...]:
        async def read() -> tuple[Tier, ...]:
            asked = {"symbol": market_id, "productType": product}
            return read_tiers(await self._client.call(at.TIERS, asked), market_id)

        kept: Shared[tuple[Tier, ...]] = self._site.shared(f"tiers {product} {market_id}", DAY_S, _TIERS_USABLE_S)
        table = (await kept.get(read)).value
        return table if rates <= {tier.mm_rate for tier in table} else (await kept.get(read, within_s=_REREAD_S)).value

    async def listing(self, symbol: str) -> Listing:
        """The listing of `symbol`.

        Raises:
            VenueError: the venue lists no such symbol, or cannot be asked.
        """
        for within_s in (None, _REREAD_S):
            listing = (await self.markets(within_s)).by_symbol.get(symbol)
            if listing is not None:
                return listing
        raise VenueError(f"bitget lists no {symbol}")

    async def terms(self, symbol: str) -> SymbolTerms | None:
        """Tiers, leverage and margin mode of a symbol, held or not; None of accounts and contracts that take no orders.

        Raises:
            VenueError: the venue lists no such symbol, or cannot be asked.
        """
        listing = await self.listing(symbol)
        if listing.kind == "inverse" or (await self.modes()).is_unified:
            return None
        product = product_of(listing.settle)
        tiers, answer = await together(
            self._tiers_of(listing.market_id, product, set()),
            self._client.call(at.ACCOUNT, _account_of(product, listing)),
        )
        leverage, mode = read_symbol_setting(answer, listing.market_id)
        return SymbolTerms(symbol, tiers, leverage, mode) if tiers else None


def _any_listing(table: MarketTable, product: str) -> Listing | None:
    """A contract of a product, BTC's where there is one: position modes are told with the account of a contract."""
    listings = [listing for listing in table.by_id.values() if product_of(listing.settle) == product]
    return next((listing for listing in listings if listing.symbol.startswith("BTC/")), next(iter(listings), None))


def _account_of(product: str, listing: Listing) -> dict[str, object]:
    return {"symbol": listing.market_id, "productType": product, "marginCoin": listing.settle}
