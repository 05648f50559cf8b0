"""What became of an order without a certain answer: asked by its client order id, a bounded number of times.

The one place that turns "not found" into "lost": only when the venue is certain, and only after no delayed request
could still arrive.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from guard.ports.clock import Clock
from guard.ports.errors import VenueError, VenueUnavailable
from guard.ports.records import OrderRecord
from guard.ports.venue import OrderState, OrderStatus, VenueAccount
from guard.protect.policy import ExecutionBounds

_Answer = TypeVar("_Answer")


class Fate(StrEnum):
    """What the look-up came to."""

    KNOWN = "known"
    LOST = "lost"
    UNRESOLVED = "unresolved"


@dataclass(frozen=True, slots=True)
class Found:
    """The result: `answer` is set when the order ended at the venue; `problem` says why nothing is certain yet."""

    fate: Fate
    answer: OrderState | None = None
    problem: str = ""


async def ask(call: Awaitable[_Answer], what: str, timeout_s: float) -> _Answer:
    """Await a venue's answer for at most `timeout_s` seconds.

    Raises:
        VenueUnavailable: no answer in time.
        VenueError: whatever the venue's adapter raised.
    """
    try:
        async with asyncio.timeout(timeout_s):
            return await call
    except TimeoutError:
        message = f"no answer to {what} within {timeout_s:g} s"
        raise VenueUnavailable(message, fix="the venue may be slow or down") from None


async def look_up(
    account: VenueAccount, order: OrderRecord, clock: Clock, bounds: ExecutionBounds, *, since_sent_s: float
) -> Found:
    """Ask until the order has ended, is certainly lost, or the attempts are used up.

    Args:
        account: where to ask.
        order: an order that was (or may have been) sent.
        clock: for pauses and for how long ago it was sent.
        bounds: attempts, pauses, and when an unknown order counts as lost.
        since_sent_s: seconds since it was sent, at the time of the call.
    """
    started = clock.monotonic()
    problem = "the venue was not asked"
    for attempt in range(bounds.lookup_attempts):
        if attempt:
            await clock.sleep(bounds.lookup_pause_s)
        try:
            what = f"the look-up of order {order.client_order_id}"
            answer = await ask(account.find_order(order.client_order_id, order.symbol), what, bounds.call_timeout_s)
        except VenueError as error:
            problem = str(error)
            continue
        passed_s = since_sent_s + clock.monotonic() - started
        if answer is None and passed_s >= bounds.lost_after_s:
            return Found(Fate.LOST)
        if answer is None:
            problem = f"the venue does not know it {passed_s:.0f} s after it was sent, it may still arrive"
        elif answer.status is OrderStatus.OPEN:
            problem = "still open at the venue"
        else:
            return Found(Fate.KNOWN, answer)
    return Found(Fate.UNRESOLVED, problem=problem)
