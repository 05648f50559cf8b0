"""Carrying out what was journalled: one executor an account, what it says, and who may stop it meanwhile.

Decides nothing about whether to act; that is `guard.app.protection`'s and `guard.app.consent`'s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Final

import structlog

from guard.alerts.notices import protection_notice
from guard.app.cycle import Recipients
from guard.app.disarmed import Disarmed
from guard.app.planning import verdict_for_orders
from guard.app.refused_steps import is_known, learn
from guard.app.watch import Watch
from guard.ports.clock import Clock, Ids
from guard.ports.errors import StoreError
from guard.ports.records import Reading
from guard.ports.venue import VenueAccount
from guard.protect.executor import Executor
from guard.protect.outcome import Announcement, Ending, Kind, Notify, Outcome, StopSignal
from guard.protect.policy import ExecutionBounds
from guard.protect.run import Assignment
from guard.risk.zones import Zone, severity
from guard.store.store import Store

log = structlog.get_logger(__name__)

FOLLOW_EVERY_S: Final = 0.5
"""How often a running execution asks whether its account is still armed: somebody may freeze it from elsewhere."""
UNSTORED_FREEZE = "the account is frozen, but only until a restart: run guard stop-orders on the guard's machine"


class Execution:
    """Executors of all accounts. `orders_sent` counts since the start.

    Args:
        store: journal and outbox.
        clock: time.
        ids: identifiers.
        stop: the kill switch of the process; no order is sent once it is set.
        wake_outbox: called after something was recorded for delivery.
        tell_directly: last resort when the store does not record.
        bounds: timeouts and limits of the executor.
    """

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        ids: Ids,
        stop: StopSignal,
        wake_outbox: Callable[[], None],
        tell_directly: Callable[[Watch, Reading, str], Awaitable[None]],
        bounds: ExecutionBounds | None = None,
    ) -> None:
        self.store = store
        self.clock = clock
        self.ids = ids
        self.stop = stop
        self.wake_outbox = wake_outbox
        self.bounds = bounds or ExecutionBounds()
        self._tell_directly = tell_directly
        self.orders_sent = 0

    async def execute(self, watch: Watch, task: Assignment, recipients: Recipients) -> Outcome | None:
        """Carry out a journalled task; to be called with the turn of `watch` held.

        Returns:
            What it came to; None when the journal could not be written, or there is no connection.
        """
        if watch.venue is None:
            return None
        # Whatever breaks off from here, its orders are looked up in the next cycle.
        watch.pending = True
        watch.hedged = watch.hedged or any(step.remedy == "hedge" for step in task.plan.steps)
        watch.consented = task.intent.requested_by is not None
        following = asyncio.create_task(self._follow(watch), name=f"follow {watch.record.name}")
        try:
            await self.hear(watch)
            outcome = await self._executor(watch, watch.venue, recipients).execute(task)
        except StoreError as error:
            log.exception("protection stopped: its journal cannot be written", account=watch.record.name)
            if watch.last is not None:
                why = f"protection stopped, its journal cannot be written: {error}"
                if watch.unstored_freeze:
                    why += f"; {UNSTORED_FREEZE}"
                await self._tell_directly(watch, watch.last, why)
            return None
        finally:
            following.cancel()
            watch.consented = False
            watch.acted_s = self.clock.monotonic()
        self._count(watch, outcome)
        watch.pending = not outcome.finished
        if outcome.ending is Ending.REJECTED:
            watch.rights_at = None  # what the key may do is not what it was: look before trying again
        learn(watch, task, outcome, self.clock.monotonic())
        return outcome

    async def _follow(self, watch: Watch) -> None:
        """While orders are sent, hear at once of what was changed outside this process."""
        while True:
            with suppress(StoreError):  # the executor hears of it by itself
                await self.hear(watch)
            # Deliberately not the clock's sleep: this must never hurry the stopwatch of the execution.
            await asyncio.sleep(FOLLOW_EVERY_S)

    async def hear(self, watch: Watch) -> None:
        """Take mode and freeze as they are stored now; they may have been changed outside this process.

        Raises:
            StoreError: it cannot be told; no order may rest on what was known before.
        """
        asked_s = self.clock.monotonic()
        record = await self.store.account_named(watch.record.name)
        if record is None or record.account_id != watch.record.account_id:
            watch.obey(replace(watch.record, mode="observe"), asked_s)
        else:
            watch.follow(record, asked_s)

    async def resume(self, watch: Watch, venue: VenueAccount, recipients: Recipients) -> None:
        """Take up intents that a crash or a silence left open: look their orders up, send none."""
        before_s, outcomes = watch.acted_s, None
        try:
            outcomes = await self._executor(watch, venue, recipients).resume(watch.record)
        finally:
            # Where nothing had been sent, no book is old by it, and there is nothing to wait for.
            idle = outcomes is not None and all(each.ending is Ending.NEVER_SENT for each in outcomes)
            watch.acted_s = before_s if idle else self.clock.monotonic()
        for outcome in outcomes:
            self._count(watch, outcome)
        watch.pending = any(not outcome.finished for outcome in outcomes)

    def _count(self, watch: Watch, outcome: Outcome) -> None:
        self.orders_sent += len(outcome.orders)
        log.info(
            "protection ended",
            account=watch.record.name,
            ending=outcome.ending.value,
            orders=len(outcome.orders),
            notional=round(outcome.notional, 2),
            reason=outcome.reason,
        )

    def notify(self, watch: Watch, recipients: Recipients) -> Notify:
        """Puts what protection says into the outbox."""

        async def notify(announcement: Announcement) -> None:
            if is_known(watch, announcement.failed, self.clock.monotonic()):
                log.warning("refused again", account=watch.record.name, text=announcement.text)
                return
            zone = watch.last.zone if watch.last else Zone.UNKNOWN
            if announcement.kind is Kind.NAKED:
                zone = max(zone, Zone.DANGER, key=severity)
            notice = protection_notice(
                announcement.account_id,
                announcement.key,
                announcement.text,
                zone,
                self.clock.now(),
                await recipients(watch),
                self.ids,
            )
            await self.store.record_announcement(notice.alerts, notice.messages)
            self.wake_outbox()

        return notify

    def _executor(self, watch: Watch, venue: VenueAccount, recipients: Recipients) -> Executor:
        """The account's one executor, made when its connection is."""
        if watch.executor is not None:
            return watch.executor

        async def freeze(account_id: str, reason: str) -> None:
            log.error("automation frozen", account=watch.record.name, reason=reason)
            watch.freeze(self.clock.monotonic())
            await self.store.set_frozen(account_id, True)
            watch.freeze_stored()

        watch.executor = Executor(
            venue,
            self.store,
            self.clock,
            watch.protect,
            self.notify(watch, recipients),
            freeze=freeze,
            judge=lambda fetched: verdict_for_orders(fetched, watch, self.clock.now()),
            stop=Disarmed(self.stop, watch, self.clock),
            bounds=self.bounds,
        )
        return watch.executor
