"""Taking up an intent after a crash, or after a silence of the venue. Both are the same path, and it never sends.

Steps of `recover`, numbered in the code:

1. Every order that may be at the venue is looked up by its id, before anything else. A cancellation is not: whether it
   arrived is shown by the book.
2. What was never sent is dropped: its prices are old; the next cycle plans anew from what then is.
3. The book is read and must show the legs as they stood when the plan was made, with everything that filled.
4. What was done to hedges is kept, the intent is closed and people are told; as long as step 1 or 3 has no answer it
   stays open and blocks new plans. An order that nobody could tell of for a day ends as a surprise: no request arrives
   that late, and only a person can say what it did.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from guard.ports.records import AccountRecord, IntentRecord, OrderJournalState, OrderRecord
from guard.protect.answers import record_answer, surprises
from guard.protect.cancelling import ended, filled_instead, resting
from guard.protect.closing import close_intent, skip_unsent
from guard.protect.hedge_records import keep_hedges
from guard.protect.intents import Remembered, remembered
from guard.protect.journal import NOT_SENT, UNCERTAIN, UNVERIFIED, Event, advance, child_number
from guard.protect.legs import expected_legs, legs_of, standing
from guard.protect.lookup import Fate, look_up
from guard.protect.netting import uneven
from guard.protect.outcome import Ending, Level, Outcome
from guard.protect.ports import Ports
from guard.protect.run import Halt, leg_key
from guard.protect.sending import give_up, save
from guard.protect.verify import Settled, read_settled
from guard.risk.book import Book

HOPELESS_AFTER: Final = timedelta(days=1)
_UNTOUCHED = NOT_SENT | {OrderJournalState.SKIPPED}


async def recover(ports: Ports, account: AccountRecord, intent: IntentRecord) -> Outcome:
    """Account for everything that an open intent may have done."""
    memory = remembered(intent)
    journalled = sorted(
        await ports.journal.orders_of(intent.intent_id), key=lambda order: (order.step, child_number(order))
    )
    orders = [await _find_again(ports, order) for order in journalled]  # 1
    sent = tuple(order for order in orders if order.state not in _UNTOUCHED)
    unresolved = [order for order in sent if order.state in UNCERTAIN and order.remedy != "cancel"]
    if unresolved and not all(_is_hopeless(ports, order) for order in unresolved):
        problem = f"the outcome of order {unresolved[0].client_order_id} is unknown: {unresolved[0].error}"
        return await _close(ports, account, intent, memory, sent, Halt(Ending.PENDING, problem), None)
    await skip_unsent(ports, orders, "not sent: the plan was interrupted")  # 2
    if not sent:
        halt = Halt(Ending.NEVER_SENT, "the plan was interrupted before its first order")
        return await _close(ports, account, intent, memory, sent, halt, None)
    settled = await read_settled(ports, expected_legs(memory.legs, sent), memory.position_mode)  # 3
    halt = _verdict(settled, memory, sent, unresolved)
    if settled.fetched is not None:
        sent = tuple([await _verified(ports, order, halt, settled.fetched.book) for order in sent])
    return await _close(ports, account, intent, memory, sent, halt, settled)  # 4


async def _find_again(ports: Ports, order: OrderRecord) -> OrderRecord:
    if order.state not in UNCERTAIN:
        return order
    since_sent_s = max(0.0, (ports.clock.now() - order.updated_at).total_seconds())
    accepted = order.state is OrderJournalState.SUBMITTED
    if order.state is OrderJournalState.SUBMITTING:
        order = await save(ports, advance(order, Event.LOSE_SIGHT, at=ports.clock.now()))
    if order.remedy == "cancel":
        return order
    found = await look_up(ports.account, order, ports.clock, ports.bounds, since_sent_s=since_sent_s)
    if found.answer is not None:
        return await save(ports, record_answer(order, found.answer, at=ports.clock.now()))
    if found.fate is Fate.LOST and not accepted:
        return await give_up(ports, order)
    return await save(ports, replace(order, error=found.problem or "the venue had accepted it and does not know it"))


def _is_hopeless(ports: Ports, order: OrderRecord) -> bool:
    """Whether an order is so old that its look-up will not tell any more."""
    return ports.clock.now() - order.updated_at >= HOPELESS_AFTER


def _verdict(
    settled: Settled, memory: Remembered, sent: Sequence[OrderRecord], hopeless: Sequence[OrderRecord]
) -> Halt:
    if settled.fetched is None:
        return Halt(Ending.PENDING, f"what was done cannot be verified yet: {settled.problem}")
    cancels = [order for order in sent if order.remedy == "cancel"]
    if cancels and filled_instead(expected_legs(memory.legs, sent), settled.fetched.book, cancels):
        why = "the plan was interrupted, and an order that was to be cancelled has filled"
        return Halt(Ending.RECOVERED, why, settled.surprises)
    odd = [line for order in sent for line in surprises(order)]
    odd += [f"what became of order {order.client_order_id} could not be found out for a day" for order in hopeless]
    if settled.surprises or odd:
        return Halt(Ending.SURPRISE, "the book does not show what was ordered", (*settled.surprises, *odd))
    return Halt(Ending.RECOVERED, "the plan was interrupted; every order of it was found again")


async def _verified(ports: Ports, order: OrderRecord, halt: Halt, book: Book) -> OrderRecord:
    if order.remedy == "cancel":
        is_open = bool(resting(book, {str(order.venue_order_id)}))
        return await save(ports, ended(order, is_open=is_open, at=ports.clock.now()))
    if order.state in UNCERTAIN:
        never = order.state is OrderJournalState.UNKNOWN
        return await save(ports, advance(order, Event.GIVE_UP if never else Event.SURPRISE, at=ports.clock.now()))
    if order.state not in UNVERIFIED:
        return order
    event = Event.SURPRISE if halt.ending is Ending.SURPRISE else Event.VERIFY
    return await save(ports, advance(order, event, at=ports.clock.now()))


async def _close(
    ports: Ports,
    account: AccountRecord,
    intent: IntentRecord,
    memory: Remembered,
    sent: tuple[OrderRecord, ...],
    halt: Halt,
    settled: Settled | None,
) -> Outcome:
    risk = settled.risk if settled else None
    book = settled.fetched.book if settled and settled.fetched else None
    await keep_hedges(ports.journal, intent, sent, book, ports.clock.now())
    outcome = Outcome(
        intent_id=intent.intent_id,
        ending=halt.ending,
        reason=halt.reason,
        orders=sent,
        before=Level(intent.risk_ratio_before, memory.distance),
        after=Level(risk.risk_ratio, risk.distance) if risk else None,
        notional=_traded(memory, sent),
        cost=None,
        planned_cost=None,
        details=(*halt.details, *uneven(sent), *memory.told),
        standing=standing(legs_of(book)) if book else "",
    )
    holds = risk is not None and ports.policy.target.holds(risk)
    return await close_intent(ports, account, intent, outcome, target_holds=holds)


def _traded(memory: Remembered, sent: Sequence[OrderRecord]) -> float:
    """Quote value of what filled: at the marks at which the plan was made, or at what was paid where that is more.

    The daily cap counts it: rather a little too much than too little.
    """
    return sum(float(order.filled) * memory.unit.get(leg_key(order), 0.0) * _dearer(order) for order in sent)


def _dearer(order: OrderRecord) -> float:
    """How much more was paid than the mark at which the plan was made, as a factor; at least 1."""
    if order.average_price is None or not order.mark_price:
        return 1.0
    return max(1.0, order.average_price / order.mark_price)
