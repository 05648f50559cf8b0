"""How people read, what they may do, and which groups hear their alerts, as methods of the store."""

from __future__ import annotations

from datetime import datetime, time

from guard.ports.records import GrantRecord, GroupRecord, Role, UserRecord
from guard.store import people, roles
from guard.store.doors.door import Door


class PeopleDoor(Door):
    """Questions and changes over languages, roles and groups."""

    async def user(self, user_id: str) -> UserRecord | None:
        """The user with this id."""
        return await self._read(roles.user, user_id)

    async def set_speech(self, user_id: str, *, language: str | None = None, timezone: str | None = None) -> None:
        """How a person reads; None leaves a part as it is."""
        await self._write(roles.set_speech, user_id, language, timezone)

    async def set_quiet(self, user_id: str, quiet_from: time | None, quiet_to: time | None) -> None:
        """A person's quiet hours in their own zone; None: none."""
        await self._write(roles.set_quiet, user_id, quiet_from, quiet_to)

    async def void_link_code(self, code: str) -> None:
        """Forget a one-time code: others have read it."""
        await self._write(people.void_link_code, code)

    async def grant(self, record: GrantRecord) -> None:
        """Give somebody a role on an account. InputError: they own it."""
        await self._write(roles.grant, record)

    async def revoke(self, account_id: str, user_id: str) -> bool:
        """Take a role back; False when there was none."""
        return await self._write(roles.revoke, account_id, user_id)

    async def grants(self, *, account_id: str | None = None, user_id: str | None = None) -> list[GrantRecord]:
        """Roles of an account, of a person, or all."""
        return await self._read(roles.grants, account_id, user_id)

    async def role_of(self, account_id: str, user_id: str) -> Role | None:
        """What a person is to an account; None: nothing."""
        return await self._read(roles.role_of, account_id, user_id)

    async def link_group(self, group: GroupRecord) -> None:
        """Let a group or topic hear a person's alerts."""
        await self._write(roles.link_group, group)

    async def unlink_group(self, chat_id: int, topic_id: int | None, user_id: str) -> bool:
        """Let it hear nothing any more of this person; False when it heard nothing."""
        return await self._write(roles.unlink_group, chat_id, topic_id, user_id)

    async def groups_of(self, user_id: str) -> list[GroupRecord]:
        """The groups that hear a person's alerts, dead ones too."""
        return await self._read(roles.groups_of, user_id)

    async def mark_group_dead(self, chat_id: int, at: datetime, topic_id: int | None = None) -> None:
        """A group accepts nothing any more; with `topic_id`, only that topic of it."""
        await self._write(roles.mark_group_dead, chat_id, at, topic_id)

    async def mark_chat_alive(self, chat_id: int) -> None:
        """A chat or group that accepted nothing accepts messages again."""
        await self._write(people.mark_chat_alive, chat_id)
