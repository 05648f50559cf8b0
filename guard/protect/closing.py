"""The end of an intent: a surprise freezes, people are told, the journal is closed. In this order.

People are told before the intent is closed: a crash in between tells them twice (once, by the announcement's key),
never not at all. For the same reason a freeze comes first of all.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

from guard.ports.records import AccountRecord, IntentRecord, IntentState, OrderRecord
from guard.protect.journal import NOT_SENT, Event, advance
from guard.protect.outcome import Announcement, Ending, Outcome
from guard.protect.ports import Ports
from guard.protect.setbacks import Failure
from guard.protect.texts import kind_of, outcome_text

_DONE = frozenset({Ending.TARGET_HOLDS, Ending.AS_ASKED, Ending.EXHAUSTED})


async def close_intent(
    ports: Ports, account: AccountRecord, intent: IntentRecord, outcome: Outcome, *, target_holds: bool
) -> Outcome:
    """Close an intent with its outcome; a pending one stays open and is only told about."""
    if outcome.ending is Ending.SURPRISE:
        await ports.freeze(account.account_id, "; ".join((outcome.reason, *outcome.details)))
    alone = intent.requested_by is None and not outcome.notional
    await tell(ports, account, outcome, outcome.failed if alone else None)
    state: IntentState = "failed"
    if outcome.ending in _DONE or (outcome.ending is Ending.RECOVERED and target_holds):
        state = "done"
    closed = replace(
        intent,
        state=state if outcome.finished else "open",
        detail=_with_outcome(intent.detail, outcome),
        risk_ratio_after=outcome.after.risk_ratio if outcome.after else None,
        notional=outcome.notional if outcome.finished else max(intent.notional, outcome.notional),
        finished_at=ports.clock.now() if outcome.finished else None,
        cost_actual=outcome.cost if outcome.finished else None,
    )
    await ports.journal.update_intent(closed)
    return outcome


async def tell(ports: Ports, account: AccountRecord, outcome: Outcome, failed: Failure | None = None) -> None:
    """Announce an outcome; `failed`: all that is told is this failure."""
    kind = kind_of(outcome.ending)
    text = outcome_text(account.name, outcome)
    await ports.notify(Announcement(kind, account.account_id, f"{outcome.intent_id}:{kind}", text, failed))


async def skip_unsent(ports: Ports, orders: Iterable[OrderRecord], why: str) -> None:
    """Journal that orders which were never sent are not needed any more."""
    for order in orders:
        if order.state in NOT_SENT:
            await ports.journal.save_order(advance(order, Event.SKIP, at=ports.clock.now(), error=why))


def was_never_sent(intent: IntentRecord) -> bool:
    """Whether it is certain that no order of a closed intent left: the process ended before the first one."""
    return bool(json.loads(intent.detail).get("outcome", {}).get("ending") == Ending.NEVER_SENT)


def _with_outcome(detail: str, outcome: Outcome) -> str:
    record = {"ending": outcome.ending, "reason": outcome.reason, "cost": outcome.cost, "details": outcome.details}
    return json.dumps(json.loads(detail) | {"outcome": record})
