"""Armed protection inside the cycle: gather the facts for the gates, plan, and carry out what was journalled.

Owns when an executor exists and what the gates are shown. The decisions themselves are `guard.protect`'s.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from guard.alerts.notices import protection_notice
from guard.app.cycle import Recipients
from guard.app.decision import NOTHING, Decision
from guard.app.judge import appraise
from guard.app.watch import Watch
from guard.ports.clock import Clock, Ids
from guard.ports.deadline import Deadline
from guard.ports.errors import StoreError, VenueError
from guard.ports.records import IntentRecord, Reading
from guard.ports.venue import FetchedBook, VenueAccount
from guard.protect.executor import Executor
from guard.protect.gate import GateFacts, Refusal, RefusalCode, calls_for_action, count_confirmation, refusals
from guard.protect.intents import draft_intent, infeasible_intent, refused_intent
from guard.protect.outcome import Announcement as ProtectAnnouncement
from guard.protect.outcome import Ending, Outcome, StopSignal
from guard.protect.plan import plan_reduction
from guard.protect.plan_values import Target
from guard.protect.policy import ExecutionBounds
from guard.protect.quotes import read_quotes
from guard.protect.run import Assignment
from guard.protect.texts import infeasible_text, refused_text
from guard.protect.watched_only import watched_only
from guard.protect.worth import dollars, worth
from guard.risk.book import Book
from guard.risk.quality import DataQuality, Quality
from guard.risk.zones import Zone
from guard.store.store import Store

log = structlog.get_logger(__name__)

RIGHTS_VALID_S = 600.0
# Gates that open by themselves in a moment: refusing for these alone is no news.
PASSING = frozenset(code.value for code in (RefusalCode.NOT_CONFIRMED, RefusalCode.COOLDOWN, RefusalCode.IN_FLIGHT))
NO_PLAN = frozenset({"no_plan"})
NO_PRICES = frozenset({RefusalCode.NO_PRICES.value})
# How far past its target a plan aims, as a part of it.
AIM = 0.03


def past(target: Target) -> Target:
    """A little beyond the target: a plan that only just reaches it is above it again at the next tick."""
    return Target(risk_ratio=target.risk_ratio * (1 - AIM), distance=target.distance * (1 + AIM))


class Protection:
    """`guard.app.cycle.Protector` with real executors, one for each account.

    Args:
        store: journal, history and outbox.
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
        self._store = store
        self._clock = clock
        self._ids = ids
        self._stop = stop
        self._wake_outbox = wake_outbox
        self._tell_directly = tell_directly
        self._bounds = bounds or ExecutionBounds()
        self.orders_sent = 0

    async def decide(self, watch: Watch, reading: Reading, recipients: Recipients) -> Decision:
        """Whether to act in this cycle, and how.

        Returns:
            Nothing unless the account is armed and its zone calls for action; else the intent to journal: open with
            its orders, or refused with every reason. A refusal is stored and told when its reasons change.
        """
        if reading.fetched is None or watch.venue is None:
            return NOTHING
        if watch.pending:
            await self._resume(watch, watch.venue, recipients)
        if watch.record.mode != "auto":
            return NOTHING
        await self._refresh_rights(watch, watch.venue, reading.at)
        if not calls_for_action(reading.zone, watch.protect.act_in):
            watch.refused = frozenset()
            return NOTHING
        facts = await self._facts(watch, reading, reading.fetched)
        closed = refusals(facts, watch.protect)
        if not closed:
            return await self._plan(watch, reading, reading.fetched, watch.venue, facts, recipients)
        causes = frozenset(refusal.code.value for refusal in closed) - PASSING
        if not causes or causes == watch.refused:
            return NOTHING
        watch.refused = causes
        return await self._closed(watch, reading, closed, recipients)

    async def _plan(
        self,
        watch: Watch,
        reading: Reading,
        fetched: FetchedBook,
        venue: VenueAccount,
        facts: GateFacts,
        recipients: Recipients,
    ) -> Decision:
        """Price the book and plan; an infeasible plan is a refusal with its reason."""
        symbols = {position.symbol for position in fetched.book.positions}
        quotes = await read_quotes(venue, symbols, self._bounds.call_timeout_s)
        instruments = quotes.instruments
        if not instruments:
            return await self._unpriced(watch, reading, quotes.problems, recipients)
        limits = watch.protect.limits(facts.daily_cap - facts.notional_today)
        target = watch.protect.target
        plan = plan_reduction(fetched.book, target, instruments, limits=limits, depth=quotes.depth, aim=past(target))
        intent_id = self._ids.new("intent")
        if plan.feasible and not plan.steps:  # the target holds, the zone's dwell is not over
            return NOTHING
        if not plan.feasible:
            if watch.refused == NO_PLAN:
                return NOTHING
            watch.refused = NO_PLAN
            refused = infeasible_intent(
                plan, intent_id=intent_id, account_id=reading.account_id, at=reading.at, zone=reading.zone
            )
            return await self._refused(watch, refused, infeasible_text(watch.record.name, plan), recipients)
        watch.refused = frozenset()
        intent, orders = draft_intent(
            plan,
            fetched.book,
            instruments,
            watch.protect,
            intent_id=intent_id,
            account_id=reading.account_id,
            at=reading.at,
            zone=reading.zone,
            reason=reading.reason,
        )
        task = Assignment(watch.record, intent, orders, plan, fetched, instruments, facts.daily_cap)
        return Decision(intent, orders, task=task)

    async def _unpriced(
        self, watch: Watch, reading: Reading, problems: tuple[str, ...], recipients: Recipients
    ) -> Decision:
        """The venue gave no trading rules or order books: a refusal like any other, tried again in the next cycle."""
        if watch.refused == NO_PRICES:
            return NOTHING
        watch.refused = NO_PRICES
        closed = (Refusal(RefusalCode.NO_PRICES, f"no prices to plan with: {'; '.join(problems)}"),)
        return await self._closed(watch, reading, closed, recipients)

    async def _closed(
        self, watch: Watch, reading: Reading, closed: tuple[Refusal, ...], recipients: Recipients
    ) -> Decision:
        """Store and tell a refusal with all its reasons."""
        intent = refused_intent(
            closed,
            intent_id=self._ids.new("intent"),
            account_id=reading.account_id,
            at=reading.at,
            zone=reading.zone,
            risk_ratio=reading.risk.risk_ratio if reading.risk else None,
        )
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

    async def _refresh_rights(self, watch: Watch, venue: VenueAccount, now: datetime) -> None:
        """What the key may do, read in calm so that it is known in danger. A failed look keeps what was known."""
        if watch.rights_at is not None and (now - watch.rights_at).total_seconds() < RIGHTS_VALID_S:
            return
        try:
            # What is to be told waits for this, and ticks wait for the turn: a venue that hangs must not hold them up.
            async with Deadline(self._bounds.call_timeout_s):
                check = await venue.check()
        except TimeoutError:
            log.warning("key rights not read", account=watch.record.name, error="no answer in time")
            return
        except VenueError as error:
            log.warning("key rights not read", account=watch.record.name, error=str(error))
            return
        watch.rights, watch.can_trade = check.rights, check.can_trade
        watch.rights_at = now

    async def _facts(self, watch: Watch, reading: Reading, fetched: FetchedBook) -> GateFacts:
        """Everything the gates look at."""
        account_id, now = reading.account_id, reading.at
        day = now.replace(hour=0, minute=0, second=0, microsecond=0)
        recent = await self._store.intents(now - timedelta(days=1), account_id)
        finished = [
            intent.finished_at for intent in recent if intent.finished_at and intent.state in {"done", "failed"}
        ]
        return GateFacts(
            mode=watch.record.mode,
            frozen=watch.record.frozen,
            stopped=self._stop.is_set(),
            zone=reading.zone,
            confirmed_cycles=count_confirmation(watch.confirmed_cycles, reading.zone, reading.quality, watch.protect),
            quality=reading.quality,
            conforms=_conforms(fetched.book, reading.quality),
            position_mode_proven=fetched.position_mode_proven,
            may_trade=watch.rights.trade if watch.rights else None,
            now=now,
            last_finished_at=max(finished, default=None),
            notional_today=await self._store.notional_traded_since(account_id, day),
            daily_cap=watch.protect.daily_cap(await self._equity_of_day(account_id, day, reading, fetched.book)),
            symbols=frozenset(position.symbol for position in fetched.book.positions),
            # However old: as long as the outcome of one order is not known, no other is sent.
            in_flight=bool(await self._store.open_intents(account_id)),
            watched_only=_watched_only(watch, reading, fetched.book),
        )

    async def _equity_of_day(self, account_id: str, day: datetime, reading: Reading, book: Book) -> float:
        """Equity at the day's first reading with figures, in dollars; now, where there is none yet.

        Of that reading only the worst pool is remembered: an account with several counts as what all are worth now, if
        that is more.
        """
        now = worth(book, reading.risk) if reading.risk else 0.0
        first = await self._store.first_equity_since(account_id, day)
        if first is None:
            return now
        then = dollars(book, first[1], first[0])
        if then == 0.0 and first[0] > 0.0:  # of a currency that has no price any more
            return now
        return max(then, now) if reading.risk and len(reading.risk.pools) > 1 else then

    async def carry_out(self, watch: Watch, decision: Decision, recipients: Recipients) -> None:
        """Execute what was journalled. A journal that fails stops everything and is told directly."""
        if decision.task is None or watch.venue is None:
            return
        # Whatever breaks off from here, its orders are looked up in the next cycle.
        watch.pending = True
        try:
            outcome = await self._executor(watch, watch.venue, recipients).execute(decision.task)
        except StoreError as error:
            log.exception("protection stopped: its journal cannot be written", account=watch.record.name)
            if watch.last is not None:
                why = f"protection stopped, its journal cannot be written: {error}"
                await self._tell_directly(watch, watch.last, why)
            return
        self._count(watch, outcome)
        watch.pending = not outcome.finished
        if outcome.ending is Ending.REJECTED:
            watch.rights_at = None  # what the key may do is not what it was: look before trying again

    async def _resume(self, watch: Watch, venue: VenueAccount, recipients: Recipients) -> None:
        """Take up intents that a crash or a silence left open: look their orders up, send none."""
        outcomes = await self._executor(watch, venue, recipients).resume(watch.record)
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

    def _executor(self, watch: Watch, venue: VenueAccount, recipients: Recipients) -> Executor:
        """The account's one executor, made when its connection is."""
        if watch.executor is not None:
            return watch.executor

        async def notify(announcement: ProtectAnnouncement) -> None:
            zone = watch.last.zone if watch.last else Zone.UNKNOWN
            notice = protection_notice(
                announcement.account_id,
                announcement.key,
                announcement.text,
                zone,
                self._clock.now(),
                await recipients(watch),
                self._ids,
            )
            await self._store.record_announcement(notice.alerts, notice.messages)
            self._wake_outbox()

        async def freeze(account_id: str, reason: str) -> None:
            log.error("automation frozen", account=watch.record.name, reason=reason)
            watch.record = replace(watch.record, frozen=True)
            await self._store.set_frozen(account_id, True)

        watch.executor = Executor(
            venue,
            self._store,
            self._clock,
            watch.protect,
            notify,
            freeze=freeze,
            judge=lambda fetched: appraise(fetched, watch.policy, self._clock.now()).quality,
            stop=_Disarmed(self._stop, watch),
            bounds=self._bounds,
        )
        return watch.executor


class _Disarmed:
    """The kill switch of one account: the process ends, or it was disarmed, frozen or removed meanwhile."""

    def __init__(self, ending: StopSignal, watch: Watch) -> None:
        self._ending = ending
        self._watch = watch

    def is_set(self) -> bool:
        """Whether no further order may be sent."""
        record = self._watch.record
        return self._ending.is_set() or record.frozen or record.mode != "auto"


def _watched_only(watch: Watch, reading: Reading, book: Book) -> str:
    """Why this account is never acted upon; empty = it can be."""
    if not watch.can_trade:
        return f"the guard sends no orders at {watch.record.spec.venue}: accounts there are watched only"
    return watched_only(book) if reading.risk is not None else ""


def _conforms(book: Book, quality: DataQuality) -> bool | None:
    """Whether the venue's own figures agree with ours; None when it gave none for any pool."""
    reported = (book.venue_reported, *book.venue_reported.pools.values())
    if all(figures.maintenance_margin is None and figures.risk_ratio is None for figures in reported):
        return None
    return quality.quality is not Quality.DISPUTED
