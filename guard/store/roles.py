"""Statements over how people read, what they may do, and which groups hear their alerts."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, time
from typing import Final, cast

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from guard.ports.errors import InputError
from guard.ports.records import GrantRecord, GroupRecord, Role, UserRecord
from guard.store.people import user_of
from guard.store.tables import AccountRow, GrantRow, GroupRow, UserRow, table

_users: Final = table(UserRow)
_accounts: Final = table(AccountRow)
_grants: Final = table(GrantRow)
_groups: Final = table(GroupRow)

_NO_TOPIC: Final = 0


def set_speech(connection: Connection, user_id: str, language: str | None, timezone: str | None) -> None:
    """How a person reads; None leaves a part as it is."""
    values = {name: value for name, value in (("language", language), ("timezone", timezone)) if value is not None}
    if values:
        connection.execute(update(_users).where(_users.c.user_id == user_id).values(**values))


def set_quiet(connection: Connection, user_id: str, quiet_from: time | None, quiet_to: time | None) -> None:
    """A person's quiet hours in their own zone; None: none."""
    values = {
        "quiet_from": quiet_from and quiet_from.isoformat(timespec="minutes"),
        "quiet_to": quiet_to and quiet_to.isoformat(timespec="minutes"),
    }
    connection.execute(update(_users).where(_users.c.user_id == user_id).values(**values))


def user(connection: Connection, user_id: str) -> UserRecord | None:
    """The user with this id."""
    row = connection.execute(select(_users).where(_users.c.user_id == user_id)).mappings().first()
    return None if row is None else user_of(row)


def grant(connection: Connection, record: GrantRecord) -> None:
    """Give somebody a role on an account of somebody else; the former one is replaced."""
    owner = connection.execute(
        select(_accounts.c.owner_id).where(_accounts.c.account_id == record.account_id)
    ).scalar_one_or_none()
    if owner == record.user_id:
        raise InputError("the owner of an account has every right on it already", fix="grant the role to somebody else")
    revoke(connection, record.account_id, record.user_id)
    connection.execute(insert(_grants), asdict(record))


def revoke(connection: Connection, account_id: str, user_id: str) -> bool:
    """Take a role back; False when there was none."""
    this = (_grants.c.account_id == account_id) & (_grants.c.user_id == user_id)
    return connection.execute(delete(_grants).where(this)).rowcount > 0


def grants(connection: Connection, account_id: str | None, user_id: str | None) -> list[GrantRecord]:
    """Roles of an account, of a person, or all."""
    statement = select(_grants).order_by(_grants.c.account_id, _grants.c.user_id)
    if account_id is not None:
        statement = statement.where(_grants.c.account_id == account_id)
    if user_id is not None:
        statement = statement.where(_grants.c.user_id == user_id)
    rows = connection.execute(statement).mappings()
    return [GrantRecord(row["account_id"], row["user_id"], cast("Role", row["role"])) for row in rows]


def role_of(connection: Connection, account_id: str, user_id: str) -> Role | None:
    """What a person is to an account: its owner, what was granted, or None: nothing."""
    owner = connection.execute(select(_accounts.c.owner_id).where(_accounts.c.account_id == account_id)).scalar()
    if owner == user_id:
        return "owner"
    this = (_grants.c.account_id == account_id) & (_grants.c.user_id == user_id)
    return cast("Role | None", connection.execute(select(_grants.c.role).where(this)).scalar())


def link_group(connection: Connection, group: GroupRecord) -> None:
    """Let a group or topic hear a person's alerts; linking it again revives and replaces."""
    unlink_group(connection, group.chat_id, group.topic_id, group.user_id)
    connection.execute(insert(_groups), {**asdict(group), "topic_id": group.topic_id or _NO_TOPIC})


def unlink_group(connection: Connection, chat_id: int, topic_id: int | None, user_id: str) -> bool:
    """Let it hear nothing any more of this person; False when it heard nothing."""
    this = (
        (_groups.c.chat_id == chat_id)
        & (_groups.c.topic_id == (topic_id or _NO_TOPIC))
        & (_groups.c.user_id == user_id)
    )
    return connection.execute(delete(_groups).where(this)).rowcount > 0


def groups_of(connection: Connection, user_id: str) -> list[GroupRecord]:
    """The groups that hear a person's alerts, dead ones too."""
    statement = select(_groups).where(_groups.c.user_id == user_id).order_by(_groups.c.chat_id, _groups.c.topic_id)
    return [_group(row) for row in connection.execute(statement).mappings()]


def mark_group_dead(connection: Connection, chat_id: int, at: datetime, topic_id: int | None) -> None:
    """A group, or one topic of it, accepts nothing any more; the first time is kept."""
    this = (_groups.c.chat_id == chat_id) & _groups.c.dead_since.is_(None)
    if topic_id is not None:
        this &= _groups.c.topic_id == topic_id
    connection.execute(update(_groups).where(this).values(dead_since=at))


def _group(row: RowMapping) -> GroupRecord:
    values = {**row, "topic_id": row["topic_id"] or None}
    return GroupRecord(**values)
