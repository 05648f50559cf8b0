"""The journal: intents and orders come back as they were stored, and keep their names for ever."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from guard.ports.errors import StoreError
from guard.ports.records import OrderJournalState
from guard.store.store import Store


@pytest.fixture
async def store(store: Store, make: Any) -> Store:
    """A store that knows alice and bob."""
    await store.add_account(make.account("alice"))
    await store.add_account(make.account("bob"))
    return store


async def test_an_intent_comes_back_with_its_orders(store: Store, make: Any) -> None:
    """Exactly as stored, sizes and prices as the same decimal strings."""
    orders = [make.order("o1", contracts="0.10500"), make.order("o2", step=1)]
    await store.add_intent(make.intent(), orders)
    assert await store.open_intents() == [make.intent()]
    assert await store.orders_of("intent-1") == orders
    assert await store.orders_of("intent-2") == []


async def test_an_intent_without_orders(store: Store, make: Any) -> None:
    """A refused intent has none."""
    await store.add_intent(make.intent(state="refused"), [])
    assert await store.open_intents() == []
    assert await store.intents(make.start) == [make.intent(state="refused")]


async def test_an_intent_and_its_orders_are_one(store: Store, make: Any) -> None:
    """When an order cannot be stored, its intent is not either."""
    with pytest.raises(StoreError, match="client_order_id"):
        await store.add_intent(make.intent(), [make.order("o1"), make.order("o2", client_order_id="client o1")])
    assert await store.intents(make.start) == []


async def test_open_intents_of_one_or_all(store: Store, make: Any) -> None:
    """Oldest first; ended ones are in the past only."""
    for number, name, state in ((3, "alice", "open"), (1, "bob", "open"), (2, "alice", "done"), (4, "alice", "open")):
        await store.add_intent(make.intent(f"i{number}", name, number, state=state), [])
    assert [intent.intent_id for intent in await store.open_intents()] == ["i1", "i3", "i4"]
    assert [intent.intent_id for intent in await store.open_intents("id-alice")] == ["i3", "i4"]
    assert [intent.intent_id for intent in await store.intents(make.at(2))] == ["i2", "i3", "i4"]
    assert [intent.intent_id for intent in await store.intents(make.at(0), "id-bob")] == ["i1"]


async def test_an_intent_is_updated(store: Store, make: Any) -> None:
    """What became of it is stored."""
    await store.add_intent(make.intent(), [])
    done = make.intent(state="done", risk_ratio_after=0.3, notional=900.0, finished_at=make.at(9))
    await store.update_intent(done)
    assert await store.intents(make.start) == [done]


async def test_updating_an_unknown_intent_is_an_error(store: Store, make: Any) -> None:
    """Neither a missing intent nor one under another account is updated."""
    with pytest.raises(StoreError, match="no intent of account 'id-alice' has the id 'intent-1'"):
        await store.update_intent(make.intent())
    await store.add_intent(make.intent(), [])
    with pytest.raises(StoreError, match="no intent of account 'id-bob' has the id 'intent-1'"):
        await store.update_intent(make.intent(name="bob"))


async def test_an_order_is_saved_at_each_step(store: Store, make: Any) -> None:
    """New or known, it stands in the journal as it was saved last."""
    await store.add_intent(make.intent(), [make.order()])
    submitting = make.order(state=OrderJournalState.SUBMITTING, updated_at=make.at(1))
    await store.save_order(submitting)
    assert await store.orders_of("intent-1") == [submitting]
    filled = replace(
        submitting,
        state=OrderJournalState.PARTLY_FILLED,
        venue_order_id="4711",
        filled="0.1",
        average_price=31950.1,
        error="rest expired",
    )
    await store.save_order(filled)
    child = make.order("order-2", step=0)
    await store.save_order(child)
    assert await store.orders_of("intent-1") == [filled, child]


async def test_orders_of_a_step_keep_their_order(store: Store, make: Any) -> None:
    """By step, then as first stored, however their ids sort and whichever was saved last."""
    await store.add_intent(make.intent(), [make.order("later step", step=1)])
    for number in range(12):
        await store.save_order(make.order(f"c{number}", step=0))
    await store.save_order(make.order("c0", step=0, state=OrderJournalState.FILLED))
    names = [order.order_id for order in await store.orders_of("intent-1")]
    assert names == [*(f"c{number}" for number in range(12)), "later step"]


@pytest.mark.parametrize(
    "fields",
    [{"client_order_id": "another"}, {"step": 3}, {"intent_id": "intent-2"}],
    ids=lambda fields: next(iter(fields)),
)
async def test_what_names_an_order_cannot_change(store: Store, make: Any, fields: dict[str, Any]) -> None:
    """The same step has the same client order id for ever: another one would be a second order."""
    await store.add_intent(make.intent(), [make.order()])
    await store.add_intent(make.intent("intent-2"), [])
    with pytest.raises(StoreError, match="is in the journal with another"):
        await store.save_order(make.order(**fields))
    assert await store.orders_of("intent-1") == [make.order()]


async def test_a_client_order_id_is_used_once(store: Store, make: Any) -> None:
    """Two orders cannot share the name under which the venue knows them."""
    await store.add_intent(make.intent(), [make.order()])
    with pytest.raises(StoreError, match="client_order_id"):
        await store.save_order(make.order("order-2", client_order_id="client order-1"))


async def test_an_order_needs_its_intent(store: Store, make: Any) -> None:
    """No order without a decision behind it."""
    with pytest.raises(StoreError, match="FOREIGN KEY"):
        await store.save_order(make.order())


async def test_notional_counts_what_traded_or_may_still(store: Store, make: Any) -> None:
    """Open, done and failed intents of the account since then; refused ones and dry runs trade nothing."""
    assert await store.notional_traded_since("id-alice", make.start) == 0.0
    for number, state in enumerate(("open", "done", "failed", "refused", "dry_run")):
        await store.add_intent(make.intent(f"i{number}", seconds=number, state=state, notional=10.0**number), [])
    await store.add_intent(make.intent("bobs", "bob", 1, notional=5e6), [])
    assert await store.notional_traded_since("id-alice", make.start) == 111.0
    assert await store.notional_traded_since("id-alice", make.at(1)) == 111.0  # an open one may still trade
    late = make.intent("late", seconds=0, state="done", notional=1e3, finished_at=make.at(9))
    await store.add_intent(late, [])
    assert await store.notional_traded_since("id-alice", make.at(9)) == 1001.0
    assert await store.notional_traded_since("id-alice", make.at(10)) == 1.0
