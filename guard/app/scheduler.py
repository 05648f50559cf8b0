"""When a cycle runs. The only file that knows APScheduler, which only triggers: everything else has its own clock.

No overlap: an account's next cycle waits for the last one. No pile-up: turns that were missed (a long pause, a
suspended machine) become one. The pause between two cycles follows the account's zone. A cycle can be brought forward
(`hasten`), as often as one likes: however many ask, it runs once, and never sooner than `min_gap_s` after the last.
APScheduler plans by wall time: when that is set back, every plan is moved with it, or nobody would be read for as long.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from guard.app.settings import Schedule
from guard.ports.clock import Clock
from guard.risk.zones import Zone

Turn = Callable[[str], Awaitable[Zone]]
SPREAD_S = 2.0
CLOCK_CHECK_S = 1.0
# APScheduler takes a turn for running until just after its end, and would leave out one that falls due before: when the
# event loop is busy for ever so short a time, that would be the one that was asked for. So it may begin two, and `_run`
# sees to it that only one does anything.
_INSTANCES = 2
# A clock that is slewed moves by less between two looks.
_SET_BACK_S = 0.5

log = structlog.get_logger(__name__)


def pause_s(zone: Zone, schedule: Schedule) -> float:
    """Seconds between two cycles in a zone; a blind account is read as often as one in danger."""
    if zone in {Zone.DANGER, Zone.LIQUIDATION, Zone.UNKNOWN}:
        return schedule.danger_s
    if zone is Zone.WARNING:
        return schedule.warning_s
    return schedule.calm_s


class Scheduler:
    """Triggers `turn(account_id)` for each watched account, and `housekeeping()` now and then."""

    def __init__(self, turn: Turn, schedule: Schedule, clock: Clock, min_gap_s: float = 1.0) -> None:
        self._min_gap = timedelta(seconds=min_gap_s)
        self._began: dict[str, datetime] = {}
        self._running: set[str] = set()
        self._again: set[str] = set()
        self._turn = turn
        self._schedule = schedule
        self._clock = clock
        self._scheduler = AsyncIOScheduler(
            timezone="UTC", job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
        )
        self._pauses: dict[str, float] = {}
        self._clock_watch: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to trigger."""
        self._scheduler.start()
        self._clock_watch = asyncio.create_task(self._watch_clock(), name="clock")

    def stop(self) -> None:
        """Trigger nothing more, and break off what runs."""
        if self._clock_watch is not None:
            self._clock_watch.cancel()
            self._clock_watch = None
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def every(self, seconds: float, work: Callable[[], Awaitable[None]], name: str) -> None:
        """Run `work` every `seconds`, the first time after one such pause."""
        self._scheduler.add_job(self._until_stopped, IntervalTrigger(seconds=seconds), args=[work], id=name)

    def watch(self, account_id: str) -> None:
        """Read an account from now on: at once, and then as its zone asks. Accounts start a moment apart."""
        offset = timedelta(milliseconds=20 * len(self._pauses) % (SPREAD_S * 1000))
        self._pauses[account_id] = self._schedule.calm_s
        self._scheduler.add_job(
            self._until_stopped,
            IntervalTrigger(seconds=self._schedule.calm_s),
            args=[partial(self._run, account_id)],
            id=account_id,
            max_instances=_INSTANCES,
            next_run_time=self._clock.now() + offset,
        )

    def forget(self, account_id: str) -> None:
        """Read an account no more."""
        if self._pauses.pop(account_id, None) is not None:
            self._scheduler.remove_job(account_id)
        self._began.pop(account_id, None)
        self._again.discard(account_id)

    def hasten(self, account_id: str, after_s: float = 0.0) -> None:
        """Read an account as soon as may be, though not before `after_s`.

        While a cycle of it runs, once more after that one.
        """
        if account_id not in self._pauses:
            return
        if account_id in self._running:
            self._again.add(account_id)
            return
        now = self._clock.now() + timedelta(seconds=after_s)
        began = self._began.get(account_id)
        due = now if began is None else max(now, began + self._min_gap)
        job = self._scheduler.get_job(account_id)
        if job is None:  # stopped
            return
        if job.next_run_time is None or job.next_run_time > due:
            self._scheduler.modify_job(account_id, next_run_time=due)

    async def _watch_clock(self) -> None:
        """Move every plan when the wall clock is set back; one that is set forward makes plans due by itself."""
        ahead_s = self._wall_ahead_s()
        while True:
            await self._clock.sleep(CLOCK_CHECK_S)
            moved_s, ahead_s = self._wall_ahead_s() - ahead_s, self._wall_ahead_s()
            if moved_s < -_SET_BACK_S:
                log.warning("the clock was set back, every plan is moved with it", seconds=round(-moved_s, 1))
                self._move_plans(timedelta(seconds=moved_s))

    def _wall_ahead_s(self) -> float:
        return self._clock.now().timestamp() - self._clock.monotonic()

    def _move_plans(self, by: timedelta) -> None:
        self._began = {account_id: began + by for account_id, began in self._began.items()}
        for job in self._scheduler.get_jobs():
            if job.next_run_time is not None:
                self._scheduler.modify_job(job.id, next_run_time=job.next_run_time + by)

    async def _until_stopped(self, work: Callable[[], Awaitable[None]]) -> None:
        """Work that the stop breaks off has not failed; APScheduler would log it as an error, with a traceback."""
        try:
            await work()
        except asyncio.CancelledError:
            if self._scheduler.running:
                raise

    async def _run(self, account_id: str) -> None:
        if account_id in self._running:
            return
        self._began[account_id] = self._clock.now()
        self._running.add(account_id)
        try:
            wanted = pause_s(await self._turn(account_id), self._schedule)
        finally:
            self._running.discard(account_id)
        if account_id not in self._pauses:
            return
        if self._pauses[account_id] != wanted:
            self._pauses[account_id] = wanted
            self._scheduler.reschedule_job(account_id, trigger=IntervalTrigger(seconds=wanted))
        if account_id in self._again:
            self._again.discard(account_id)
            self.hasten(account_id)
