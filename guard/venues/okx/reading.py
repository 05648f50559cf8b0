"""Reading what one cycle needs: balances, positions, orders and conditional orders, all at the same time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from guard.venues.client import Endpoint, VenueClient
from guard.venues.fields import refused, text
from guard.venues.okx import endpoints as at
from guard.venues.okx import parse
from guard.venues.okx.assemble import Answers, torn_evidence
from guard.venues.together import together

_PAGES_MAX = 50

Timed = tuple[Any, datetime]


class StateReader:
    """Reads balances, positions and orders of one account; 8.3 of weight, a page more for each 100 orders."""

    def __init__(self, client: VenueClient) -> None:
        self._client = client
        self._clock = client.site.clock
        self._has_failed = False

    async def read(self) -> tuple[Answers, tuple[str, ...]]:
        """Everything of one moment, as nearly as the venue allows, and the evidence that it is not.

        After a reading that failed the balances are asked for alone first. While a venue is away a cycle costs that
        one request then.

        Raises:
            VenueError: something could not be read or understood.
        """
        if self._has_failed:
            await self._client.call(at.BALANCE)
        self._has_failed = True
        answers, torn = await self._read()
        self._has_failed = False
        return answers, torn

    async def _read(self) -> tuple[Answers, tuple[str, ...]]:
        began_ms = self._venue_ms()
        balance, positions, resting, *waiting = await together(
            self._asked(at.BALANCE),
            self._asked(at.POSITIONS),
            self._pages(at.OPEN_ORDERS, {}, "ordId"),
            *(self._pages(at.OPEN_ALGO_ORDERS, {"ordType": kind}, "algoId") for kind in at.ALGO_TYPES),
        )
        answers = Answers(
            balance=parse.read_balance(balance[0]),
            positions=parse.read_positions(positions[0]),
            orders=(
                *parse.read_open_orders(resting[0]),
                *parse.read_algo_orders([page for pages, _ in waiting for page in pages]),
            ),
            parts={
                "balances": balance[1],
                "positions": positions[1],
                "marks": positions[1],
                "open_orders": resting[1],
                "conditional_orders": min(at_time for _, at_time in waiting),
            },
        )
        # Before the first signed answer the difference of the clocks is not known.
        torn = torn_evidence(answers.balance, answers.positions, began_ms) if began_ms is not None else ()
        return answers, torn

    def _venue_ms(self) -> float | None:
        skew = self._client.site.skew_ms.last
        return None if skew is None else self._clock.now().timestamp() * 1000 - skew.value

    async def _asked(self, endpoint: Endpoint, params: Mapping[str, object] | None = None) -> Timed:
        answer = await self._client.call(endpoint, params)
        return answer, self._clock.now()

    async def _pages(self, endpoint: Endpoint, params: Mapping[str, object], id_key: str) -> tuple[list[Any], datetime]:
        """All pages of a list, newest first, with the time of the first."""
        asked: dict[str, object] = {**params, "limit": at.PAGE_SIZE}
        pages, first_at = [], None
        for _ in range(_PAGES_MAX):
            answer, received = await self._asked(endpoint, asked)
            first_at = first_at or received
            pages.append(answer)
            found = at.data_of(answer, endpoint.name)
            if len(found) < at.PAGE_SIZE:
                return pages, first_at
            asked["after"] = text(found[-1], id_key, endpoint.name)
        raise refused(endpoint.name, f"has more than {_PAGES_MAX * at.PAGE_SIZE} orders")

    async def with_marks(
        self, answers: Answers, marks: Callable[[set[str]], Awaitable[Mapping[str, float]]]
    ) -> Answers:
        """With mark prices for contracts that only orders name, and for positions that came without."""
        wanted = answers.used_ids - answers.marked_ids
        if not wanted:
            return answers
        kinds = {row.instrument_type for row in answers.positions.held if row.market_id in wanted}
        kinds |= {row.instrument_type for row in answers.contract_orders if row.market_id in wanted}
        table = await marks(kinds)
        return replace(answers, marks={market_id: table[market_id] for market_id in wanted if market_id in table})

    async def ccxt_calls(self) -> list[object]:
        """Exactly the ccxt calls of a reading, and nothing else: the bench's yardstick."""
        exchange = self._client.exchange
        asked: list[tuple[Endpoint, dict[str, object]]] = [
            (at.BALANCE, {}),
            (at.POSITIONS, {}),
            (at.OPEN_ORDERS, {"limit": at.PAGE_SIZE}),
            *((at.OPEN_ALGO_ORDERS, {"ordType": kind, "limit": at.PAGE_SIZE}) for kind in at.ALGO_TYPES),
        ]
        return await together(*(getattr(exchange, endpoint.method)(params) for endpoint, params in asked))
