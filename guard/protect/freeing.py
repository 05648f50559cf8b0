"""What costs nothing: opening orders that hold margin are cancelled, collateral is moved in. Pure.

Both are done before anything is traded, and no more of them than it takes: where they alone restore the goal, the
orders that free most go first and the sum moved in is as small as it may be.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal

import numpy as np

from guard.protect.plan_values import PlanLimits, Step, amount_places
from guard.protect.poolkey import PoolKey
from guard.protect.reduced import add_collateral, without_orders
from guard.protect.restore import met
from guard.protect.sizing import exact
from guard.protect.slack import Goal, slack_of
from guard.risk.book import Book, Order
from guard.risk.rules.orders import opening_orders

_LOOKED_AT = 64
_HALVINGS = 60


def cancelled(book: Book, pools: Sequence[PoolKey], goal: Goal, limits: PlanLimits) -> tuple[Book, list[Step]]:
    """The book without the opening orders that keep `pools` from the goal, and the steps that cancel them."""
    candidates = _candidates(book, limits)
    if not candidates or not pools:
        return book, []

    def short(indices: Sequence[int]) -> float:
        return _short(without_orders(book, indices), pools, goal)

    now = short([])
    if short(candidates) >= now and not _helps(book, candidates, pools, goal):
        return book, []
    if len(candidates) <= _LOOKED_AT:
        candidates = [index for index in candidates if _helps(book, [index], pools, goal)] or candidates
        candidates.sort(key=lambda index: (short([index]), index))
    count = len(candidates)
    if _met(without_orders(book, candidates), pools, goal):
        count = _fewest(lambda size: _met(without_orders(book, candidates[:size]), pools, goal), count)
    chosen = candidates[:count]
    return without_orders(book, chosen), [_cancel(book.orders[index]) for index in sorted(chosen)]


def every_order_cancelled(book: Book) -> Book:
    """The book without any opening order: at best as good as that."""
    opening = [id(each.order) for each in opening_orders(book)]
    return without_orders(book, [index for index, order in enumerate(book.orders) if id(order) in opening])


def _candidates(book: Book, limits: PlanLimits) -> list[int]:
    """Opening orders that can be named to the venue."""
    opening = {id(each.order) for each in opening_orders(book)}
    return [
        index
        for index, order in enumerate(book.orders)
        if id(order) in opening
        and order.order_id
        and (not limits.allow_symbols or order.symbol in limits.allow_symbols)
    ]


def _helps(book: Book, indices: Sequence[int], pools: Sequence[PoolKey], goal: Goal) -> bool:
    """Whether any slack is larger without these orders."""
    after = without_orders(book, indices)
    return any(bool(np.any(slack_of(after, pool, goal) > slack_of(book, pool, goal) + 1e-9)) for pool in pools)


def _short(book: Book, pools: Sequence[PoolKey], goal: Goal) -> float:
    """What is missing in total."""
    return sum(float(-np.minimum(slack_of(book, pool, goal), 0.0).sum()) for pool in pools)


def _met(book: Book, pools: Sequence[PoolKey], goal: Goal) -> bool:
    return all(met(slack_of(book, pool, goal), goal) for pool in pools)


def _fewest(holds: Callable[[int], bool], most: int) -> int:
    """The smallest count that holds; what helps more of the same never harms."""
    low, high = 0, most
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return high


def _cancel(order: Order) -> Step:
    return Step(
        remedy="cancel",
        symbol=order.symbol,
        leg=order.position_side or ("long" if order.side == "buy" else "short"),
        side=order.side,
        contracts=_plain(order.remaining),
        limit_price=_plain(order.price or 0.0),
        cost=0.0,
        notional=0.0,
        order_id=order.order_id or "",
        margin_mode=order.margin_mode,
    )


def transferred(book: Book, pools: Sequence[PoolKey], goal: Goal, limits: PlanLimits) -> tuple[Book, list[Step]]:
    """The book with as much collateral moved in as `pools` need to meet the goal, or all of it, and the steps."""
    steps: list[Step] = []
    known = {item.asset for item in book.collateral} | {pool.currency for pool in pools}
    for asset, amount in sorted(limits.transferable.items()):
        if amount <= 0.0 or asset not in known or not pools or _met(book, pools, goal):
            continue
        moved = add_collateral(book, asset, amount, None)
        if not any(bool(np.any(slack_of(moved, pool, goal) > slack_of(book, pool, goal))) for pool in pools):
            continue
        needed = _least(book, asset, amount, pools, goal) if _met(moved, pools, goal) else amount
        book = add_collateral(book, asset, needed, None)
        steps.append(_transfer(asset, needed))
    return book, steps


def everything_transferred(book: Book, limits: PlanLimits) -> Book:
    """The book with all that may be moved in."""
    for asset, amount in sorted(limits.transferable.items()):
        if amount > 0.0 and any(item.asset == asset for item in book.collateral):
            book = add_collateral(book, asset, amount, None)
    return book


def _least(book: Book, asset: str, enough: float, pools: Sequence[PoolKey], goal: Goal) -> float:
    """The smallest amount that does, rounded up to a cent (a millionth of a coin) and never above `enough`."""
    low, high = 0.0, enough
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        if _met(add_collateral(book, asset, middle, None), pools, goal):
            high = middle
        else:
            low = middle
        if high - low <= 1e-9 * enough:
            break
    places = float(10 ** amount_places(asset))
    amount = math.floor(high * places) / places
    while amount < enough and not _met(add_collateral(book, asset, amount, None), pools, goal):
        amount = (round(amount * places) + 1) / places
    return min(enough, amount)


def _plain(value: float) -> Decimal:
    """A figure as a decimal without zeros at its end."""
    found = exact(value)
    return found.quantize(Decimal(1)) if found == found.to_integral_value() else found.normalize()


def _transfer(asset: str, amount: float) -> Step:
    return Step(
        remedy="transfer",
        symbol=asset,
        leg="long",
        side="buy",
        contracts=_plain(amount),
        limit_price=Decimal(0),
        cost=0.0,
        notional=0.0,
    )


def with_releases(book: Book, equities: Sequence[tuple[str, float]]) -> Book:
    """The book as if isolated legs had given back `equities` (currency, amount) into the wallet."""
    for currency, amount in equities:
        if amount > 0.0:
            book = add_collateral(replace(book), currency, amount, None)
    return book
