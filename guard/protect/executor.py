"""The executor: carries out an intent, order by order, and stops at the first thing that is not as it should be.

Steps of an execution, numbered in the code:

1. The journal holds intent and orders before anything else happens.
2. Step by step, by what it is: `guard.protect.cancelling`, `netting`, `one_leg`. Each child order is sized and priced
   for the newest book, sent (`guard.protect.sending`), and verified by reading the book (`guard.protect.verify`) before
   the next one; as soon as the target holds nothing more is sent.
3. Close: skip what is left, keep what was done to hedges, freeze on a surprise, tell people, close the intent.

A crash at any point leaves a journal from which `resume` finds every order again. One executor serves one account, and
does one thing at a time.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator, Sequence

from guard.ports.clock import Clock
from guard.ports.records import AccountRecord, OrderJournalState, OrderRecord
from guard.ports.venue import VenueAccount
from guard.protect.cancelling import work_cancels
from guard.protect.closing import close_intent, skip_unsent, tell
from guard.protect.hedge_records import keep_hedges
from guard.protect.intents import told_line
from guard.protect.journal import NOT_SENT, JournalPort
from guard.protect.legs import legs_of, standing
from guard.protect.netting import uneven, work_pair
from guard.protect.one_leg import work_one_leg
from guard.protect.outcome import Ending, Freeze, Judge, Level, Notify, Outcome, StopSignal
from guard.protect.policy import ExecutionBounds, ProtectPolicy
from guard.protect.ports import Ports
from guard.protect.recovery import recover
from guard.protect.run import Assignment, Halt, Run
from guard.protect.setbacks import Failure, plain_reason


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
            halt = await self._work(run)  # 2
            return await self._close(run, halt)  # 3

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
        run.hedges = tuple(await self._ports.journal.open_hedges(run.intent.account_id))
        for group in _groups(run.task.orders):
            halt = await self._work_group(run, group)
            if halt is not None:
                return halt
        if run.restored(self._ports.policy.target):
            return Halt(Ending.TARGET_HOLDS, "the target holds")
        if run.task.plan.by_hand:
            return Halt(Ending.AS_ASKED, "everything that was asked for was done")
        if any(step.remedy == "transfer" for step in run.task.plan.steps):
            return Halt(Ending.EXHAUSTED, "everything that the guard does itself was done; the rest is for a person")
        return Halt(Ending.EXHAUSTED, "everything planned was done; the market moved further than the plan")

    async def _work_group(self, run: Run, steps: Sequence[Sequence[OrderRecord]]) -> Halt | None:
        """Carry out steps that belong together; None = go on with the next."""
        match steps[0][0].remedy:
            case "cancel":
                return await work_cancels(self._ports, run, [order for step in steps for order in step])
            case "net":
                return await work_pair(self._ports, run, steps)
            case _:
                return await work_one_leg(self._ports, run, steps[0])

    async def _close(self, run: Run, halt: Halt) -> Outcome:
        pending = halt.ending is Ending.PENDING
        if not pending:
            unsent = [order for order in run.task.orders if order.client_order_id not in run.sent]
            await skip_unsent(self._ports, unsent, f"not sent: {halt.reason}")
        orders = run.in_order()
        book = None if pending else run.fetched.book
        await keep_hedges(self._ports.journal, run.intent, orders, book, self._ports.clock.now())
        outcome = Outcome(
            intent_id=run.intent.intent_id,
            ending=halt.ending,
            reason=halt.reason,
            orders=orders,
            before=Level(run.task.plan.before.risk_ratio, run.task.plan.before.distance),
            after=None if pending else run.level,
            notional=run.notional,
            cost=run.cost,
            planned_cost=run.task.plan.cost,
            details=(*halt.details, *uneven(orders), *_left_to_people(run)),
            standing=standing(legs_of(run.fetched.book)),
            failed=_failure(run, halt),
        )
        holds = run.restored(self._ports.policy.target)
        return await close_intent(self._ports, run.task.account, run.intent, outcome, target_holds=holds)


def _failure(run: Run, halt: Halt) -> Failure | None:
    """What was refused last, by the venue or by the guard's own rules; None = nothing was."""
    order, why = None, ""
    if halt.ending is Ending.REJECTED:
        refused = [each for each in run.in_order() if each.state is OrderJournalState.REJECTED]
        order = refused[-1] if refused else None
        why = (order.error if order else None) or halt.reason
    elif halt.ending is Ending.FORBIDDEN:
        unsent = [each for each in run.task.orders if each.client_order_id not in run.sent]
        order, why = unsent[0] if unsent else None, halt.reason
    return None if order is None else Failure((order.remedy, order.symbol, order.leg), plain_reason(why))


def _groups(orders: Sequence[OrderRecord]) -> Iterator[list[list[OrderRecord]]]:
    """Steps that are carried out together: cancellations in a row, both legs of a netting; any other one by itself."""
    steps = [list(children) for _, children in itertools.groupby(orders, key=lambda order: order.step)]
    group: list[list[OrderRecord]] = []
    for step in steps:
        if group and not _together(group, step):
            yield group
            group = []
        group.append(step)
    if group:
        yield group


def _together(group: Sequence[Sequence[OrderRecord]], step: Sequence[OrderRecord]) -> bool:
    before, after = group[-1][0], step[0]
    if before.remedy != after.remedy:
        return False
    return after.remedy == "cancel" or (after.remedy == "net" and len(group) == 1 and before.symbol == after.symbol)


def _left_to_people(run: Run) -> Iterator[str]:
    yield from (f"not restored: {each.why}" for each in run.task.plan.left_out)
    yield from (told_line(step) for step in run.task.plan.steps if step.remedy == "transfer")
    yield from run.task.plan.notes


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
