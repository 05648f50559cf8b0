"""Reading what one cycle needs: three products, and in each one accounts, positions and four lists of orders."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple, TypeVar

from guard.venues.bitget import endpoints as at
from guard.venues.bitget import parse, unified
from guard.venues.bitget.assemble import Answers
from guard.venues.bitget.parse import AccountRow, OrderRow, PositionRow
from guard.venues.bitget.parse_reference import read_mark
from guard.venues.bitget.unified import UnifiedAnswers
from guard.venues.client import Endpoint, Timed, VenueClient
from guard.venues.fields import refused
from guard.venues.together import together

_PAGES_MAX = 20
# The venue takes five requests for positions of a user in a second; a reading makes three of them at once.
_POSITIONS_APART_S = 1.0
R = TypeVar("R")
ReadPage = Callable[[object], tuple[tuple[OrderRow, ...], str | None]]


class _Part(NamedTuple):
    """Rows and the time of the oldest answer that they come from."""

    rows: tuple[OrderRow, ...]
    at: datetime


class StateReader:
    """Reads accounts, positions and orders of one account.

    Accounts and positions of all products leave at the same time. Orders are asked for of products with any money or
    position only: nothing can rest where there is neither, and in multi-assets mode there is money everywhere.
    """

    def __init__(self, client: VenueClient) -> None:
        self._client = client
        self._clock = client.site.clock
        self._has_failed = False
        self._asked_s = float("-inf")

    async def classic(self) -> Answers:
        """Everything of a classic account.

        After a reading that failed one account is asked for alone first: while a venue is away a cycle costs that one
        request then; otherwise the budget would be spent when the venue is back, and the account stay unseen.

        Raises:
            VenueError: something could not be read or understood.
        """
        if self._has_failed:
            await self._client.call(at.ACCOUNTS, {"productType": at.PRODUCTS[0]})
        self._has_failed = True
        answers = await self._classic()
        self._has_failed = False
        return answers

    async def _classic(self) -> Answers:
        early_s = self._asked_s + _POSITIONS_APART_S - self._clock.monotonic()
        if early_s > 0:
            await self._clock.sleep(early_s)
        self._asked_s = self._clock.monotonic()
        found = await together(
            *(self._client.timed(at.ACCOUNTS, {"productType": product}) for product in at.PRODUCTS),
            *(self._client.timed(at.POSITIONS, {"productType": product}) for product in at.PRODUCTS),
        )
        count = len(at.PRODUCTS)
        accounts = _flat(parse.read_accounts, found[:count])
        positions = _flat(parse.read_positions, found[count:])
        balances_at, positions_at = min(each.at for each in found[:count]), min(each.at for each in found[count:])
        products = _active(accounts, positions)
        resting, waiting = await self._orders(products)
        return Answers(
            accounts=accounts,
            positions=positions,
            orders=resting.rows + waiting.rows,
            parts={
                "balances": balances_at,
                "positions": positions_at,
                "marks": positions_at,
                # Where nothing can rest, the balances have told that there are none.
                "open_orders": resting.at if products else balances_at,
                "conditional_orders": waiting.at if products else balances_at,
            },
        )

    async def _orders(self, products: Iterable[str]) -> tuple[_Part, _Part]:
        plain = [
            self._pages(at.OPEN_ORDERS, _of_product(at.OPEN_ORDERS, product), productType=product)
            for product in products
        ]
        plans = [
            self._pages(at.PLAN_ORDERS, _of_product(at.PLAN_ORDERS, product), productType=product, planType=plan)
            for product in products
            for plan in at.PLAN_TYPES
        ]
        found = await together(*plain, *plans)
        return self._joined(found[: len(plain)]), self._joined(found[len(plain) :])

    def _joined(self, parts: list[_Part]) -> _Part:
        rows = tuple(row for part in parts for row in part.rows)
        return _Part(rows, min((part.at for part in parts), default=self._clock.now()))

    async def _pages(self, endpoint: Endpoint, read: ReadPage, cursor: str = "idLessThan", **asked: object) -> _Part:
        """Every page of a list of orders."""
        found: list[OrderRow] = []
        first_at, after = None, None
        for _ in range(_PAGES_MAX):
            params = (
                {**asked, "limit": str(at.PAGE)} if after is None else {**asked, "limit": str(at.PAGE), cursor: after}
            )
            answer = await self._client.timed(endpoint, params)
            first_at = first_at or answer.at
            page, after = read(answer.value)
            found.extend(page)
            if after is None:
                return _Part(tuple({row.order_id: row for row in found}.values()), first_at)
        raise refused(endpoint.name, f"did not come to an end after {_PAGES_MAX} pages")

    async def with_marks(self, answers: Answers) -> Answers:
        """With mark prices of contracts that only orders name."""
        ids = sorted(answers.used_ids - answers.held_ids)
        if not ids:
            return answers
        products = {row.market_id: row.product for row in answers.orders}
        asked = ({"symbol": market_id, "productType": products[market_id]} for market_id in ids)
        told = await together(*(self._client.call(at.PRICE, params) for params in asked))
        marks = {market_id: read_mark(answer, market_id) for market_id, answer in zip(ids, told, strict=True)}
        found = {market_id: mark for market_id, mark in marks.items() if mark is not None}
        return Answers(answers.accounts, answers.positions, answers.orders, answers.parts, found)

    async def unified(self) -> UnifiedAnswers:
        """Everything of a unified account.

        Raises:
            VenueError: something could not be read or understood.
        """
        if self._has_failed:
            await self._client.call(at.UNIFIED_ASSETS)
        self._has_failed = True
        answers = await self._unified()
        self._has_failed = False
        return answers

    async def _unified(self) -> UnifiedAnswers:
        count = len(at.PRODUCTS)
        found = await together(
            self._client.timed(at.UNIFIED_ASSETS),
            *(self._client.timed(at.UNIFIED_POSITIONS, {"category": product}) for product in at.PRODUCTS),
            *(self._client.timed(at.UNIFIED_PLANS, {"category": product}) for product in at.PRODUCTS),
            *(
                self._pages(at.UNIFIED_ORDERS, _of_category(product), cursor="cursor", category=product)
                for product in at.PRODUCTS
            ),
        )
        assets, held, plans, pages = (
            found[0],
            found[1 : 1 + count],
            found[1 + count : 1 + 2 * count],
            found[1 + 2 * count :],
        )
        resting, waiting = self._joined(pages), _flat(unified.read_plans, plans)
        positions_at = min(each.at for each in held)
        return UnifiedAnswers(
            assets=unified.read_assets(assets.value),
            positions=_flat(unified.read_positions, held),
            orders=resting.rows + waiting,
            parts={
                "balances": assets.at,
                "positions": positions_at,
                "marks": positions_at,
                "open_orders": resting.at,
                "conditional_orders": min(each.at for each in plans),
            },
        )


def _active(accounts: Iterable[AccountRow], positions: Iterable[PositionRow]) -> tuple[str, ...]:
    """Products in which an order may rest."""
    rows = tuple(accounts)
    if any(row.is_union for row in rows):
        return at.PRODUCTS
    used = {row.product for row in rows if not row.is_empty} | {row.product for row in positions}
    return tuple(product for product in at.PRODUCTS if product in used)


def _flat(read: Callable[[object, str], tuple[R, ...]], answers: Iterable[Timed]) -> tuple[R, ...]:
    """The rows of all products together."""
    return tuple(
        row for product, answer in zip(at.PRODUCTS, answers, strict=True) for row in read(answer.value, product)
    )


def _of_product(endpoint: Endpoint, product: str) -> ReadPage:
    return lambda answer: parse.read_orders(answer, product, endpoint)


def _of_category(product: str) -> ReadPage:
    return lambda answer: unified.read_orders(answer, product)
