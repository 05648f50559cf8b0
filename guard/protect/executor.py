"""The executor: carries out an intent, order by order, and stops at the first thing that is not as it should be.

Steps of an execution, numbered in the code:

1. The journal holds intent and orders before anything else happens.
2. For each step, child by child: size and price it for the newest book,
3. send it and find out what became of it (`guard.protect.sending`),
4. read the book and assert that the leg shrank by what filled and nothing else changed (`guard.protect.verify`),
5. stop as soon as the target holds.
6. Close: skip what is left, freeze on a surprise, tell people, close the intent (`guard.protect.closing`).

A crash at any point leaves a journal from which `resume` finds every order again. One executor serves one account, and
does one thing at a time.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import cast

from guard.ports.clock import Clock
from guard.ports.records import AccountRecord, OrderJournalState, OrderRecord
from guard.ports.venue import VenueAccount
from guard.protect.answers import surprises
from guard.protect.closing import close_intent, skip_unsent, tell
from guard.protect.journal import NOT_SENT, UNVERIFIED, Event, JournalPort, advance, child_number, client_order_id
from guard.protect.legs import legs_of, standing
from guard.protect.outcome import Ending, Freeze, Judge, Level, Notify, Outcome, StopSignal
from guard.protect.policy import ExecutionBounds, ProtectPolicy
from guard.protect.ports import Ports
from guard.protect.recovery import recover
from guard.protect.run import Assignment, Halt, Run
from guard.protect.sending import save, send_order
from guard.protect.sizing import largest_child, limit_price, smallest_order, tradable_leg
from guard.protect.verify import confirm_book
from guard.risk.book import OrderSide, Position


class Executor:
    """Executes and resumes the intents of one account.

    Args:
        account: where orders are sent and books are read.
        journal: what survives a crash.
        clock: time.
        policy: what the user allows.
        notify: where announcements go; must survive a crash.
        freeze: freezes automation of an account id, durably.
        judge: the verdict on a book just read, conformity with the venue included.
        stop: the kill switch, asked before every order.
        bounds: timeouts and limits on every loop.
    """

    def __init__(
        self,
        account: VenueAccount,
        journal: JournalPort,
        clock: Clock,
        policy: ProtectPolicy,
        notify: Notify,
        *,
        freeze: Freeze,
        judge: Judge,
        stop: StopSignal,
        bounds: ExecutionBounds | None = None,
    ) -> None:
        bounds = ExecutionBounds() if bounds is None else bounds
        self._ports = Ports(account, journal, clock, policy, notify, freeze, judge, stop, bounds)
        self._lock = asyncio.Lock()

    @property
    def busy(self) -> bool:
        """Whether an intent of this account is being worked on."""
        return self._lock.locked()

    async def execute(self, task: Assignment) -> Outcome:
        """Carry out an intent, or in a dry run only journal it.

        Raises:
            ValueError: the journal says that this intent was begun before; `resume` is for that.
        """
        async with self._lock:
            await self._journalled(task)  # 1
            if task.intent.state == "dry_run":
                outcome = _dry_run(task)
                await tell(self._ports, task.account, outcome)
                return outcome
            run = Run.start(task)
            halt = await self._work(run)  # 2 to 5
            return await self._close(run, halt)  # 6

    async def resume(self, account: AccountRecord) -> tuple[Outcome, ...]:
        """Take up every open intent of the account after a crash or a silence; nothing is ever sent here.

        Returns:
            One outcome an intent; a pending one is taken up again at the next call. Empty while an execution is under
            way, and when there is nothing to do.
        """
        if self._lock.locked():
            return ()
        async with self._lock:
            intents = await self._ports.journal.open_intents(account.account_id)
            return tuple([await recover(self._ports, account, intent) for intent in intents])

    async def _journalled(self, task: Assignment) -> None:
        stored = await self._ports.journal.orders_of(task.intent.intent_id)
        if not stored:
            await self._ports.journal.add_intent(task.intent, task.orders)
            return
        for order in stored:
            if order.state not in NOT_SENT:
                begun = f"{order.client_order_id} is {order.state}"
                raise ValueError(f"intent {task.intent.intent_id} was begun before: {begun}")

    async def _work(self, run: Run) -> Halt:
        for _, children in itertools.groupby(run.task.orders, key=lambda order: order.step):
            halt = await self._work_step(run, list(children))
            if halt is not None:
                return halt
        if run.restored(self._ports.policy.target):
            return Halt(Ending.TARGET_HOLDS, "the target holds")
        if run.task.plan.by_hand:
            return Halt(Ending.AS_ASKED, "everything that was asked for was done")
        return Halt(Ending.EXHAUSTED, "everything planned was done; the market moved further than the plan")

    async def _work_step(self, run: Run, children: Sequence[OrderRecord]) -> Halt | None:
        """Send children until the step's size has filled; None = go on with the next step."""
        remaining = sum((Decimal(child.contracts) for child in children), Decimal(0))
        misses = 0
        for child in self._children(children):
            if run.restored(self._ports.policy.target):  # 5
                return Halt(Ending.TARGET_HOLDS, "the target holds")
            position = run.position(child.symbol, child.leg)
            order = None if position is None else self._fitted(run, child, position, remaining)  # 2
            if order is None or position is None:
                return None
            done = await self._send_and_verify(run, order, position)
            if isinstance(done, Halt):
                return done
            remaining -= Decimal(done.filled)
            misses = 0 if Decimal(done.filled) else misses + 1
            if remaining <= 0:
                return None
            if misses > self._ports.bounds.extra_children:
                break
        missing = f"{remaining} contracts of {children[0].symbol}"
        return Halt(Ending.UNFILLED, f"{missing} did not fill inside the price band")

    def _children(self, planned: Sequence[OrderRecord]) -> Iterator[OrderRecord]:
        """The planned children, then a few more for what did not fill."""
        yield from planned
        last = planned[-1]
        rest = str(sum((Decimal(child.contracts) for child in planned), Decimal(0)))
        for extra in range(1, self._ports.bounds.extra_children + 1):
            name = client_order_id(last.intent_id, last.step, child_number(last) + extra)
            yield replace(last, order_id=name, client_order_id=name, contracts=rest)

    def _fitted(self, run: Run, child: OrderRecord, position: Position, remaining: Decimal) -> OrderRecord | None:
        """The child sized and priced for the newest book; None when what is left is too small for any order.

        Deliberately priced at the edge of the band: an IOC order takes the best price there is, and a tighter limit
        would only fill less.
        """
        policy, instrument = self._ports.policy, run.task.instruments[child.symbol]
        side = cast("OrderSide", child.side)
        price = limit_price(side, position.mark_price, policy.max_slippage_bps, instrument.tick)
        if price <= 0:
            return None
        largest = largest_child(instrument, position, price, policy.max_child_notional)
        size = min(Decimal(child.contracts), remaining, tradable_leg(instrument, position), largest)
        if size < smallest_order(instrument, position, price):
            return None
        return replace(child, contracts=str(size), limit_price=str(price))

    async def _send_and_verify(self, run: Run, order: OrderRecord, position: Position) -> OrderRecord | Halt:
        fee_rate = run.fetched.book.fees.taker
        sent = await send_order(self._ports, run, order, position)  # 3
        if isinstance(sent, Halt):
            return sent
        run.book_fill(sent, position, fee_rate)
        halt = await confirm_book(self._ports, run)  # 4
        odd = surprises(sent)
        if odd and (halt is None or halt.ending is not Ending.SURPRISE):
            halt = Halt(Ending.SURPRISE, "an order filled otherwise than it was sent", odd)
        if sent.state in UNVERIFIED and (halt is None or halt.ending is Ending.SURPRISE):
            event = Event.VERIFY if halt is None else Event.SURPRISE
            sent = await save(self._ports, advance(sent, event, at=self._ports.clock.now()))
            run.sent[sent.client_order_id] = sent
        if halt is None and sent.state is OrderJournalState.REJECTED:
            return Halt(Ending.REJECTED, f"the venue refused order {sent.client_order_id}: {sent.error}")
        return sent if halt is None else halt

    async def _close(self, run: Run, halt: Halt) -> Outcome:
        if halt.ending is not Ending.PENDING:
            unsent = [order for order in run.task.orders if order.client_order_id not in run.sent]
            await skip_unsent(self._ports, unsent, f"not sent: {halt.reason}")
        outcome = Outcome(
            intent_id=run.intent.intent_id,
            ending=halt.ending,
            reason=halt.reason,
            orders=run.in_order(),
            before=Level(run.task.plan.before.risk_ratio, run.task.plan.before.distance),
            after=None if halt.ending is Ending.PENDING else run.level,
            notional=run.notional,
            cost=run.cost,
            planned_cost=run.task.plan.cost,
            details=(*halt.details, *(f"not restored: {each.why}" for each in run.task.plan.left_out)),
            standing=standing(legs_of(run.fetched.book)),
        )
        holds = run.restored(self._ports.policy.target)
        return await close_intent(self._ports, run.task.account, run.intent, outcome, target_holds=holds)


def _dry_run(task: Assignment) -> Outcome:
    return Outcome(
        intent_id=task.intent.intent_id,
        ending=Ending.DRY_RUN,
        reason="dry_run is on: nothing was sent",
        orders=task.orders,
        before=Level(task.plan.before.risk_ratio, task.plan.before.distance),
        after=Level(task.plan.after.risk_ratio, task.plan.after.distance),
        notional=0.0,
        cost=None,
        planned_cost=task.plan.cost,
    )
