"""Upkeep: is the guard well, what happened, and would an alarm arrive."""

from __future__ import annotations

from collections.abc import Sequence

from guard.bot import texts
from guard.bot.asking import Ask, Command, TapAction
from guard.bot.choosing import choice
from guard.bot.desk import Desk
from guard.bot.health_text import drill_text, health_text
from guard.bot.log_text import EXAMPLE, MOST, USUAL, log_text
from guard.bot.refusal import not_understood, refusal
from guard.bot.replies import Reply
from guard.bot.typed import words_of
from guard.language.speech import marked

_ALL = "all"


async def health(desk: Desk, ask: Ask) -> Reply:
    """The state of the service, with the person's own accounts."""
    state = await desk.service_state(ask.person.user_id)
    return Reply(texts.no_accounts(ask.speech) if state is None else health_text(ask.speech, state, desk.now()))


async def log(desk: Desk, ask: Ask) -> Reply:
    """The newest entries of one account, or of all."""
    words = words_of(ask.argument)
    count, account_id = USUAL, None
    if words and not _is_count(words):
        chosen = await choice(desk, ask, _is_count)
        if isinstance(chosen, Reply):
            return chosen
        words, account_id = list(chosen.words), chosen.snapshot.account_id
    if words:
        if len(words) > 1 or not _is_count(words):
            return Reply(not_understood(ask.speech, words[-1], EXAMPLE).html)
        count = int(words[0])
        if not 1 <= count <= MOST:
            said = ask.speech.text("I show 1 to {most} entries, not {count}.", most=MOST, count=count)
            return Reply(refusal(ask.speech, said, EXAMPLE).html)
    view = await desk.log_of(ask.person.user_id, account_id, count)
    if view is None or not view.accounts:
        return Reply(texts.no_accounts(ask.speech))
    return Reply(log_text(ask.speech, view, count, named=account_id is None and len(view.accounts) > 1))


async def ring(desk: Desk, ask: Ask) -> Reply:
    """A drill by the way that an alarm takes, to this chat; to the second channels too when asked."""
    words = words_of(ask.argument)
    if words and [word.casefold() for word in words] != [_ALL]:
        return Reply(not_understood(ask.speech, words[0], "/test all").html)
    drill = await desk.drill(ask.person.user_id, ask.chat_id, ask.topic_id, everywhere=bool(words))
    return Reply(drill_text(ask.speech, drill, everywhere=bool(words)))


def _is_count(words: Sequence[str]) -> bool:
    """Whether words are a number of entries."""
    return len(words) == 1 and words[0].isascii() and words[0].isdigit() and len(words[0]) <= 9


COMMANDS: tuple[Command, ...] = (
    Command("health", marked("/health"), marked("whether the guard itself is well"), health),
    Command("log", marked("/log [account] [n]"), marked("what happened and what was done, newest first"), log),
    Command("test", marked("/test [all]"), marked("a drill: would an alarm arrive?"), ring, private=True),
)
TAPS: tuple[TapAction, ...] = ()
