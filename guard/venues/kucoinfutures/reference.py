"""What changes rarely: listings, the margin rule's constants, the account's modes and its wallets.

Read rarely, kept, and read anew when something does not fit. Knows how long each may be believed.
"""

from __future__ import annotations

from dataclasses import dataclass

from guard.ports.errors import VenueError
from guard.ports.venue import SymbolTerms
from guard.risk.book import PositionMode
from guard.venues.client import VenueClient
from guard.venues.fields import refused
from guard.venues.hub import DAY_S
from guard.venues.kucoinfutures import endpoints as at
from guard.venues.kucoinfutures.legs import Held, Reference, proven_mode, unknown_ids
from guard.venues.kucoinfutures.listings import read_markets
from guard.venues.kucoinfutures.parse import currency_name
from guard.venues.kucoinfutures.parse_reference import (
    ContractTable,
    read_contracts,
    read_cross_leverage,
    read_position_mode,
)
from guard.venues.kucoinfutures.parse_unified import read_is_unified
from guard.venues.kucoinfutures.reading import StateReader
from guard.venues.markets import Listing, MarketTable
from guard.venues.shared import Shared
from guard.venues.together import together

_MODES_REFRESH_S = 600.0
# Announced changes come with their time; the funding rate of isolated legs is what moves.
_CONTRACTS_REFRESH_S = 600.0
_WALLETS_REFRESH_S = 600.0
_WALLETS_USABLE_S = 3_600.0
# At most this often is something read anew because it did not fit.
_REREAD_S = 60.0


@dataclass(frozen=True, slots=True)
class Modes:
    """What the venue stated about the account in this session."""

    position_mode: PositionMode
    is_unified: bool


class ReferenceDesk:
    """The reference data of one account; listings and constants are shared with the other accounts of the site."""

    def __init__(self, client: VenueClient, state: StateReader) -> None:
        clock = client.site.clock
        self._client = client
        self._site = client.site
        self._state = state
        self._contracts: Shared[ContractTable] = client.site.shared("contracts", _CONTRACTS_REFRESH_S, DAY_S)
        self._modes: Shared[Modes] = Shared(clock, _MODES_REFRESH_S)
        self._wallets: Shared[tuple[str, ...]] = Shared(clock, _WALLETS_REFRESH_S, _WALLETS_USABLE_S)

    @property
    def is_unified(self) -> bool:
        """Whether the account was last stated to be a unified one."""
        last = self._modes.last
        return last is not None and last.value.is_unified

    @property
    def wallet_names(self) -> tuple[str, ...]:
        """Currencies of the wallets that had something in them when they were last looked for."""
        last = self._wallets.last
        return tuple(sorted(currency_name(currency_id) for currency_id in last.value)) if last else ()

    async def ready(self) -> Modes:
        """Have everything at hand; returns the modes, which decide what is to be read.

        Raises:
            VenueError: something cannot be read, and nothing usable is kept.
        """
        known = self._modes.fresh
        if known and self._site.markets.fresh and self._contracts.fresh:
            return known.value
        modes, *_ = await together(self.modes(), self._markets(), self._contract_table())
        stated: Modes = modes
        return stated

    async def modes(self, within_s: float | None = None) -> Modes:
        """The account's modes as the venue stated them, at most ten minutes (or `within_s`) ago.

        Raises:
            VenueError: they cannot be read; no older statement stands in.
        """

        async def read() -> Modes:
            is_unified = read_is_unified(await self._client.call(at.ACCOUNT_MODE))
            # Explicitly: ccxt would ask by itself, and keep what it understood for ever.
            self._client.exchange.options["uta"] = is_unified
            if is_unified:
                return Modes("one_way", is_unified)
            return Modes(read_position_mode(await self._client.call(at.POSITION_MODE)), is_unified)

        return (await self._modes.get(read, within_s=within_s, insist=True)).value

    async def proven_mode(self, modes: Modes, held: Held) -> PositionMode:
        """The position mode, read anew when held legs contradict it: a user may change it while flat.

        Raises:
            VenueError: the venue contradicts itself, or cannot be asked.
        """
        if proven_mode(modes.position_mode, held) is None:
            modes = await self.modes(within_s=0.0)
            if proven_mode(modes.position_mode, held) is None:
                raise refused(at.POSITION_MODE.name, f"says {modes.position_mode}, the held legs say otherwise")
        return modes.position_mode

    async def for_held(self, position_mode: PositionMode, held: Held) -> Reference:
        """The reference that fits what is held; listings and constants that do not are read anew, once a minute.

        Raises:
            VenueError: it cannot be read.
        """
        markets, contracts = await self._markets(), await self._contract_table()
        if unknown_ids(held, markets):
            markets = await self._markets(within_s=_REREAD_S)
        if held.used_ids - contracts.constants.keys():
            contracts = await self._contract_table(within_s=_REREAD_S)
        return Reference(markets, contracts.constants, position_mode)

    async def wallets(self) -> tuple[str, ...]:
        """The wallets to read every cycle, by the venue's names: those with something in them, one at least.

        Every currency that settles any contract is looked at, every ten minutes.

        Raises:
            VenueError: they cannot be read, and nothing usable is kept.
        """

        async def read() -> tuple[str, ...]:
            currency_ids = (await self._contract_table()).currency_ids
            return await self._state.used(currency_ids) or currency_ids[:1]

        return (await self._wallets.get(read)).value

    def currency_id(self, name: str) -> str:
        """The venue's own name of a currency."""
        last = self._contracts.last
        ids = last.value.currency_ids if last else ()
        return next((currency_id for currency_id in ids if currency_name(currency_id) == name), name)

    async def listing(self, symbol: str) -> Listing:
        """The listing of `symbol`.

        Raises:
            VenueError: the venue lists no such symbol, or cannot be asked.
        """
        for within_s in (None, _REREAD_S):
            listing = (await self._markets(within_s)).by_symbol.get(symbol)
            if listing is not None:
                return listing
        raise VenueError(f"kucoinfutures lists no {symbol}")

    async def terms(self, symbol: str) -> SymbolTerms | None:
        """Constants and leverage of a contract, held or not, in cross margin: an order names its margin mode.

        None of accounts and contracts that have no cross margin, or whose contracts are margined in a coin.

        Raises:
            VenueError: the venue lists no such symbol, or cannot be asked.
        """
        listing = await self.listing(symbol)
        modes, contracts = await together(self.modes(), self._contract_table())
        constants = contracts.constants.get(listing.market_id)
        if constants is None or modes.is_unified or listing.kind == "inverse":
            return None
        leverage = read_cross_leverage(await self._client.call(at.CROSS_LEVERAGE, {"symbol": listing.market_id}))
        known = constants.at(self._site.clock.now().timestamp() * 1000)
        known.pop("funding_rate", None)  # of isolated legs only
        return SymbolTerms(symbol, (), leverage, "cross", known)

    async def _markets(self, within_s: float | None = None) -> MarketTable:
        async def read() -> MarketTable:
            # ccxt would look up spot margin lists as well, with the key.
            return read_markets(await self._client.call(at.MARKETS, {"marginables": False}))

        return (await self._site.markets.get(read, within_s=within_s)).value

    async def _contract_table(self, within_s: float | None = None) -> ContractTable:
        async def read() -> ContractTable:
            return read_contracts(await self._client.call(at.CONTRACTS))

        return (await self._contracts.get(read, within_s=within_s)).value
