"""People: users, chats, one-time codes, strangers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from guard.ports.errors import InputError, StoreError
from guard.ports.recipients import Recipient
from guard.ports.records import ChatRecord, GrantRecord, GroupRecord, UserRecord
from guard.store.store import Store


async def test_users_come_back_by_name(store: Store, make: Any) -> None:
    """What was added is listed by name, with aware UTC times to the microsecond."""
    bob = await store.add_user("bob", make.start)
    alice = await store.add_user("alice", make.at(1))
    assert await store.users() == [alice, bob]
    assert alice == UserRecord("user-2", "alice", make.at(1))
    assert await store.user_named("bob") == bob
    assert await store.user_named("carol") is None


async def test_a_taken_user_name_is_refused(store: Store, make: Any) -> None:
    """Two users cannot have one name."""
    await store.add_user("alice", make.start)
    with pytest.raises(InputError, match=r"user named 'alice' exists already; choose another name"):
        await store.add_user("alice", make.start)
    assert len(await store.users()) == 1


async def test_removing_a_user_removes_chats_and_codes(store: Store, make: Any) -> None:
    """Nothing of a removed user opens a door."""
    user = await store.add_user("alice", make.start)
    await store.create_link_code(user.user_id, "USED", make.at(60))
    await store.create_link_code(user.user_id, "UNUSED", make.at(60))
    await store.redeem_link_code("USED", 7, 70, "private", make.start)
    await store.remove_user("alice")
    assert await store.users() == []
    assert await store.person(70) is None
    assert await store.redeem_link_code("UNUSED", 8, 80, "private", make.start) is None


async def test_removing_an_unknown_user_names_the_known(store: Store, make: Any) -> None:
    """A typo is answered with the names that there are."""
    await store.add_user("bob", make.start)
    with pytest.raises(InputError, match=r"no user is named 'bop'; known users: bob"):
        await store.remove_user("bop")


async def test_an_owner_of_accounts_is_not_removed(store: Store, alice: UserRecord) -> None:
    """An account whose alerts would silently reach nobody must not come about."""
    with pytest.raises(InputError, match=r"owns accounts \(alice\) whose alerts would reach nobody"):
        await store.remove_user("alice")
    assert await store.users() == [alice]


async def link(store: Store, user: UserRecord, chat_id: int, chat_user_id: int, now: datetime) -> None:
    """Link a chat to a user."""
    code = f"CODE{chat_id}"
    await store.create_link_code(user.user_id, code, now.replace(year=2027))
    assert await store.redeem_link_code(code, chat_id, chat_user_id, f"chat {chat_id}", now) == user


async def test_a_code_links_a_chat_once(store: Store, make: Any, alice: UserRecord) -> None:
    """The first to use a code is linked; the second is a stranger."""
    await store.create_link_code(alice.user_id, "ABCD2345", make.at(600))
    assert await store.redeem_link_code("ABCD2345", 7, 70, "private", make.at(1)) == alice
    assert await store.person(70) == alice
    assert await store.chats_of(alice.user_id) == [ChatRecord(7, 70, alice.user_id, "private", make.at(1))]
    assert await store.redeem_link_code("ABCD2345", 8, 80, "stranger", make.at(2)) is None
    assert await store.person(80) is None


@pytest.mark.parametrize("typed", [" abcd2345 ", "Abcd2345", "ABCD2345\n"])
async def test_a_code_is_typed_as_people_type(store: Store, make: Any, alice: UserRecord, typed: str) -> None:
    """Case and surrounding space do not matter."""
    await store.create_link_code(alice.user_id, "ABCD2345", make.at(600))
    assert await store.redeem_link_code(typed, 7, 70, "private", make.start) == alice


@pytest.mark.parametrize(("seconds", "works"), [(599.999999, True), (600, False), (601, False)])
async def test_a_code_expires(store: Store, make: Any, alice: UserRecord, seconds: float, works: bool) -> None:
    """At its end a code is worth nothing."""
    await store.create_link_code(alice.user_id, "ABCD2345", make.at(600))
    linked = await store.redeem_link_code("ABCD2345", 7, 70, "private", make.at(seconds))
    assert (linked == alice) is works
    assert len(await store.chats_of(alice.user_id)) == works


async def test_a_code_that_others_have_read_is_forgotten(store: Store, make: Any, alice: UserRecord) -> None:
    """Typed as people type; a code that there is not is no error."""
    await store.create_link_code(alice.user_id, "AB12", make.at(900))
    await store.void_link_code("XY99")
    await store.void_link_code("ab12 ")
    assert await store.redeem_link_code("AB12", 7, 70, "Alice", make.start) is None


async def test_a_wrong_code_uses_nothing_up(store: Store, make: Any, alice: UserRecord) -> None:
    """Guessing does not take the code from its owner."""
    await store.create_link_code(alice.user_id, "ABCD2345", make.at(600))
    assert await store.redeem_link_code("ABCD2346", 8, 80, "stranger", make.start) is None
    assert await store.redeem_link_code("ABCD2345", 7, 70, "private", make.start) == alice


async def test_the_database_does_not_hold_the_code(store: Store, make: Any, alice: UserRecord, url: str) -> None:
    """Who reads the database cannot link a chat."""
    await store.create_link_code(alice.user_id, "ABCD2345", make.at(600))
    file = Path(url.removeprefix("sqlite:///"))
    assert all(b"ABCD2345" not in part.read_bytes() for part in file.parent.iterdir())


async def test_a_code_for_nobody_is_refused(store: Store, make: Any) -> None:
    """A code must lead to a user."""
    with pytest.raises(StoreError, match="no user has the id 'user-9'"):
        await store.create_link_code("user-9", "ABCD2345", make.at(600))


async def test_a_person_is_one_user(store: Store, make: Any, alice: UserRecord) -> None:
    """Linking to another user ends the person's links to the first: nobody reads two people's accounts."""
    bob = await store.add_user("bob", make.start)
    await link(store, alice, 7, 70, make.start)
    await link(store, alice, -100, 70, make.start)
    await store.create_link_code(bob.user_id, "FORBOB", make.at(600))
    assert await store.redeem_link_code("FORBOB", 7, 70, "private", make.start) == bob
    assert await store.person(70) == bob
    assert await store.chats_of(alice.user_id) == []


async def test_two_people_share_a_group(store: Store, make: Any, alice: UserRecord) -> None:
    """In a group chat each is who they are; the account's messages reach the group once."""
    bob = await store.add_user("bob", make.start)
    await link(store, alice, -100, 70, make.start)
    await store.create_link_code(bob.user_id, "FORBOB", make.at(600))
    await store.redeem_link_code("FORBOB", -100, 80, "group", make.start)
    assert await store.person(70) == alice
    assert await store.person(80) == bob
    assert await heard_by(store, "id-alice") == ["telegram:-100"]


async def heard_by(store: Store, account_id: str) -> list[str]:
    """Where an account's messages go."""
    return [recipient.destination for recipient in await store.recipients(account_id)]


async def test_who_has_a_role_hears_in_their_own_way_and_groups_in_the_owners(
    store: Store, make: Any, alice: UserRecord
) -> None:
    """The owner's chats, then those of people with a role, then the owner's groups of this account."""
    bob = await store.add_user("bob", make.start)
    await link(store, alice, 7, 70, make.start)
    await store.create_link_code(bob.user_id, "FORBOB", make.at(600))
    await store.redeem_link_code("FORBOB", 8, 80, "bob", make.start)
    await store.set_speech(bob.user_id, language="ja", timezone="Asia/Tokyo")
    await store.grant(GrantRecord("id-alice", bob.user_id, "viewer"))
    await store.link_group(GroupRecord(-100, 3, alice.user_id, None, "desk", make.start))
    await store.add_account(make.account("other"))
    await store.link_group(GroupRecord(-200, None, alice.user_id, "id-other", "other", make.start))
    await store.link_group(GroupRecord(-300, None, bob.user_id, None, "bobs", make.start))
    assert await store.recipients("id-alice") == [
        Recipient("telegram:7", user_id=alice.user_id),
        Recipient("telegram:8", "ja", "Asia/Tokyo", user_id=bob.user_id, looks_only=True),
        Recipient("telegram:-100/3", user_id=alice.user_id, group=True),
    ]
    await store.grant(GrantRecord("id-alice", bob.user_id, "operator"))
    assert [each.looks_only for each in await store.recipients("id-alice")] == [False] * 3
    assert await store.recipients_of(bob.user_id) == [Recipient("telegram:8", "ja", "Asia/Tokyo", user_id=bob.user_id)]


async def test_recipients_are_the_owners_living_chats(store: Store, make: Any, alice: UserRecord) -> None:
    """Messages go to every living chat of the owner, in a fixed order."""
    assert await heard_by(store, "id-alice") == []
    await link(store, alice, 9, 90, make.start)
    await link(store, alice, 7, 70, make.start)
    assert await heard_by(store, "id-alice") == ["telegram:7", "telegram:9"]
    await store.mark_chat_dead(9, make.at(5))
    await store.mark_chat_dead(9, make.at(6))
    assert await heard_by(store, "id-alice") == ["telegram:7"]
    assert [chat.dead_since for chat in await store.chats_of(alice.user_id)] == [None, make.at(5)]


async def test_an_account_without_owner_has_no_recipients(store: Store, make: Any) -> None:
    """Nobody is told of an account that belongs to nobody."""
    await store.add_account(make.account("lonely"))
    assert await heard_by(store, "id-lonely") == []


async def test_linking_again_revives_a_dead_chat(store: Store, make: Any, alice: UserRecord) -> None:
    """Who blocked the bot and comes back is told again."""
    await link(store, alice, 7, 70, make.start)
    await store.mark_chat_dead(7, make.at(5))
    await link(store, alice, 7, 70, make.at(9))
    assert await heard_by(store, "id-alice") == ["telegram:7"]
    assert len(await store.chats_of(alice.user_id)) == 1


async def test_a_dead_chat_is_revived_when_its_person_writes(store: Store, make: Any, alice: UserRecord) -> None:
    """Alerts arrive again."""
    await link(store, alice, 7, 70, make.start)
    await store.mark_chat_dead(7, make.at(5))
    assert await heard_by(store, "id-alice") == []
    await store.mark_chat_alive(7)
    assert await heard_by(store, "id-alice") == ["telegram:7"]


async def test_a_chat_moves_with_its_messages(store: Store, make: Any, alice: UserRecord) -> None:
    """A group that became a supergroup has another id; what waits for it follows, what was sent stays."""
    await link(store, alice, -7, 70, make.start)
    await store.add_message(make.message("sent", destination="telegram:-7"))
    await store.mark_delivered("sent", make.at(1), "receipt")
    await store.add_message(make.message("waiting", destination="telegram:-7"))
    await store.move_chat(-7, -1007)
    assert await heard_by(store, "id-alice") == ["telegram:-1007"]
    assert [message.destination for message in await store.due_messages(make.at(9), 10)] == ["telegram:-1007"]


async def test_a_chat_moves_onto_one_that_is_linked(store: Store, make: Any, alice: UserRecord) -> None:
    """A person linked under both ids keeps one link."""
    await link(store, alice, -7, 70, make.start)
    await link(store, alice, -1007, 70, make.start)
    await store.move_chat(-7, -1007)
    assert [chat.chat_id for chat in await store.chats_of(alice.user_id)] == [-1007]


async def test_a_group_that_moves_hears_alerts_where_it_is(store: Store, alice: UserRecord, make: Any) -> None:
    """What a group hears follows it; heard in both, it is heard once."""
    await store.link_group(GroupRecord(-7, None, alice.user_id, None, "desk", make.start))
    await store.move_chat(-7, -1007)
    assert await heard_by(store, "id-alice") == ["telegram:-1007"]
    await store.link_group(GroupRecord(-7, None, alice.user_id, None, "desk", make.start))
    await store.move_chat(-7, -1007)
    assert [group.chat_id for group in await store.groups_of(alice.user_id)] == [-1007]


async def test_refusals_are_counted_in_bounded_space(store: Store, make: Any) -> None:
    """However often a stranger writes, one row grows, not the table."""
    assert await store.refusal_count() == 0
    for second in range(5):
        await store.record_refusal(make.at(second), 1, 2, "/status " * 100)
    await store.record_refusal(make.start, 1, 3, "/start")
    assert await store.refusal_count() == 6


async def test_a_naive_time_is_refused(store: Store, make: Any) -> None:
    """A moment without a time zone is nobody's moment."""
    naive = make.start.replace(tzinfo=None)
    with pytest.raises(StoreError, match="has no time zone, must be timezone-aware UTC"):
        await store.add_user("alice", naive)
    assert await store.users() == []


@pytest.mark.parametrize(
    "question",
    [
        lambda store: store.users(),
        lambda store: store.add_user("alice", datetime.fromisoformat("2026-01-01T00:00:00+00:00")),
    ],
)
async def test_a_closed_store_says_so(store: Store, question: Callable[[Store], Any]) -> None:
    """After closing, reads and writes fail with one clear error; closing twice is nothing."""
    await store.close()
    await store.close()
    with pytest.raises(StoreError, match="is closed"):
        await question(store)
