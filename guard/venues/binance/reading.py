"""Reading what one cycle needs, within the weight that the venue allows an address in a minute."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from guard.ports.urgency import urgency
from guard.venues.binance import parse_reference
from guard.venues.binance.assemble import Answers
from guard.venues.binance.branch import Branch
from guard.venues.binance.rows import AccountAnswer, OrderRow, PositionRow, read_open_orders
from guard.venues.client import Endpoint, VenueClient
from guard.venues.together import together

_ORDERS_KEPT_S = 7.0
_ORDERS_KEPT_CALM_S = 300.0

Timed = tuple[Any, datetime]
Trace = tuple[int, int]
"""Hashes of the margin that orders hold and of the legs' amounts; hashes, because they are kept for every account."""


@dataclass(frozen=True, slots=True)
class KeptOrders:
    """Order lists with the time of each, and the trace that they leave in the positions' answer."""

    orders: tuple[OrderRow, ...]
    parts: dict[str, datetime]
    trace: Trace
    read_s: float


class StateReader:
    """Reads balances, positions and orders of one account.

    The two lists of orders cost 40 each where balances and positions cost 5, and an address has 2,400 a minute for all
    its accounts. So lists stay in use while the other answers show the same legs and the same margin of open orders,
    which proves that the orders that count in any figure are the same: 5 minutes while the account is calm, 7 s else.
    Reduce-only and conditional orders hold no margin and may be that late; the time of their list is told only when
    it was read. Within those 7 s only the margin has to be the same: legs change with every order of a protection, and
    lists read after each would use up the minute after twenty orders.
    """

    def __init__(self, client: VenueClient, branch: Branch) -> None:
        at = branch.requests
        self._at = at
        self._branch = branch
        self._state = (at.account, at.positions)
        self._orders = (at.open_orders, at.open_algo_orders)
        self._client = client
        self._clock = client.site.clock
        self._kept: KeptOrders | None = None
        self._has_failed = False

    def forget_orders(self) -> None:
        """Read the orders at the next reading: one may have come, changed or gone."""
        self._kept = None

    async def read(self, *, is_multi_assets: bool) -> Answers:
        """Everything of one moment, as nearly as the venue allows: all requests leave at the same time.

        After a reading that failed the balances are asked for alone first. While a venue is away a cycle costs that
        one request then; otherwise the budget would be spent when the venue is back, and the account stay unseen.

        Raises:
            VenueError: something could not be read or understood.
        """
        if self._has_failed:
            await self._asked(self._at.account)
        self._has_failed = True
        answers = await self._read(is_multi_assets=is_multi_assets)
        self._has_failed = False
        return answers

    async def _read(self, *, is_multi_assets: bool) -> Answers:
        kept = self._kept
        keep_s = _ORDERS_KEPT_S if urgency() else _ORDERS_KEPT_CALM_S
        if kept is not None and self._clock.monotonic() - kept.read_s > keep_s:
            kept = None
        index = self._at.asset_index if is_multi_assets else None
        asked = (*self._state, *((index,) if index else ()), *(() if kept else self._orders))
        found = dict(zip(asked, await self._timed(asked), strict=True))
        account = self._branch.read_account(found[self._at.account][0])
        positions = self._branch.read_positions(found[self._at.positions][0])
        trace = _trace(account, positions)
        if kept is not None and not _is_same(kept.trace, trace):
            found.update(zip(self._orders, await self._timed(self._orders), strict=True))
            kept = None
        read_at = found[self._at.positions][1]
        parts = {"balances": found[self._at.account][1], "positions": read_at, "marks": read_at}
        if kept is None:
            kept = self._kept = self._read_orders(found, trace)
            parts |= kept.parts
        else:
            parts["open_orders"] = read_at
        if index:
            parts["asset_rates"] = found[index][1]
        return Answers(
            account=account,
            positions=positions,
            orders=kept.orders,
            parts=parts,
            rates=parse_reference.read_asset_rates(found[index][0], index.name) if index else {},
        )

    def _read_orders(self, found: dict[Endpoint, Timed], trace: Trace) -> KeptOrders:
        (resting, resting_at), (waiting, waiting_at) = found[self._at.open_orders], found[self._at.open_algo_orders]
        return KeptOrders(
            orders=read_open_orders(resting, self._at.open_orders.name)
            + self._branch.read_waiting(waiting, self._at.open_algo_orders.name),
            parts={"open_orders": resting_at, "conditional_orders": waiting_at},
            trace=trace,
            read_s=self._clock.monotonic(),
        )

    async def _timed(self, endpoints: Iterable[Endpoint]) -> list[Timed]:
        return await together(*(self._asked(endpoint) for endpoint in endpoints))

    async def _asked(self, endpoint: Endpoint) -> Timed:
        answer = await self._client.call(endpoint)
        return answer, self._clock.now()

    async def with_marks(self, answers: Answers) -> Answers:
        """With mark prices for rows that came without, and for symbols that only waiting orders name."""
        marked = {row.market_id for row in answers.positions if row.mark_price is not None}
        ids = sorted(answers.used_ids - marked)
        if not ids:
            return answers
        marks = await together(*(self._client.call(self._at.marks, {"symbol": market_id}) for market_id in ids))
        found = {
            market_id: parse_reference.read_mark(answer, self._at.marks.name)
            for market_id, answer in zip(ids, marks, strict=True)
        }
        return replace(answers, marks={market_id: mark for market_id, mark in found.items() if mark is not None})

    async def ccxt_calls(self) -> list[object]:
        """Exactly the ccxt calls of a reading that reuses nothing, and nothing else: the bench's yardstick."""
        exchange = self._client.exchange
        calls = (getattr(exchange, endpoint.method)({}) for endpoint in (*self._state, *self._orders))
        return list(await asyncio.gather(*calls))


def _trace(account: AccountAnswer, positions: tuple[PositionRow, ...]) -> Trace:
    """What open orders leave in the other answers: their symbols and their margin; and what they filled."""
    margins = {(row.market_id, row.leg, row.order_margin) for row in positions if row.order_margin or not row.amount}
    amounts = {(row.market_id, row.leg, row.amount) for row in positions}
    in_assets = {(asset.asset, asset.order_margin) for asset in account.assets}
    return hash(frozenset(margins | in_assets)), hash(frozenset(amounts))


def _is_same(kept: Trace, now: Trace) -> bool:
    """Whether the lists still hold: a leg's amount tells of a fill, which is looked into while nothing is urgent."""
    return kept[0] == now[0] if urgency() else kept == now
