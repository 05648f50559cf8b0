"""Who may do what with an account: the one place where a role is asked for. Nobody may anything by default."""

from __future__ import annotations

from guard.ports.errors import NotAllowed
from guard.ports.records import AccountRecord, Role
from guard.ports.roles import reaches
from guard.store.store import Store


async def roles_of(store: Store, user_id: str) -> list[tuple[AccountRecord, Role]]:
    """Every account on which a person has a role, by name, with that role.

    Raises:
        StoreError: it cannot be told now.
    """
    granted = {grant.account_id: grant.role for grant in await store.grants(user_id=user_id)}
    found: list[tuple[AccountRecord, Role]] = []
    for account in await store.accounts_of(user_id):
        role = "owner" if account.owner == user_id else granted.get(account.account_id)
        if role is not None:
            found.append((account, role))
    return found


async def allowed(store: Store, user_id: str, least: Role = "viewer") -> list[AccountRecord]:
    """The accounts, by name, on which a person has at least the role `least`; without credentials.

    Raises:
        StoreError: it cannot be told now.
    """
    return [account for account, role in await roles_of(store, user_id) if reaches(role, least)]


async def require(store: Store, user_id: str, account_id: str, least: Role) -> AccountRecord:
    """The account, if the person has at least the role `least` on it; without credentials.

    Args:
        store: memory, asked anew every time: a role that was taken back ends at once.
        user_id: the person, found by their user id at the chat service.
        account_id: of the account.
        least: the role that is needed.

    Raises:
        NotAllowed: the role is lower; or there is none, and then the account's existence is not told.
        StoreError: it cannot be told now, so nothing is allowed.
    """
    for account, role in await roles_of(store, user_id):
        if account.account_id == account_id:
            if reaches(role, least):
                return account
            raise NotAllowed(least, role, account.name)
    raise NotAllowed(least)
