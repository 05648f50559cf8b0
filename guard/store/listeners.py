"""Statements over who hears of an account: its owner, whoever was granted a role on it, groups."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import BindParameter, Connection, bindparam, literal, select, union_all

from guard.ports.recipients import Recipient
from guard.ports.records import UserRecord
from guard.store import roles
from guard.store.people import destination, user_of
from guard.store.tables import AccountRow, ChatRow, GrantRow, GroupRow, UserRow, table

_chats: Final = table(ChatRow)
_accounts: Final = table(AccountRow)
_grants: Final = table(GrantRow)
_groups: Final = table(GroupRow)
_users: Final = table(UserRow)

# Two statements, made once: they stand between an assessment and its message.
_account: Final[BindParameter[str]] = bindparam("of_account")
_hearers: Final = union_all(
    select(_accounts.c.owner_id.label("hearer"), literal(0).label("place"), literal("owner").label("role")).where(
        _accounts.c.account_id == _account
    ),
    select(_grants.c.user_id, literal(1), _grants.c.role).where(_grants.c.account_id == _account),
).subquery()
_CHATS_OF: Final = (
    select(_users, _chats.c.chat_id, _hearers.c.role)
    .join(_hearers, _hearers.c.hearer == _users.c.user_id)
    .join(_chats, (_chats.c.user_id == _users.c.user_id) & _chats.c.dead_since.is_(None))
    .order_by(_hearers.c.place, _users.c.user_id, _chats.c.chat_id)
)
_GROUPS_OF: Final = (
    select(_users, _groups.c.chat_id, _groups.c.topic_id)
    .join(_accounts, _accounts.c.owner_id == _users.c.user_id)
    .join(_groups, (_groups.c.user_id == _users.c.user_id) & _groups.c.dead_since.is_(None))
    .where(_accounts.c.account_id == _account)
    .where(_groups.c.account_id.is_(None) | (_groups.c.account_id == _account))
    .order_by(_groups.c.chat_id, _groups.c.topic_id)
)


def recipients(connection: Connection, account_id: str) -> list[Recipient]:
    """Living chats of the owner, of whoever has a role on the account, then the owner's living groups.

    A chat where several of them read is told once, in the way of the first.
    """
    found = [
        _recipient(user_of(row), destination(row["chat_id"]), looks_only=row["role"] == "viewer")
        for row in connection.execute(_CHATS_OF, {"of_account": account_id}).mappings()
    ]
    found += [
        _recipient(user_of(row), destination(row["chat_id"], row["topic_id"] or None), group=True)
        for row in connection.execute(_GROUPS_OF, {"of_account": account_id}).mappings()
    ]
    return first_of_each(found)


def recipients_of(connection: Connection, user_id: str) -> list[Recipient]:
    """A person's own living chats."""
    return first_of_each(chats_as_recipients(connection, user_id))


def chats_as_recipients(connection: Connection, user_id: str) -> list[Recipient]:
    """A person's living chats by id, as they read there."""
    person = roles.user(connection, user_id)
    if person is None:
        return []
    alive = (_chats.c.user_id == user_id) & _chats.c.dead_since.is_(None)
    statement = select(_chats.c.chat_id).where(alive).order_by(_chats.c.chat_id)
    return [_recipient(person, destination(chat_id)) for chat_id in connection.execute(statement).scalars()]


def _recipient(person: UserRecord, where: str, *, group: bool = False, looks_only: bool = False) -> Recipient:
    return Recipient(
        destination=where,
        language=person.language,
        timezone=person.timezone,
        quiet_from=person.quiet_from,
        quiet_to=person.quiet_to,
        user_id=person.user_id,
        group=group,
        looks_only=looks_only,
    )


def first_of_each(found: Iterable[Recipient]) -> list[Recipient]:
    """One for each destination, the first."""
    return list({recipient.destination: recipient for recipient in reversed([*found])}.values())[::-1]
