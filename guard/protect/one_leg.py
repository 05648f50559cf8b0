"""Steps that act on one leg: making it smaller, or opening it against another one."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import cast

from guard.ports.errors import VenueError
from guard.ports.records import OrderRecord
from guard.protect.children import carry_out, children_of, fitted
from guard.protect.hedging import empty_leg, reference_leg
from guard.protect.lookup import ask
from guard.protect.outcome import Ending
from guard.protect.ports import Ports
from guard.protect.run import Halt, Run
from guard.protect.sending import room_of
from guard.protect.verify import confirm_book
from guard.risk.book import Position, Side


async def work_one_leg(ports: Ports, run: Run, planned: Sequence[OrderRecord]) -> Halt | None:
    """Send children until the step's size has filled; None = go on with the next step."""
    remaining = sum((Decimal(child.contracts) for child in planned), Decimal(0))
    misses = 0
    for child in children_of(planned, ports.bounds.extra_children):
        if run.restored(ports.policy.target):
            return Halt(Ending.TARGET_HOLDS, "the target holds")
        if run.is_calm_over(ports.policy.target):
            return Halt(Ending.OVERTAKEN, "the target does not hold any more: what is left of the hedges stays")
        done = await _work_child(ports, run, child, remaining)
        if not isinstance(done, OrderRecord):
            return done
        remaining -= Decimal(done.filled)
        misses = 0 if Decimal(done.filled) else misses + 1
        if remaining <= 0:
            return None
        if misses > ports.bounds.extra_children:
            break
    missing = f"{remaining} contracts of {planned[0].symbol}"
    return Halt(Ending.UNFILLED, f"{missing} did not fill inside the price band")


async def _work_child(ports: Ports, run: Run, child: OrderRecord, remaining: Decimal) -> OrderRecord | Halt | None:
    """One child, sent and verified; None: nothing is left that an order could be made of."""
    position = await _leg(ports, run, child)
    if position is None or isinstance(position, Halt):
        return position
    room = room_of(ports, run, child, position)
    if room is not None:
        if room.why:
            return Halt(Ending.FORBIDDEN, f"{room.why}: nothing was opened")
        remaining = min(remaining, room.contracts)
    order = fitted(ports, run, child, position, remaining)
    return None if order is None else await carry_out(ports, run, order, position)


async def _leg(ports: Ports, run: Run, child: OrderRecord) -> Position | Halt | None:
    """The leg that an order acts on; of a hedge, read anew, for it is capped by what is held right now."""
    if child.reduce_only:
        return run.position(child.symbol, child.leg)
    halt = await confirm_book(ports, run)
    if halt is not None:
        return halt
    leg = cast("Side", child.leg)
    return reference_leg(run.fetched.book, child.symbol, leg) or await _unheld(ports, run, child, leg)


async def _unheld(ports: Ports, run: Run, child: OrderRecord, leg: Side) -> Position | Halt:
    """An empty leg of a symbol that is not held, at the middle of its order book."""
    what = f"the order book of {child.symbol}"
    try:
        depth = await ask(ports.account.depth(child.symbol), what, ports.bounds.call_timeout_s)
    except VenueError as error:
        return Halt(Ending.NOT_FRESH, f"{what}: {error}")
    if not (depth.bids and depth.asks and 0 < depth.bids[0].price < depth.asks[0].price):
        return Halt(Ending.NOT_FRESH, f"{what} has no price")
    middle = (depth.bids[0].price + depth.asks[0].price) / 2
    mode = run.task.plan.steps[child.step].margin_mode
    return empty_leg(child.symbol, leg, middle, run.task.instruments[child.symbol], mode)
