"""Giving somebody a role on an account: one owner for each, everybody else by a grant; changes are in the audit log."""

from __future__ import annotations

from datetime import datetime

from guard.ports.alerting import AuditRecord
from guard.ports.errors import InputError
from guard.ports.records import AccountRecord, GrantRecord, Role, UserRecord
from guard.store.store import Store


async def give_role(store: Store, user: UserRecord, account: AccountRecord, role: Role | None, now: datetime) -> str:
    """Let a person have this role on an account from now on; None: no role any more.

    Returns:
        One line that says what became of it.

    Raises:
        InputError: the account would be left without an owner.
        StoreError: it could not be stored.
    """
    if account.owner == user.user_id and role != "owner":
        raise InputError(
            f"{user.name} owns {account.name}, which would be left without an owner",
            fix=f"give it to somebody first: guard user role OTHER {account.name} owner",
        )
    # An earlier grant must not come back to life when the account changes hands again.
    had_one = await store.revoke(account.account_id, user.user_id)
    if role == "owner":
        await store.set_owner(account.account_id, user.user_id)
        said = f"{user.name} owns {account.name}"
    elif role is not None:
        await store.grant(GrantRecord(account.account_id, user.user_id, role))
        said = f"{user.name} is {role} of {account.name}"
    elif had_one:
        said = f"{user.name} has no role on {account.name} any more"
    else:
        return f"{user.name} had no role on {account.name}"
    await store.record_audit(AuditRecord(now, None, account.account_id, "role", said))
    return said


async def remove_person(store: Store, user: UserRecord, now: datetime) -> None:
    """Remove a person with chats, codes and roles; the end of each role is in the account's audit log.

    Raises:
        InputError: they own accounts.
        StoreError: it could not be stored.
    """
    ended = await store.grants(user_id=user.user_id)
    await store.remove_user(user.name)
    for grant in ended:
        said = f"{user.name} was removed and has no role any more, was {grant.role}"
        await store.record_audit(AuditRecord(now, None, grant.account_id, "role", said))
