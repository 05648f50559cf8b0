"""Who a person is to the guard: roles, language and time zone, groups that hear their alerts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from guard.ports.records import Mode, Role


@dataclass(frozen=True, slots=True)
class Standing:
    """How a person reads, and the highest role they have on any account; None: they have no account."""

    language: str
    timezone: str
    role: Role | None


@dataclass(frozen=True, slots=True)
class AccountStanding:
    """An account that a person may see, and what they are to it. `owner` is a name, None: nobody owns it."""

    account_id: str
    account: str
    venue: str
    mode: Mode
    frozen: bool
    role: Role
    owner: str | None


class PeopleDesk(Protocol):
    """The counterpart of `/accounts`, `/lang`, `/here`, and of the menu.

    Every method may raise a `GuardError` when the answer cannot be had now.
    """

    async def came_by(self, user_id: str, chat_id: int) -> bool:
        """A person wrote in their private chat, which therefore takes messages again; whether it had been given up."""
        ...

    async def standing(self, user_id: str) -> Standing | None:
        """How a person reads and what they may do at most; None: there is no such person any more."""
        ...

    async def standings(self, user_id: str) -> list[AccountStanding]:
        """The accounts that a person may see, by name."""
        ...

    async def speak(self, user_id: str, *, language: str | None = None, timezone: str | None = None) -> None:
        """Remember how a person reads; None leaves a part as it is."""
        ...

    async def link_group(
        self, user_id: str, chat_id: int, topic_id: int | None, title: str, account_id: str | None
    ) -> None:
        """Let a group or topic hear the alerts of an account; None: of all that the person owns.

        Raises:
            NotAllowed: the person does not own the account, or none at all.
        """
        ...

    async def unlink_group(self, user_id: str, chat_id: int, topic_id: int | None) -> bool:
        """Let it hear nothing any more of this person; False when it heard nothing."""
        ...
