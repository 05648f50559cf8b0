"""One Hyperliquid account: the order in which its parts are read. Decides nothing about risk.

Reading needs the wallet's address alone. With an agent's private key as the secret it can also send orders.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from guard.ports.errors import InputError
from guard.ports.venue import Depth, FetchedBook, KeyRights, SymbolTerms
from guard.risk.book import Tier
from guard.venues.client import Timed, VenueClient
from guard.venues.hyperliquid import endpoints as at
from guard.venues.hyperliquid import parse
from guard.venues.hyperliquid.assemble import Answers, Reference, assemble
from guard.venues.hyperliquid.orders import HyperliquidOrderWords
from guard.venues.hyperliquid.parse import OrderRow, StateAnswer
from guard.venues.hyperliquid.reference import Modes, ReferenceDesk
from guard.venues.hyperliquid.universe import DEFAULT_DEX
from guard.venues.markets import Listing
from guard.venues.orderdesk import OrderWords
from guard.venues.reader import AccountModes
from guard.venues.together import together

_ADDRESS = re.compile(r"0x[0-9a-f]{40}")
_PRIVATE_KEY = re.compile(r"(0x)?[0-9a-fA-F]{64}")
# Dexes on which the account had nothing are looked at this often.
_IDLE_DEXES_S = 30.0
# A node of the venue may lag behind; less than this is the way of an answer and the error of our clock.
_LAG_S = 2.0


class HyperliquidReader:
    """Implements `guard.venues.reader.VenueReader`."""

    def __init__(self, client: VenueClient) -> None:
        spec = client.spec
        self._client = client
        self._clock = client.site.clock
        self._user = spec.credentials.wallet_address.strip().lower()
        if not _ADDRESS.fullmatch(self._user):
            raise InputError(f"account {spec.name}: the wallet address must be 0x and 40 hex digits")
        self._reference = ReferenceDesk(client, self._user)
        self._agent = self._take_key(spec.credentials.secret.strip())
        self._last_tiers: Mapping[str, tuple[Tier, ...]] | None = None
        self._used_dexes: tuple[str, ...] = ()
        self._dexes_seen_s = float("-inf")
        self.words: OrderWords | None = None
        if self._agent is not None:
            self.words = HyperliquidOrderWords(
                client, self._user, self._reference.known_contract, self._reference.vault
            )

    def _take_key(self, secret: str) -> str | None:
        """Hand the private key to ccxt; the address that it signs for, None without a key."""
        if not secret:
            return None
        if not _PRIVATE_KEY.fullmatch(secret):
            raise InputError(
                f"account {self._client.spec.name}: the secret must be a private key of 64 hex digits",
                fix="make an API wallet for this account at the venue, and enter its private key",
            )
        exchange = self._client.exchange
        exchange.privateKey = secret.removeprefix("0x")
        # Signatures name the network; the venue's test network is told by its address.
        exchange.options["sandboxMode"] = "testnet" in (urlsplit(self._client.site.base_url or "").hostname or "")
        address: str = exchange.eth_get_address_from_private_key(secret.removeprefix("0x"))
        return address.lower()

    async def read(self) -> FetchedBook:
        """Read everything a book needs.

        1 REFERENCE  modes, dexes: at hand, or read
        2 READ       each dex that is in use, its orders, spot balances where they carry positions
        3 COMPLETE   contracts and tiers; marks and leverages of coins that have orders only
        4 ASSEMBLE   rows to a book, with the names of what is missing

        Raises:
            VenueError: something could not be read or understood.
        """
        modes = await self._reference.modes()
        answers = await self._answers(modes)
        reference = await self._reference_for(answers, modes)
        fetched = assemble(self._client.spec.name, answers, reference, self._last_tiers)
        self._last_tiers = fetched.book.tiers
        return fetched

    async def _answers(self, modes: Modes) -> Answers:
        known = (DEFAULT_DEX, *self._used_dexes)
        in_spot = modes.abstraction in {"unified", "portfolio"}
        (states, parts), (orders, orders_at), *spot = await together(
            self._states(), self._orders(known), *([self._spot()] if in_spot else [])
        )
        late = [dex for dex in states if dex not in known]
        if late:
            more, orders_at = await self._orders(late)
            orders = {**orders, **more}
        if spot:
            parts = {**parts, "balances": spot[0].at}
        return Answers(
            states=states,
            orders=tuple(orders.values()),
            parts={**parts, "open_orders": orders_at},
            spot=parse.read_spot(spot[0].value) if spot else None,
        )

    async def _spot(self) -> Timed:
        return await self._client.timed(at.SPOT_STATE, self._of_dex(DEFAULT_DEX, "spotClearinghouseState"))

    async def _reference_for(self, answers: Answers, modes: Modes) -> Reference:
        coins = {*answers.held, *(row.coin for row in answers.orders)}
        universes = await self._reference.universes(answers.states, coins)
        if answers.ordered_only:
            universes = await self._reference.with_marks(universes, answers.ordered_only)
        return Reference(
            abstraction=modes.abstraction,
            universes=universes,
            tokens=await self._reference.tokens() if modes.abstraction == "portfolio" else {},
            leverages=await self._reference.leverages(answers.ordered_only),
        )

    async def _states(self) -> tuple[dict[str, StateAnswer], dict[str, datetime]]:
        """The dexes in use, the venue's own first, and when they were true."""
        now_s = self._clock.monotonic()
        looks_at_all = now_s - self._dexes_seen_s > _IDLE_DEXES_S
        names = tuple(await self._reference.dexes()) if looks_at_all else (DEFAULT_DEX, *self._used_dexes)
        answers: list[Timed] = await together(*(self._client.timed(at.STATE, self._of_dex(name)) for name in names))
        states = {name: parse.read_state(answer.value) for name, answer in zip(names, answers, strict=True)}
        moments = [self._true_at(states[name], answer) for name, answer in zip(names, answers, strict=True)]
        if looks_at_all:
            self._dexes_seen_s = now_s
        self._used_dexes = tuple(name for name, state in states.items() if state.is_used and name != DEFAULT_DEX)
        oldest = min(moments)
        used = {name: states[name] for name in (DEFAULT_DEX, *self._used_dexes)}
        return used, {"balances": oldest, "positions": oldest, "marks": oldest}

    def _of_dex(self, dex: str, kind: str = "clearinghouseState") -> dict[str, Any]:
        asked = {"type": kind, "user": self._user}
        return {**asked, "dex": dex} if dex else asked

    def _true_at(self, state: StateAnswer, answer: Timed) -> datetime:
        """When a state was true: when it was received, unless the venue says that it is an older one."""
        skew = self._client.site.skew_ms.last
        lag_s = answer.at.timestamp() - (state.time_ms + (skew.value if skew else 0.0)) / 1000
        return answer.at - timedelta(seconds=lag_s) if lag_s > _LAG_S else answer.at

    async def _orders(self, dexes: Iterable[str]) -> tuple[dict[str, OrderRow], datetime]:
        """Open orders by id, and when the oldest list was received."""
        answers: list[Timed] = await together(
            *(self._client.timed(at.OPEN_ORDERS, self._of_dex(dex, "frontendOpenOrders")) for dex in dexes)
        )
        found = {row.order_id: row for answer in answers for row in parse.read_orders(answer.value)}
        return found, min(answer.at for answer in answers)

    def forget_orders(self) -> None:
        """No list of orders is kept."""

    async def modes(self, within_s: float | None = None) -> AccountModes:
        """The account's mode as the venue stated it, at most ten minutes (or `within_s`) ago.

        Raises:
            VenueError: it cannot be read; no older statement stands in.
        """
        modes = await self._reference.modes(within_s)
        word = "standard" if modes.abstraction == "standard" else f"{modes.abstraction} account"
        role = "" if modes.role.name == "user" else f", {modes.role.name}"
        return AccountModes("one_way", word + role, settles=("USDC",))

    async def rights(self) -> KeyRights:
        """What the key may do. An agent cannot withdraw by the venue's protocol; the account's own key can do anything.

        Raises:
            VenueError: the venue cannot be asked.
        """
        if self._agent is None:
            return KeyRights(read=True, trade=False, withdraw=False, transfer=False)
        owner = (await self._reference.modes()).role.master
        if self._agent in {self._user, owner}:
            return KeyRights(read=True, trade=True, withdraw=True, transfer=True, ip_restricted=False)
        role = await self._reference.role_of(self._agent)
        acts = role.name == "agent" and role.master in {self._user, owner}
        return KeyRights(read=True, trade=acts, withdraw=False, transfer=None if acts else False, ip_restricted=False)

    async def listing(self, symbol: str) -> Listing:
        """The listing of `symbol`.

        Raises:
            VenueError: the venue lists no such symbol, or cannot be asked.
        """
        return (await self._reference.contract(symbol)).listing

    async def terms(self, symbol: str) -> SymbolTerms | None:
        """What a leg of `symbol` would be held under; None where the venue does not tell.

        Raises:
            VenueError: the venue lists no such symbol, or cannot be asked.
        """
        return await self._reference.terms(symbol)

    async def depth(self, listing: Listing) -> Depth:
        """The order book, 20 levels a side.

        Raises:
            VenueError: the venue cannot be asked.
        """
        answer = await self._client.call(at.DEPTH, {"type": "l2Book", "coin": listing.market_id})
        return parse.read_depth(answer, listing.symbol)
