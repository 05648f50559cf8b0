"""Modes suggest and confirm: an account that calls for action is told a sized plan, in confirm with a button.

Once when it begins to call for action, and again when its zone worsens. Nothing is sent from here: the button only
names a proposal, and the plan is made anew when it is tapped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import structlog

from guard.alerts.announce import Announcement, messages_of, one_of_each
from guard.alerts.markup import bold, plain_text, safe
from guard.alerts.rules import Rule, fingerprint, zone_priority
from guard.app.acting_why import nearness_at
from guard.app.cycle import Recipients
from guard.app.plan_words import three_lines
from guard.app.planning import Asked, Planning
from guard.app.proposals import propose
from guard.app.watch import Watch
from guard.bot.desks.acting import AGAIN, DO
from guard.language.speech import ENGLISH, Speech, speech_of
from guard.ports.buttons import PLAN, Buttons, account_key
from guard.ports.clock import Clock, Ids
from guard.ports.errors import StoreError
from guard.ports.recipients import Recipient
from guard.ports.records import AlertReason, AlertRecord, OutboxMessage, Reading
from guard.ports.venue import FetchedBook, VenueAccount
from guard.ports.wishes import Wish
from guard.protect.consent import ActRequest, Shown
from guard.protect.gate import refusals
from guard.protect.plan_values import Plan
from guard.risk.quality import Quality
from guard.risk.zones import severity
from guard.store.store import Store

log = structlog.get_logger(__name__)

MAX_LINE = 600


class Suggesting:
    """Makes the message with the plan, and a proposal for each person who may say yes.

    Args:
        store: where proposals are kept.
        clock: time.
        ids: identifiers.
        planning: facts and plans.
    """

    def __init__(self, store: Store, clock: Clock, ids: Ids, planning: Planning) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._planning = planning

    async def tell(self, watch: Watch, reading: Reading, venue: VenueAccount, recipients: Recipients) -> bool:
        """Propose a way back for a reading that is recorded; true: there is something to deliver.

        What cannot be stored is proposed again in the next cycle: the reading itself is not to be told anew.
        """
        known = watch.suggested
        if reading.fetched is None:
            return False
        try:
            told = await self.suggest(watch, reading, reading.fetched, venue, await recipients(watch))
            if told.alerts or told.messages:
                await self._store.record_announcement(told.alerts, told.messages)
        except StoreError as error:
            watch.suggested = known
            log.warning("plan not suggested", account=reading.account, error=str(error))
            return False
        return bool(told.messages)

    async def suggest(
        self,
        watch: Watch,
        reading: Reading,
        fetched: FetchedBook,
        venue: VenueAccount,
        recipients: Sequence[Recipient],
    ) -> Announcement:
        """What is told of a way back; nothing when that was told for this zone already, or cannot be planned now."""
        known = watch.suggested
        if known is not None and severity(reading.zone) <= severity(known):
            return Announcement()
        if reading.quality.quality is not Quality.FRESH:  # tried again in the next cycle
            return Announcement()
        asked = Asked(origin="confirm", consented=True)
        facts = await self._planning.facts(watch, reading, fetched, asked)
        priced = await self._planning.priced(watch, fetched, venue, facts, Wish())
        plan = priced.plan
        if plan is None or (plan.feasible and not plan.steps):
            return Announcement()
        watch.suggested = reading.zone
        # That it must be seen for some cycles is no reason against a button: by the time of a tap it will have been.
        facts = replace(facts, confirmed_cycles=max(facts.confirmed_cycles, watch.protect.confirm_cycles))
        closed = (*refusals(facts, watch.protect), *priced.refusals)
        why = tuple(refusal.text for refusal in closed) if watch.record.mode == "confirm" else ()
        log.info("plan suggested", account=reading.account, feasible=plan.feasible, zone=reading.zone.value)
        may = plan.feasible and not closed and watch.record.mode == "confirm"
        return await self._message(watch, reading, plan, why, recipients, may_act=may)

    async def _message(
        self,
        watch: Watch,
        reading: Reading,
        plan: Plan,
        why: tuple[str, ...],
        recipients: Sequence[Recipient],
        *,
        may_act: bool,
    ) -> Announcement:
        valid_s = watch.protect.proposal_valid_s if may_act else None
        near = nearness_at(watch, reading)

        def render(speech: Speech) -> str:
            return suggestion_html(speech, reading.account, plan, why, valid_s, near)

        key = f"plan:{reading.at.isoformat()}"
        alert = AlertRecord(
            alert_id=self._ids.new("alert"),
            account_id=reading.account_id,
            rule=Rule.PROTECTION,
            fingerprint=fingerprint(reading.account_id, Rule.PROTECTION, key),
            zone=reading.zone,
            reason=AlertReason.FIRST,
            at=reading.at,
            text=plain_text(render(ENGLISH)),
        )
        priority = zone_priority(reading.zone, reading.zone)
        messages = messages_of(alert, render, priority, recipients, self._ids, event=key)
        readers = {each.destination: each for each in one_of_each(recipients)}
        return Announcement(
            (alert,),
            tuple(
                [
                    replace(
                        message,
                        collapse_key=f"plan:{reading.account_id}",
                        buttons=await self._buttons(
                            message, readers[message.destination], watch, plan, may_act=may_act
                        ),
                    )
                    for message in messages
                ]
            ),
        )

    async def _buttons(
        self, message: OutboxMessage, reader: Recipient, watch: Watch, plan: Plan, *, may_act: bool
    ) -> Buttons:
        """A button for a person in a private chat; in a group nothing can be done."""
        if not message.destination.startswith("telegram:") or reader.group or reader.user_id is None:
            return ()
        speech = speech_of(reader.language, reader.timezone)
        record = watch.record
        again = f"🔄 {speech.text('Plan now')}"
        if not may_act or await self._store.role_of(record.account_id, reader.user_id) not in {"owner", "operator"}:
            return (((again, f"{PLAN}:{account_key(record.account_id)}"),),)
        nonce = await propose(
            self._store,
            self._ids,
            ActRequest(Wish(), "confirm", Shown.of(plan)),
            account_id=record.account_id,
            user_id=reader.user_id,
            now=self._clock.now(),
            valid_s=watch.protect.proposal_valid_s,
        )
        return (((f"✅ {speech.text('Do it')}", f"{DO}:{nonce}"), (again, f"{AGAIN}:{nonce}")),)


def suggestion_html(
    speech: Speech, account: str, plan: Plan, why: Sequence[str], valid_s: float | None, near: str = ""
) -> str:
    """The message: account, what is too near, the plan in three lines, what a button would do or why there is none."""
    head = speech.text("{account}: a way back under the target", account=account)
    if not plan.feasible:
        head = speech.text("{account}: no plan helps now", account=account)
    told = [speech.sentence(near)] if near else []
    told += three_lines(plan, speech)
    lines = [f"🛡 {bold(head)}", *(safe(line, MAX_LINE) for line in told)]
    if valid_s is not None:
        lines.append(
            speech.text("Nothing is sent before you tap. The button works for {time}.", time=speech.duration(valid_s))
        )
    else:
        lines.append(speech.text("Nothing is sent."))
    lines += [f"- {safe(speech.sentence(reason), MAX_LINE)}" for reason in why]
    return "\n".join(lines)
