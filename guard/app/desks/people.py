"""Who a person is to the guard: roles, language and time zone, groups; answered from the store."""

from __future__ import annotations

import structlog

from guard.app.desks.backstage import Answers
from guard.app.desks.rights import allowed, require, roles_of
from guard.bot.desks.people import AccountStanding, Standing
from guard.ports.errors import NotAllowed
from guard.ports.records import GroupRecord
from guard.ports.roles import highest

log = structlog.get_logger(__name__)


class PeopleAnswers(Answers):
    """Answers `guard.bot.desks.people.PeopleDesk`."""

    async def came_by(self, user_id: str, chat_id: int) -> bool:
        """A chat that was given up hears alerts again as soon as its person writes there."""
        chats = await self._stage.store.chats_of(user_id)
        if not any(chat.chat_id == chat_id and chat.dead_since is not None for chat in chats):
            return False
        log.info("chat takes messages again", chat_id=chat_id, user_id=user_id)
        await self._stage.store.mark_chat_alive(chat_id)
        return True

    async def standing(self, user_id: str) -> Standing | None:
        """How a person reads and what they may do at most."""
        user = await self._stage.store.user(user_id)
        if user is None:
            return None
        return Standing(
            user.language, user.timezone, highest([role for _, role in await roles_of(self._stage.store, user_id)])
        )

    async def standings(self, user_id: str) -> list[AccountStanding]:
        """The accounts that a person may see, by name."""
        names = {user.user_id: user.name for user in await self._stage.store.users()}
        return [
            AccountStanding(
                account.account_id,
                account.name,
                account.spec.venue,
                account.mode,
                account.frozen,
                role,
                names.get(account.owner or ""),
            )
            for account, role in await roles_of(self._stage.store, user_id)
        ]

    async def speak(self, user_id: str, *, language: str | None = None, timezone: str | None = None) -> None:
        """Remember how a person reads."""
        await self._stage.store.set_speech(user_id, language=language, timezone=timezone)

    async def link_group(
        self, user_id: str, chat_id: int, topic_id: int | None, title: str, account_id: str | None
    ) -> None:
        """Let a group or topic hear the alerts of an account, or of all that the person owns."""
        store = self._stage.store
        if account_id is not None:
            await require(store, user_id, account_id, "owner")
        elif not await allowed(store, user_id, "owner"):
            raise NotAllowed("owner")
        now = self._stage.clock.now()
        await store.link_group(GroupRecord(chat_id, topic_id, user_id, account_id, title, now))
        log.info("group linked", chat_id=chat_id, topic_id=topic_id, user_id=user_id, account_id=account_id)

    async def unlink_group(self, user_id: str, chat_id: int, topic_id: int | None) -> bool:
        """Let it hear nothing any more of this person."""
        ended = await self._stage.store.unlink_group(chat_id, topic_id, user_id)
        log.info("group unlinked", chat_id=chat_id, topic_id=topic_id, user_id=user_id, was_linked=ended)
        return ended
