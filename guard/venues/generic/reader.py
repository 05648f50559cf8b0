"""One account at an exchange that has no adapter of its own: read by ccxt's unified methods, watched only."""

from __future__ import annotations

from typing import Any, Final

from guard.ports.errors import VenueError
from guard.ports.venue import Depth, DepthLevel, FetchedBook, KeyRights
from guard.venues.client import Endpoint, VenueClient
from guard.venues.generic.parse import assemble, mode_of, read_balances, read_legs
from guard.venues.hub import DAY_S
from guard.venues.markets import Listing
from guard.venues.reader import AccountModes
from guard.venues.together import together

# What `load_markets` leaves on an exchange; taken over from the first account's, so that it is loaded once.
_LOADED: Final = (
    "markets",
    "markets_by_id",
    "symbols",
    "ids",
    "currencies",
    "currencies_by_id",
    "baseCurrencies",
    "quoteCurrencies",
    "codes",
)


class GenericReader:
    """Implements `guard.venues.reader.VenueReader`."""

    words = None

    def __init__(self, client: VenueClient) -> None:
        self._client = client
        venue = client.site.venue
        self._markets = Endpoint("load_markets", f"{venue} load_markets", signed=False, by_name=True)
        self._balances = Endpoint("fetch_balance", f"{venue} fetch_balance", by_name=True)
        self._positions = Endpoint("fetch_positions", f"{venue} fetch_positions", by_name=True)

    async def read(self) -> FetchedBook:
        """Balances and positions at the same time.

        Raises:
            VenueError: something could not be read or understood.
        """
        await self._load()
        balances, positions = await together(
            self._client.timed(self._balances, {"params": {"type": "swap"}}), self._client.timed(self._positions)
        )
        parts = {"balances": balances.at, "positions": positions.at, "marks": positions.at}
        return assemble(
            self._client.spec.name,
            self._client.site.venue,
            read_balances(balances.value, self._balances.name),
            read_legs(positions.value, self._positions.name, self._size_of),
            parts,
        )

    def _size_of(self, symbol: str) -> float | None:
        """The contract size by ccxt's listing."""
        size = (self._client.exchange.markets.get(symbol) or {}).get("contractSize")
        return float(size) if isinstance(size, int | float) and size > 0 else None

    async def _load(self) -> None:
        """The markets, loaded by the first account of the site and shared by the others."""

        async def read() -> dict[str, Any]:
            # Without the word ccxt answers what it has once loaded, for ever.
            await self._client.call(self._markets, {"reload": True})
            return {name: getattr(self._client.exchange, name) for name in _LOADED}

        loaded = await self._client.site.shared("ccxt markets", DAY_S, 7 * DAY_S).get(read)
        if self._client.exchange.markets is not loaded.value["markets"]:
            for name, value in loaded.value.items():
                setattr(self._client.exchange, name, value)

    async def modes(self, within_s: float | None = None) -> AccountModes:  # noqa: ARG002 - the protocol's
        """The position mode as far as held legs show it.

        Raises:
            VenueError: the positions cannot be read.
        """
        await self._load()
        answer = await self._client.call(self._positions)
        mode, _ = mode_of(read_legs(answer, self._positions.name, self._size_of))
        return AccountModes(mode, "as ccxt reports it; positions of other kinds than it asks for unasked are not seen")

    async def rights(self) -> KeyRights:
        """Ccxt has no unified request for them."""
        return KeyRights(read=True)

    async def listing(self, symbol: str) -> Listing:
        """None: without orders there is no use for one.

        Raises:
            VenueError: always.
        """
        raise VenueError(f"{self._client.site.venue} is watched only: the rules of {symbol} are not read")

    async def depth(self, listing: Listing) -> Depth:
        """The order book.

        Raises:
            VenueError: it cannot be read.
        """
        name = f"{self._client.site.venue} fetch_order_book"
        endpoint = Endpoint("fetch_order_book", name, signed=False, by_name=True)
        answer = await self._client.call(endpoint, {"symbol": listing.symbol})
        sides = (tuple(DepthLevel(float(row[0]), float(row[1])) for row in answer[side]) for side in ("bids", "asks"))
        bids, asks = sides
        return Depth(listing.symbol, bids, asks)

    def forget_orders(self) -> None:
        """Nothing is kept."""
