"""Reading what one cycle needs of an account: each settlement currency's account, positions, orders, price orders."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from guard.venues.client import Endpoint, VenueClient
from guard.venues.fields import refused, rows
from guard.venues.gate import endpoints as at
from guard.venues.gate.answers import Answers, Modes, SettleState
from guard.venues.gate.figures import torn_evidence
from guard.venues.gate.parse import AccountRow, LegTerms, read_account, read_positions
from guard.venues.gate.parse_orders import read_open_orders, read_price_orders
from guard.venues.gate.parse_unified import Unified, read_unified
from guard.venues.together import together

_PAGES_MAX = 50

Paged = tuple[list[Any], datetime]


class StateReader:
    """Reads one account; 4 of weight for each settlement currency with anything in it, 1.3 for a unified one."""

    def __init__(self, client: VenueClient) -> None:
        self._client = client
        self._clock = client.site.clock
        self._has_failed = False
        # Of settlement currencies with nothing in them only the account is read.
        self._idle: set[str] = set()
        self._last_sums: dict[str, float | None] = {}

    async def read(self, modes: Modes) -> tuple[Answers, tuple[str, ...]]:
        """Everything of one moment, as nearly as the venue allows, and the evidence that it is not.

        After a reading that failed one account is asked for alone first. While a venue is away a cycle costs that one
        request then.

        Raises:
            VenueError: something could not be read or understood.
        """
        if self._has_failed:
            await self._client.call(at.ACCOUNT, {"settle": modes.settles[0]})
        self._has_failed = True
        began_ms = self._venue_ms()
        answers = await self._read(modes)
        torn, self._last_sums = torn_evidence(answers, began_ms, self._last_sums)
        self._has_failed = False
        return answers, torn

    async def _read(self, modes: Modes) -> Answers:
        parts: dict[str, list[datetime]] = {
            name: [] for name in ("balances", "positions", "open_orders", "conditional_orders")
        }
        unified, *states = await together(
            self._unified(modes, parts["balances"]), *(self._settle(settle, modes, parts) for settle in modes.settles)
        )
        stated = {state.account.account_mode for state in states} - {None}
        times = {name: min(moments) for name, moments in parts.items() if moments}
        now = self._clock.now()
        return Answers(
            # One that is unified decides; where no account tells, what was asked for elsewhere holds.
            account_mode=next(iter(stated - {"classic"} or stated), modes.account_mode),
            states=dict(zip(modes.settles, states, strict=True)),
            unified=unified,
            # Where all accounts are empty, that is what was read of positions and orders.
            parts={name: times.get(name, times.get("balances", now)) for name in parts}
            | {"marks": times.get("positions", times.get("balances", now))},
        )

    async def _unified(self, modes: Modes, moments: list[datetime]) -> Unified | None:
        if modes.account_mode == "classic":
            return None
        answer = await self._client.timed(at.UNIFIED)
        moments.append(answer.at)
        return read_unified(answer.value)

    async def _settle(self, settle: str, modes: Modes, parts: Mapping[str, list[datetime]]) -> SettleState:
        """One settlement currency, all at the same time; an empty account first and alone."""
        if settle in self._idle:
            account = await self._account(settle, parts["balances"])
            if account.is_empty:
                return SettleState(account)
        account, positions, resting, waiting = await together(
            self._account(settle, parts["balances"]),
            self._pages(at.POSITIONS, {"settle": settle, "holding": "true"}),
            self._pages(at.ORDERS, {"settle": settle, "status": "open"}),
            self._pages(at.PRICE_ORDERS, {"settle": settle, "status": "open"}),
        )
        for name, paged in (("positions", positions), ("open_orders", resting), ("conditional_orders", waiting)):
            parts[name].append(paged[1])
        state = SettleState(
            account=account,
            positions=read_positions(positions[0], settle),
            orders=(*read_open_orders(resting[0], settle), *read_price_orders(waiting[0], settle)),
        )
        self._note_idle(settle, modes, state)
        return state

    def _note_idle(self, settle: str, modes: Modes, state: SettleState) -> None:
        """A classic account without money that holds nothing: until money comes, nothing else can."""
        is_classic = (state.account.account_mode or modes.account_mode) == "classic"
        if is_classic and state.account.is_empty and not state.positions and not state.orders:
            self._idle.add(settle)
        else:
            self._idle.discard(settle)

    async def _account(self, settle: str, moments: list[datetime]) -> AccountRow:
        answer = await self._client.timed(at.ACCOUNT, {"settle": settle})
        moments.append(answer.at)
        return read_account(answer.value, settle)

    def _venue_ms(self) -> float | None:
        # Before the first signed answer the difference of the clocks is not known.
        skew = self._client.site.skew_ms.last
        return None if skew is None else self._clock.now().timestamp() * 1000 - skew.value

    async def _pages(self, endpoint: Endpoint, params: Mapping[str, object]) -> Paged:
        """All pages of a list, with the time of the first."""
        pages, first_at = [], None
        for number in range(_PAGES_MAX):
            asked = {**params, "limit": at.PAGE_SIZE, "offset": number * at.PAGE_SIZE}
            answer = await self._client.timed(endpoint, asked)
            first_at = first_at or answer.at
            pages.append(answer.value)
            if len(rows(answer.value, endpoint.name)) < at.PAGE_SIZE:
                return pages, first_at
        raise refused(endpoint.name, f"has more than {_PAGES_MAX * at.PAGE_SIZE} rows")

    async def completed(
        self,
        answers: Answers,
        marks: Callable[[str], Coroutine[Any, Any, Mapping[str, float]]],
        terms: Callable[[str, str], Coroutine[Any, Any, LegTerms]],
    ) -> Answers:
        """With marks of contracts whose position brought none, and the settings of those that only orders name."""
        told = {row.market_id for row in answers.held if row.mark_price is not None}
        unmarked = {(row.settle, row.market_id) for row in answers.held if row.market_id not in told}
        wanted = unmarked | set(answers.ordered_only)
        if not wanted:
            return answers
        settles = sorted({settle for settle, _ in wanted})
        tables, settings = await together(
            together(*(marks(settle) for settle in settles)),
            together(*(terms(*key) for key in answers.ordered_only)),
        )
        found = dict(zip(settles, tables, strict=True))
        return replace(
            answers,
            marks={name: found[settle][name] for settle, name in wanted if name in found[settle]},
            terms={name: each for (_, name), each in zip(answers.ordered_only, settings, strict=True)},
        )

    async def ccxt_calls(self, modes: Modes) -> list[object]:
        """Exactly the ccxt calls of a reading, and nothing else: the bench's yardstick."""
        exchange = self._client.exchange
        page = {"limit": at.PAGE_SIZE, "offset": 0}
        asked: list[tuple[Endpoint, dict[str, object]]] = []
        if modes.account_mode != "classic":
            asked.append((at.UNIFIED, {}))
        for settle in modes.settles:
            asked.append((at.ACCOUNT, {"settle": settle}))
            if settle not in self._idle:
                asked.append((at.POSITIONS, {"settle": settle, "holding": "true", **page}))
                asked.append((at.ORDERS, {"settle": settle, "status": "open", **page}))
                asked.append((at.PRICE_ORDERS, {"settle": settle, "status": "open", **page}))
        return await together(*(getattr(exchange, endpoint.method)(params) for endpoint, params in asked))
