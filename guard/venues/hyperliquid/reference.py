"""What changes rarely: dexes, their contracts, tokens, the account's mode and role, leverages.

Universes and tokens are shared by all accounts of the site. Knows how long each may be believed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from guard.ports.errors import CredentialsRejected, VenueError
from guard.ports.venue import SymbolTerms
from guard.venues.client import VenueClient
from guard.venues.fields import refused
from guard.venues.hub import DAY_S, HOUR_S, VenueSite
from guard.venues.hyperliquid import endpoints as at
from guard.venues.hyperliquid import parse, universe
from guard.venues.hyperliquid.parse import Abstraction, Role
from guard.venues.hyperliquid.universe import DEFAULT_DEX, USDC_TOKEN, Contract, Token, Universe
from guard.venues.markets import Listing
from guard.venues.shared import Shared
from guard.venues.together import together

_REFRESH_S = 600.0
_USABLE_S = 3_600.0
_UNIVERSE_USABLE_S = 3 * DAY_S
# The grid of prices depends on their height, so what orders are made from is not an hour old.
_LISTING_S = 300.0
# At most this often is something read anew because it did not fit.
_REREAD_S = 60.0
_MARK_S = 5.0
_FOR_OTHERS = frozenset({"vault", "subAccount"})


@dataclass(frozen=True, slots=True)
class Modes:
    """What the venue stated about the account in this session."""

    abstraction: Abstraction
    role: Role


class ReferenceDesk:
    """The reference data of one account."""

    def __init__(self, client: VenueClient, user: str) -> None:
        clock = client.site.clock
        self._client = client
        self._site = client.site
        self._user = user
        self._abstraction: Shared[Abstraction] = Shared(clock, _REFRESH_S)
        self._role: Shared[Role] = Shared(clock, DAY_S)
        self._leverages: dict[str, Shared[float]] = {}

    async def modes(self, within_s: float | None = None) -> Modes:
        """The account's mode as the venue stated it, at most ten minutes (or `within_s`) ago.

        Raises:
            CredentialsRejected: the address is no account: an agent's, or unknown at the venue.
            VenueError: it cannot be read; no older statement stands in.
        """
        abstraction, role = await together(self._stated(within_s), self._stated_role())
        # For ccxt's own methods; this module asks for what it wants by name.
        self._client.exchange.options["enableUnifiedMargin"] = abstraction == "unified"
        return Modes(abstraction, role)

    async def _stated(self, within_s: float | None) -> Abstraction:
        async def read() -> Abstraction:
            answer = await self._client.call(at.ABSTRACTION, {"type": "userAbstraction", "user": self._user})
            return parse.read_abstraction(answer)

        return (await self._abstraction.get(read, within_s=within_s, insist=True)).value

    async def _stated_role(self) -> Role:
        async def read() -> Role:
            role = parse.read_role(await self._client.call(at.ROLE, {"type": "userRole", "user": self._user}))
            if role.name == "agent":
                raise CredentialsRejected(
                    f"{at.ROLE.name}: the wallet address is that of an API wallet, which holds nothing itself",
                    fix=f"enter the account's own address: {role.master}",
                )
            if role.name == "missing":
                raise CredentialsRejected(
                    f"{at.ROLE.name}: the venue knows no account with this wallet address",
                    fix="check the wallet address, and that the account was funded at this network",
                )
            return role

        return (await self._role.get(read)).value

    def vault(self) -> str | None:
        """The address that an order must name because its signer acts for it; None for a plain account."""
        role = self._role.last
        return self._user if role is not None and role.value.name in _FOR_OTHERS else None

    async def role_of(self, address: str) -> Role:
        """What another address is, asked now.

        Raises:
            VenueError: the venue cannot be asked.
        """
        return parse.read_role(await self._client.call(at.ROLE, {"type": "userRole", "user": address}))

    async def dexes(self) -> dict[str, int]:
        """The dexes, and the number of each one's first contract.

        Raises:
            VenueError: they cannot be read, and nothing usable is kept.
        """

        async def read() -> dict[str, int]:
            return universe.read_dexes(await self._client.call(at.DEXES, {"type": "perpDexs"}))

        found: dict[str, int] = (await self._site.shared("dexes", DAY_S, _UNIVERSE_USABLE_S).get(read)).value
        return found

    async def universe(self, dex: str = DEFAULT_DEX, within_s: float | None = None) -> Universe:
        """The contracts of a dex.

        Raises:
            VenueError: they cannot be read, and nothing usable is kept.
        """

        async def read() -> Universe:
            named = {"dex": dex} if dex else {}
            answer = await self._client.call(at.UNIVERSE, {"type": "metaAndAssetCtxs", **named})
            token, first = universe.token_of(answer, dex), (await self.dexes())[dex] if dex else 0
            settle = "USDC" if token == USDC_TOKEN else await self._token_name(token)
            return universe.read_universe(answer, dex, first, settle)

        shared = self._site.shared(f"universe {dex}", HOUR_S, _UNIVERSE_USABLE_S)
        found: Universe = (await shared.get(read, within_s=within_s)).value
        return found

    async def universes(self, dexes: Iterable[str], coins: Iterable[str]) -> dict[str, Universe]:
        """The universes of `dexes`; one that lacks a coin of `coins` is read anew, at most once a minute.

        Raises:
            VenueError: they cannot be read, and nothing usable is kept.
        """
        found = {dex: await self.universe(dex) for dex in dexes}
        known = {coin for each in found.values() for coin in each.by_coin}
        for dex in {dex_of(coin) for coin in coins if coin not in known} & found.keys():
            found[dex] = await self.universe(dex, _REREAD_S)
        return found

    async def with_marks(self, found: dict[str, Universe], coins: Iterable[str]) -> dict[str, Universe]:
        """The universes with marks of this moment for `coins`.

        Raises:
            VenueError: they cannot be read, and nothing usable is kept.
        """
        dexes = {dex_of(coin) for coin in coins} & found.keys()
        return {**found, **{dex: await self.universe(dex, _MARK_S) for dex in dexes}}

    async def tokens(self) -> dict[int, Token]:
        """Tokens with their prices.

        Raises:
            VenueError: they cannot be read, and nothing usable is kept.
        """

        async def read() -> dict[int, Token]:
            return universe.read_tokens(await self._client.call(at.SPOT_META, {"type": "spotMetaAndAssetCtxs"}))

        found: dict[int, Token] = (await self._site.shared("tokens", _MARK_S).get(read)).value
        return found

    async def _token_name(self, token: int) -> str:
        known = (await self.tokens()).get(token)
        if known is None:
            raise refused(at.SPOT_META.name, f"has no token {token}")
        return known.name

    async def leverages(self, coins: Iterable[str]) -> dict[str, float]:
        """The leverages that are set for `coins`.

        Raises:
            VenueError: they cannot be read.
        """
        return {coin: await self._leverage(coin) for coin in coins}

    async def _leverage(self, coin: str) -> float:
        async def read() -> float:
            params = {"type": "activeAssetData", "user": self._user, "coin": coin}
            return parse.read_leverage(await self._client.call(at.LEVERAGE, params))

        kept = self._leverages.setdefault(coin, Shared(self._site.clock, _REFRESH_S, _USABLE_S))
        return (await kept.get(read)).value

    async def contract(self, symbol: str) -> Contract:
        """The contract of `symbol`.

        Raises:
            VenueError: the venue lists no such symbol, or cannot be asked.
        """
        dexes = await self.dexes()
        base = symbol.partition("/")[0]
        wanted = next((dex for dex in dexes if dex and base.startswith(f"{dex.upper()}-")), DEFAULT_DEX)
        for within_s in (_LISTING_S, _REREAD_S):
            contract = (await self.universe(wanted, within_s)).by_symbol.get(symbol)
            if contract is not None:
                return contract
        raise VenueError(f"hyperliquid lists no {symbol}")

    async def terms(self, symbol: str) -> SymbolTerms | None:
        """Tiers, leverage and margin mode of a symbol, held or not, as they are now; None without tiers.

        Raises:
            VenueError: the venue lists no such symbol, or cannot be asked.
        """
        contract = await self.contract(symbol)
        params = {"type": "activeAssetData", "user": self._user, "coin": contract.listing.market_id}
        answer = await self._client.call(at.LEVERAGE, params)
        if not contract.tiers:
            return None
        return SymbolTerms(symbol, contract.tiers, parse.read_leverage(answer), parse.read_margin_mode(answer))

    def known_contract(self, listing: Listing) -> Contract | None:
        """The contract of a listing in the universe that was read last."""
        dated = self._site.shared(f"universe {dex_of(listing.market_id)}", HOUR_S, _UNIVERSE_USABLE_S).last
        if dated is None:
            return None
        last: Universe = dated.value
        return last.by_coin.get(listing.market_id)


def dex_of(coin: str) -> str:
    """The dex that lists a coin: a builder's coin is `dex:NAME`."""
    dex, colon, _ = coin.partition(":")
    return dex if colon else DEFAULT_DEX


def listed(site: VenueSite, symbol: str) -> Listing | None:
    """The listing of `symbol` in the universes that were read last; nothing is asked."""
    base = symbol.partition("/")[0]
    dexes = site.shared("dexes", DAY_S, _UNIVERSE_USABLE_S).last
    names: Iterable[str] = dexes.value if dexes else ()
    wanted = next((dex for dex in names if dex and base.startswith(f"{dex.upper()}-")), DEFAULT_DEX)
    dated = site.shared(f"universe {wanted}", HOUR_S, _UNIVERSE_USABLE_S).last
    contract: Contract | None = dated.value.by_symbol.get(symbol) if dated else None
    return contract.listing if contract else None
