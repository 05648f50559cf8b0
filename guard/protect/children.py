"""The orders of a step: which there may be, how large and at what price each is now, and the way of one to verified."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import cast

from guard.ports.records import OrderJournalState, OrderRecord
from guard.protect.answers import surprises
from guard.protect.journal import UNVERIFIED, Event, advance, child_number, client_order_id
from guard.protect.outcome import Ending
from guard.protect.ports import Ports
from guard.protect.run import Halt, Run
from guard.protect.sending import save, send_order
from guard.protect.sizing import largest_child, limit_price, smallest_order, tradable_leg
from guard.protect.verify import confirm_book
from guard.risk.book import OrderSide, Position


def children_of(planned: Sequence[OrderRecord], extra_children: int) -> Iterator[OrderRecord]:
    """The planned children, then a few more for what did not fill."""
    yield from planned
    last = planned[-1]
    rest = str(sum((Decimal(child.contracts) for child in planned), Decimal(0)))
    for extra in range(1, extra_children + 1):
        name = client_order_id(last.intent_id, last.step, child_number(last) + extra)
        yield replace(last, order_id=name, client_order_id=name, contracts=rest)


def fitted(ports: Ports, run: Run, child: OrderRecord, position: Position, most: Decimal) -> OrderRecord | None:
    """The child sized and priced for the newest book; None when what is left is too small for any order.

    Deliberately priced at the edge of the band: an IOC order takes the best price there is, and a tighter limit would
    only fill less.

    Args:
        ports: for the limits.
        run: the execution that it belongs to.
        child: as planned.
        position: the leg that it acts on; of a hedge that opens one: an empty one.
        most: contracts that are left of its step.
    """
    policy, instrument = ports.policy, run.task.instruments[child.symbol]
    side = cast("OrderSide", child.side)
    price = limit_price(side, position.mark_price, policy.max_slippage_bps, instrument.tick)
    if price <= 0:
        return None
    largest = largest_child(instrument, position, price, policy.max_child_notional)
    size = min(Decimal(child.contracts), most, largest)
    if child.reduce_only:
        size = min(size, tradable_leg(instrument, position))
    if size < smallest_order(instrument, position, price):
        return None
    return replace(child, contracts=str(size), limit_price=str(price))


async def carry_out(
    ports: Ports, run: Run, order: OrderRecord, position: Position, *, follows: float = 0.0
) -> OrderRecord | Halt:
    """Send one order, find out what became of it, and read the book until it shows that; else why the run ends."""
    fee_rate = run.fetched.book.fees.taker
    sent = await send_order(ports, run, order, position, follows=follows)
    if isinstance(sent, Halt):
        return sent
    run.book_fill(sent, position, fee_rate)
    halt = await confirm_book(ports, run)
    odd = surprises(sent)
    if odd and (halt is None or halt.ending is not Ending.SURPRISE):
        halt = Halt(Ending.SURPRISE, "an order filled otherwise than it was sent", odd)
    if sent.state in UNVERIFIED and (halt is None or halt.ending is Ending.SURPRISE):
        event = Event.VERIFY if halt is None else Event.SURPRISE
        sent = await save(ports, advance(sent, event, at=ports.clock.now()))
        run.sent[sent.client_order_id] = sent
    if halt is None and sent.state is OrderJournalState.REJECTED:
        return Halt(Ending.REJECTED, f"the venue refused order {sent.client_order_id}: {sent.error}")
    return sent if halt is None else halt
