"""Who may do what with an account: every role against every need, and nobody by default."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

import pytest

from guard.app.desks.rights import allowed, require, roles_of
from guard.ports.errors import NotAllowed
from guard.ports.records import AccountRecord, GrantRecord, Role
from guard.ports.roles import ROLES, highest, reaches
from guard.ports.venue import AccountSpec
from guard.store.store import Store

NOW = datetime(2026, 11, 21, tzinfo=UTC)


class Accounts:
    """Of the store, what rights are asked of: `a` is anna's, with one grant for `user`; `b` is nobody's."""

    def __init__(self, granted: Role | None) -> None:
        self._grants = [GrantRecord("a", "user", granted)] if granted else []

    async def accounts_of(self, user_id: str) -> list[AccountRecord]:
        """Whatever has to do with the person, and one that has not: it must not slip through."""
        return [
            AccountRecord("a", AccountSpec("alpha", "file"), "anna", "observe", NOW),
            AccountRecord("b", AccountSpec("beta", "file"), None, "observe", NOW),
        ]

    async def grants(self, *, account_id: str | None = None, user_id: str | None = None) -> list[GrantRecord]:
        """The person's."""
        return [grant for grant in self._grants if grant.user_id == user_id]


def store(granted: Role | None = None) -> Store:
    """A store with these accounts."""
    return cast("Store", Accounts(granted))


@pytest.mark.parametrize("least", ROLES)
@pytest.mark.parametrize("role", ROLES)
async def test_every_role_against_every_need(role: Role, least: Role) -> None:
    """A role is enough for itself and for what is below it; the refusal names both and the account."""
    if ROLES.index(role) >= ROLES.index(least):
        assert (await require(store(role), "user", "a", least)).name == "alpha"
        assert [account.name for account in await allowed(store(role), "user", least)] == ["alpha"]
        return
    with pytest.raises(NotAllowed) as caught:
        await require(store(role), "user", "a", least)
    assert (caught.value.needed, caught.value.role, caught.value.account) == (least, role, "alpha")
    assert await allowed(store(role), "user", least) == []


@pytest.mark.parametrize(("user_id", "account_id"), [("user", "a"), ("user", "b"), ("user", "x"), ("", "b"), ("", "")])
async def test_nobody_may_anything_by_default(user_id: str, account_id: str) -> None:
    """Without a role the account is not even named; an account without an owner belongs to nobody, not to everybody."""
    with pytest.raises(NotAllowed) as caught:
        await require(store(), user_id, account_id, "viewer")
    assert (caught.value.role, caught.value.account) == (None, "")
    assert "alpha" not in str(caught.value)
    assert await roles_of(store(), user_id) == []


async def test_an_owner_may_everything() -> None:
    """Without any grant."""
    assert (await require(store(), "anna", "a", "owner")).name == "alpha"


def test_the_order_of_roles() -> None:
    """The highest of several; none reaches nothing."""
    assert highest(["viewer", "owner", "operator"]) == "owner"
    assert highest([]) is None
    assert not reaches(None, "viewer")
