"""What the commands that act ask for: modes, plans, consent, freezing; answered."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from guard.app.accounts import set_mode
from guard.app.consent import Consent
from guard.app.desks.backstage import Answers
from guard.app.desks.rights import require, roles_of
from guard.app.killswitch import kill_switch_file
from guard.app.opening import Opened
from guard.app.proposals import propose
from guard.bot.desks.acting import Actable, Action, ActionLog, Answer, Frozen, Offer, Question, TapProblem
from guard.language.speech import Speech
from guard.ports.alerting import AuditRecord
from guard.ports.errors import GuardError, StoreError
from guard.ports.records import AccountRecord, Mode, ProposalRecord, UserRecord
from guard.ports.wishes import Wish
from guard.protect import consent as judged
from guard.protect.consent import ModeRequest, ResumeRequest, read_request
from guard.risk.zones import Zone

log = structlog.get_logger(__name__)

ACTIONS_MAX: Final = 200
_ALLOWS_ORDERS: Final = frozenset({"confirm", "auto"})


class ActingAnswers(Answers):
    """Answers `guard.bot.desks.acting.ActingDesk`: roles are asked for on every message and every tap."""

    async def actables(self, user_id: str) -> list[Actable]:
        """The accounts that a person may see, by name."""
        found = []
        for record, role in await roles_of(self._stage.store, user_id):
            watch = self._stage.watch_of(record.account_id)
            book = self._stage.book_of(record.account_id)
            symbols = tuple(dict.fromkeys(leg.symbol for leg in book.positions)) if book is not None else ()
            zone = watch.last.zone if watch is not None and watch.last is not None else Zone.UNKNOWN
            found.append(
                Actable(
                    record.account_id,
                    record.name,
                    role,
                    record.mode,
                    record.mode_until,
                    record.frozen,
                    zone,
                    symbols,
                )
            )
        return found

    async def offer(self, person: UserRecord, speech: Speech, account_id: str, wish: Wish) -> Offer:
        """The plan of a wish, from a fresh book."""
        return await self._consent.offer(person, speech, account_id, wish)

    async def offer_again(self, person: UserRecord, speech: Speech, nonce: str) -> Offer | TapProblem:
        """The plan behind a button, made anew."""
        found = await self._consent.offer_again(person, speech, nonce)
        return found if isinstance(found, Offer) else found.value

    async def approve(self, person: UserRecord, speech: Speech, nonce: str) -> Answer:
        """A person said yes: to a plan, to another mode, or to the end of a freeze."""
        proposal = await self._stage.store.proposal_of(nonce)
        request = read_request(proposal.request) if proposal is not None and _is_readable(proposal) else None
        if isinstance(request, ModeRequest):
            taken = await self._consent.taken(person, nonce, least="owner")
            if not isinstance(taken, ProposalRecord):
                return _stale_question(taken)
            return await self._change_mode(person, taken, request)
        if isinstance(request, ResumeRequest):
            taken = await self._consent.taken(person, nonce, least="operator")
            return await self._resume(person, taken) if isinstance(taken, ProposalRecord) else _stale_question(taken)
        return await self._consent.approve(person, speech, nonce)

    async def ask_mode(self, person: UserRecord, account_id: str, mode: Mode, for_s: float | None) -> Question | None:
        """Another mode; what allows no orders is set at once."""
        record = await require(self._stage.store, person.user_id, account_id, "owner")
        if mode not in _ALLOWS_ORDERS:
            await self._set_mode(person, record, mode, None)
            return None
        request = ModeRequest(mode, for_s)
        nonce, valid_s = await self._proposed(person, record, request)
        return Question(record.name, nonce, valid_s, mode, for_s)

    async def ask_resume(self, person: UserRecord, account_id: str) -> Question | None:
        """Out of a freeze."""
        record = await require(self._stage.store, person.user_id, account_id, "operator")
        if not record.frozen:
            return None
        nonce, valid_s = await self._proposed(person, record, ResumeRequest())
        return Question(record.name, nonce, valid_s)

    async def freeze(self, person: UserRecord, account_ids: tuple[str, ...]) -> Frozen:
        """Stop every action on these accounts: in this process before anything is stored, and whether or not it is."""
        records = [await require(self._stage.store, person.user_id, each, "operator") for each in account_ids]
        watches = {each.account_id: self._stage.watch_of(each.account_id) for each in records}
        for watch in watches.values():
            if watch is not None:
                watch.freeze(self._stage.clock.monotonic())
        unstored = []
        for record in records:
            log.warning("frozen by a person", account=record.name, user=person.name)
            try:
                await self._stage.store.set_frozen(record.account_id, True)
            except StoreError as error:
                log.error("freeze not stored: a restart ends it", account=record.name, error=str(error))
                unstored.append(record.name)
                continue
            watch = watches[record.account_id]
            if watch is not None:
                watch.freeze_stored()
            await self._act_noted(person, record, "freeze", "")
        stop_file = str(kill_switch_file(self._stage.settings)) if unstored else ""
        return Frozen(tuple(record.name for record in records), tuple(unstored), stop_file)

    async def action_log(self, person: UserRecord, account_id: str, since: datetime) -> ActionLog:
        """What protection did on an account, the newest first."""
        store = self._stage.store
        record = await require(store, person.user_id, account_id, "viewer")
        intents = (await store.intents(since, account_id))[::-1][:ACTIONS_MAX]
        actions = []
        for intent in intents:
            user = await store.user(intent.requested_by) if intent.requested_by else None
            asked_by = user.name if user is not None else ""
            actions.append(Action(intent, tuple(await store.orders_of(intent.intent_id)), asked_by))
        return ActionLog(record.name, tuple(actions), tuple(await store.open_hedges(account_id)))

    @property
    def _consent(self) -> Consent:
        if self._stage.consent is None:
            raise GuardError("nothing can be done from here: the service does not run")
        return self._stage.consent()

    async def _proposed(self, person: UserRecord, record: AccountRecord, request: judged.Request) -> tuple[str, float]:
        valid_s = self._stage.settings.protect_of(record.name).proposal_valid_s
        nonce = await propose(
            self._stage.store,
            self._stage.ids,
            request,
            account_id=record.account_id,
            user_id=person.user_id,
            now=self._stage.clock.now(),
            valid_s=valid_s,
        )
        return nonce, valid_s

    async def _change_mode(self, person: UserRecord, proposal: ProposalRecord, request: ModeRequest) -> Answer:
        record = await require(self._stage.store, person.user_id, proposal.account_id, "owner")
        until = None
        if request.for_s is not None:
            until = self._stage.clock.now() + timedelta(seconds=request.for_s)
        try:
            warnings = await self._set_mode(person, record, request.mode, until)
        except GuardError as error:
            await self._stage.store.settle_proposal(proposal.proposal_id, f"refused: {error}")
            return Answer("refused", record.name, (str(error),))
        await self._stage.store.settle_proposal(proposal.proposal_id, f"mode {request.mode}")
        return Answer("changed", record.name, warnings, mode=request.mode, mode_until=until)

    async def _set_mode(
        self, person: UserRecord, record: AccountRecord, mode: Mode, until: datetime | None
    ) -> tuple[str, ...]:
        """Check and set a mode, in the store and in this process.

        A freeze holds: it may have come after the question, and `/resume` ends it.

        Raises:
            InputError: the account cannot be armed; the message says why.
            VenueError: the venue could not be asked.
        """
        stage = self._stage
        if mode not in _ALLOWS_ORDERS:
            self._obey(record, mode=mode)
        opened = Opened(stage.settings, stage.clock, stage.ids, stage.store)
        warnings = await set_mode(opened, record.name, mode, until, ends_freeze=False)
        await self._act_noted(person, record, "mode", f"{mode}{f' until {until.isoformat()}' if until else ''}")
        watch = stage.watch_of(record.account_id)
        stored = await stage.store.account_named(record.name)
        if watch is not None and stored is not None:
            watch.obey(
                replace(watch.record, mode=stored.mode, mode_until=stored.mode_until, frozen=stored.frozen),
                stage.clock.monotonic(),
            )
        if mode in _ALLOWS_ORDERS and stored is not None and stored.frozen:
            warnings += ("automation of this account is frozen until it is resumed",)
        return warnings

    async def _resume(self, person: UserRecord, proposal: ProposalRecord) -> Answer:
        record = await require(self._stage.store, person.user_id, proposal.account_id, "operator")
        await self._stage.store.set_frozen(record.account_id, False)
        self._obey(record, frozen=False)
        await self._act_noted(person, record, "resume", "")
        await self._stage.store.settle_proposal(proposal.proposal_id, "resumed")
        return Answer("changed", record.name, mode=record.mode, mode_until=record.mode_until)

    def _obey(self, record: AccountRecord, *, frozen: bool | None = None, mode: Mode | None = None) -> None:
        """Let the running watch follow at once: an execution under way asks it before every order."""
        watch = self._stage.watch_of(record.account_id)
        if watch is not None:
            now = watch.record
            changed = replace(now, frozen=now.frozen if frozen is None else frozen, mode=mode or now.mode)
            watch.obey(changed, self._stage.clock.monotonic())

    async def _act_noted(self, person: UserRecord, record: AccountRecord, what: str, detail: str) -> None:
        now = self._stage.clock.now()
        await self._stage.store.record_audit(AuditRecord(now, person.user_id, record.account_id, what, detail))


def _stale_question(problem: judged.TapProblem) -> Answer:
    return Answer("stale", problem=problem.value, question=True)


def _is_readable(proposal: ProposalRecord) -> bool:
    try:
        read_request(proposal.request)
    except ValueError:
        return False
    return True
