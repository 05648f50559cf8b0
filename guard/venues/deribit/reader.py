"""One Deribit account: the order in which its parts are read. Decides nothing about risk."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from guard.ports.errors import VenueError
from guard.ports.venue import Depth, FetchedBook, KeyRights
from guard.venues.client import VenueClient
from guard.venues.deribit import endpoints as at
from guard.venues.deribit import parse
from guard.venues.deribit.assemble import Answers, assemble
from guard.venues.deribit.orders import DeribitOrderWords
from guard.venues.deribit.parse import Future, MarginModel
from guard.venues.hub import DAY_S
from guard.venues.markets import Listing
from guard.venues.orderdesk import OrderWords
from guard.venues.reader import AccountModes
from guard.venues.shared import Shared
from guard.venues.together import together

_REREAD_S = 60.0
_MODES_S = 600.0
_PRICE_S = 2.0
_DEPTH_LEVELS = 50
_NAMES: dict[MarginModel, str] = {
    "segregated_sm": "standard margin (S:SM)",
    "cross_sm": "cross standard margin (X:SM)",
    "segregated_pm": "portfolio margin (S:PM)",
    "cross_pm": "cross portfolio margin (X:PM)",
}


class DeribitReader:
    """Implements `guard.venues.reader.VenueReader`."""

    def __init__(self, client: VenueClient) -> None:
        self._client = client
        self._site = client.site
        self._modes: Shared[AccountModes] = Shared(client.site.clock, _MODES_S)
        self._sign = client.exchange.sign
        client.exchange.sign = self._signed
        self.words: OrderWords | None = DeribitOrderWords(self._venue_ms)

    def _signed(self, *request: Any) -> Any:
        """A request as ccxt signs it, at the venue's time: ccxt takes this machine's and knows no difference.

        Only while it signs: the difference itself is measured by this machine's clock.
        """
        exchange = self._client.exchange
        exchange.milliseconds = self._venue_ms
        try:
            return self._sign(*request)
        finally:
            del exchange.milliseconds

    def _venue_ms(self) -> int:
        skew = self._site.skew_ms.last
        return int(self._site.clock.now().timestamp() * 1000 - (skew.value if skew else 0.0))

    async def read(self) -> FetchedBook:
        """Read everything a book needs.

        1 READ       balances of every currency, positions of every kind, orders, at the same time
        2 COMPLETE   listings; index prices of cross collateral; marks of instruments that have orders only
        3 ASSEMBLE   rows to a book, with the names of what is missing

        Raises:
            VenueError: something could not be read or understood.
        """
        summaries, positions, orders = await together(
            self._client.timed(at.SUMMARIES, {"extended": "true"}),
            self._client.timed(at.POSITIONS, {"currency": "any"}),
            self._client.timed(at.OPEN_ORDERS),
        )
        answers = Answers(
            summaries=parse.read_summaries(summaries.value),
            positions=parse.read_positions(positions.value),
            orders=parse.read_orders(orders.value),
            parts={
                "balances": summaries.at,
                "positions": positions.at,
                "marks": positions.at,
                "open_orders": orders.at,
            },
        )
        ids = {row.market_id for row in answers.futures} | {row.market_id for row in answers.futures_orders}
        futures = await self._listed(ids)
        answers = replace(
            answers,
            prices=await self._prices(answers, {futures[name].listing.settle for name in ids & futures.keys()}),
            marks=await self._marks(name for name in answers.needs_marks if name in futures),
        )
        return assemble(self._client.spec.name, answers, futures)

    async def _listed(self, names: set[str]) -> dict[str, Future]:
        found = await self._futures()
        return found if names <= found.keys() else await self._futures(_REREAD_S)

    async def _futures(self, within_s: float | None = None) -> dict[str, Future]:
        async def read() -> dict[str, Future]:
            return parse.read_futures(await self._client.call(at.INSTRUMENTS, {"currency": "any", "kind": "future"}))

        shared = self._site.shared("futures", DAY_S, 7 * DAY_S)
        found: dict[str, Future] = (await shared.get(read, within_s=within_s)).value
        return found

    async def _prices(self, answers: Answers, settles: set[str]) -> dict[str, float]:
        """Prices in USD of the currencies that an account with cross collateral has, or settles in (`settles`)."""
        if not answers.is_cross:
            return {}
        told = ((summary.currency, summary.is_empty) for summary in answers.summaries)
        names = [currency for currency, is_empty in told if not is_empty or currency in settles]
        prices = await together(*(self._price(name) for name in names))
        return {name: price for name, price in zip(names, prices, strict=True) if price is not None}

    async def _price(self, currency: str) -> float | None:
        """None where the venue has no such index: the book says so, and everything else is read all the same."""

        async def read() -> float | None:
            try:
                answer = await self._client.call(at.INDEX_PRICE, {"index_name": f"{currency.lower()}_usd"})
            except VenueError as error:
                if error.code in at.BAD_PARAMETER_CODES:
                    return None
                raise
            return parse.read_index_price(answer)

        found: float | None = (await self._site.shared(f"price of {currency}", _PRICE_S).get(read)).value
        return found

    async def _marks(self, names: Iterable[str]) -> dict[str, float]:
        wanted = sorted(names)
        answers = await together(*(self._client.call(at.TICKER, {"instrument_name": name}) for name in wanted))
        return {name: parse.read_mark(answer) for name, answer in zip(wanted, answers, strict=True)}

    def forget_orders(self) -> None:
        """No list of orders is kept."""

    async def modes(self, within_s: float | None = None) -> AccountModes:
        """The account's margin model as the venue stated it, at most ten minutes (or `within_s`) ago.

        Raises:
            VenueError: it cannot be read; no older statement stands in.
        """

        async def read() -> AccountModes:
            summaries = parse.read_summaries(await self._client.call(at.SUMMARIES, {"extended": "true"}))
            settles = tuple(sorted(summary.currency for summary in summaries if not summary.is_empty))
            return AccountModes("one_way", _NAMES[summaries[0].model], settles)

        return (await self._modes.get(read, within_s=within_s, insist=True)).value

    async def rights(self) -> KeyRights:
        """What the key may do, by the scope of a token that is asked for with it.

        The secret signs the request and is not part of it.

        Raises:
            VenueError: the venue cannot be asked.
        """
        credentials = self._client.spec.credentials
        stamp, nonce = str(self._venue_ms()), hashlib.sha256(str(self._venue_ms()).encode()).hexdigest()[:8]
        said = f"{stamp}\n{nonce}\n"
        params: dict[str, Any] = {
            "grant_type": "client_signature",
            "client_id": credentials.api_key,
            "timestamp": stamp,
            "nonce": nonce,
            "data": "",
            "signature": hmac.new(credentials.secret.encode(), said.encode(), hashlib.sha256).hexdigest(),
        }
        return parse.read_rights(await self._client.call(at.AUTH, params))

    async def listing(self, symbol: str) -> Listing:
        """The listing of `symbol`.

        Raises:
            VenueError: the venue lists no such symbol, or cannot be asked.
        """
        for within_s in (None, _REREAD_S):
            for future in (await self._futures(within_s)).values():
                if future.listing.symbol == symbol:
                    return future.listing
        raise VenueError(f"deribit lists no future {symbol}")

    async def depth(self, listing: Listing) -> Depth:
        """The order book, 50 levels a side where the venue has them.

        Raises:
            VenueError: the venue cannot be asked.
        """
        params = {"instrument_name": listing.market_id, "depth": _DEPTH_LEVELS}
        return parse.read_depth(await self._client.call(at.DEPTH, params), listing)
