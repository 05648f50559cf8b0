"""One order: journalled, sent, and known for certain before anything else happens.

Steps of `send_order`, numbered in the code:

1. Ask the last gates: kill switch, freshness, position mode, the law about orders, daily cap; reserve the order's
   notional in the journal.
2. Journal it as submitting. Only then
3. send it, and journal the answer.
4. Without a certain answer, look it up by its id, before anything else.
5. Certainly lost: verify that the book is unchanged, ask the gates again, and send it again under the same id.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import cast

from guard.ports.errors import ClockSkew, CredentialsRejected, OrderOutcomeUnknown, OrderRejected, VenueError
from guard.ports.records import OrderJournalState, OrderRecord
from guard.ports.venue import OrderRequest
from guard.protect.answers import record_answer
from guard.protect.hedging import Room, hedge_room
from guard.protect.journal import UNCERTAIN, Event, advance
from guard.protect.lawful import unlawful
from guard.protect.lookup import Fate, Found, ask, look_up
from guard.protect.outcome import Ending
from guard.protect.ports import Ports
from guard.protect.run import Halt, Run
from guard.protect.sizing import contract_notional
from guard.protect.verify import confirm_book
from guard.risk.book import OrderSide, Position, Side
from guard.risk.quality import Quality

# Refusals after which it is certain that no order is open: the venue did not even look at it.
CERTAIN = (OrderRejected, CredentialsRejected, ClockSkew)
STOPPED = "orders were stopped: the account is not armed any more, or the guard is ending"


async def send_order(
    ports: Ports, run: Run, order: OrderRecord, position: Position, *, follows: float = 0.0
) -> OrderRecord | Halt:
    """Send an approved order of a run and find out what became of it.

    Args:
        ports: where to.
        run: the execution that it belongs to; the notional that its intent reserves is kept up to date.
        order: approved, sized and priced for the newest book.
        position: its leg in that book (of a hedge that opens one: an empty one).
        follows: contracts of another order that this one makes necessary, for which there must be room as well.

    Returns:
        The order once its end is certain (filled, partly filled, rejected, failed), or why the run ends here.
    """
    halt = await _last_gates(ports, run, order, position, follows)  # 1
    if halt is not None:
        return halt
    resends = 0
    while True:
        sent_at = ports.clock.monotonic()
        order = await _submit(ports, run, order, position)  # 2, 3
        if order.state is OrderJournalState.SKIPPED:
            return Halt(Ending.STOPPED, STOPPED)
        if order.state not in UNCERTAIN:
            return order
        found = await _find(ports, order, ports.clock.monotonic() - sent_at)  # 4
        if found.answer is not None:
            return await save(ports, record_answer(order, found.answer, at=ports.clock.now()))
        if found.fate is Fate.UNRESOLVED:
            return await _lose_sight(ports, run, order, found.problem)
        halt = await _may_resend(ports, run, order, position, resends)  # 5
        if halt is not None:
            run.sent[order.client_order_id] = await give_up(ports, order)
            return halt
        resends += 1


async def save(ports: Ports, order: OrderRecord) -> OrderRecord:
    """Journal an order and return it."""
    await ports.journal.save_order(order)
    return order


async def give_up(ports: Ports, order: OrderRecord) -> OrderRecord:
    """Journal that an order certainly never arrived and is not sent again."""
    return await save(ports, advance(order, Event.GIVE_UP, at=ports.clock.now(), error="never arrived at the venue"))


def standing_gates(ports: Ports, run: Run) -> Halt | None:
    """The gates that need no order: kill switch, freshness, position mode; None = all are open."""
    if ports.stop.is_set():
        return Halt(Ending.STOPPED, STOPPED)
    quality = ports.judge(run.fetched)
    if quality.quality is not Quality.FRESH:
        return Halt(Ending.NOT_FRESH, f"data is {quality.quality}: {'; '.join(quality.reasons)}")
    if not run.fetched.position_mode_proven:
        return Halt(Ending.NOT_FRESH, "the venue has not stated its position mode in this session")
    return None


def room_of(ports: Ports, run: Run, order: OrderRecord, position: Position) -> Room | None:
    """What a hedging order may open by the newest book, its own intent's fills counted; None: it is none."""
    if order.remedy != "hedge":
        return None
    instrument = run.task.instruments[order.symbol]
    protected, betas = run.protected(order), ports.policy.betas
    return hedge_room(run.fetched.book, protected, position, instrument, run.hedging(), betas)


async def _last_gates(ports: Ports, run: Run, order: OrderRecord, position: Position, follows: float) -> Halt | None:
    halt = standing_gates(ports, run)
    if halt is not None:
        return halt
    wrong = unlawful(order, run.fetched.book, room_of(ports, run, order, position))
    if wrong:
        return Halt(Ending.FORBIDDEN, wrong)
    # Bought back, it may cost up to its limit: the cap must hold there.
    price = max(position.mark_price, float(order.limit_price))
    unit = contract_notional(position.kind, position.contract_size, price)
    wanted = float(order.contracts) * unit
    traded = await _traded_today(ports, run)
    if traded + wanted + follows * unit > run.task.daily_cap:
        needed = wanted + follows * unit
        used = f"{traded:,.0f} of {run.task.daily_cap:,.0f} traded today, the next order needs {needed:,.0f}"
        return Halt(Ending.CAPPED, f"{used} (quote currency)")
    # Reserved before it is sent: a crash between the two leaves the cap counting too much, never too little.
    run.intent = replace(run.intent, notional=run.notional + wanted)
    await ports.journal.update_intent(run.intent)
    return None


async def _traded_today(ports: Ports, run: Run) -> float:
    """Quote value that protection traded since midnight UTC, all of this run's fills included, its reservations not."""
    now = ports.clock.now().astimezone(UTC)
    midnight = datetime.combine(now.date(), time(), tzinfo=UTC)
    journalled = await ports.journal.notional_traded_since(run.intent.account_id, midnight)
    return max(0.0, journalled - run.intent.notional) + run.notional


async def _submit(ports: Ports, run: Run, order: OrderRecord, position: Position) -> OrderRecord:
    order = await save(ports, advance(order, Event.SEND, at=ports.clock.now(), error=None))
    if ports.stop.is_set():
        order = await save(ports, advance(order, Event.SKIP, at=ports.clock.now(), error=STOPPED))
        run.sent[order.client_order_id] = order
        return order
    what = f"order {order.client_order_id}"
    try:
        answer = await ask(ports.account.submit(_request(run, order, position)), what, ports.bounds.call_timeout_s)
    except CERTAIN as error:
        order = advance(order, Event.REFUSE, at=ports.clock.now(), error=str(error))
    except OrderOutcomeUnknown as error:
        event = Event.ACCEPT if error.accepted else Event.LOSE_SIGHT
        order = advance(order, event, at=ports.clock.now(), error=str(error))
    except VenueError as error:
        # Unavailable, limited, garbled, timed out: any of these may hide an order that arrived.
        order = advance(order, Event.LOSE_SIGHT, at=ports.clock.now(), error=str(error))
    else:
        order = record_answer(order, answer, at=ports.clock.now())
    run.sent[order.client_order_id] = order
    return await save(ports, order)


def _request(run: Run, order: OrderRecord, position: Position) -> OrderRequest:
    held = run.position(order.symbol, order.leg) or position
    return OrderRequest(
        client_order_id=order.client_order_id,
        symbol=order.symbol,
        side=cast("OrderSide", order.side),
        leg=cast("Side", order.leg),
        contracts=Decimal(order.contracts),
        limit_price=Decimal(order.limit_price),
        reduce_only=order.reduce_only,
        position_mode=run.fetched.book.position_mode,
        time_in_force="IOC",
        margin_mode=held.margin_mode,
    )


async def _find(ports: Ports, order: OrderRecord, since_sent_s: float) -> Found:
    found = await look_up(ports.account, order, ports.clock, ports.bounds, since_sent_s=since_sent_s)
    if found.fate is Fate.LOST and order.state is OrderJournalState.SUBMITTED:
        return Found(Fate.UNRESOLVED, problem="the venue had accepted it and does not know it any more")
    return found


async def _lose_sight(ports: Ports, run: Run, order: OrderRecord, problem: str) -> Halt:
    run.sent[order.client_order_id] = await save(ports, replace(order, error=problem))
    return Halt(Ending.PENDING, f"the outcome of order {order.client_order_id} is unknown: {problem}")


async def _may_resend(ports: Ports, run: Run, order: OrderRecord, position: Position, resends: int) -> Halt | None:
    halt = await confirm_book(ports, run)
    if halt is not None:
        return halt
    if run.restored(ports.policy.target):
        return Halt(Ending.TARGET_HOLDS, "the target holds again without the order that never arrived")
    if resends >= ports.bounds.resends:
        return Halt(Ending.LOST, f"order {order.client_order_id} never arrived at the venue, {resends + 1} times")
    return await _last_gates(ports, run, order, position, 0.0)
