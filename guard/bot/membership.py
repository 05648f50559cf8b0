"""Whether the bot may write in a chat, as Telegram tells at the moment when that changes. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from telegram import ChatMemberRestricted, Update
from telegram.constants import ChatMemberStatus

_SHUT_OUT = frozenset({ChatMemberStatus.BANNED, ChatMemberStatus.LEFT})


@dataclass(frozen=True, slots=True)
class Membership:
    """A chat in which the bot may, or may not, write from now on."""

    chat_id: int
    reachable: bool


def read_membership(update: Update) -> Membership | None:
    """What an update says of the bot's own membership; None when it is about something else."""
    change = update.my_chat_member
    if change is None:
        return None
    member = change.new_chat_member
    muted = isinstance(member, ChatMemberRestricted) and not member.can_send_messages
    return Membership(change.chat.id, member.status not in _SHUT_OUT and not muted)
