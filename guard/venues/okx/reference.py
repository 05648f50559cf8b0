"""What changes rarely: listings, tiers, discounts, the user's fee, the account's modes.

Read rarely, kept, and read anew when something does not fit. Public tables are shared with the other accounts of the
site. Knows how long each may be believed; compares nothing with risk.
"""

from __future__ import annotations

from collections.abc import Iterable

from guard.ports.errors import BadAnswer, VenueError
from guard.ports.venue import SymbolTerms
from guard.risk.book import HaircutTier, Tier
from guard.venues.client import VenueClient
from guard.venues.fields import refused
from guard.venues.hub import DAY_S
from guard.venues.markets import Listing, MarketTable
from guard.venues.okx import endpoints as at
from guard.venues.okx.assemble import Answers, Reference, TierKey, order_tier_key, proven
from guard.venues.okx.listings import family_of, read_markets
from guard.venues.okx.parse_reference import (
    Modes,
    read_discounts,
    read_leverage,
    read_marks,
    read_modes,
    read_taker_fee,
    read_tiers,
)
from guard.venues.shared import Shared
from guard.venues.together import together

_MODES_REFRESH_S = 600.0
_FEE_REFRESH_S = 3_600.0
_DISCOUNTS_REFRESH_S = DAY_S / 4
_USABLE_S = 3 * DAY_S
_MARKS_REFRESH_S = 2.0
# At most this often is something read anew because it did not fit.
_REREAD_S = 60.0


class ReferenceDesk:
    """The reference data of one account."""

    def __init__(self, client: VenueClient) -> None:
        self._client = client
        self._site = client.site
        self._modes: Shared[Modes] = Shared(client.site.clock, _MODES_REFRESH_S)
        self._fee: Shared[float] = Shared(client.site.clock, _FEE_REFRESH_S, _USABLE_S)

    async def ready(self) -> Modes:
        """Have at hand what every reading needs; returns the modes.

        Raises:
            VenueError: something cannot be read, and nothing usable is kept.
        """
        modes, *_ = await together(self.modes(), self._markets(), self._taker_fee())
        stated: Modes = modes
        return stated

    async def for_answers(self, modes: Modes, answers: Answers) -> Reference:
        """The reference that fits `answers`; what does not is read anew, at most once a minute.

        Raises:
            VenueError: it cannot be read.
        """
        markets = await self._markets()
        if not answers.used_ids <= markets.by_id.keys():
            markets = await self._markets(within_s=_REREAD_S)
        computed = modes.account_mode != "portfolio" and not answers.uncomputed
        ordered = {order_tier_key(row) for row in answers.contract_orders if not row.is_isolated and not row.closes}
        keys = sorted(answers.tier_keys | ordered) if computed else []
        tables = await together(*(self._tiers(key) for key in keys))
        discounts: dict[str, tuple[HaircutTier, ...]] = {}
        if computed and modes.account_mode == "multi":
            discounts = await self._discounts()
            if any(row.currency not in discounts for row in answers.balance.currencies):
                discounts = await self._discounts(within_s=_REREAD_S)
        return Reference(
            markets=markets,
            modes=modes,
            tiers=dict(zip(keys, tables, strict=True)),
            discounts=discounts,
            taker_fee=await self._taker_fee(),
        )

    async def modes(self, within_s: float | None = None) -> Modes:
        """The account's modes as the venue stated them, at most ten minutes (or `within_s`) ago.

        Raises:
            VenueError: they cannot be read, or are of an account without contracts; no older statement stands in.
        """

        async def read() -> Modes:
            return read_modes(await self._client.call(at.CONFIG))

        return (await self._modes.get(read, within_s=within_s, insist=True)).value

    async def proven_modes(self, modes: Modes, answers: Answers) -> Modes:
        """The modes, read anew when what was read contradicts them: a user may change them while flat.

        Raises:
            VenueError: the venue contradicts itself, or cannot be asked.
        """
        if proven(modes, answers):
            return modes
        modes = await self.modes(within_s=0.0)
        if not proven(modes, answers):
            said = f"{modes.account_mode} and {modes.position_mode}"
            raise refused(at.CONFIG.name, f"says {said}, the balances or the held legs say otherwise")
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
        raise VenueError(f"okx lists no {symbol}")

    async def terms(self, symbol: str) -> SymbolTerms | None:
        """Tiers and leverage of a perpetual contract, held or not, in cross margin: an order names its margin mode.

        Raises:
            VenueError: the venue lists no such symbol, or cannot be asked.
        """
        market_id = (await self.listing(symbol)).market_id
        modes = await self.modes()
        if modes.account_mode == "portfolio" or not market_id.endswith("-SWAP"):
            return None
        asked = {"instId": market_id, "mgnMode": "cross"}
        tiers, answer = await together(
            self._tiers(("SWAP", family_of(market_id), "cross")), self._client.call(at.LEVERAGE, asked)
        )
        leverage = read_leverage(answer)
        return SymbolTerms(symbol, tiers, leverage, "cross") if tiers and leverage else None

    async def marks(self, kinds: Iterable[str]) -> dict[str, float]:
        """Mark prices of every contract of these kinds (`SWAP`, `FUTURES`), at most two seconds old.

        Raises:
            VenueError: they cannot be read.
        """
        found: dict[str, float] = {}
        for kind in sorted(kinds):
            found.update(await self._marks(kind))
        return found

    async def _marks(self, kind: str) -> dict[str, float]:
        async def read() -> dict[str, float]:
            return read_marks(await self._client.call(at.MARKS, {"instType": kind}))

        shared: Shared[dict[str, float]] = self._site.shared(f"marks {kind}", _MARKS_REFRESH_S)
        return (await shared.get(read)).value

    async def _markets(self, within_s: float | None = None) -> MarketTable:
        async def read() -> MarketTable:
            return read_markets(await self._client.call(at.MARKETS))

        return (await self._site.markets.get(read, within_s=within_s)).value

    async def _tiers(self, key: TierKey) -> tuple[Tier, ...]:
        kind, family, mode = key

        async def read() -> tuple[Tier, ...]:
            asked = {"instType": kind, "tdMode": mode, "instFamily": family}
            return read_tiers(await self._client.call(at.TIERS, asked)).get(family, ())

        shared: Shared[tuple[Tier, ...]] = self._site.shared(f"tiers {kind} {family} {mode}", DAY_S, _USABLE_S)
        table = (await shared.get(read)).value
        return table or (await shared.get(read, within_s=_REREAD_S)).value

    async def _discounts(self, within_s: float | None = None) -> dict[str, tuple[HaircutTier, ...]]:
        async def read() -> dict[str, tuple[HaircutTier, ...]]:
            return read_discounts(await self._client.call(at.DISCOUNTS))

        shared: Shared[dict[str, tuple[HaircutTier, ...]]] = self._site.shared(
            "discounts", _DISCOUNTS_REFRESH_S, _USABLE_S
        )
        return (await shared.get(read, within_s=within_s)).value

    async def _taker_fee(self) -> float | None:
        """The user's own fee; None where the answer cannot be understood: the book names it as missing."""

        async def read() -> float:
            return read_taker_fee(await self._client.call(at.FEES, {"instType": "SWAP"}))

        try:
            return (await self._fee.get(read)).value
        except BadAnswer:
            return None
