"""Cancelling resting orders that would open something: asked of the venue, believed of the book.

A cancellation may be repeated without harm, so nothing is looked up: whatever the venue answered, the next reading
shows whether the order rests. One that has filled instead is told apart from what nobody ordered: the account is not
frozen, and what was planned before is not sent any more, because the next cycle plans anew.

Steps of `work_cancels`, numbered in the code:

1. Ask the gates; journal each cancellation as submitting, ask the venue, journal the answer.
2. Read the book once for all of them: none of them rests, and no leg has changed.
3. What rests after an answer that was lost is asked once more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from guard.ports.errors import VenueError
from guard.ports.records import OrderJournalState, OrderRecord
from guard.protect.journal import Event, advance
from guard.protect.legs import RELATIVE_TOLERANCE, Legs, differences, legs_of
from guard.protect.lookup import ask
from guard.protect.outcome import Ending
from guard.protect.ports import Ports
from guard.protect.run import Halt, Run
from guard.protect.sending import CERTAIN, STOPPED, save, standing_gates
from guard.protect.verify import read_settled
from guard.risk.book import Book, PositionMode

_NOT_OPEN = "it was not open any more"
_STILL_OPEN = "it is still open at the venue"


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the book shows of cancellations: which orders rest, and whether a fill of theirs explains the legs."""

    resting: frozenset[str]
    filled_instead: bool


async def work_cancels(ports: Ports, run: Run, planned: Sequence[OrderRecord]) -> Halt | None:
    """Cancel orders and see that they are gone; None = go on with the next step."""
    if run.restored(ports.policy.target):
        return Halt(Ending.TARGET_HOLDS, "the target holds")
    halt = await _work(ports, run, planned)
    if halt is None or halt.ending is not Ending.PENDING:
        for order in _newest(run, planned):
            await _end(ports, run, order, is_open=True)
    return halt


async def _work(ports: Ports, run: Run, planned: Sequence[OrderRecord]) -> Halt | None:
    pending = list(planned)
    for _ in range(1 + ports.bounds.resends):
        halt = await _ask_all(ports, run, pending)  # 1
        seen = await _see(ports, run, planned)  # 2
        if isinstance(seen, Halt):
            return seen
        for order in _newest(run, planned):
            if str(order.venue_order_id) not in seen.resting:
                await _end(ports, run, order, is_open=False)
        if seen.filled_instead:
            return Halt(
                Ending.OVERTAKEN, "an order that was to be cancelled has filled: the plan does not fit any more"
            )
        if halt is not None:
            return halt
        pending = [order for order in _newest(run, planned) if order.state is OrderJournalState.UNKNOWN]  # 3
        if not pending:
            return _refused(run, planned)
    left = ", ".join(str(order.venue_order_id) for order in pending)
    return Halt(Ending.LOST, f"cancelling did not arrive at the venue: {left}")


async def _ask_all(ports: Ports, run: Run, orders: Iterable[OrderRecord]) -> Halt | None:
    """Ask the venue to cancel each order; why that ended early, or None."""
    for order in orders:
        halt = standing_gates(ports, run)
        if halt is not None:
            return halt
        asked = await _saved(ports, run, advance(order, Event.SEND, at=ports.clock.now(), error=None))
        if ports.stop.is_set():
            await _saved(ports, run, advance(asked, Event.SKIP, at=ports.clock.now(), error=STOPPED))
            return Halt(Ending.STOPPED, STOPPED)
        await _saved(ports, run, await _asked(ports, asked))
    return None


async def _asked(ports: Ports, order: OrderRecord) -> OrderRecord:
    what = f"the cancellation of order {order.venue_order_id}"
    call = ports.account.cancel_order(order.symbol, str(order.venue_order_id))
    try:
        cancelled = await ask(call, what, ports.bounds.call_timeout_s)
    except CERTAIN as error:
        return advance(order, Event.REFUSE, at=ports.clock.now(), error=str(error))
    except VenueError as error:
        # Without a certain answer the book decides.
        return advance(order, Event.LOSE_SIGHT, at=ports.clock.now(), error=str(error))
    return advance(order, Event.ACCEPT, at=ports.clock.now(), error=None if cancelled else _NOT_OPEN)


async def _saved(ports: Ports, run: Run, order: OrderRecord) -> OrderRecord:
    run.sent[order.client_order_id] = await save(ports, order)
    return order


def _newest(run: Run, planned: Iterable[OrderRecord]) -> list[OrderRecord]:
    """The orders that were asked for, as journalled last."""
    return [run.sent[order.client_order_id] for order in planned if order.client_order_id in run.sent]


async def _see(ports: Ports, run: Run, planned: Sequence[OrderRecord]) -> _Seen | Halt:
    """What the book shows; the run goes on from it."""
    asked = _newest(run, planned)
    taken = {str(order.venue_order_id) for order in asked if order.state is OrderJournalState.SUBMITTED}
    settled = await read_settled(ports, run.expected, run.task.fetched.book.position_mode, taken)
    if settled.fetched is None or settled.risk is None:
        return Halt(Ending.PENDING, f"what was done cannot be verified yet: {settled.problem}")
    run.fetched, run.risk = settled.fetched, settled.risk
    book = settled.fetched.book
    explained = filled_instead(run.expected, book, asked)
    if settled.surprises and not (explained and not resting(book, taken)):
        for order in asked:
            await _end(ports, run, order, is_open=bool(resting(book, {str(order.venue_order_id)})))
        return Halt(Ending.SURPRISE, "the book does not show what was ordered", settled.surprises)
    return _Seen(resting(book, {str(order.venue_order_id) for order in asked}), explained)


async def _end(ports: Ports, run: Run, order: OrderRecord, *, is_open: bool) -> None:
    """Journal what a believable book shows of a cancellation that was asked for."""
    after = ended(order, is_open=is_open, at=ports.clock.now())
    if after is not order:
        await _saved(ports, run, after)


def _refused(run: Run, planned: Sequence[OrderRecord]) -> Halt | None:
    """Why the plan ends when the venue refused a cancellation of an order that rests; None = nothing of the kind."""
    for order in _newest(run, planned):
        if order.state is OrderJournalState.REJECTED:
            return Halt(Ending.REJECTED, f"the venue did not cancel order {order.venue_order_id}: {order.error}")
    return None


def ended(order: OrderRecord, *, is_open: bool, at: datetime) -> OrderRecord:
    """A cancellation after a believable book was read; one that has ended stays as it is."""
    if order.state not in {OrderJournalState.UNKNOWN, OrderJournalState.SUBMITTED}:
        return order
    unknown = order.state is OrderJournalState.UNKNOWN
    if is_open:
        return advance(order, Event.GIVE_UP if unknown else Event.SURPRISE, at=at, error=_STILL_OPEN)
    return advance(order, Event.GONE, at=at, error=None if unknown else order.error)


def resting(book: Book, order_ids: Iterable[str]) -> frozenset[str]:
    """Which of these orders rest."""
    return frozenset(order_ids) & {str(order.order_id) for order in book.orders}


def filled_instead(expected: Legs, book: Book, cancels: Sequence[OrderRecord]) -> bool:
    """Whether the legs differ from `expected`, by no more than what the orders that were to be cancelled could fill."""
    found = legs_of(book)
    if not differences(expected, found):
        return False
    could = _signed({(order.symbol, order.leg): Decimal(0) for order in cancels}, book.position_mode)
    wanted, seen = (_signed(legs, book.position_mode) for legs in (expected, found))
    for key in wanted.keys() | seen.keys() | could.keys():
        was, is_now = wanted.get(key, Decimal(0)), seen.get(key, Decimal(0))
        change = is_now - was
        if abs(change) <= RELATIVE_TOLERANCE * max(abs(was), abs(is_now)):
            continue
        mine = [order for order in cancels if _key(order.symbol, order.leg, book.position_mode) == key]
        bought = sum((Decimal(order.contracts) for order in mine if order.side == "buy"), Decimal(0))
        sold = sum((Decimal(order.contracts) for order in mine if order.side == "sell"), Decimal(0))
        if not -sold <= change <= bought:
            return False
    return True


def _key(symbol: str, leg: str, mode: PositionMode) -> tuple[str, str]:
    """What a fill changes: the leg in hedge mode, the symbol's one position else."""
    return (symbol, leg if mode == "hedge" else "")


def _signed(legs: Legs | dict[tuple[str, str], Decimal], mode: PositionMode) -> dict[tuple[str, str], Decimal]:
    """Contracts with the sign of their leg, by what a fill changes."""
    signed: dict[tuple[str, str], Decimal] = {}
    for (symbol, leg), contracts in legs.items():
        key = _key(symbol, leg, mode)
        signed[key] = signed.get(key, Decimal(0)) + (contracts if leg == "long" else -contracts)
    return signed
