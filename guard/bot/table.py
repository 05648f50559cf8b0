"""All commands and buttons in one table, from which dispatch, help, the menu and "did you mean" all come."""

from __future__ import annotations

import difflib

from guard.bot import texts
from guard.bot.asking import Ask, Command, TapAction
from guard.bot.commands import acting, alerting, measuring, people, upkeep, viewing
from guard.bot.desk import Desk
from guard.bot.replies import Reply
from guard.language.speech import Speech, marked


async def show_help(_: Desk, ask: Ask) -> Reply:
    """All commands."""
    return Reply(texts.help_text(ask.speech, [(command.usage, command.summary) for command in COMMANDS]))


COMMANDS: tuple[Command, ...] = (
    *viewing.COMMANDS,
    *measuring.COMMANDS,
    *alerting.COMMANDS,
    *acting.COMMANDS,
    *upkeep.COMMANDS,
    *people.COMMANDS,
    Command("help", "/help", marked("all commands"), show_help),
)
BY_NAME = {command.name: command for command in COMMANDS}
TAPS: dict[str, TapAction] = {
    tap.action: tap
    for tap in (*viewing.TAPS, *measuring.TAPS, *alerting.TAPS, *acting.TAPS, *upkeep.TAPS, *people.TAPS)
}


def unknown_command(speech: Speech, name: str) -> Reply:
    """The answer to a command that does not exist."""
    nearest = difflib.get_close_matches(name, BY_NAME, n=1, cutoff=0.5)
    return Reply(texts.unknown_command(speech, name, nearest[0] if nearest else None))
