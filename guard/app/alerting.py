"""What is told of an account after a look, between the engine, the memory of alerts and the people.

What a look changes is kept only when the cycle that it belongs to was recorded: the caller says so with `keep`, or with
`lost`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from guard.alerts.announce import Announcement
from guard.alerts.conditions import Observation, observe, sight_of
from guard.alerts.engine import AlertPolicy, gravity, is_grave, is_open
from guard.alerts.escalation import Step, escalation_due, first_told_since_due
from guard.alerts.outages import Answer, Outages, Waiting
from guard.alerts.render import More
from guard.alerts.rules import Rule, fingerprint
from guard.alerts.telling import Audience, announce_unanswered, announce_verdict
from guard.alerts.verdict import Due, Mutes, Telling, Verdict, decide, told_together
from guard.app.alert_memory import AlertMemory, MemoryStore, States
from guard.app.alert_settings import AlertingPolicy
from guard.ports.alerting import AlertState, BlindCause, MaintenanceRecord
from guard.ports.clock import Clock, Ids
from guard.ports.recipients import Recipient
from guard.ports.records import AccountRecord, GrantRecord, Reading, Snapshot, UserRecord
from guard.ports.ways_out import WaysOut
from guard.risk.zones import Zone

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sources:
    """What is asked only when something is told.

    `everybody` is who hears of the account, `earlier` the last figures, `ways` how it gets out of an alarm. `ago` are
    the levels of a while ago, None: the memory knows.
    """

    everybody: Callable[[], Awaitable[Sequence[Recipient]]]
    earlier: Callable[[], Awaitable[Snapshot | Reading | None]]
    ways: Callable[[], WaysOut | None] = field(default=lambda: None)
    ago: Callable[[], Awaitable[Snapshot | None]] | None = None


class HelpersStore(Protocol):
    """What is asked about a second person."""

    async def grants(self, *, account_id: str | None = None, user_id: str | None = None) -> list[GrantRecord]:
        """Roles on an account."""
        ...

    async def user_named(self, name: str) -> UserRecord | None:
        """A user by name."""
        ...

    async def recipients_of(self, user_id: str) -> list[Recipient]:
        """A person's own living chats."""
        ...


class AlertingStore(MemoryStore, HelpersStore, Protocol):
    """What is asked about people, when danger is not acknowledged."""

    async def user(self, user_id: str) -> UserRecord | None:
        """A user by id."""
        ...


@dataclass(frozen=True, slots=True)
class Look:
    """What one look makes: to be recorded with its cycle, and kept when that is done.

    `states` are all alerts of the account, None: as they were. `tells_sight`: zone or blindness are told.
    """

    announcement: Announcement = field(default_factory=Announcement)
    changed: tuple[AlertState, ...] = ()
    states: States | None = None
    tells_sight: bool = False
    is_joint: bool = False


_NOTHING = Look()


class Alerting:
    """Decides what is told of accounts. One instance serves all of them.

    Args:
        store: memory.
        clock: time.
        ids: identifiers.
        policy: pauses, escalation, thresholds.
        second: who reads the second channels.
    """

    def __init__(
        self,
        store: AlertingStore,
        clock: Clock,
        ids: Ids,
        policy: AlertingPolicy | None = None,
        second: Sequence[Recipient] = (),
    ) -> None:
        self._store = store
        self._ids = ids
        self._policy = policy or AlertingPolicy()
        self._second = tuple(second)
        self._outages = Outages()
        self.memory = AlertMemory(store, clock, self._policy)

    async def look(self, record: AccountRecord, reading: Reading, sources: Sources) -> Look:
        """Decide what a reading makes worth telling.

        Args:
            record: whose.
            reading: the cycle's result.
            sources: asked when something is told.
        """
        self.memory.remember(reading)
        thresholds = await self.memory.thresholds(record)
        facts = await self.memory.facts(reading, thresholds)

        def seen(states: States) -> Observation:
            firing = {state.rule for state in states.values() if is_open(state)}
            return observe(reading, thresholds, firing, facts)

        return await self._looked(record, reading, seen, sources)

    async def glance(self, record: AccountRecord, reading: Reading, sources: Sources) -> Look:
        """The same between two readings: only the zone counts, the other rules wait for the next one."""

        def seen(_: States) -> Observation:
            return Observation(tuple(sight_of(reading)), frozenset({Rule.ZONE, Rule.BLIND}))

        return await self._looked(record, reading, seen, sources)

    async def in_maintenance(self, record: AccountRecord, now: datetime) -> bool:
        """Whether what is no liquidation makes no message now."""
        _, windows = await self.memory.asked(record.account_id, now)
        return is_in_window(windows, record, now)

    def pause(self, reading: Reading) -> timedelta | None:
        """After how long the zone of a reading is told again; None: never."""
        return self._policy.alerts.pause(reading.zone, reading.zone_state.last_known)

    def keep(self, account_id: str, look: Look) -> None:
        """The cycle with this look was recorded."""
        if look.states is not None:
            self.memory.keep(account_id, look.states)
            self._outages.heard(account_id)
        if look.is_joint:
            self._outages.told(account_id)

    def lost(self, account_id: str) -> None:
        """It was not recorded."""
        self.memory.forget(account_id)
        self._outages.leave(account_id)

    def gone(self, account_id: str) -> None:
        """The account was removed: nobody waits for it, and no message names it any more."""
        self.memory.drop(account_id)
        self._outages.leave(account_id)
        self._outages.heard(account_id)

    async def _looked(
        self, record: AccountRecord, reading: Reading, seen: Callable[[States], Observation], sources: Sources
    ) -> Look:
        account_id, now = record.account_id, reading.at
        states = await self.memory.states(account_id)
        policy = self._patience(reading)
        verdict = decide(account_id, states, seen(states), now, policy)
        is_quiet = not verdict.tellings and not verdict.changed and self._outages.covered(account_id) is None
        if is_quiet and not self._unanswered(verdict.states, now):
            self._outages.leave(account_id)
            return _NOTHING if self.memory.is_kept(account_id, states) else Look(states=states)
        # Something is to be told or stored: what people have answered meanwhile, here or elsewhere, counts.
        if verdict.tellings:
            asked = self.memory.asked(account_id, now)
            (stored, windows), sources = await asyncio.gather(asked, self._answered(reading, sources))
        else:
            stored, windows = await self.memory.asked(account_id, now)
        states, covered = self._with_covered(account_id, stored, now)
        mutes = Mutes(maintenance=is_in_window(windows, record, now))
        verdict = decide(account_id, states, seen(states), now, policy, mutes)
        answer = await self._together(record, reading, verdict, sources)
        if answer.waits:
            mutes = replace(mutes, waits=True)
            verdict = decide(account_id, states, seen(states), now, policy, mutes)
        verdict = replace(verdict, recorded=(*covered, *verdict.recorded))
        further, verdict = self._escalated(verdict, now, mutes)
        announcement = await self._announced(record, reading, verdict, answer, further, sources)
        changed = tuple(state for name, state in verdict.states.items() if stored.get(name) != state)
        tells_sight = any(telling.is_sight for telling in verdict.tellings)
        return Look(announcement, changed, verdict.states, tells_sight, is_joint=bool(answer.together))

    async def _answered(self, reading: Reading, sources: Sources) -> Sources:
        """The sources with their answers, asked for at once: an alarm does not wait for one after the other.

        The ways out are searched for while the store is at work.
        """
        asking = asyncio.gather(sources.everybody(), sources.earlier(), self.memory.levels_ago(reading))
        await asyncio.sleep(0)  # the questions are put
        found = sources.ways()
        people, before, ago = await asking
        return replace(sources, everybody=_ready(people), earlier=_ready(before), ago=_ready(ago), ways=lambda: found)

    def _patience(self, reading: Reading) -> AlertPolicy:
        """The pauses; that an account has no positions any more may be a liquidation, which waits for no calm."""
        gone = reading.risk is not None and not any(pool.positions for pool in reading.risk.pools)
        return replace(self._policy.alerts, good_news_after=timedelta(0)) if gone else self._policy.alerts

    def _with_covered(self, account_id: str, stored: States, now: datetime) -> tuple[States, tuple[Due, ...]]:
        """The states with what another account's message has told of this one."""
        covered = self._outages.covered(account_id)
        blind = stored.get(fingerprint(account_id, Rule.BLIND))
        if covered is None or blind is None or not is_open(blind):
            return stored, ()
        due = told_together(blind, now, covered.at, over=covered.over)
        return {**stored, blind.fingerprint: due.state}, (due,)

    async def _together(self, record: AccountRecord, reading: Reading, verdict: Verdict, sources: Sources) -> Answer:
        """Whether blindness is told by itself, later, or with others that have lost sight of the same venue."""
        sight = next((telling for telling in verdict.tellings if telling.is_sight), None)
        if sight is None or not _may_wait(sight, reading):
            self._outages.leave(record.account_id)
            return Answer()
        zone = reading.zone_state.last_known
        readers = sorted({each.destination for each in await sources.everybody()})
        venue = (record.owner, record.spec.venue, record.spec.base_url, *readers)
        waiting = Waiting(record.account_id, record.name, zone)
        return self._outages.ask(venue, waiting, reading.at, over=sight.dues[0].is_good)

    def _unanswered(self, states: States, now: datetime) -> tuple[Step, list[AlertState]] | None:
        """Alerts that go further now, the gravest first, and how far."""
        steps = {name: escalation_due(state, now, self._policy.escalation) for name, state in states.items()}
        due = [step for step in steps.values() if step is not None]
        if not due:
            return None
        step = min(due)
        found = [states[name] for name, taken in steps.items() if taken is step]
        return step, sorted(found, key=lambda state: (-gravity(state.level), state.rule != Rule.ZONE))

    def _escalated(self, verdict: Verdict, now: datetime, mutes: Mutes) -> tuple[_Further | None, Verdict]:
        """Take the next step for what nobody acknowledges; a maintenance window keeps all but liquidation."""
        unanswered = self._unanswered(verdict.states, now)
        if unanswered is None:
            return None, verdict
        step, found = unanswered
        if mutes.maintenance and gravity(found[0].level) < gravity(Zone.LIQUIDATION):
            return None, verdict
        taken = tuple(replace(state, escalated=int(step)) for state in found)
        states = {**verdict.states, **{state.fingerprint: state for state in taken}}
        return _Further(step, taken), replace(verdict, states=states)

    async def _announced(
        self,
        record: AccountRecord,
        reading: Reading,
        verdict: Verdict,
        answer: Answer,
        further: _Further | None,
        sources: Sources,
    ) -> Announcement:
        """The verdict as records and messages."""
        if not verdict.tellings and further is None:
            return announce_verdict(verdict, reading, earlier=None, audience=Audience(()), ids=self._ids)
        people, before = await sources.everybody(), await sources.earlier()
        ago = await (self.memory.levels_ago(reading) if sources.ago is None else sources.ago())
        more = More(ago, sources.ways())
        helpers = await self._helpers(record) if _is_relief(verdict) else []
        told = announce_verdict(
            verdict,
            reading,
            earlier=before,
            audience=Audience(people, helpers, await self._alone(record, verdict, reading.at)),
            ids=self._ids,
            together=answer.together,
            more=more,
        )
        if further is None:
            return told
        next_ones = list(self._second) if further.step is Step.SECOND_CHANNEL else await self._helpers(record)
        if not next_ones:
            return told
        asked = await self._names(people, {each.user_id for each in next_ones})
        return told + announce_unanswered(
            further.states, reading, earlier=before, recipients=next_ones, asked=asked, ids=self._ids, more=more
        )

    async def _alone(self, record: AccountRecord, verdict: Verdict, now: datetime) -> frozenset[str]:
        """Alerts that go no further because nobody else is there, of which that is said now: once in each danger."""
        dues = [due for telling in verdict.tellings for due in (*telling.dues, *telling.also)]
        due_now = [due for due in dues if first_told_since_due(due.before, due.state, now, self._policy.escalation)]
        if not due_now or self._second or await self._helpers(record):
            return frozenset()
        return frozenset(due.state.fingerprint for due in due_now)

    async def _helpers(self, record: AccountRecord) -> list[Recipient]:
        """The second person's chats."""
        return await helpers_of(self._store, record.account_id, self._policy.second_person)

    async def _names(self, people: Sequence[Recipient], but: set[str | None]) -> list[str]:
        """Who was told first."""
        asked = dict.fromkeys(person.user_id for person in people if person.user_id is not None)
        users = [await self._store.user(user_id) for user_id in asked if user_id not in but]
        return [user.name for user in users if user is not None]


async def helpers_of(store: HelpersStore, account_id: str, second_person: str) -> list[Recipient]:
    """The second person's chats: whoever is configured, else the operators of the account."""
    if second_person:
        person = await store.user_named(second_person)
        return [] if person is None else await store.recipients_of(person.user_id)
    operators = [grant.user_id for grant in await store.grants(account_id=account_id) if grant.role == "operator"]
    return [recipient for user_id in operators for recipient in await store.recipients_of(user_id)]


@dataclass(frozen=True, slots=True)
class _Further:
    """Danger that goes to the next one."""

    step: Step
    states: tuple[AlertState, ...]


def is_in_window(windows: Sequence[MaintenanceRecord], record: AccountRecord, now: datetime) -> bool:
    """Whether a maintenance window of the account, or of all accounts of its owner, is open."""
    return any(
        window.starts_at <= now < window.ends_at
        and (window.account_id == record.account_id or (window.account_id is None and window.user_id == record.owner))
        for window in windows
    )


def _ready(value: T) -> Callable[[], Coroutine[Any, Any, T]]:
    """An answer that is there."""

    async def answer() -> T:
        return value

    return answer


def _may_wait(sight: Telling, reading: Reading) -> bool:
    """Blindness by a venue that does not answer, or its end: not of an account in danger, whose people wait for it."""
    if not sight.is_blindness or is_grave(reading.zone_state.last_known):
        return False
    return sight.dues[0].state.headline.startswith(BlindCause.VENUE.value)


def _is_relief(verdict: Verdict) -> bool:
    """Whether something is better of which a second person was told."""
    return any(
        due.is_good and due.before is not None and due.before.escalated >= Step.SECOND_PERSON
        for telling in verdict.tellings
        for due in telling.dues
    )
