"""Reading what one cycle needs. Knows what is asked and in which order; makes no books."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from guard.ports.errors import VenueError
from guard.venues.client import Endpoint, Timed, VenueClient
from guard.venues.kucoinfutures import endpoints as at
from guard.venues.kucoinfutures import parse, parse_reference, parse_unified
from guard.venues.kucoinfutures.assemble import ClassicAnswers
from guard.venues.kucoinfutures.assemble_unified import UnifiedAnswers
from guard.venues.kucoinfutures.legs import Held
from guard.venues.together import together

# More pages than this of one list are not read, and said to be missing.
_PAGES_MAX = 10

ReadPage = Callable[[object], parse.Page]
_UNIFIED: dict[str, object] = {"accountMode": "unified"}


class Orders(NamedTuple):
    """A list of orders: its rows, when the first page was received, and what was cut off."""

    rows: tuple[parse.OrderRow, ...]
    at: datetime
    cut: tuple[str, ...]


class Positions(NamedTuple):
    """Legs, likewise."""

    rows: tuple[parse.PositionRow, ...]
    at: datetime
    cut: tuple[str, ...]


class StateReader:
    """Reads balances, positions and orders of one account."""

    def __init__(self, client: VenueClient) -> None:
        self._client = client
        self._has_failed = False

    async def classic(self, currency_ids: Iterable[str]) -> ClassicAnswers:
        """A classic account, all requests at the same time, and the positions once more after them.

        After a reading that failed the positions are asked for alone first. While a venue is away a cycle costs that
        one request then; otherwise the budget would be spent when the venue is back, and the account stay unseen.

        Args:
            currency_ids: the wallets to read, by the venue's own names.

        Raises:
            VenueError: something could not be read or understood.
        """
        if self._has_failed:
            await self._client.call(at.POSITIONS)
        self._has_failed = True
        positions, orders, stops, overviews = await together(
            self._client.timed(at.POSITIONS),
            self._pages(at.OPEN_ORDERS, parse.read_open_orders, {"status": "active"}),
            self._pages(at.STOP_ORDERS, parse.read_stop_orders, {}),
            self.overviews(currency_ids),
        )
        held = Held(
            positions=parse.read_positions(positions.value),
            orders=orders.rows + stops.rows,
            parts={
                "balances": overviews[1],
                "positions": positions.at,
                "marks": positions.at,
                "open_orders": orders.at,
                "conditional_orders": stops.at,
            },
            cut=(*orders.cut, *stops.cut),
        )
        if held.used_ids:
            held = replace(held, again=parse.read_positions(await self._client.call(at.POSITIONS)))
        self._has_failed = False
        return ClassicAnswers(await self._completed(held), overviews[0])

    async def overviews(self, currency_ids: Iterable[str]) -> tuple[dict[str, parse.Overview], datetime]:
        """The wallets by name, and when the oldest of them was received.

        Raises:
            VenueError: one could not be read or understood.
        """
        found: list[Timed] = await together(
            *(self._client.timed(at.OVERVIEW, {"currency": currency_id}) for currency_id in currency_ids)
        )
        wallets = [parse.read_overview(answer.value) for answer in found]
        return {wallet.currency: wallet for wallet in wallets}, min(answer.at for answer in found)

    async def used(self, currency_ids: Iterable[str]) -> tuple[str, ...]:
        """Those of the wallets that have something in them.

        One that the venue refuses to tell of counts as empty; whatever settles in it has it asked for by itself.

        Raises:
            VenueError: one could not be read or understood.
        """
        ids = tuple(currency_ids)
        found = await together(*(self._is_used(currency_id) for currency_id in ids))
        return tuple(currency_id for currency_id, is_used in zip(ids, found, strict=True) if is_used)

    async def _is_used(self, currency_id: str) -> bool:
        try:
            answer = await self._client.call(at.OVERVIEW, {"currency": currency_id})
        except VenueError as error:
            if type(error) is VenueError:
                return False
            raise
        return not parse.read_overview(answer).is_empty

    async def unified(self) -> UnifiedAnswers:
        """A unified account.

        Raises:
            VenueError: something could not be read or understood.
        """
        if self._has_failed:
            await self._client.call(at.UNIFIED_OVERVIEW, _UNIFIED)
        self._has_failed = True
        overview, positions, orders = await together(
            self._client.timed(at.UNIFIED_OVERVIEW, _UNIFIED),
            self._unified_positions(),
            self._pages(at.UNIFIED_ORDERS, parse_unified.read_unified_orders, {**_UNIFIED, "tradeType": "FUTURES"}),
        )
        held = Held(
            positions=positions.rows,
            orders=orders.rows,
            parts={
                "balances": overview.at,
                "positions": positions.at,
                "marks": positions.at,
                "open_orders": orders.at,
                "conditional_orders": orders.at,
            },
            cut=(*positions.cut, *orders.cut),
        )
        if held.used_ids:
            held = replace(held, again=(await self._unified_positions()).rows)
        self._has_failed = False
        return UnifiedAnswers(await self._completed(held), parse_unified.read_unified_overview(overview.value))

    async def _unified_positions(self) -> Positions:
        """The legs of all pages."""
        found: list[parse.PositionRow] = []
        times: list[datetime] = []
        is_full = True
        while is_full and len(times) < _PAGES_MAX:
            params = {**_UNIFIED, "pageNumber": len(times) + 1, "pageSize": at.PAGE_UNIFIED}
            answer = await self._client.timed(at.UNIFIED_POSITIONS, params)
            rows, is_full = parse_unified.read_unified_positions(answer.value)
            times.append(answer.at)
            found += rows
        cut = (f"positions after the first {len(found)}",) if is_full else ()
        return Positions(parse.once(found, at.UNIFIED_POSITIONS.name), times[0], cut)

    async def _pages(self, endpoint: Endpoint, read: ReadPage, params: dict[str, object]) -> Orders:
        """The rows of all pages."""
        unified = endpoint is at.UNIFIED_ORDERS
        number, size = ("pageNumber", at.PAGE_UNIFIED) if unified else ("currentPage", at.PAGE_ORDERS)
        first = await self._client.timed(endpoint, {**params, number: 1, "pageSize": size})
        pages = [read(first.value)]
        while len(pages) < min(pages[0].pages, _PAGES_MAX):
            answer = await self._client.call(endpoint, {**params, number: len(pages) + 1, "pageSize": size})
            pages.append(read(answer))
        # An order that was added meanwhile moves another one to the next page, where it is met again.
        rows = {row.order_id: row for page in pages for row in page.orders}
        cut = [f"open orders after the first {len(rows)}"] if pages[0].pages > _PAGES_MAX else []
        # One that was removed moves another one to the page before, where it is not met at all.
        if len({page.total for page in pages}) > 1:
            cut.append("open orders that moved between pages while they were read")
        return Orders(tuple(rows.values()), first.at, tuple(cut))

    async def _completed(self, held: Held) -> Held:
        """With mark prices that did not come along, and the leverage of contracts that only orders name."""
        unmarked, unlevered = sorted(held.unmarked_ids), sorted(held.used_ids - held.held_ids)
        if not unmarked and not unlevered:
            return held
        marks = (self._told(at.MARK, market_id, parse_reference.read_mark) for market_id in unmarked)
        leverages = (
            self._told(at.CROSS_LEVERAGE, market_id, parse_reference.read_cross_leverage) for market_id in unlevered
        )
        found = await together(*marks, *leverages)
        return replace(
            held,
            marks=_known(unmarked, found[: len(unmarked)]),
            leverages=_known(unlevered, found[len(unmarked) :]),
        )

    async def _told(self, endpoint: Endpoint, market_id: str, read: Callable[[object], float | None]) -> float | None:
        """What is told of one contract; None where the venue refuses to: whatever needs it names it as missing.

        It knows no leverage of contracts without cross margin, and no mark of those that are traded no longer.
        """
        try:
            return read(await self._client.call(endpoint, {"symbol": market_id}))
        except VenueError as error:
            if type(error) is VenueError:
                return None
            raise


def _known(market_ids: Iterable[str], found: Iterable[float | None]) -> dict[str, float]:
    return {market_id: value for market_id, value in zip(market_ids, found, strict=True) if value is not None}
