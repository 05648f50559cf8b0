"""What changes rarely: listings, the user's tiers and leverages, the account's modes.

Read rarely, kept, and read anew when something does not fit. Knows how long each may be believed; compares nothing
with risk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from guard.ports.errors import VenueError
from guard.ports.venue import SymbolTerms
from guard.risk.book import PositionMode, Tier
from guard.venues.binance.assemble import Answers, Reference, outdated_settings, proven_mode, unknown_ids
from guard.venues.binance.branch import Branch
from guard.venues.binance.listings import read_markets
from guard.venues.binance.parse_reference import (
    SymbolSetting,
    read_brackets,
    read_is_multi_assets,
    read_position_mode,
    read_symbol_settings,
)
from guard.venues.client import VenueClient
from guard.venues.fields import refused
from guard.venues.hub import DAY_S, HOUR_S
from guard.venues.markets import Listing, MarketTable
from guard.venues.shared import Shared
from guard.venues.together import together

_SETTINGS_REFRESH_S = 600.0
_SETTINGS_USABLE_S = 3_600.0
_TIERS_USABLE_S = 3 * DAY_S
# At most this often is something read anew because it did not fit.
_REREAD_S = 60.0
_INTERNED_MAX = 20_000

TiersById = Mapping[str, tuple[Tier, ...]]
SettingsById = Mapping[str, SymbolSetting]


@dataclass(frozen=True, slots=True)
class Modes:
    """What the venue stated about the account in this session."""

    position_mode: PositionMode
    is_multi_assets: bool


class ReferenceDesk:
    """The reference data of one account; listings are shared with the other accounts of the site."""

    def __init__(self, client: VenueClient, branch: Branch) -> None:
        clock = client.site.clock
        self._branch = branch
        self._at = branch.requests
        self._client = client
        self._site = client.site
        # Per account, because the venue adjusts brackets for single users; equal tables are kept once (`interned`).
        self._tiers: Shared[TiersById] = Shared(clock, HOUR_S, _TIERS_USABLE_S)
        self._settings: Shared[SettingsById] = Shared(clock, _SETTINGS_REFRESH_S, _SETTINGS_USABLE_S)
        self._modes: Shared[Modes] = Shared(clock, _SETTINGS_REFRESH_S)

    async def ready(self) -> Modes:
        """Have everything at hand; returns the modes, which decide what is to be read.

        Raises:
            VenueError: something cannot be read, and nothing usable is kept.
        """
        known = self._modes.fresh
        if known and self._site.markets.fresh and self._tiers.fresh and self._settings.fresh:
            return known.value
        modes, *_ = await together(self.modes(), self._markets(), self._tier_tables(), self._symbol_settings())
        stated: Modes = modes
        return stated

    async def for_answers(self, modes: Modes, answers: Answers) -> Reference:
        """The reference that fits `answers`; what does not is read anew, at most once a minute.

        Raises:
            VenueError: it cannot be read.
        """
        markets = await self._markets()
        if unknown_ids(answers, markets):
            markets = await self._markets(within_s=_REREAD_S)
        settings = await self._settings_for(answers)
        tiers = await self._tier_tables()
        if any(row.market_id not in tiers for row in answers.held):
            tiers = await self._tier_tables(within_s=_REREAD_S)
        return Reference(self._branch, markets, tiers, settings, modes.position_mode, modes.is_multi_assets)

    async def modes(self, within_s: float | None = None) -> Modes:
        """The account's modes as the venue stated them, at most ten minutes (or `within_s`) ago.

        Raises:
            VenueError: they cannot be read; no older statement stands in.
        """

        async def read() -> Modes:
            asked = self._at.position_mode
            answer = await self._client.call(asked)
            is_multi = self._at.tells_multi_assets and read_is_multi_assets(answer, asked.name)
            return Modes(read_position_mode(answer, asked.name), is_multi)

        return (await self._modes.get(read, within_s=within_s, insist=True)).value

    async def proven_modes(self, modes: Modes, answers: Answers) -> Modes:
        """The modes, read anew when held legs contradict them: a user may change them while flat.

        Raises:
            VenueError: the venue contradicts itself, or cannot be asked.
        """
        if proven_mode(modes.position_mode, answers, self._at.positions.name) is not None:
            return modes
        modes = await self.modes(within_s=0.0)
        if proven_mode(modes.position_mode, answers, self._at.positions.name) is None:
            raise refused(self._at.position_mode.name, f"says {modes.position_mode}, the held legs say otherwise")
        return modes

    async def listing(self, symbol: str) -> Listing:
        """The listing of `symbol`.

        Raises:
            VenueError: the venue lists no such symbol, or cannot be asked.
        """
        for within_s in (None, _REREAD_S):
            listing = (await self._markets(within_s)).by_symbol.get(symbol)
            if listing is not None:
                return listing
        raise VenueError(f"{self._branch.venue} lists no {symbol}")

    async def terms(self, symbol: str) -> SymbolTerms | None:
        """The user's tiers, leverage and margin mode of a symbol, held or not; None where they are not told.

        Raises:
            VenueError: the venue lists no such symbol, or cannot be asked.
        """
        market_id = (await self.listing(symbol)).market_id
        # No older mode stands in: an order names none, and would open whatever leg is set by now.
        newest = self._symbol_settings(within_s=_REREAD_S, insist=True)
        tiers, settings = await together(self._tier_tables(), newest)
        table, setting = tiers.get(market_id), settings.get(market_id)
        if not table or setting is None or setting.margin_mode is None:
            return None
        return SymbolTerms(symbol, table, setting.leverage, setting.margin_mode)

    async def _markets(self, within_s: float | None = None) -> MarketTable:
        async def read() -> MarketTable:
            return read_markets(await self._client.call(self._at.markets), self._at.markets.name)

        return (await self._site.markets.get(read, within_s=within_s)).value

    async def _tier_tables(self, within_s: float | None = None) -> TiersById:
        async def read() -> TiersById:
            asked, branch = self._at.brackets, self._branch
            answer = await self._client.call(asked)
            tables = read_brackets(answer, asked.name, branch.bracket_floors, branch.bracket_cap)
            kept = self._site.interned
            if len(kept) > _INTERNED_MAX:
                kept.clear()
            shared = {market_id: kept.setdefault(table, table) for market_id, table in tables.items()}
            return self._site.beside_base(asked.name, shared)

        return (await self._tiers.get(read, within_s=within_s)).value

    async def _symbol_settings(self, within_s: float | None = None, *, insist: bool = False) -> SettingsById:
        async def read() -> SettingsById:
            asked = self._at.symbol_config
            if asked is None:
                return {}
            return self._site.beside_base(asked.name, read_symbol_settings(await self._client.call(asked), asked.name))

        return (await self._settings.get(read, within_s=within_s, insist=insist)).value

    async def _settings_for(self, answers: Answers) -> SettingsById:
        """The leverages: what the present answers say of them, where they do, else the branch's list."""
        told = {
            **answers.account.leverages,
            **{row.market_id: row.leverage for row in answers.positions if row.leverage},
        }
        said = {market_id: SymbolSetting(leverage) for market_id, leverage in told.items()}
        settings = _with(said, await self._symbol_settings())
        if self._at.symbol_config is not None and outdated_settings(answers, settings):
            settings = _with(said, await self._symbol_settings(within_s=_REREAD_S))
        return settings


def _with(said: Mapping[str, SymbolSetting], known: SettingsById) -> SettingsById:
    """What is known, and over it what was said just now."""
    return {**known, **said} if said else known
