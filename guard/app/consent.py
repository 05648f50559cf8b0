"""Consent: plans shown to people, and what their taps lead to.

Owns the way from a tap to an order, for modes confirm and auto. Steps of `approve`, numbered in the code:

1. Judge the nonce and the person's role; use the nonce up, in one statement of the store.
2. Wait for the account's turn, and read it: nothing is done on what was shown.
3. Ask the gates. 4. Make the plan anew; one that has outgrown what was shown is shown again.
5. Journal the intent, then answer the person, then send.

A crash after 1 leaves a used proposal and nothing else; after 5 an intent that the next start accounts for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import structlog

from guard.alerts.notices import protection_notice
from guard.app.cycle import Recipients
from guard.app.desks.rights import require
from guard.app.judge import judge
from guard.app.own_hours import with_own_hours
from guard.app.plan_words import three_lines
from guard.app.planning import Asked, Priced
from guard.app.proposals import propose
from guard.app.protection import Protection
from guard.app.watch import Watch
from guard.bot.desks.acting import Answer, Offer, PlanRow
from guard.bot.hours_text import hours_lines
from guard.language.speech import Speech
from guard.ports.alerting import AuditRecord
from guard.ports.clock import Clock, Ids
from guard.ports.deadline import Deadline
from guard.ports.errors import GuardError, VenueUnavailable
from guard.ports.records import IntentOrigin, IntentRecord, ProposalRecord, Reading, Role, UserRecord
from guard.ports.urgency import ACTING, urgent
from guard.ports.venue import FetchedBook, VenueAccount
from guard.ports.wishes import Wish
from guard.protect.consent import ActRequest, Shown, TapProblem, read_request, tap_problem
from guard.protect.gate import GateFacts, refusals
from guard.protect.texts import infeasible_text, refused_text
from guard.risk.quality import Quality
from guard.risk.zones import ZoneState
from guard.store.store import Store

log = structlog.get_logger(__name__)

TURN_WAIT_S: Final = 10.0
STOP_WAIT_S: Final = 1.5
_NOT_WATCHED: Final = "this account is not watched by the running guard"
_DOUBTFUL = frozenset({Quality.DISPUTED, Quality.TORN})


@dataclass(frozen=True, slots=True)
class _Read:
    """An account as it was just read."""

    reading: Reading
    fetched: FetchedBook
    venue: VenueAccount


@dataclass(frozen=True, slots=True)
class _Tap:
    """A used-up proposal, what it was for, and who tapped."""

    proposal: ProposalRecord
    request: ActRequest
    person: UserRecord
    speech: Speech


class Consent:
    """Plans for people, and what they say yes to.

    Args:
        store: memory.
        clock: time.
        ids: identifiers.
        protection: facts, plans and executors.
        watch_of: the watch of an account; None = it is not watched.
        recipients: who hears of an account.
        wake_outbox: called after something was recorded for delivery.
        hasten: has an account read again as soon as may be.
        timeout_s: longest wait for one reading.
    """

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        ids: Ids,
        protection: Protection,
        watch_of: Callable[[str], Watch | None],
        recipients: Recipients,
        wake_outbox: Callable[[], None],
        hasten: Callable[[str], None],
        timeout_s: float,
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._protection = protection
        self._watch_of = watch_of
        self._recipients = recipients
        self._wake_outbox = wake_outbox
        self._hasten = hasten
        self._timeout_s = timeout_s
        self._acts: set[asyncio.Task[None]] = set()

    # Showing

    async def offer(self, person: UserRecord, speech: Speech, account_id: str, wish: Wish) -> Offer:
        """The plan of a wish from a fresh book, for an operator; nothing is sent.

        Raises:
            NotAllowed: the person may not act on the account.
            GuardError: it cannot be read or planned now.
        """
        await require(self._store, person.user_id, account_id, "operator")
        origin: IntentOrigin = "unwind" if wish.kind == "unhedge" else "command"
        return await self._offer(self.watch_now(account_id), person, speech, wish, origin)

    async def offer_again(self, person: UserRecord, speech: Speech, nonce: str) -> Offer | TapProblem:
        """The plan behind a button, made anew with a nonce of its own.

        Raises:
            NotAllowed: the person may not act on the account any more.
            GuardError: it cannot be read or planned now.
        """
        proposal = await self._store.proposal_of(nonce)
        problem = tap_problem(proposal, person.user_id, self._clock.now())
        if proposal is None or problem in {TapProblem.UNKNOWN, TapProblem.FOREIGN}:
            return problem or TapProblem.UNKNOWN
        request = _request_of(proposal)
        if not isinstance(request, ActRequest):
            return TapProblem.EXPIRED
        await require(self._store, person.user_id, proposal.account_id, "operator")
        return await self._offer(self.watch_now(proposal.account_id), person, speech, request.wish, request.origin)

    async def _offer(self, watch: Watch, person: UserRecord, speech: Speech, wish: Wish, origin: IntentOrigin) -> Offer:
        now = await self._read(watch)
        await self._protection.refresh_rights(watch, now.venue, now.reading.at)
        asked = Asked(wish, origin, person.user_id, consented=True)
        facts = await self._protection.planning.facts(watch, now.reading, now.fetched, asked)
        priced = await self._protection.planning.priced(watch, now.fetched, now.venue, facts, wish)
        return _with_hours(await self._shown(watch, facts, priced, asked, speech), watch, now.reading, speech)

    async def _shown(
        self, watch: Watch, facts: GateFacts, priced: Priced, asked: Asked, speech: Speech, changed: str = ""
    ) -> Offer:
        """An offer with a nonce of its own."""
        plan = priced.plan
        refused = (*refusals(facts, watch.protect), *priced.refusals)
        closed = tuple(dict.fromkeys(refusal.text for refusal in refused))
        shown = Shown(0.0, 0.0, ()) if plan is None else Shown.of(plan)
        nonce = await propose(
            self._store,
            self._ids,
            ActRequest(asked.wish, asked.origin, shown),
            account_id=watch.record.account_id,
            user_id=asked.requested_by or "",
            now=self._clock.now(),
            valid_s=watch.protect.proposal_valid_s,
        )
        steps = () if plan is None else plan.steps
        return Offer(
            account=watch.record.name,
            lines=() if plan is None else three_lines(plan, speech),
            rows=tuple(
                PlanRow(
                    step.remedy,
                    step.symbol,
                    step.leg,
                    step.side,
                    str(step.contracts),
                    str(step.limit_price),
                    step.cost,
                    step.notional,
                )
                for step in steps
            ),
            nonce=nonce,
            valid_s=watch.protect.proposal_valid_s,
            may_act=bool(steps) and not closed,
            refusals=closed,
            dry_run=watch.protect.dry_run,
            changed=changed,
        )

    # Doing

    async def taken(self, person: UserRecord, nonce: str, *, least: Role) -> ProposalRecord | TapProblem:
        """Step 1: the proposal of a nonce, used up by this call; or why it cannot be used.

        Raises:
            NotAllowed: the person's role on the account is lower than `least`; the nonce stays unused.
            StoreError: it cannot be told now; nothing is done.
        """
        now = self._clock.now()
        proposal = await self._store.proposal_of(nonce)
        problem = tap_problem(proposal, person.user_id, now)
        if proposal is None or problem is not None:
            return problem or TapProblem.UNKNOWN
        await require(self._store, person.user_id, proposal.account_id, least)
        taken = await self._store.take_proposal(nonce, person.user_id, now, proposal.account_id)
        if taken is None:  # of two taps at once the other was first
            return TapProblem.USED
        await self._store.record_audit(
            AuditRecord(now, person.user_id, taken.account_id, "approve", f"{taken.proposal_id}: {taken.request}")
        )
        return taken

    async def approve(self, person: UserRecord, speech: Speech, nonce: str) -> Answer:
        """A person said yes to a plan. Returns as soon as it is journalled or refused; orders go on by themselves.

        Raises:
            NotAllowed: the person may not act on the account.
            GuardError: it cannot be told now; nothing was sent.
        """
        proposal = await self.taken(person, nonce, least="operator")  # 1
        if isinstance(proposal, TapProblem):
            return Answer("stale", problem=proposal.value)
        request = _request_of(proposal)
        if not isinstance(request, ActRequest):
            return Answer("stale", problem=TapProblem.UNKNOWN.value)
        tap = _Tap(proposal, request, person, speech)
        watch = self._watch_of(proposal.account_id)
        if watch is None:
            await self._settle(tap, "not watched")
            return Answer("refused", reasons=(_NOT_WATCHED,))
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        act = asyncio.create_task(self._act(watch, tap, answered), name=f"act {watch.record.name}")
        self._acts.add(act)
        act.add_done_callback(self._ended)
        either: set[asyncio.Future[Any]] = {act, answered}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not answered.done():
            act.result()  # raises what it ended with
            raise GuardError("nothing was sent: the tap came to nothing", fix="ask for a new plan")
        return answered.result()

    def _ended(self, act: asyncio.Task[None]) -> None:
        """Forget an act; what it ended with, after the person was answered, must be seen."""
        self._acts.discard(act)
        if not act.cancelled() and act.exception() is not None:
            log.error("an approved plan broke off", act=act.get_name(), exc_info=act.exception())

    async def close(self) -> None:
        """Give what is under way a moment, then cancel it: the journal survives that at any point."""
        if not self._acts:
            return
        _, late = await asyncio.wait(self._acts, timeout=STOP_WAIT_S)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _act(self, watch: Watch, tap: _Tap, answered: asyncio.Future[Answer]) -> None:
        """Steps 2 to 5; `answered` is set before the first order is sent."""
        try:
            async with Deadline(TURN_WAIT_S):
                await watch.turn.acquire()  # 2
        except TimeoutError:
            await self._settle(tap, "busy")
            answered.set_result(Answer("refused", watch.record.name, ("an earlier plan is still open",)))
            return
        try:
            await self._act_in_turn(watch, tap, answered)
        except GuardError as error:
            if not answered.done():
                await self._settle(tap, f"failed: {error}")
                raise
            log.error("an approved plan broke off", account=watch.record.name, error=str(error))
        finally:
            watch.turn.release()
        self._hasten(watch.record.account_id)

    async def _act_in_turn(self, watch: Watch, tap: _Tap, answered: asyncio.Future[Answer]) -> None:
        asked = Asked(tap.request.wish, tap.request.origin, tap.person.user_id, consented=True)
        with urgent(ACTING):
            now = await self._read(watch)
            await self._protection.refresh_rights(watch, now.venue, now.reading.at)
            await self._protection.execution.hear(watch)
            facts = await self._protection.planning.facts(watch, now.reading, now.fetched, asked)
            closed = refusals(facts, watch.protect)  # 3
            if closed:
                intent = self._protection.refused(now.reading, closed, asked)
                text = refused_text(watch.record.name, closed)
                answered.set_result(await self._refuse(watch, tap, intent, text, tuple(each.text for each in closed)))
                return
            priced = await self._protection.planning.priced(watch, now.fetched, now.venue, facts, asked.wish)  # 4
            answer = await self._unfit(watch, tap, now, priced, facts, asked)
            if answer is not None:
                answered.set_result(answer)
                return
            decision = self._protection.drafted(watch, now.reading, now.fetched, priced, facts, asked)
            if decision.intent is None or decision.task is None:
                return
            await self._store.add_intent(decision.intent, decision.orders)  # 5
            await self._settle(tap, f"intent {decision.intent.intent_id}")
            dry = watch.protect.dry_run
            answered.set_result(Answer("sending", watch.record.name, orders=len(decision.orders), dry_run=dry))
            watch.acted = not dry
            await self._protection.execution.execute(watch, decision.task, self._recipients)

    async def _unfit(
        self, watch: Watch, tap: _Tap, now: _Read, priced: Priced, facts: GateFacts, asked: Asked
    ) -> Answer | None:
        """Why the plan that was made anew is not carried out; None = it is."""
        plan = priced.plan
        if plan is None or priced.refusals:
            intent = self._protection.refused(now.reading, priced.refusals, asked)
            text = refused_text(watch.record.name, priced.refusals)
            return await self._refuse(watch, tap, intent, text, tuple(each.text for each in priced.refusals))
        if not plan.feasible or not plan.steps:
            intent = self._protection.infeasible(now.reading, plan, asked)
            return await self._refuse(watch, tap, intent, infeasible_text(watch.record.name, plan), (plan.reason,))
        changed = tap.request.shown.outgrown_by(plan, watch.protect.reprice_tolerance)
        if not changed:
            return None
        await self._settle(tap, f"shown again: {changed}")
        offer = await self._shown(watch, facts, priced, asked, tap.speech, changed)
        return Answer("again", watch.record.name, offer=_with_hours(offer, watch, now.reading, tap.speech))

    async def _refuse(
        self, watch: Watch, tap: _Tap, intent: IntentRecord, text: str, reasons: tuple[str, ...]
    ) -> Answer:
        """Store a refusal, tell the others who hear of the account, and answer the person."""
        log.warning("an approved plan is refused", account=watch.record.name, reason=intent.reason)
        await self._store.add_intent(intent, ())
        await self._settle(tap, f"refused: {intent.reason}")
        others = [each for each in await self._recipients(watch) if each.user_id != tap.person.user_id]
        if others:
            notice = protection_notice(
                intent.account_id, intent.intent_id, text, intent.zone, intent.at, others, self._ids
            )
            await self._store.record_announcement(notice.alerts, notice.messages)
            self._wake_outbox()
        return Answer("refused", watch.record.name, reasons)

    async def _settle(self, tap: _Tap, outcome: str) -> None:
        await self._store.settle_proposal(tap.proposal.proposal_id, outcome)

    # Reading

    def watch_now(self, account_id: str) -> Watch:
        """The watch of an account.

        Raises:
            GuardError: it is not watched.
        """
        watch = self._watch_of(account_id)
        if watch is None:
            raise GuardError(_NOT_WATCHED, fix="see /health")
        return watch

    async def _read(self, watch: Watch) -> _Read:
        """The account now, judged as in a cycle; a doubtful book is read once more.

        Raises:
            VenueError: it cannot be read.
        """
        started, venue = self._clock.monotonic(), watch.venue
        if venue is None:
            name = watch.record.name
            raise VenueUnavailable(f"{name} was not read yet", fix="nothing was sent; try again in a moment")
        reading, fetched = await self._read_once(watch, venue, started)
        if reading.quality.quality in _DOUBTFUL:
            started = self._clock.monotonic()
            reading, fetched = await self._read_once(watch, venue, started)
        return _Read(reading, fetched, venue)

    async def _read_once(self, watch: Watch, venue: VenueAccount, started: float) -> tuple[Reading, FetchedBook]:
        name = watch.record.spec.venue
        try:
            async with Deadline(self._timeout_s):
                fetched = await venue.fetch_book()
        except TimeoutError:
            raise VenueUnavailable(
                f"{name} did not answer within {self._timeout_s:g} s", fix="nothing was sent; try again"
            ) from None
        prior = watch.last.zone_state if watch.last is not None else ZoneState()
        duration_ms = (self._clock.monotonic() - started) * 1000
        now = self._clock.now()
        reading = judge(watch.record, fetched, prior, watch.policy, now=now, duration_ms=duration_ms)
        return await with_own_hours(watch, reading, self._store), fetched


def _with_hours(offer: Offer, watch: Watch, reading: Reading, speech: Speech) -> Offer:
    """What the plan starts from in hours of own volatility, where protection goes by them."""
    if not watch.protect.counts_hours:
        return offer
    return replace(offer, lines=(*offer.lines, *hours_lines(speech, reading.own_hours)))


def _request_of(proposal: ProposalRecord) -> object:
    """What a proposal is for.

    Raises:
        GuardError: it was stored by another version.
    """
    try:
        return read_request(proposal.request)
    except ValueError as error:
        raise GuardError(str(error), fix="ask for a new plan") from error
