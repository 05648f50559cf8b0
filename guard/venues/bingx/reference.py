"""What changes rarely: listings, the user's tiers and leverages, the account's modes.

Read rarely, kept, and read anew when something does not fit. Knows how long each may be believed; compares nothing
with risk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from guard.ports.errors import PermissionMissing, VenueError
from guard.ports.venue import SymbolTerms
from guard.risk.book import Tier
from guard.venues.bingx import endpoints as at
from guard.venues.bingx import parse_reference as parse
from guard.venues.bingx.answers import Answers, Modes, Reference, proven_mode
from guard.venues.bingx.listings import read_markets
from guard.venues.bingx.parse_reference import Leverages
from guard.venues.client import Endpoint, VenueClient
from guard.venues.fields import refused
from guard.venues.hub import DAY_S
from guard.venues.markets import Listing, MarketTable
from guard.venues.shared import Shared
from guard.venues.together import together

_SETTINGS_REFRESH_S = 600.0
_SETTINGS_USABLE_S = 3_600.0
_TIERS_USABLE_S = 3 * DAY_S
# At most this often is something read anew because it did not fit.
_REREAD_S = 60.0
_INTERNED_MAX = 20_000


class ReferenceDesk:
    """The reference data of one account; listings are shared with the other accounts of the site."""

    def __init__(self, client: VenueClient) -> None:
        self._client = client
        self._site = client.site
        # By symbol and per account, because the request is signed; equal tables are kept once (`interned`).
        self._tiers: dict[str, Shared[tuple[Tier, ...]]] = {}
        self._leverages: dict[str, Shared[Leverages]] = {}
        self._modes: Shared[Modes] = Shared(client.site.clock, _SETTINGS_REFRESH_S)

    async def ready(self) -> Modes:
        """Have at hand what decides how the account is to be read.

        Raises:
            VenueError: something cannot be read, and nothing usable is kept.
        """
        known = self._modes.fresh
        if known and self._site.markets.fresh:
            return known.value
        modes, _ = await together(self.modes(), self.markets())
        stated: Modes = modes
        return stated

    async def for_answers(self, modes: Modes, answers: Answers) -> Reference:
        """The reference that fits `answers`; what does not is read anew, at most once a minute.

        Raises:
            VenueError: it cannot be read.
        """
        markets = await self.markets()
        if not answers.used_ids <= markets.by_id.keys():
            markets = await self.markets(within_s=_REREAD_S)
        held = {row.market_id for row in answers.positions}
        linear = {row.market_id for row in answers.positions if row.kind == "linear"}
        tiers = await _each(linear & markets.by_id.keys(), self._tier_table)
        wanted = (answers.used_ids - held) & markets.by_id.keys()
        leverages = await _each(wanted, lambda name: self._leverage(name, inverse=name in answers.coin_ids))
        return Reference(markets, tiers, leverages, modes)

    async def modes(self, within_s: float | None = None) -> Modes:
        """The account's modes as the venue stated them, at most ten minutes (or `within_s`) ago.

        Raises:
            VenueError: they cannot be read; no older statement stands in.
        """

        async def read() -> Modes:
            position, multi, standard = await together(
                self._client.call(at.POSITION_MODE),
                self._if_allowed(at.ASSET_MODE, parse.read_is_multi_assets),
                self._if_allowed(at.STANDARD_POSITIONS, parse.read_holds_standard),
            )
            return Modes(parse.read_position_mode(position), multi, standard)

        return (await self._modes.get(read, within_s=within_s, insist=True)).value

    async def _if_allowed(self, endpoint: Endpoint, read: Callable[[object], bool]) -> bool | None:
        """What the venue states; None for a key that lacks the right to ask."""
        try:
            return read(await self._client.call(endpoint))
        except PermissionMissing as error:
            if error.code != at.RIGHT_MISSING:
                raise
            return None

    async def proven_modes(self, modes: Modes, answers: Answers) -> Modes:
        """The modes, read anew when held legs contradict them: a user may change them while flat.

        Raises:
            VenueError: the venue contradicts itself, or cannot be asked.
        """
        if proven_mode(modes.position_mode, answers) is not None:
            return modes
        modes = await self.modes(within_s=0.0)
        if proven_mode(modes.position_mode, answers) is None:
            raise refused(at.POSITION_MODE.name, f"says {modes.position_mode}, the held legs say otherwise")
        return modes

    async def listing(self, symbol: str) -> Listing:
        """The listing of `symbol`.

        Raises:
            VenueError: the venue lists no such symbol, or cannot be asked.
        """
        for within_s in (None, _REREAD_S):
            listing = (await self.markets(within_s)).by_symbol.get(symbol)
            if listing is not None:
                return listing
        raise VenueError(f"bingx lists no {symbol}")

    async def terms(self, symbol: str) -> SymbolTerms | None:
        """Tiers, leverage and margin mode of a symbol, held or not; None of contracts that are margined in a coin.

        Raises:
            VenueError: the venue lists no such symbol, or cannot be asked.
        """
        listing = await self.listing(symbol)
        if listing.kind == "inverse":
            return None
        asked = {"symbol": listing.market_id}
        tiers, leverages, mode = await together(
            self._tier_table(listing.market_id),
            self._client.call(at.LEVERAGE, asked),
            self._client.call(at.MARGIN_TYPE, asked),
        )
        lower = min(parse.read_leverages(leverages, at.LEVERAGE))
        return SymbolTerms(symbol, tiers, lower, parse.read_margin_mode(mode)) if tiers else None

    async def markets(self, within_s: float | None = None) -> MarketTable:
        """The listings of both kinds.

        Raises:
            VenueError: they cannot be read, and nothing usable is kept.
        """

        async def read() -> MarketTable:
            return read_markets(*await together(self._client.call(at.MARKETS), self._client.call(at.COIN_MARKETS)))

        return (await self._site.markets.get(read, within_s=within_s)).value

    async def _tier_table(self, market_id: str) -> tuple[Tier, ...]:
        async def read() -> tuple[Tier, ...]:
            table = parse.read_tiers(await self._client.call(at.TIERS, {"symbol": market_id}), market_id)
            kept = self._site.interned
            if len(kept) > _INTERNED_MAX:
                kept.clear()
            interned: tuple[Tier, ...] = kept.setdefault(table, table)
            return interned

        shared = self._tiers.setdefault(market_id, Shared(self._site.clock, DAY_S, _TIERS_USABLE_S))
        return (await shared.get(read)).value

    async def _leverage(self, market_id: str, *, inverse: bool) -> Leverages:
        endpoint = at.COIN_LEVERAGE if inverse else at.LEVERAGE

        async def read() -> Leverages:
            return parse.read_leverages(await self._client.call(endpoint, {"symbol": market_id}), endpoint)

        shared = self._leverages.setdefault(
            market_id, Shared(self._site.clock, _SETTINGS_REFRESH_S, _SETTINGS_USABLE_S)
        )
        return (await shared.get(read)).value


async def _each(market_ids: Iterable[str], read: Callable[[str], Any]) -> dict[str, Any]:
    """What `read` answers for each id, asked at the same time."""
    ids = sorted(market_ids)
    return dict(zip(ids, await together(*(read(market_id) for market_id in ids)), strict=True))
