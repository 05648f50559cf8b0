"""The command menu that Telegram shows beside the field where people type: per role and language.

Strangers, and groups, see the one command by which somebody becomes known. A private chat gets its own menu when its
person comes by, and anew whenever their language or their highest role has changed.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

import structlog
from telegram import Bot, BotCommand, BotCommandScopeChat
from telegram.error import TelegramError

from guard.bot import table
from guard.bot.asking import Command
from guard.bot.desk import Desk
from guard.bot.failures import UNREADABLE, describe
from guard.language.catalogue import ENGLISH_CODE, LANGUAGES
from guard.language.speech import Speech
from guard.ports.records import Role
from guard.ports.roles import reaches

log = structlog.get_logger("guard.bot")

CHATS_MAX: Final = 10_000  # remembered; the longest unseen are set again when they come by
DESCRIPTION_MAX: Final = 256  # of Telegram
_DOOR: Final = "start"

Entry = tuple[str, str]


def menu_of(speech: Speech, role: Role | None) -> list[Entry]:
    """Names and summaries for somebody we know; whoever has no account (yet) sees what a viewer sees."""
    return [
        _entry(speech, command)
        for command in table.COMMANDS
        if command.name != _DOOR and reaches(role or "viewer", command.least)
    ]


def strangers_menu(speech: Speech) -> list[Entry]:
    """What somebody sees who is not known: how to become so."""
    return [_entry(speech, table.BY_NAME[_DOOR])]


def _entry(speech: Speech, command: Command) -> Entry:
    return command.name, speech.text(command.summary)[:DESCRIPTION_MAX]


class Menus:
    """Sets menus. A menu that cannot be set costs nobody an answer: it is logged, and tried again at the next visit."""

    def __init__(self, bot: Bot, desk: Desk) -> None:
        self._bot = bot
        self._desk = desk
        self._kept: OrderedDict[int, tuple[str, Role | None] | None] = OrderedDict()

    async def set_default(self) -> None:
        """The menu of whoever has none of their own.

        Raises:
            TelegramError: Telegram does not take it, or cannot be reached.
        """
        for language in LANGUAGES:
            code = None if language == ENGLISH_CODE else language
            await self._bot.set_my_commands(_commands(strangers_menu(Speech(language))), language_code=code)

    async def keep(self, chat_id: int, user_id: str) -> None:
        """Let the menu of a private chat be that of its person as they are now.

        Raises:
            GuardError: the desk cannot tell now.
        """
        standing = await self._desk.standing(user_id)
        if standing is None:
            await self.drop(chat_id)
            return
        wanted = (standing.language, standing.role)
        if self._kept.get(chat_id) != wanted and await self._set(chat_id, menu_of(Speech(wanted[0]), wanted[1])):
            self._remember(chat_id, wanted)

    async def drop(self, chat_id: int) -> None:
        """Let a private chat have the menu of strangers again, where it may have had one of its own."""
        if self._kept.get(chat_id, True) is not None and await self._set(chat_id, strangers_menu(Speech())):
            self._remember(chat_id, None)

    def _remember(self, chat_id: int, menu: tuple[str, Role | None] | None) -> None:
        self._kept[chat_id] = menu
        self._kept.move_to_end(chat_id)
        while len(self._kept) > CHATS_MAX:
            self._kept.popitem(last=False)

    async def _set(self, chat_id: int, menu: list[Entry]) -> bool:
        try:
            return await self._bot.set_my_commands(_commands(menu), scope=BotCommandScopeChat(chat_id))
        except (TelegramError, *UNREADABLE) as error:
            log.warning("chat.menu_not_set", chat_id=chat_id, error=describe(error, self._bot.token))
        return False


def _commands(menu: list[Entry]) -> list[BotCommand]:
    return [BotCommand(name, summary) for name, summary in menu]
