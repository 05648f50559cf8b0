"""Statements over who hears of an account: its owner, whoever was granted a role on it, groups."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, select

from guard.ports.recipients import Recipient
from guard.ports.records import UserRecord
from guard.store import roles
from guard.store.people import destination
from guard.store.tables import AccountRow, ChatRow, table

_chats: Final = table(ChatRow)
_accounts: Final = table(AccountRow)


def recipients(connection: Connection, account_id: str) -> list[Recipient]:
    """Living chats of the owner, of whoever has a role on the account, then the owner's living groups.

    A chat where several of them read is told once, in the way of the first.
    """
    owner = connection.execute(select(_accounts.c.owner_id).where(_accounts.c.account_id == account_id)).scalar()
    granted = [grant.user_id for grant in roles.grants(connection, account_id, None)]
    found: list[Recipient] = []
    for user_id in [*([owner] if owner else []), *granted]:
        found += chats_as_recipients(connection, user_id)
    if owner is not None:
        found += _groups(connection, owner, account_id)
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


def _groups(connection: Connection, owner: str, account_id: str) -> list[Recipient]:
    person = roles.user(connection, owner)
    if person is None:
        return []
    return [
        _recipient(person, destination(group.chat_id, group.topic_id), group=True)
        for group in roles.groups_of(connection, owner)
        if group.dead_since is None and group.account_id in {None, account_id}
    ]


def _recipient(person: UserRecord, where: str, *, group: bool = False) -> Recipient:
    return Recipient(
        destination=where,
        language=person.language,
        timezone=person.timezone,
        quiet_from=person.quiet_from,
        quiet_to=person.quiet_to,
        user_id=person.user_id,
        group=group,
    )


def first_of_each(found: Iterable[Recipient]) -> list[Recipient]:
    """One for each destination, the first."""
    return list({recipient.destination: recipient for recipient in reversed([*found])}.values())[::-1]
