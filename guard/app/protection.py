"""Protection inside the cycle: decide by the account's mode, journal, and have it carried out.

Owns when an arming ends. The decisions themselves are those of `guard.protect`, what they rest on is gathered by
`guard.app.planning`, and what was journalled is carried out by `guard.app.execution`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import structlog

from guard.alerts.notices import protection_notice
from guard.app.acting_why import reason_at, with_reason_told
from guard.app.arming_end import end_arming
from guard.app.cycle import Recipients
from guard.app.decision import NOTHING, Decision
from guard.app.execution import Execution
from guard.app.hours_notice import hours_notice, is_blind_for_hours
from guard.app.key_rights import refresh_rights
from guard.app.planning import BY_ITSELF, Asked, Planning, Priced
from guard.app.suggesting import Suggesting
from guard.app.waiting import waits_too_long
from guard.app.watch import Watch, nearness_of
from guard.ports.records import HedgeRecord, IntentRecord, Reading
from guard.ports.venue import FetchedBook, VenueAccount
from guard.ports.wishes import Wish
from guard.protect.gate import GateFacts, Refusal, RefusalCode, acts, refusals
from guard.protect.hedge_watch import watch_hedges
from guard.protect.hedges import is_due
from guard.protect.intents import draft_intent, infeasible_intent, refused_intent
from guard.protect.plan_values import Plan
from guard.protect.run import Assignment
from guard.protect.texts import infeasible_text, refused_text
from guard.risk.quality import Quality
from guard.risk.zones import Zone, severity

log = structlog.get_logger(__name__)

# Gates that open by themselves in a moment: refusing for these alone is no news.
PASSING = frozenset(code.value for code in (RefusalCode.NOT_CONFIRMED, RefusalCode.COOLDOWN, RefusalCode.IN_FLIGHT))
NO_PLAN = frozenset({"no_plan"})


class Protection:
    """`guard.app.cycle.Protector`.

    `planning` is what `guard.app.consent` plans with, too.

    Args:
        execution: acts; what it is made of serves the decisions, too.
    """

    def __init__(self, execution: Execution) -> None:
        self.execution = execution
        self._store = execution.store
        self._clock = execution.clock
        self._ids = execution.ids
        self.planning = Planning(execution.store, execution.clock, execution.stop, execution.bounds)
        self._suggesting = Suggesting(execution.store, execution.clock, execution.ids, self.planning)

    async def decide(self, watch: Watch, reading: Reading, recipients: Recipients) -> Decision:
        """Whether to act in this cycle, and how; what an account in another mode than auto is told instead.

        Returns:
            Nothing unless the account calls for action; else the intent to journal: open with its orders, or refused
            with every reason. A refusal is stored and told when its reasons change. In mode suggest and confirm, that a
            plan is to be proposed.
        """
        decision = await self._decided(watch, reading, recipients)
        blind = await hours_notice(watch, reading, recipients, self._ids)
        return replace(decision, announcement=decision.announcement + blind) if blind.alerts else decision

    async def _decided(self, watch: Watch, reading: Reading, recipients: Recipients) -> Decision:
        ended = await end_arming(watch, reading, recipients, store=self._store, clock=self._clock, ids=self._ids)
        if reading.fetched is None or watch.venue is None:
            return Decision(announcement=ended)
        opened = await self._store.open_intents(watch.record.account_id) if watch.pending else ()
        watch.pending = bool(opened)
        hedges = await self._watch_hedges(watch, reading, recipients)
        if watch.pending or watch.record.mode == "observe":
            # What is open is looked up once this reading is recorded and told; planned is on a book from after that.
            blocked = waits_too_long(watch, reading, opened)
            watch.refused = watch.refused if blocked else frozenset()
            said = await self._closed(watch, reading, blocked, recipients, passing=frozenset()) if blocked else NOTHING
            return replace(said, announcement=ended + said.announcement, resumes=watch.pending)
        distance, hours = nearness_of(reading)
        calls = acts(reading.zone, distance, watch.protect, hours)
        # What is to be proposed is looked at once people are told: see `carry_out`.
        if watch.record.mode == "auto" or (watch.record.mode == "confirm" and not calls):
            await self.refresh_rights(watch, watch.venue, reading.at)
        if watch.is_overtaken():
            return NOTHING
        if not calls:
            if not acts(reading.zone, distance, watch.protect.eased, hours):
                watch.refused, watch.suggested = frozenset(), None
            if watch.rehearsed is not reading.zone:
                watch.rehearsed = None
            return await self._unwind(watch, reading, reading.fetched, watch.venue, hedges)
        if watch.record.mode != "auto":
            return Decision(suggests=reading)
        return await self._act(watch, reading, reading.fetched, watch.venue, recipients)

    async def _act(
        self, watch: Watch, reading: Reading, fetched: FetchedBook, venue: VenueAccount, recipients: Recipients
    ) -> Decision:
        """An armed account that calls for action: the gates, the plan, the intent."""
        facts = await self.planning.facts(watch, reading, fetched, BY_ITSELF)
        closed = refusals(facts, watch.protect)
        if closed:
            return await self._closed(watch, reading, closed, recipients)
        priced = await self.planning.priced(watch, fetched, venue, facts, BY_ITSELF.wish)
        plan = priced.plan
        if plan is None or priced.refusals:
            return await self._closed(watch, reading, priced.refusals, recipients)
        # The target holds and the zone's dwell is not over, or it was told what would have been sent.
        if plan.feasible and (not plan.steps or _is_rehearsed(watch, reading.zone)):
            return NOTHING
        if not plan.feasible:
            if watch.refused == NO_PLAN:
                return NOTHING
            watch.refused = NO_PLAN
            refused = self.infeasible(reading, plan, BY_ITSELF)
            return await self._refused(watch, refused, infeasible_text(watch.record.name, plan), recipients)
        watch.refused = frozenset()
        decision = self.drafted(watch, reading, fetched, priced, facts, BY_ITSELF)
        return await with_reason_told(watch, reading, decision, recipients, self._ids)

    async def _watch_hedges(self, watch: Watch, reading: Reading, recipients: Recipients) -> tuple[HedgeRecord, ...]:
        """The hedges that stand, kept up to date; what happened to them without an order of ours is told.

        Only by a whole book, and while no intent is open: its orders would explain the legs.
        """
        fetched, quality = reading.fetched, reading.quality.quality
        overtaken = watch.pending or watch.is_overtaken()
        if not watch.hedged or fetched is None or overtaken or quality is not Quality.FRESH:
            return ()
        notify = self.execution.notify(watch, recipients)
        standing = await watch_hedges(
            self._store,
            notify,
            watch.record,
            fetched.book,
            zone=reading.zone,
            now=reading.at,
            betas=watch.protect.betas,
        )
        watch.hedged = bool(standing)
        return standing

    async def _unwind(
        self,
        watch: Watch,
        reading: Reading,
        fetched: FetchedBook,
        venue: VenueAccount,
        hedges: tuple[HedgeRecord, ...],
    ) -> Decision:
        """Take hedges off that are due, where the guard may act by itself and the target holds without them."""
        due = any(is_due(hedge, reading.at, watch.protect.unhedge_after_s) for hedge in hedges)
        if not due or watch.record.mode != "auto" or is_blind_for_hours(watch, reading):
            return NOTHING
        asked = Asked(Wish("unhedge"), "unwind")
        facts = await self.planning.facts(watch, reading, fetched, asked)
        closed = refusals(facts, watch.protect)
        if closed:  # looked at again in the next cycle: nothing is in danger
            log.info("hedges stay for now", account=watch.record.name, why="; ".join(each.text for each in closed))
            return NOTHING
        priced = await self.planning.priced(watch, fetched, venue, facts, asked.wish)
        plan = priced.plan
        if plan is None or priced.refusals or not plan.feasible or not watch.target_at(reading).holds(plan.after):
            return NOTHING
        if _is_rehearsed(watch, reading.zone):
            return NOTHING
        return self.drafted(watch, reading, fetched, priced, facts, asked)

    def drafted(
        self, watch: Watch, reading: Reading, fetched: FetchedBook, priced: Priced, facts: GateFacts, asked: Asked
    ) -> Decision:
        """The intent of a feasible plan, to be journalled before anything is sent.

        Raises:
            ValueError: there is no plan.
        """
        if priced.plan is None:
            raise ValueError("there is no plan to draft an intent from")
        plan = priced.plan
        intent, orders = draft_intent(
            plan,
            fetched.book,
            priced.instruments,
            watch.protect,
            intent_id=self._ids.new("intent"),
            account_id=reading.account_id,
            at=reading.at,
            zone=reading.zone,
            reason=reason_at(watch, reading),
            origin=asked.origin,
            requested_by=asked.requested_by,
            unwinds=priced.unwinds,
        )
        # From here on the journal may hold it, whatever breaks off before it is carried out.
        watch.pending = True
        target = priced.target or facts.target
        task = Assignment(watch.record, intent, orders, plan, fetched, priced.instruments, facts.daily_cap, target)
        return Decision(intent, orders, task=task)

    def infeasible(self, reading: Reading, plan: Plan, asked: Asked) -> IntentRecord:
        """The record of a decision not to act because no plan helps."""
        intent = infeasible_intent(
            plan,
            intent_id=self._ids.new("intent"),
            account_id=reading.account_id,
            at=reading.at,
            zone=reading.zone,
        )
        return replace(intent, origin=asked.origin, requested_by=asked.requested_by)

    def refused(self, reading: Reading, closed: tuple[Refusal, ...], asked: Asked) -> IntentRecord:
        """The record of a decision not to act, with every reason."""
        intent = refused_intent(
            closed,
            intent_id=self._ids.new("intent"),
            account_id=reading.account_id,
            at=reading.at,
            zone=reading.zone,
            risk_ratio=reading.risk.risk_ratio if reading.risk else None,
        )
        return replace(intent, origin=asked.origin, requested_by=asked.requested_by)

    async def _closed(
        self,
        watch: Watch,
        reading: Reading,
        closed: tuple[Refusal, ...],
        recipients: Recipients,
        *,
        passing: frozenset[str] = PASSING,
    ) -> Decision:
        """Store and tell a refusal with all its reasons, once until they change."""
        causes = frozenset(refusal.code.value for refusal in closed) - passing
        if not causes or causes == watch.refused:
            return NOTHING
        watch.refused = causes
        intent = self.refused(reading, closed, BY_ITSELF)
        return await self._refused(watch, intent, refused_text(watch.record.name, closed), recipients)

    async def _refused(self, watch: Watch, intent: IntentRecord, text: str, recipients: Recipients) -> Decision:
        log.warning("protection does not act", account=watch.record.name, reason=intent.reason)
        notice = protection_notice(
            intent.account_id,
            intent.intent_id,
            text,
            intent.zone,
            intent.at,
            await recipients(watch),
            self._ids,
        )
        return Decision(intent, announcement=notice)

    async def refresh_rights(self, watch: Watch, venue: VenueAccount, now: datetime) -> None:
        """What the key may do, read in calm so that it is known in danger. A failed look keeps what was known."""
        await refresh_rights(watch, venue, now, self.execution.bounds.call_timeout_s)

    async def carry_out(self, watch: Watch, decision: Decision, recipients: Recipients) -> None:
        """Execute what was journalled, look up what is open, or propose a plan, once the cycle is recorded.

        A journal that fails stops everything and is told.
        """
        if decision.task is not None:
            await self.execution.execute(watch, decision.task, recipients)
        elif decision.resumes and watch.venue is not None:
            await self.execution.resume(watch, watch.venue, recipients)
        elif decision.suggests is not None and watch.venue is not None:
            if watch.record.mode == "confirm":
                await self.refresh_rights(watch, watch.venue, decision.suggests.at)
            told = await self._suggesting.tell(watch, decision.suggests, watch.venue, recipients)
            if told:
                self.execution.wake_outbox()


def _is_rehearsed(watch: Watch, zone: Zone) -> bool:
    """Whether a dry run was told in this zone or a worse one already; where it was not, it counts as told now."""
    if not watch.protect.dry_run:
        return False
    if watch.rehearsed is not None and severity(zone) <= severity(watch.rehearsed):
        return True
    watch.rehearsed = zone
    return False
