"""The journal's table of transitions over all pairs, and client order ids."""

from __future__ import annotations

import itertools
import re
from datetime import UTC, datetime

import pytest

from guard.ports.records import OrderJournalState, OrderRecord
from guard.protect.journal import (
    NOT_SENT,
    TERMINAL,
    TRANSITIONS,
    UNCERTAIN,
    UNVERIFIED,
    Event,
    IllegalTransition,
    advance,
    child_number,
    client_order_id,
    next_state,
)

S, E = OrderJournalState, Event
NOW = datetime(2026, 11, 21, tzinfo=UTC)
EXPECTED = {
    S.PLANNED: {E.APPROVE: S.APPROVED, E.SKIP: S.SKIPPED},
    S.APPROVED: {E.SEND: S.SUBMITTING, E.SKIP: S.SKIPPED},
    S.SUBMITTING: {E.ACCEPT: S.SUBMITTED, E.REFUSE: S.REJECTED, E.LOSE_SIGHT: S.UNKNOWN, E.SKIP: S.SKIPPED},
    S.SUBMITTED: {
        E.FILL: S.FILLED,
        E.FILL_PART: S.PARTLY_FILLED,
        E.EXPIRE: S.FAILED,
        E.GONE: S.VERIFIED,
        E.SURPRISE: S.FAILED,
    },
    S.UNKNOWN: {
        E.ACCEPT: S.SUBMITTED,
        E.REFUSE: S.REJECTED,
        E.SEND: S.SUBMITTING,
        E.GIVE_UP: S.FAILED,
        E.GONE: S.VERIFIED,
    },
    S.FILLED: {E.VERIFY: S.VERIFIED, E.SURPRISE: S.FAILED},
    S.PARTLY_FILLED: {E.VERIFY: S.VERIFIED, E.SURPRISE: S.FAILED},
}
ORDER = OrderRecord(
    "o", "i", "a", 0, "gx0s0c7", "reduce", "BTC/USDT:USDT", "sell", "long", "1", "100", True, S.APPROVED, NOW
)


@pytest.mark.parametrize(("state", "event"), list(itertools.product(S, E)))
def test_every_pair(state: OrderJournalState, event: Event) -> None:
    """Every event in every state: the state that the table names, or an error that names both."""
    expected = EXPECTED.get(state, {}).get(event)
    if expected is None:
        with pytest.raises(IllegalTransition, match=f"event {event} cannot happen to an order that is {state}"):
            next_state(state, event)
    else:
        assert next_state(state, event) is expected


def test_the_sets_of_states() -> None:
    """Terminal states have no way out, every state is in one set, and a filled order cannot be sent again."""
    assert frozenset(S) - {state for state, _ in TRANSITIONS} == TERMINAL
    assert frozenset(S) == TERMINAL | NOT_SENT | UNCERTAIN | UNVERIFIED
    assert {state for (state, event) in TRANSITIONS if event is E.SEND} == {S.APPROVED, S.UNKNOWN}


def test_every_state_is_reached_and_every_event_used() -> None:
    """No dead words in the table."""
    assert set(TRANSITIONS.values()) | {S.PLANNED} == set(S)
    assert {event for _, event in TRANSITIONS} == set(E)


def test_advance_goes_through_each_event() -> None:
    """Several events at once must each be legal; time and other fields are set."""
    later = datetime(2026, 11, 22, tzinfo=UTC)
    order = advance(ORDER, E.SEND, E.ACCEPT, E.FILL, at=later, filled="1")
    assert (order.state, order.updated_at, order.filled) == (S.FILLED, later, "1")
    with pytest.raises(IllegalTransition):
        advance(ORDER, E.SEND, E.FILL, at=later)


def test_client_order_ids() -> None:
    """The same order has the same id for ever; others have others; the strictest venue takes it."""
    assert client_order_id("intent-1", 0, 0) == client_order_id("intent-1", 0, 0) == "g325142be9eee013b0bs0c0"
    ids = {client_order_id(f"intent-{i}", step, child) for i in range(20) for step in range(10) for child in range(20)}
    assert len(ids) == 20 * 10 * 20
    longest = client_order_id("intent-1", 999, 9_999)
    assert re.fullmatch(r"[a-z0-9]{1,28}", longest)
    for step, child in ((1_000, 0), (0, 10_000), (-1, 0), (0, -1)):
        with pytest.raises(ValueError, match="must be below"):
            client_order_id("intent-1", step, child)


def test_child_numbers_are_read_back() -> None:
    """The child is readable in the id, also when the hash has a c."""
    assert child_number(ORDER) == 7
