"""Statements over people: users, their chats, the codes that link them, and strangers who were refused."""

from __future__ import annotations

import hashlib
from datetime import datetime, time
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, delete, func, insert, literal, select, update

from guard.ports.errors import InputError, StoreError
from guard.ports.records import ChatRecord, UserRecord
from guard.store.tables import AccountRow, ChatRow, GroupRow, LinkCodeRow, OutboxRow, RefusalRow, UserRow, table

_users: Final = table(UserRow)
_chats: Final = table(ChatRow)
_codes: Final = table(LinkCodeRow)
_groups: Final = table(GroupRow)
_refusals: Final = table(RefusalRow)
_accounts: Final = table(AccountRow)
_outbox: Final = table(OutboxRow)

_WHAT_CHARS_MAX: Final = 200
_TITLE_CHARS_MAX: Final = 200


def add_user(connection: Connection, user: UserRecord) -> UserRecord:
    """Store a user under a new name."""
    if user_named(connection, user.name) is not None:
        raise InputError(f"a user named {user.name!r} exists already", fix="choose another name")
    connection.execute(insert(_users), {"user_id": user.user_id, "name": user.name, "created_at": user.created_at})
    return user


def users(connection: Connection) -> list[UserRecord]:
    """All users by name."""
    return [user_of(row) for row in connection.execute(select(_users).order_by(_users.c.name)).mappings()]


def user_named(connection: Connection, name: str) -> UserRecord | None:
    """The user of that name."""
    row = connection.execute(select(_users).where(_users.c.name == name)).mappings().first()
    return None if row is None else user_of(row)


def remove_user(connection: Connection, name: str) -> None:
    """Remove a user with chats and codes; refused while accounts would be left without anybody to warn."""
    user = user_named(connection, name)
    if user is None:
        known = ", ".join(other.name for other in users(connection)) or "none"
        raise InputError(f"no user is named {name!r}", fix=f"known users: {known}")
    owned = connection.execute(
        select(_accounts.c.name).where(_accounts.c.owner_id == user.user_id).order_by(_accounts.c.name)
    ).scalars()
    names = ", ".join(owned)
    if names:
        raise InputError(
            f"user {name!r} owns accounts ({names}) whose alerts would reach nobody",
            fix="remove these accounts or give them to another user first",
        )
    connection.execute(delete(_users).where(_users.c.user_id == user.user_id))


def create_link_code(connection: Connection, user_id: str, code: str, expires_at: datetime) -> None:
    """Remember the hash of a one-time code."""
    if connection.execute(select(_users.c.user_id).where(_users.c.user_id == user_id)).first() is None:
        raise StoreError(f"no user has the id {user_id!r}", fix="the user was removed meanwhile; add it again")
    connection.execute(insert(_codes), {"code_hash": _hash(code), "user_id": user_id, "expires_at": expires_at})


def void_link_code(connection: Connection, code: str) -> None:
    """Forget a code: others have read it."""
    connection.execute(delete(_codes).where(_codes.c.code_hash == _hash(code)))


def redeem_link_code(
    connection: Connection, code: str, chat_id: int, chat_user_id: int, title: str, now: datetime
) -> UserRecord | None:
    """Link a chat by a code, which is used up.

    1. Codes that are over are removed, so that an expired one is like one that never was.
    2. The code is taken; when it was not there, nothing happens.
    3. The person is one user from now on: links of this person to other users end.
    """
    connection.execute(delete(_codes).where(_codes.c.expires_at <= now))
    row = (
        connection.execute(
            select(_users).join(_codes, _codes.c.user_id == _users.c.user_id).where(_codes.c.code_hash == _hash(code))
        )
        .mappings()
        .first()
    )
    if row is None:
        return None
    void_link_code(connection, code)
    user = user_of(row)
    same_person = _chats.c.chat_user_id == chat_user_id
    elsewhere = (_chats.c.user_id != user.user_id) | (_chats.c.chat_id == chat_id)
    connection.execute(delete(_chats).where(same_person & elsewhere))
    link = {"chat_id": chat_id, "chat_user_id": chat_user_id, "user_id": user.user_id, "linked_at": now}
    connection.execute(insert(_chats), {**link, "title": title[:_TITLE_CHARS_MAX], "dead_since": None})
    return user


def person(connection: Connection, chat_user_id: int) -> UserRecord | None:
    """The user that this person of the chat service is."""
    statement = (
        select(_users)
        .join(_chats, _chats.c.user_id == _users.c.user_id)
        .where(_chats.c.chat_user_id == chat_user_id)
        .limit(1)
    )
    row = connection.execute(statement).mappings().first()
    return None if row is None else user_of(row)


def chats_of(connection: Connection, user_id: str) -> list[ChatRecord]:
    """The chats of a user in the order of linking, dead ones too."""
    statement = select(_chats).where(_chats.c.user_id == user_id).order_by(_chats.c.linked_at, _chats.c.chat_id)
    return [_chat(row) for row in connection.execute(statement).mappings()]


def mark_chat_dead(connection: Connection, chat_id: int, at: datetime) -> None:
    """A chat accepts nothing any more; the first time is kept."""
    connection.execute(
        update(_chats).where((_chats.c.chat_id == chat_id) & _chats.c.dead_since.is_(None)).values(dead_since=at)
    )


def mark_chat_alive(connection: Connection, chat_id: int) -> None:
    """A chat, or a group with all its topics, accepts messages again."""
    for links in (_chats, _groups):
        connection.execute(update(links).where(links.c.chat_id == chat_id).values(dead_since=None))


def move_chat(connection: Connection, chat_id: int, new_chat_id: int) -> None:
    """A chat has a new id: its links, what it hears as a group and its waiting messages follow.

    A person who is linked in both keeps the new link.
    """
    old = _chats.c.chat_id == chat_id
    there = select(_chats.c.chat_user_id).where(_chats.c.chat_id == new_chat_id)
    connection.execute(delete(_chats).where(old & _chats.c.chat_user_id.in_(there)))
    connection.execute(update(_chats).where(old).values(chat_id=new_chat_id))
    there_too = select(_groups.c.user_id).where(_groups.c.chat_id == new_chat_id)
    group = _groups.c.chat_id == chat_id
    connection.execute(delete(_groups).where(group & _groups.c.user_id.in_(there_too)))
    connection.execute(update(_groups).where(group).values(chat_id=new_chat_id))
    waits = _outbox.c.delivered_at.is_(None) & _outbox.c.dead_at.is_(None)
    here, moved = destination(chat_id), destination(new_chat_id)
    connection.execute(update(_outbox).where(waits & (_outbox.c.destination == here)).values(destination=moved))
    topics = waits & _outbox.c.destination.startswith(f"{here}/")
    tail = func.substr(_outbox.c.destination, len(here) + 1)
    connection.execute(update(_outbox).where(topics).values(destination=literal(moved) + tail))


def destination(chat_id: int, topic_id: int | None = None) -> str:
    """How the outbox names a chat, or one topic of it."""
    return f"telegram:{chat_id}" if topic_id is None else f"telegram:{chat_id}/{topic_id}"


def record_refusal(connection: Connection, at: datetime, chat_id: int, chat_user_id: int, what: str) -> None:
    """Count a refused stranger."""
    stranger = (_refusals.c.chat_id == chat_id) & (_refusals.c.chat_user_id == chat_user_id)
    shown = what[:_WHAT_CHARS_MAX]
    known = connection.execute(
        update(_refusals).where(stranger).values(last_at=at, times=_refusals.c.times + 1, what=shown)
    )
    if known.rowcount == 0:
        first: dict[str, Any] = {"chat_id": chat_id, "chat_user_id": chat_user_id, "first_at": at, "last_at": at}
        connection.execute(insert(_refusals), {**first, "times": 1, "what": shown})


def refusal_count(connection: Connection) -> int:
    """How often strangers were refused."""
    return int(connection.execute(select(func.coalesce(func.sum(_refusals.c.times), 0))).scalar_one())


def _hash(code: str) -> str:
    """Codes are read from one screen and typed on another: case and surrounding space do not matter."""
    return hashlib.sha256(code.strip().upper().encode()).hexdigest()


def user_of(row: RowMapping) -> UserRecord:
    """A row as a value."""
    return UserRecord(
        user_id=row["user_id"],
        name=row["name"],
        created_at=row["created_at"],
        language=row["language"],
        timezone=row["timezone"],
        quiet_from=_clock(row["quiet_from"]),
        quiet_to=_clock(row["quiet_to"]),
    )


def _clock(stored: str | None) -> time | None:
    return None if stored is None else time.fromisoformat(stored)


def _chat(row: RowMapping) -> ChatRecord:
    return ChatRecord(
        chat_id=row["chat_id"],
        chat_user_id=row["chat_user_id"],
        user_id=row["user_id"],
        title=row["title"],
        linked_at=row["linked_at"],
        dead_since=row["dead_since"],
    )
