"""One Kraken Futures account: the order in which its parts are read. Decides nothing about risk."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from guard.ports.errors import InputError, VenueError
from guard.ports.venue import Depth, FetchedBook, KeyRights
from guard.risk.book import Tier
from guard.venues.client import VenueClient
from guard.venues.hub import DAY_S, HOUR_S
from guard.venues.krakenfutures import endpoints as at
from guard.venues.krakenfutures import parse
from guard.venues.krakenfutures.assemble import Answers, assemble
from guard.venues.krakenfutures.orders import KrakenOrderWords
from guard.venues.krakenfutures.parse import Contract
from guard.venues.markets import Listing
from guard.venues.orderdesk import OrderWords
from guard.venues.reader import AccountModes
from guard.venues.shared import Shared
from guard.venues.together import together

_REREAD_S = 60.0
_MODES_S = 600.0


class KrakenReader:
    """Implements `guard.venues.reader.VenueReader`."""

    def __init__(self, client: VenueClient) -> None:
        try:
            base64.b64decode(client.spec.credentials.secret, validate=True)
        except (binascii.Error, ValueError):
            raise InputError(
                f"account {client.spec.name}: the secret must be what the venue showed when the key was made (base64)"
            ) from None
        self._client = client
        self._site = client.site
        self._last_tiers: Mapping[str, tuple[Tier, ...]] | None = None
        self._modes: Shared[AccountModes] = Shared(client.site.clock, _MODES_S)
        self.words: OrderWords | None = KrakenOrderWords(self._venue_ms)

    def _venue_ms(self) -> float:
        skew = self._site.skew_ms.last
        return self._site.clock.now().timestamp() * 1000 - (skew.value if skew else 0.0)

    async def read(self) -> FetchedBook:
        """Read everything a book needs.

        1 READ       wallets, positions, orders and marks, at the same time
        2 COMPLETE   listings and tiers
        3 ASSEMBLE   rows to a book, with the names of what is missing

        Raises:
            VenueError: something could not be read or understood.
        """
        accounts, positions, orders, tickers = await together(
            *(self._client.timed(endpoint) for endpoint in (at.ACCOUNTS, at.POSITIONS, at.OPEN_ORDERS, at.TICKERS))
        )
        answers = Answers(
            flex=parse.read_flex(accounts.value),
            singles=parse.read_singles(accounts.value),
            positions=parse.read_positions(positions.value),
            orders=parse.read_orders(orders.value),
            marks=parse.read_marks(tickers.value),
            parts={
                "balances": accounts.at,
                "positions": positions.at,
                "open_orders": orders.at,
                "marks": tickers.at,
            },
        )
        contracts = await self._contracts()
        if not answers.used_ids <= contracts.keys():
            contracts = await self._contracts(_REREAD_S)
        fetched = assemble(self._client.spec.name, answers, contracts, self._last_tiers)
        self._last_tiers = fetched.book.tiers
        return fetched

    async def _contracts(self, within_s: float | None = None) -> dict[str, Contract]:
        async def read() -> dict[str, Contract]:
            return parse.read_contracts(await self._client.call(at.INSTRUMENTS))

        shared = self._site.shared("contracts", HOUR_S, 3 * DAY_S)
        found: dict[str, Contract] = (await shared.get(read, within_s=within_s)).value
        return found

    def forget_orders(self) -> None:
        """No list of orders is kept."""

    async def modes(self, within_s: float | None = None) -> AccountModes:
        """Which wallets are in use, as the venue stated it at most ten minutes (or `within_s`) ago.

        Raises:
            VenueError: it cannot be read; no older statement stands in.
        """

        async def read() -> AccountModes:
            singles = parse.read_singles(await self._client.call(at.ACCOUNTS))
            beside = f" beside {len(singles)} single-collateral" if singles else ""
            return AccountModes("one_way", f"multi-collateral{beside}", ("USD", *(each.asset for each in singles)))

        return (await self._modes.get(read, within_s=within_s, insist=True)).value

    async def rights(self) -> KeyRights:
        """The venue has no request for it that ccxt knows."""
        return KeyRights(read=True)

    async def listing(self, symbol: str) -> Listing:
        """The listing of `symbol`.

        Raises:
            VenueError: the venue lists no such symbol, or cannot be asked.
        """
        for within_s in (None, _REREAD_S):
            for contract in (await self._contracts(within_s)).values():
                if contract.listing.symbol == symbol:
                    return contract.listing
        raise VenueError(f"krakenfutures lists no {symbol}")

    async def depth(self, listing: Listing) -> Depth:
        """The order book.

        Raises:
            VenueError: the venue cannot be asked.
        """
        return parse.read_depth(await self._client.call(at.DEPTH, {"symbol": listing.market_id}), listing.symbol)
