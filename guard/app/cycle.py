r"""One cycle of one account: fetch, qualify, assess, record, act.

1 FETCH    balances, positions, marks, tiers, open orders      -> FetchedBook, or why there is none
2 QUALIFY  fresh? complete? not torn? agrees with the venue?   \  pure, `guard.app.judge`
3 ASSESS   Book -> AccountRisk -> Zone; what is to be told     /
4 RECORD   snapshot, zone change, alerts in the outbox, intents in the journal: ONE transaction
5 ACT      the outbox delivers; armed protection executes; both record AFTER success, both survive a crash

Owns the order of these steps and the program's one broad `except`. A cycle always ends with a reading: a defect of ours
is a blind cycle, told like any other.

A tick that makes a zone worse (`worsen`) takes steps 2 to 4 with the last book at newer marks, and no step 5: orders
are decided on private readings only.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Final, Protocol

import structlog

from guard.alerts.announce import Announcement
from guard.alerts.change_notices import announce_changes
from guard.alerts.changes import Change, ChangeKind
from guard.alerts.routing import hushed
from guard.alerts.telling import announce_emptied, untold
from guard.app.alert_settings import AlertingPolicy, change_bars, is_switched_off
from guard.app.alerting import Alerting, AlertingStore, Look, Sources
from guard.app.change_watch import ChangeStore, changes_of, is_whole, modes_of, settled
from guard.app.decision import NOTHING, Decision
from guard.app.handover import Handover
from guard.app.hearing import Hearing
from guard.app.judge import Failure, judge
from guard.app.live_book import is_worse, judge_live
from guard.app.own_hours import MarkStore, with_own_hours
from guard.app.watch import Opener, Watch
from guard.app.ways_out import WayFinder
from guard.ports.alerting import BlindCause
from guard.ports.clock import Clock, Ids
from guard.ports.deadline import Deadline
from guard.ports.errors import (
    AccountGone,
    CredentialsRejected,
    InputError,
    StoreError,
    VenueError,
    VenueUnavailable,
)
from guard.ports.recipients import Recipient
from guard.ports.records import CycleRecord, OutboxMessage, Reading, Snapshot, ZoneChange
from guard.ports.urgency import ACTING, urgent
from guard.ports.venue import FetchedBook
from guard.ports.ways_out import WaysOut
from guard.risk.quality import Quality
from guard.risk.zones import Zone, ZoneState, severity

log = structlog.get_logger(__name__)
_NO_WAY: Final = frozenset({Zone.SAFE, Zone.UNKNOWN})
_DIRECT_AGAIN: Final = timedelta(minutes=30)
_MONEY: Final = frozenset({ChangeKind.MONEY_IN, ChangeKind.MONEY_OUT})


Recipients = Callable[[Watch], Awaitable[list[Recipient]]]


class CycleStore(ChangeStore, AlertingStore, MarkStore, Protocol):
    """What a cycle reads and writes."""

    async def zone_state(self, account_id: str) -> ZoneState:
        """What the zone machine remembered."""
        ...

    async def recipients(self, account_id: str) -> list[Recipient]:
        """The chats that hear of an account."""
        ...

    async def record_cycle(self, record: CycleRecord) -> frozenset[str]:
        """Store everything a cycle leaves behind, in one transaction; the ids of messages that are stored as begun."""
        ...


class Protector(Protocol):
    """Armed protection, as the cycle sees it."""

    async def decide(self, watch: Watch, reading: Reading, recipients: Recipients) -> Decision:
        """Whether to act, and how; sends nothing."""
        ...

    async def carry_out(self, watch: Watch, decision: Decision, recipients: Recipients) -> None:
        """Send what was decided and journalled; deals with its own failures."""
        ...


class Cycle:
    """Runs cycles. One instance serves all accounts; a `Watch` holds what belongs to one.

    Args:
        store: memory.
        clock: time.
        ids: identifiers.
        opener: opens a venue account.
        protector: armed protection.
        handover: the outbox, which sends what is recorded.
        tell_directly: last resort when the store does not record: tell these destinations this text at once.
        timeout_s: longest wait for one fetch, waiting for a shared request budget not counted.
        hearing: who hears besides the chats.
        alerting: how alerts are repeated and escalated, and the thresholds of their rules.
    """

    def __init__(
        self,
        *,
        store: CycleStore,
        clock: Clock,
        ids: Ids,
        opener: Opener,
        protector: Protector,
        handover: Handover,
        tell_directly: Callable[[Watch, Reading, str], Awaitable[None]],
        timeout_s: float,
        hearing: Hearing,
        alerting: AlertingPolicy | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._opener = opener
        self._protector = protector
        self._handover = handover
        self._tell_directly = tell_directly
        self._timeout_s = timeout_s
        self._hearing = hearing
        self._ways = WayFinder(clock)
        self.alerting = Alerting(store, clock, ids, alerting, hearing.seconds)
        self.finished = 0
        self.failed = 0

    async def run(self, watch: Watch) -> Reading:
        """One cycle of one account; never raises but when cancelled."""
        started = self._clock.monotonic()
        fetched: FetchedBook | Failure = Failure("nothing was read")
        async with AsyncExitStack() as held:
            try:
                fetched = await self._fetch(watch)
                await held.enter_async_context(watch.turn)
                watch.began_s = started
                reading = await self._after_fetch(watch, fetched, started)
            except StoreError as error:
                reading = await self._not_recorded(watch, fetched, started, error)
            except Exception as error:  # the cycle's boundary: a defect of ours must not silence the watch
                log.exception("cycle failed", account=watch.record.name)
                failure = Failure(f"internal error: {type(error).__name__}: {error}")
                reading = await self._not_recorded(watch, failure, started, error)
            self.finished += 1
            self.failed += reading.quality.quality not in {Quality.FRESH, Quality.DISPUTED}
            watch.remember(reading)
        return reading

    async def worsen(self, watch: Watch, fetched: FetchedBook, heard_s: float) -> Reading | None:
        """Steps 2 to 4 for the last fresh book at newer marks, if they put the account into a worse zone.

        Never leaves a zone, counts no cycle and no confirmation, sends no order: the caller has the account read at
        once, and that cycle decides whether to act.

        Args:
            watch: whose.
            fetched: the book of the last reading, revalued.
            heard_s: when the mark came in, on the stopwatch.

        Returns:
            What was told and recorded; None when there was nothing, or another reading is being dealt with.
        """
        if watch.turn.locked():
            return None
        async with watch.turn:
            duration_ms = (self._clock.monotonic() - heard_s) * 1000
            try:
                prior = await self._prior(watch)
                reading = judge_live(
                    watch.record, fetched, prior, watch.policy, now=self._clock.now(), duration_ms=duration_ms
                )
                if not is_worse(prior, reading):
                    return None
                look, told = await self._looked(watch, reading, prior, is_tick=True)
                await self._record(watch, reading, prior, look, told, NOTHING)
            except StoreError as error:
                prior = watch.last.zone_state if watch.last else ZoneState()
                reading = judge_live(
                    watch.record, fetched, prior, watch.policy, now=self._clock.now(), duration_ms=duration_ms
                )
                if not is_worse(prior, reading):
                    return None
                await self._tell_unrecorded(watch, reading, error)
            watch.worsen(reading)
            return reading

    async def _fetch(self, watch: Watch) -> FetchedBook | Failure:
        """Step 1. A failure that waiting cannot mend is certain."""
        try:
            async with Deadline(self._timeout_s):
                with urgent(_urgency(watch.last)):
                    return await (await watch.opened(self._opener)).fetch_book()
        except TimeoutError:
            silent = f"{watch.record.spec.venue} did not answer within {self._timeout_s:g} s"
            failure = Failure(silent, cause=BlindCause.VENUE)
        except CredentialsRejected as error:
            failure = Failure(str(error), certain=True, cause=BlindCause.KEY)
        except InputError as error:  # such as a book file that is gone
            failure = Failure(str(error), certain=True)
        except VenueError as error:
            unanswered = isinstance(error, VenueUnavailable)
            failure = Failure(str(error), cause=BlindCause.VENUE if unanswered else BlindCause.DATA)
        log.warning("account not read", account=watch.record.name, error=failure.message)
        return failure

    async def _after_fetch(self, watch: Watch, fetched: FetchedBook | Failure, started: float) -> Reading:
        """Steps 2 to 5."""
        prior = await self._prior(watch)
        reading = self._judge(watch, fetched, prior, started)
        if _wants_a_second_look(watch.last, reading):
            second = await self._fetch(watch)
            # A doubtful book may still be in danger; none at all says nothing.
            if not isinstance(second, Failure):
                reading = self._judge(watch, second, prior, started)
        reading = await with_own_hours(watch, reading, self._store)
        changes = await self._changes(watch, reading)
        look, told = await self._looked(watch, reading, prior)
        told += await self._announce_changes(watch, reading, changes, told)
        with urgent(_urgency(reading)):
            decision = await self._protector.decide(watch, reading, self.recipients)
        await self._record(watch, reading, prior, look, told, decision)
        # Private readings only: a tick's time is not that of the book that it moves. None from before the last orders:
        # what they did would be nobody's in the next one.
        if not watch.is_overtaken():
            watch.settled = settled(reading) or watch.settled
        watch.acted = decision.task is not None and not watch.protect.dry_run
        with urgent(ACTING):
            await self._protector.carry_out(watch, decision, self.recipients)
        return reading

    async def _record(
        self,
        watch: Watch,
        reading: Reading,
        prior: ZoneState,
        look: Look,
        announcement: Announcement,
        decision: Decision,
    ) -> None:
        """Step 4: everything in one transaction."""
        told = announcement + decision.announcement
        modes = modes_of(reading.fetched.book) if reading.fetched is not None and is_whole(reading) else None
        modes = None if modes == watch.record.modes else modes
        record = CycleRecord(
            reading=reading,
            modes=modes,
            change=self._change(reading, prior),
            alerts=told.alerts,
            messages=told.messages,
            intent=decision.intent,
            orders=decision.orders,
            states=look.changed,
        )
        await self._hand_over(record)
        self.alerting.keep(watch.record.account_id, look)
        watch.unrecorded = None
        if watch.told_directly is not None and watch.told_directly[0] is not reading.zone:
            watch.told_directly = None
        if modes is not None:
            watch.record = replace(watch.record, modes=modes)

    async def _hand_over(self, record: CycleRecord) -> None:
        """Store a record; the outbox sends its messages."""
        going = self._handover.expect(record.messages)
        stored: Sequence[OutboxMessage] = ()
        begun: frozenset[str] = frozenset()
        try:
            begun = await self._store.record_cycle(replace(record, going=going) if going else record)
            stored = record.messages
        finally:
            self._handover.recorded(stored, going, begun)

    async def _prior(self, watch: Watch) -> ZoneState:
        """The zone state, from memory while the service runs: the store has the same."""
        if watch.last is not None and watch.unrecorded is None:
            return watch.last.zone_state
        return await self._store.zone_state(watch.record.account_id)

    def _judge(self, watch: Watch, fetched: FetchedBook | Failure, prior: ZoneState, started: float) -> Reading:
        """Steps 2 and 3."""
        duration_ms = (self._clock.monotonic() - started) * 1000
        return judge(watch.record, fetched, prior, watch.policy, now=self._clock.now(), duration_ms=duration_ms)

    async def recipients(self, watch: Watch) -> list[Recipient]:
        """Chats that hear of the account, second channels, and the console.

        Kept for the case that the store cannot be asked later.
        """
        watch.recipients = self._hearing.with_chats(await self._store.recipients(watch.record.account_id))
        return watch.recipients

    async def _looked(
        self, watch: Watch, reading: Reading, prior: ZoneState, *, is_tick: bool = False
    ) -> tuple[Look, Announcement]:
        """What this reading makes worth telling. Asks the store only when something may be."""
        # What was read but not recorded was not told as a change: compare with what was.
        known = watch.last_whole if watch.unrecorded is None else None

        async def everybody() -> Sequence[Recipient]:
            return await self.recipients(watch)

        async def earlier() -> Snapshot | Reading | None:
            return known or await self._store.latest_snapshot(watch.record.account_id, whole=True)

        def ways() -> WaysOut | None:
            if reading.risk is None or reading.fetched is None or reading.zone in _NO_WAY:
                return None
            target = watch.target_at(reading)
            return self._ways.ways(reading.fetched.book, reading.risk, target, watch.protect.movable)

        sources = Sources(everybody, earlier, ways)
        if is_tick:
            look = await self.alerting.glance(watch.record, reading, sources)
            return look, look.announcement
        look = await self.alerting.look(watch.record, reading, sources)
        told = look.announcement
        if not look.tells_sight and prior.zone is Zone.SAFE and _may_be_emptied(reading, known):
            told += announce_emptied(reading, earlier=await earlier(), recipients=await everybody(), ids=self._ids)
        return look, told

    async def _changes(self, watch: Watch, reading: Reading) -> tuple[Change, ...]:
        """What somebody else did to the account since the last whole reading."""
        thresholds = await self.alerting.memory.thresholds(watch.record)
        found = await changes_of(watch.record, watch.settled, reading, self._store, change_bars(thresholds))
        if any(change.kind in _MONEY for change in found):
            self.alerting.memory.money_moved(watch.record.account_id)
        return tuple(change for change in found if not is_switched_off(change.kind, thresholds))

    async def _announce_changes(
        self, watch: Watch, reading: Reading, changes: Sequence[Change], told: Announcement
    ) -> Announcement:
        """One message about all changes."""
        if told.messages and reading.risk is not None and not any(pool.positions for pool in reading.risk.pools):
            # "All its positions are gone" is told already.
            changes = [change for change in changes if change.kind is not ChangeKind.LEG_GONE]
        if not changes:
            return Announcement()
        recipients = await self.recipients(watch)
        announced = announce_changes(reading, changes, recipients=recipients, ids=self._ids)
        if await self.alerting.in_maintenance(watch.record, reading.at):
            return untold(announced)
        return replace(announced, messages=hushed(announced.messages, recipients, reading.at))

    def _change(self, reading: Reading, prior: ZoneState) -> ZoneChange | None:
        if reading.zone == prior.zone:
            return None
        log.info(
            "zone changed",
            account=reading.account,
            before=prior.zone.value,
            after=reading.zone.value,
            why=reading.reason,
        )
        return ZoneChange(
            change_id=self._ids.new("change"),
            account_id=reading.account_id,
            at=reading.at,
            before=prior.zone,
            after=reading.zone,
            reason=reading.reason,
        )

    async def _not_recorded(
        self, watch: Watch, fetched: FetchedBook | Failure, started: float, error: Exception
    ) -> Reading:
        """The store (or our own code) failed: judge from memory and tell people directly."""
        prior = watch.last.zone_state if watch.last else ZoneState()
        reading = self._judge(watch, fetched, prior, started)
        await self._tell_unrecorded(watch, reading, error)
        return reading

    async def _tell_unrecorded(self, watch: Watch, reading: Reading, error: Exception) -> None:
        self.alerting.lost(watch.record.account_id)
        if isinstance(error, AccountGone):  # its owner removed it: nobody is to hear of it any more
            log.info("account removed while it was read", account=watch.record.name)
            return
        log.error("cycle not recorded", account=watch.record.name, error=str(error))
        new, now_s = watch.unrecorded is None, self._clock.monotonic()
        watch.unrecorded = reading.zone
        if self._is_direct_due(watch, reading, now_s, new=new):
            watch.told_directly = (reading.zone, now_s)
            await self._tell_directly(watch, reading, str(error))

    def _is_direct_due(self, watch: Watch, reading: Reading, now_s: float, *, new: bool) -> bool:
        """Another zone, or the pause of this one is over; what is never repeated counts once for each failure."""
        if watch.told_directly is None or watch.told_directly[0] is not reading.zone:
            return True
        pause = self.alerting.pause(reading)
        if pause is None:
            pause = _DIRECT_AGAIN if new else timedelta.max
        return now_s - watch.told_directly[1] >= pause.total_seconds()


def _wants_a_second_look(last: Reading | None, reading: Reading) -> bool:
    """Whether figures that do not fit together may only be of different moments: a fill between two requests.

    Read once more, at most once for a condition that stays.
    """
    doubtful = reading.quality.quality in {Quality.DISPUTED, Quality.TORN}
    return doubtful and (last is None or last.quality.quality is not reading.quality.quality)


def _urgency(reading: Reading | None) -> int:
    """How early an account's requests pass where a venue's budget is short; one that is not seen like one in danger."""
    if reading is None:
        return 0
    return severity(Zone.DANGER if reading.zone is Zone.UNKNOWN else reading.zone)


def _may_be_emptied(reading: Reading, known: Reading | None) -> bool:
    """Whether there are no positions now and there were some, or nobody remembers."""
    if reading.risk is None or not is_whole(reading) or any(pool.positions for pool in reading.risk.pools):
        return False
    return known is None or known.risk is None or any(pool.positions for pool in known.risk.pools)
