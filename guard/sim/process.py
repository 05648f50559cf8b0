"""One life of the guard: the production cycle, protection and outbox, wired for simulation.

A small composition root beside `guard.app.service`: the same parts, but virtual time triggers the cycles (APScheduler
reads the wall clock) and nothing listens on a socket.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import cast

from guard.alerts.outbox import Outbox, OutboxPolicy
from guard.app.alert_settings import AlertingPolicy
from guard.app.cycle import Cycle
from guard.app.direct import DirectTeller
from guard.app.execution import Execution
from guard.app.hearing import Hearing
from guard.app.protection import Protection
from guard.app.scheduler import pause_s
from guard.app.settings import Settings
from guard.app.watch import Watch, watch_of
from guard.ports.clock import Clock, Ids
from guard.ports.records import OutboxMessage, Reading
from guard.ports.sending import Sink
from guard.ports.venue import AccountSpec, VenueAccount
from guard.sim.in_process import InProcessHub, InProcessSession
from guard.sim.lifeline import Lifeline, LivingSession, LivingSink, LivingStore
from guard.store.store import Store
from guard.venues.registry import open_account

# Nobody else writes messages here, so looking for them unasked only costs time.
_PATIENT = OutboxPolicy(poll_s=300.0)

Watcher = Callable[[Watch, Reading], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Outside:
    """What survives a life: the database, the channels, the venue; and what was to be told, and kept to be told."""

    settings: Settings
    clock: Clock
    ids: Ids
    chance: Callable[[], float]
    store: Store
    sinks: Sequence[Sink]
    session: InProcessSession
    asked: list[OutboxMessage]
    kept: list[OutboxMessage]


class GuardProcess:
    """Watches every account in the store until it is stopped or killed."""

    def __init__(self, outside: Outside, after_cycle: Watcher) -> None:
        self._outside = outside
        self._after_cycle = after_cycle
        self._lifeline = Lifeline()
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        clock, ids = outside.clock, outside.ids
        store = cast("Store", LivingStore(outside.store, self._lifeline, outside.asked, outside.kept))
        sinks = [LivingSink(sink, self._lifeline) for sink in outside.sinks]
        self._hub = InProcessHub(clock, LivingSession(outside.session, self._lifeline))
        direct = DirectTeller({sink.scheme: sink for sink in sinks})
        self.outbox = Outbox(store, sinks, clock, ids, chance=outside.chance, policy=_PATIENT)
        self.protection = Protection(
            Execution(
                store=store,
                clock=clock,
                ids=ids,
                stop=self._stop,
                wake_outbox=self.outbox.wake,
                tell_directly=direct.tell,
            )
        )
        self.cycle = Cycle(
            store=store,
            clock=clock,
            ids=ids,
            opener=self._open,
            protector=self.protection,
            handover=self.outbox,
            tell_directly=direct.tell,
            timeout_s=outside.settings.schedule.timeout_s,
            alerting=AlertingPolicy.of(outside.settings),
            hearing=Hearing.of(outside.settings, ()),
        )

    async def start(self) -> None:
        """Begin to deliver, and to read every account."""
        self._tasks.append(asyncio.create_task(self.outbox.run(), name="outbox"))
        for record in await self._outside.store.accounts(secrets=True):
            watch = watch_of(record, self._outside.settings)
            self._tasks.append(asyncio.create_task(self._watch(watch), name=f"watch {record.name}"))

    async def _open(self, spec: AccountSpec) -> VenueAccount:
        return await open_account(spec, self._outside.clock, self._hub)

    async def _watch(self, watch: Watch) -> None:
        """Cycle after cycle, as often as the zone asks."""
        try:
            while not self._stop.is_set():
                reading = await self.cycle.run(watch)
                await self._after_cycle(watch, reading)
                await self._outside.clock.sleep(pause_s(reading.zone, self._outside.settings.schedule))
        finally:
            await watch.close()

    async def stop(self) -> None:
        """End in order."""
        self._stop.set()
        outbox, *watches = self._tasks
        await _ended(watches)
        await self.outbox.stop()
        await _ended([outbox])
        await self._hub.close()

    async def kill(self) -> None:
        """End as SIGKILL does: from this moment on nothing reaches the outside."""
        self._lifeline.cut = True
        self._stop.set()
        await _ended(self._tasks)
        await self._hub.close()

    def failure(self) -> BaseException | None:
        """What ended a task that should run; None while all is well."""
        ended = (task for task in self._tasks if task.done() and not task.cancelled())
        return next((task.exception() or RuntimeError(f"{task.get_name()} ended") for task in ended), None)


async def _ended(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
