"""What changes rarely: listings, tiers, settings of contracts, the account's modes.

Read rarely, kept, and read anew when something does not fit. Public tables are shared with the other accounts of the
site. Knows how long each may be believed; compares nothing with risk.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from guard.ports.errors import PermissionMissing, VenueError, VenueUnavailable
from guard.ports.venue import SymbolTerms
from guard.risk.book import HaircutTier, Tier
from guard.venues.client import Endpoint, VenueClient
from guard.venues.gate import endpoints as at
from guard.venues.gate.answers import Answers, Modes, modes_of
from guard.venues.gate.assemble import Reference, is_computed
from guard.venues.gate.listings import read_markets
from guard.venues.gate.parse import (
    NO_TERMS,
    AccountMode,
    AccountRow,
    LegTerms,
    holds_anything,
    read_account,
    read_terms,
    read_unified_mode,
)
from guard.venues.gate.parse_reference import (
    read_discounts,
    read_index_prices,
    read_marks,
    read_spot_price,
    read_tiers,
)
from guard.venues.hub import DAY_S, HOUR_S
from guard.venues.markets import Listing, MarketTable
from guard.venues.shared import Shared
from guard.venues.together import together

# Also how long an account in another settlement currency may stand unseen.
_MODES_REFRESH_S = 120.0
_TERMS_REFRESH_S = 60.0
_OTHERS_REFRESH_S = 600.0
_USABLE_S = 3 * DAY_S
_MARKS_REFRESH_S = 2.0
_SPOT_REFRESH_S = 10.0
# At most this often is something read anew because it did not fit.
_REREAD_S = 60.0
_NO_UNIFIED_ACCOUNT = frozenset({at.NO_ACCOUNT, "NOT_FOUND", "ACCOUNT_NOT_FOUND", "CROSS_ACCOUNT_NOT_FOUND"})

_OTHERS: tuple[tuple[str, Endpoint, Mapping[str, object]], ...] = (
    ("delivery contracts", at.DELIVERY_ACCOUNT, {"settle": "usdt"}),
    ("options", at.OPTIONS_ACCOUNT, {}),
)


class ReferenceDesk:
    """The reference data of one account."""

    def __init__(self, client: VenueClient) -> None:
        self._client = client
        self._site = client.site
        self._modes: Shared[Modes] = Shared(client.site.clock, _MODES_REFRESH_S)
        self._others: Shared[tuple[str, ...]] = Shared(client.site.clock, _OTHERS_REFRESH_S)
        self._terms: dict[tuple[str, str], Shared[LegTerms]] = {}

    async def ready(self) -> Modes:
        """Have at hand what every reading needs; returns the modes.

        Raises:
            VenueError: something cannot be read, and nothing usable is kept.
        """
        modes, _ = await together(self.modes(), self._markets())
        stated: Modes = modes
        return stated

    async def for_answers(self, answers: Answers) -> Reference:
        """The reference that fits `answers`; what does not is read anew, at most once a minute.

        Raises:
            VenueError: it cannot be read.
        """
        markets = await self._markets()
        if not answers.used_ids <= markets.by_id.keys():
            markets = await self._markets(within_s=_REREAD_S)
        others = await self._other_contracts()
        if not is_computed(answers, markets):
            return Reference(markets, others=others)
        keys = sorted({(row.settle, row.market_id) for row in answers.held})
        tables = await together(*(self._tiers(*key) for key in keys))
        tiers = {name: table for (_, name), table in zip(keys, tables, strict=True)}
        if answers.account_mode != "multi" or answers.unified is None:
            return Reference(markets, tiers, others=others)
        discounts = await self._discounts()
        counted = [name for name, row in answers.unified.balances.items() if row.whole and discounts.get(name)]
        return Reference(markets, tiers, discounts, await self._prices(counted), others)

    async def modes(self, within_s: float | None = None) -> Modes:
        """The account's modes as the venue stated them, at most two minutes (or `within_s`) ago.

        Raises:
            VenueError: they cannot be read, or there is no futures account; no older statement stands in.
        """
        return (await self._modes.get(self._read_modes, within_s=within_s, insist=True)).value

    def are_proven(self, modes: Modes, answers: Answers) -> bool:
        """Whether what was read is of these modes; if it is not, they are read anew at the next asking."""
        if answers.modes() == modes:
            return True
        self.doubt_modes()
        return False

    def doubt_modes(self) -> None:
        """Read the modes anew at the next asking."""
        if self._modes.last is not None:
            self._modes.reject(self._modes.last)

    async def _read_modes(self) -> Modes:
        found = await together(*(self._account(settle) for settle in at.SETTLES))
        accounts = {row.settle: row for row in found if row is not None}
        stated = {row.account_mode for row in accounts.values()}
        unified = stated - {None, "classic"}
        if len(unified) > 1:
            raise VenueError(f"{at.ACCOUNT.name}: the settlement currencies are in different account modes")
        mode: AccountMode = (unified.pop() or "classic") if unified else "classic"
        if mode == "classic" and None in stated:
            mode = await self._unified_mode()
        return modes_of(accounts, mode)

    async def _account(self, settle: str) -> AccountRow | None:
        try:
            answer = await self._client.call(at.ACCOUNT, {"settle": settle})
        except VenueError as error:
            if error.code == at.NO_ACCOUNT:
                return None
            raise
        return read_account(answer, settle)

    async def _unified_mode(self) -> AccountMode:
        """Asked where the futures account does not tell; who has no unified account, or no right to one, is classic."""
        try:
            return read_unified_mode(await self._client.call(at.UNIFIED_MODE))
        except PermissionMissing:
            return "classic"
        except VenueError as error:
            if error.code in _NO_UNIFIED_ACCOUNT:
                return "classic"
            raise

    async def _other_contracts(self) -> tuple[str, ...]:
        """Kinds of contracts that are held beside, as far as the key may ask; looked at every ten minutes.

        What cannot be asked is taken as not held: most keys have no right to it, and most users no such account. While
        the venue is away, what it said before holds.
        """

        async def read() -> tuple[str, ...]:
            before = self._others.last
            known = () if before is None else before.value
            found = []
            for kind, endpoint, params in _OTHERS:
                if await self._is_held(endpoint, params, before=kind in known):
                    found.append(kind)
            return tuple(found)

        return (await self._others.get(read)).value

    async def _is_held(self, endpoint: Endpoint, params: Mapping[str, object], *, before: bool) -> bool:
        try:
            return holds_anything(await self._client.call(endpoint, params), endpoint.name)
        except VenueUnavailable:
            return before
        except VenueError:
            return False

    async def listing(self, symbol: str) -> Listing:
        """The listing of `symbol`.

        Raises:
            VenueError: the venue lists no such symbol, or cannot be asked.
        """
        for within_s in (None, _REREAD_S):
            listing = (await self._markets(within_s)).by_symbol.get(symbol)
            if listing is not None:
                return listing
        raise VenueError(f"gate lists no {symbol}")

    async def marks(self, settle: str) -> dict[str, float]:
        """Mark prices of every contract of a settlement currency, at most two seconds old.

        Raises:
            VenueError: they cannot be read.
        """
        return read_marks(await self._tickers(settle))

    async def _tickers(self, settle: str) -> object:
        async def read() -> object:
            return await self._client.call(at.TICKERS, {"settle": settle})

        shared: Shared[object] = self._site.shared(f"tickers {settle}", _MARKS_REFRESH_S)
        return (await shared.get(read)).value

    async def _prices(self, currencies: Iterable[str]) -> dict[str, float]:
        """USDT per unit of currencies: the index of their contract, else the last price of their pair."""
        wanted = frozenset(currencies) - {"USDT"}
        if not wanted:
            return {}
        indexes = read_index_prices(await self._tickers("usdt"))
        found = {name: indexes[name] for name in wanted & indexes.keys()}
        for name in sorted(wanted - indexes.keys()):
            price = await self._spot_price(name)
            if price is not None:
                found[name] = price
        return found

    async def _spot_price(self, currency: str) -> float | None:
        async def read() -> float | None:
            try:
                answer = await self._client.call(at.SPOT_TICKERS, {"currency_pair": f"{currency}_USDT"})
            except VenueError as error:
                if error.code in at.NO_PAIR_LABELS:
                    return None
                raise
            return read_spot_price(answer)

        shared: Shared[float | None] = self._site.shared(f"spot {currency}", _SPOT_REFRESH_S)
        return (await shared.get(read)).value

    async def _discounts(self) -> dict[str, tuple[HaircutTier, ...]]:
        async def read() -> dict[str, tuple[HaircutTier, ...]]:
            return read_discounts(await self._client.call(at.DISCOUNTS))

        shared: Shared[dict[str, tuple[HaircutTier, ...]]] = self._site.shared("discounts", HOUR_S, _USABLE_S)
        return (await shared.get(read)).value

    async def terms(self, settle: str, market_id: str, *, dual: bool) -> LegTerms:
        """The settings of a contract without a position, at most a minute old; untold where the venue has none.

        Raises:
            VenueError: they cannot be read.
        """
        endpoint = at.DUAL_POSITION if dual else at.POSITION

        async def read() -> LegTerms:
            try:
                answer = await self._client.call(endpoint, {"settle": settle, "contract": market_id})
            except VenueError as error:
                if error.code in at.NO_POSITION_LABELS:
                    return NO_TERMS
                raise
            return read_terms(answer, settle, market_id)

        shared = self._terms.setdefault((settle, market_id), Shared(self._site.clock, _TERMS_REFRESH_S))
        return (await shared.get(read)).value

    async def symbol_terms(self, symbol: str) -> SymbolTerms | None:
        """Tiers, leverage and margin mode of a symbol, held or not; None where the venue has no settings of it yet.

        Raises:
            VenueError: the venue lists no such symbol, or cannot be asked.
        """
        listing, modes = await together(self.listing(symbol), self.modes())
        if listing.kind == "inverse" or modes.account_mode == "portfolio":
            return None
        settle, market_id = listing.settle.lower(), listing.market_id
        told, tiers = await together(
            self.terms(settle, market_id, dual=modes.position_mode == "hedge"), self._tiers(settle, market_id)
        )
        if not tiers or told.leverage is None:
            return None
        return SymbolTerms(symbol, tiers, told.leverage, "isolated" if told.is_isolated else "cross")

    async def _markets(self, within_s: float | None = None) -> MarketTable:
        async def read() -> MarketTable:
            return read_markets(await self._client.call(at.MARKETS))

        return (await self._site.markets.get(read, within_s=within_s)).value

    async def _tiers(self, settle: str, market_id: str) -> tuple[Tier, ...]:
        async def read() -> tuple[Tier, ...]:
            asked = {"settle": settle, "contract": market_id}
            return read_tiers(await self._client.call(at.TIERS, asked), market_id)

        shared: Shared[tuple[Tier, ...]] = self._site.shared(f"tiers {settle} {market_id}", HOUR_S, _USABLE_S)
        table = (await shared.get(read)).value
        return table or (await shared.get(read, within_s=_REREAD_S)).value
