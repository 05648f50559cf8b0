"""The journal's rules: one table of transitions, client order ids, and what the executor needs of a store. Pure.

        planned ─approve→ approved ─send→ submitting ─accept→ submitted ─fill→ filled ──────┬─verify→ verified
           │                 │              │     │               ├─fill_part→ partly_filled ┤
           └──── skip ───────┴── skip ──────┤     │               ├─expire→ failed           └─surprise→ failed
                                         skipped  │               └─gone→ verified, ─surprise→ failed (cancelling)
                                                  ├─refuse→ rejected
                                                  └─lose_sight→ unknown ─accept→ submitted
                                                                unknown ─send→ submitting (the same id)
                                                                unknown ─refuse→ rejected, ─give_up→ failed
                                                                unknown ─gone→ verified (cancellations)

An order that the venue has accepted stays `submitted` until its end is known: it is never believed to be lost. An
event is recorded in the store before the call that it announces (`send`), or right after the answer that it tells.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Protocol

from guard.ports.records import HedgeRecord, IntentRecord, OrderJournalState, OrderRecord


class Event(StrEnum):
    """What happens to a journalled order."""

    APPROVE = "approve"
    """Every gate is open."""
    SKIP = "skip"
    """It is not needed any more (or was stopped in the last moment), and was never sent."""
    SEND = "send"
    """It is about to be sent (the first time, or again after it certainly never arrived)."""
    ACCEPT = "accept"
    """The venue has it."""
    REFUSE = "refuse"
    """The venue refused it for certain; nothing is open."""
    LOSE_SIGHT = "lose_sight"
    """It may or may not have arrived."""
    FILL = "fill"
    """It ended with everything filled."""
    FILL_PART = "fill_part"
    """It ended with something filled."""
    EXPIRE = "expire"
    """It ended with nothing filled."""
    GONE = "gone"
    """A resting order that was to be cancelled does not rest any more, and nothing else changed."""
    GIVE_UP = "give_up"
    """It certainly never arrived and is not sent again."""
    VERIFY = "verify"
    """The book shows what filled, and nothing else changed."""
    SURPRISE = "surprise"
    """The book shows something else."""


_State = OrderJournalState

TRANSITIONS: Mapping[tuple[OrderJournalState, Event], OrderJournalState] = MappingProxyType(
    {
        (_State.PLANNED, Event.APPROVE): _State.APPROVED,
        (_State.PLANNED, Event.SKIP): _State.SKIPPED,
        (_State.APPROVED, Event.SKIP): _State.SKIPPED,
        (_State.APPROVED, Event.SEND): _State.SUBMITTING,
        (_State.SUBMITTING, Event.ACCEPT): _State.SUBMITTED,
        (_State.SUBMITTING, Event.REFUSE): _State.REJECTED,
        (_State.SUBMITTING, Event.LOSE_SIGHT): _State.UNKNOWN,
        (_State.SUBMITTING, Event.SKIP): _State.SKIPPED,
        (_State.SUBMITTED, Event.FILL): _State.FILLED,
        (_State.SUBMITTED, Event.FILL_PART): _State.PARTLY_FILLED,
        (_State.SUBMITTED, Event.EXPIRE): _State.FAILED,
        (_State.SUBMITTED, Event.GONE): _State.VERIFIED,
        (_State.SUBMITTED, Event.SURPRISE): _State.FAILED,
        (_State.UNKNOWN, Event.ACCEPT): _State.SUBMITTED,
        (_State.UNKNOWN, Event.REFUSE): _State.REJECTED,
        (_State.UNKNOWN, Event.SEND): _State.SUBMITTING,
        (_State.UNKNOWN, Event.GIVE_UP): _State.FAILED,
        (_State.UNKNOWN, Event.GONE): _State.VERIFIED,
        (_State.FILLED, Event.VERIFY): _State.VERIFIED,
        (_State.FILLED, Event.SURPRISE): _State.FAILED,
        (_State.PARTLY_FILLED, Event.VERIFY): _State.VERIFIED,
        (_State.PARTLY_FILLED, Event.SURPRISE): _State.FAILED,
    }
)

NOT_SENT = frozenset({_State.PLANNED, _State.APPROVED})
"""States of an order that has never left."""

TERMINAL = frozenset({_State.VERIFIED, _State.FAILED, _State.REJECTED, _State.SKIPPED})
"""States that nothing leaves."""

UNCERTAIN = frozenset({_State.SUBMITTING, _State.SUBMITTED, _State.UNKNOWN})
"""States in which the venue must be asked before anything else is done."""

UNVERIFIED = frozenset({_State.FILLED, _State.PARTLY_FILLED})
"""States in which the book must be read before anything else is done."""


STEPS_MAX = 1_000
CHILDREN_MAX = 10_000
"""What a client order id has room for."""


class IllegalTransition(Exception):
    """An event that cannot happen to an order in this state: a defect of ours, never bad luck."""


def next_state(state: OrderJournalState, event: Event) -> OrderJournalState:
    """The state after `event`.

    Raises:
        IllegalTransition: the table has no such transition.
    """
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise IllegalTransition(f"event {event} cannot happen to an order that is {state}") from None


def advance(order: OrderRecord, *events: Event, at: datetime, **changes: Any) -> OrderRecord:
    """The order after `events`, with `changes` to its other fields.

    Raises:
        IllegalTransition: one of the events cannot happen in its turn.
    """
    state = order.state
    for event in events:
        state = next_state(state, event)
    return replace(order, state=state, updated_at=at, **changes)


def client_order_id(intent_id: str, step: int, child: int) -> str:
    """The id under which a child order is known to the venue: the same for the same order, for ever.

    Letters and digits only, at most 28 of them, so that the strictest venue in view takes it (OKX: 32 letters and
    digits; Gate: 28; Binance: 36 of `.A-Z:/a-z0-9_-`). Step and child stay readable; 72 bits of hash tell intents
    apart.

    Raises:
        ValueError: more steps or children than the id has room for; a plan stays below (`guard.protect.plan`).
    """
    if not (0 <= step < STEPS_MAX and 0 <= child < CHILDREN_MAX):
        raise ValueError(f"step {step} must be below {STEPS_MAX} and child {child} below {CHILDREN_MAX}, from 0")
    digest = hashlib.sha256(intent_id.encode()).hexdigest()[:18]
    return f"g{digest}s{step}c{child}"


def child_number(order: OrderRecord) -> int:
    """Which child of its step an order is, read from its client order id."""
    return int(order.client_order_id.rpartition("c")[2])


class JournalPort(Protocol):
    """The part of the store that protection writes to and reads from."""

    async def add_intent(self, intent: IntentRecord, orders: Sequence[OrderRecord]) -> None:
        """Store an intent and its orders in one transaction."""
        ...

    async def update_intent(self, intent: IntentRecord) -> None:
        """Overwrite an intent."""
        ...

    async def save_order(self, order: OrderRecord) -> None:
        """Insert or overwrite an order."""
        ...

    async def open_intents(self, account_id: str | None = None) -> Sequence[IntentRecord]:
        """Intents in state `open`, oldest first."""
        ...

    async def orders_of(self, intent_id: str) -> Sequence[OrderRecord]:
        """The orders of an intent, in the order of step and child."""
        ...

    async def notional_traded_since(self, account_id: str, since: datetime) -> float:
        """Sum of `notional` of the account's intents that are open, began or ended since `since`, in quote currency."""
        ...

    async def open_hedges(self, account_id: str | None = None) -> Sequence[HedgeRecord]:
        """Hedges that are not closed, oldest first."""
        ...

    async def add_hedge(self, hedge: HedgeRecord) -> None:
        """Remember a hedge; nothing happens to one that is known."""
        ...

    async def update_hedge(self, hedge: HedgeRecord) -> None:
        """Overwrite a hedge."""
        ...
