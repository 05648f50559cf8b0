"""The outbox: nothing twice, nothing lost, nothing overtaken."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.dialects import sqlite

from guard.ports.errors import StoreError
from guard.store import outbox
from guard.store.store import Store


async def due(store: Store, now: Any, limit: int = 99) -> list[str]:
    """Ids of the messages that are due."""
    return [message.message_id for message in await store.due_messages(now, limit)]


async def test_the_same_message_is_put_in_once(store: Store, make: Any) -> None:
    """A second insert with the same dedupe key changes nothing, not even after delivery."""
    assert await store.add_message(make.message("m1", dedupe_key="same"))
    assert not await store.add_message(make.message("m2", dedupe_key="same", html="other"))
    assert await due(store, make.start) == ["m1"]
    await store.mark_delivered("m1", make.start, "receipt")
    assert not await store.add_message(make.message("m3", dedupe_key="same"))
    assert await store.outbox_pending() == 0


async def test_only_the_dedupe_key_makes_a_no_op(store: Store, make: Any) -> None:
    """Another message under a taken id is a defect, not the same message."""
    await store.add_message(make.message("m1", dedupe_key="one"))
    with pytest.raises(StoreError, match="message_id"):
        await store.add_message(make.message("m1", dedupe_key="two"))


async def test_urgent_first_then_oldest_first(store: Store, make: Any) -> None:
    """Priority, then age, then the order of writing."""
    for message_id, seconds, priority in (("d", 3, 0), ("b", 1, 0), ("c", 1, 0), ("a", 9, 5)):
        await store.add_message(make.message(message_id, seconds, priority=priority))
    assert await due(store, make.at(99)) == ["a", "b", "c", "d"]
    assert await due(store, make.at(99), 2) == ["a", "b"]


async def test_a_failed_message_waits_its_time(store: Store, make: Any) -> None:
    """It comes back at its next attempt, with the count and the error."""
    await store.add_message(make.message("m1"))
    await store.mark_retry("m1", make.at(1), "timeout", make.at(10))
    assert await due(store, make.at(9.999999)) == []
    assert await store.outbox_pending() == 1
    (message,) = await store.due_messages(make.at(10), 9)
    assert message == replace(make.message("m1"), attempts=1, next_attempt_at=make.at(10), last_error="timeout")


async def test_no_message_overtakes_its_like(store: Store, make: Any) -> None:
    """Younger ones of the same destination and priority wait behind one that waits; others do not."""
    await store.add_message(make.message("first", 0))
    await store.add_message(make.message("second", 0))
    await store.add_message(make.message("third", 5))
    await store.add_message(make.message("elsewhere", 6, destination="telegram:8"))
    await store.add_message(make.message("urgent", 7, priority=5))
    await store.mark_retry("first", make.at(8), "flood", make.at(20))
    assert await due(store, make.at(9)) == ["urgent", "elsewhere"]
    assert await due(store, make.at(20)) == ["urgent", "first", "second", "third", "elsewhere"]


@pytest.mark.parametrize("ending", ["delivered", "dead"])
async def test_an_older_message_that_ended_holds_nobody_up(store: Store, make: Any, ending: str) -> None:
    """Only pending messages hold others back."""
    await store.add_message(make.message("first", 0))
    await store.add_message(make.message("second", 5))
    await store.mark_retry("first", make.at(8), "flood", make.at(20))
    if ending == "dead":
        await store.mark_dead("first", make.at(9), "blocked")
    else:
        await store.mark_delivered("first", make.at(9), "receipt")
    assert await due(store, make.at(10)) == ["second"]


async def test_a_younger_message_that_waits_holds_nobody_up(store: Store, make: Any) -> None:
    """The older goes first in any case."""
    await store.add_message(make.message("first", 0))
    await store.add_message(make.message("second", 5))
    await store.mark_retry("second", make.at(8), "flood", make.at(20))
    assert await due(store, make.at(9)) == ["first"]


async def test_delivered_is_for_ever(store: Store, make: Any) -> None:
    """A late report of a second worker does not bring a delivered message back."""
    await store.add_message(make.message("m1"))
    await store.mark_delivered("m1", make.at(1), "receipt")
    await store.mark_delivered("m1", make.at(2), "another receipt")
    await store.mark_retry("m1", make.at(2), "timeout", make.at(3))
    await store.mark_dead("m1", make.at(3), "blocked")
    assert await due(store, make.at(99)) == []
    assert await store.dead_messages(make.start) == []


async def test_dead_messages_are_shown(store: Store, make: Any) -> None:
    """What could not be delivered is not forgotten."""
    await store.add_message(make.message("m1"))
    await store.mark_dead("m1", make.at(3), "chat not found")
    assert await store.outbox_pending() == 0
    (dead,) = await store.dead_messages(make.at(3))
    assert (dead.message_id, dead.last_error, dead.attempts) == ("m1", "chat not found", 1)
    assert await store.dead_messages(make.at(4)) == []


async def test_reports_on_unknown_messages_are_errors(store: Store, make: Any) -> None:
    """A worker that reports on nothing is broken."""
    with pytest.raises(StoreError, match="no message has the id 'm9'"):
        await store.mark_delivered("m9", make.start, "receipt")
    with pytest.raises(StoreError, match="no message has the id 'm9'"):
        await store.mark_retry("m9", make.start, "timeout", make.at(1))
    with pytest.raises(StoreError, match="no message has the id 'm9'"):
        await store.mark_dead("m9", make.start, "blocked")


async def test_a_next_attempt_in_the_past_is_a_defect(store: Store, make: Any) -> None:
    """It would spin."""
    await store.add_message(make.message("m1"))
    with pytest.raises(ValueError, match="would be before the failed one"):
        await store.mark_retry("m1", make.at(5), "timeout", make.at(4))


def test_the_question_for_due_messages_is_not_quadratic(url: str) -> None:
    """What may hold a message back is found by index: a full outbox is not compared with itself."""
    sql = str(outbox._DUE.limit(10).compile(dialect=sqlite.dialect()))
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as other:
        rows = other.execute(f"EXPLAIN QUERY PLAN {sql}", (0,) * sql.count("?")).fetchall()
    plan = [row[3] for row in rows]
    assert any("ix_outbox_waiting (destination=? AND priority=? AND next_attempt_at>?)" in step for step in plan)
    assert any("ix_outbox_pending" in step for step in plan)


async def test_a_full_outbox_is_in_order(store: Store, make: Any) -> None:
    """Many destinations, each held up by its oldest message, then all of them free."""
    cycle_messages = tuple(
        make.message(f"m{number:04}", number, destination=f"telegram:{number % 20}") for number in range(2000)
    )
    await store.record_announcement([], cycle_messages)
    for number in range(20):
        await store.mark_retry(f"m{number:04}", make.at(3000), "flood", make.at(9000))
    assert await due(store, make.at(4000)) == []
    assert len(await due(store, make.at(9000), 5000)) == 2000


async def test_what_is_superseded_is_marked_with_what_supersedes_it(store: Store, make: Any) -> None:
    """One transaction: the newest arrived, the older ones never will, and stay to be shown."""
    for number in range(3):
        await store.add_message(make.message(f"m{number}", number))
    await store.mark_delivered("m2", make.at(9), "receipt", ["m0", "m1"])
    assert await store.outbox_pending() == 0
    dead = await store.dead_messages(make.start)
    assert [(message.message_id, message.last_error) for message in dead] == [
        ("m0", "superseded by m2"),
        ("m1", "superseded by m2"),
    ]


async def test_an_attempt_that_has_begun_is_known(store: Store, make: Any) -> None:
    """No attempt is counted; what is settled already stays as it is."""
    await store.add_message(make.message("m1"))
    await store.mark_begun("m1", "may have arrived: cut")
    (message,) = await store.due_messages(make.start, 9)
    assert message == replace(make.message("m1"), last_error="may have arrived: cut")
    await store.mark_delivered("m1", make.at(1), "receipt")
    await store.mark_begun("m1", "may have arrived: late")
    assert await store.outbox_pending() == 0


async def test_messages_to_topics_follow_their_group(store: Store, make: Any) -> None:
    """The topic's part of the destination stays."""
    for number, to in enumerate(("telegram:-5", "telegram:-5/7", "telegram:-55/7")):
        await store.add_message(make.message(f"m{number}", number, destination=to))
    await store.move_chat(-5, -1005)
    found = [message.destination for message in await store.due_messages(make.at(9), 9)]
    assert found == ["telegram:-1005", "telegram:-1005/7", "telegram:-55/7"]


async def test_the_delivered_copies_of_an_alert(store: Store, make: Any) -> None:
    """The newest first, with their receipts and what they stood for; nothing of another alert, account or time."""
    for name in ("alice", "bob"):
        await store.add_account(make.account(name))
    own = make.alert("a1", seconds=5)
    others = (
        make.alert("old", seconds=1),
        make.alert("rule", seconds=5, fingerprint="other"),
        make.alert("bobs", name="bob", seconds=5),
    )
    about = {"account_id": "id-alice", "alert_id": "a1"}
    sent = [
        make.message("m1", 5, **about),
        make.message("m2", 6, destination="telegram:8", collapse_key="k", buttons=((("✅", "ack"),),), **about),
        make.message("waits", 7, destination="telegram:9", **about),
        make.message("console", 7, destination="console", **about),
        make.message("before", 4, account_id="id-alice"),
        make.message("old", 1, alert_id="old", account_id="id-alice"),
        make.message("rule", 5, alert_id="rule", account_id="id-alice"),
        make.message("bobs", 5, alert_id="bobs", account_id="id-bob"),
    ]
    await store.record_announcement((own, *others), sent)
    for message_id in ("m1", "console", "old", "rule", "bobs"):
        await store.mark_delivered(message_id, make.at(9), f"receipt {message_id}")
    await store.mark_delivered("m2", make.at(9), "12", superseding=["before"])
    found = await store.alert_copies("id-alice", [own.fingerprint], make.at(5), make.at(9))
    assert [(each.message.message_id, each.receipt) for each in found] == [("m2", "12"), ("m1", "receipt m1")]
    assert found[0].message == replace(sent[1], attempts=1)
    assert [[each.message_id for each in copy.replaced] for copy in found] == [["before"], []]
    assert await store.alert_copies("id-alice", [own.fingerprint], make.at(5), make.at(8)) == []
    assert await store.alert_copies("id-bob", [own.fingerprint], make.at(5), make.at(9)) == []
    assert await store.alert_copies("id-alice", [], make.at(5), make.at(9)) == []
