"""Which account a person means, and what else they typed after a command."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from guard.bot import texts
from guard.bot.asking import Ask
from guard.bot.desk import Desk
from guard.bot.naming import account_named, unknown_account
from guard.bot.replies import Reply
from guard.bot.status_text import by_urgency
from guard.bot.typed import words_of
from guard.ports.records import Snapshot

Grammar = Callable[[Sequence[str]], bool]


@dataclass(frozen=True, slots=True)
class Choice:
    """The account that is meant, and the words that do not name it."""

    snapshot: Snapshot
    words: tuple[str, ...] = ()


def only_account(words: Sequence[str]) -> bool:
    """Nothing but an account may be typed."""
    return not words


async def choice(desk: Desk, ask: Ask, grammar: Grammar = only_account) -> Choice | Reply:
    """The account, of the person's own, that is asked about; without a name the most urgent.

    An account that is called like a word of the command is meant by it: names come first.

    Args:
        desk: the rest of the guard.
        ask: what was asked.
        grammar: whether words make sense for the command without an account before them.

    Returns:
        The choice; or the answer to somebody who has no account, or not this one.
    """
    snapshots = by_urgency(await desk.statuses(ask.person.user_id))
    if not snapshots:
        return Reply(texts.no_accounts(ask.speech))
    words = words_of(ask.argument)
    named = [(snapshot, words_of(snapshot.account)) for snapshot in snapshots]
    fits = [(snapshot, len(name)) for snapshot, name in named if _starts_with(words, name)]
    if fits:
        snapshot, count = max(fits, key=lambda fit: fit[1])
    elif not words or grammar(words):
        return Choice(snapshots[0], tuple(words))
    else:
        count = 1
        chosen = account_named(snapshots, " ".join(words))
        if chosen is not None:
            return Choice(chosen)
        chosen = account_named(snapshots, words[0])
        if chosen is None:
            return _unknown(ask, words, snapshots)
        snapshot = chosen
    rest = tuple(words[count:])
    if rest and grammar is only_account:
        return _unknown(ask, words, snapshots)
    return Choice(snapshot, rest)


def _unknown(ask: Ask, words: Sequence[str], snapshots: Sequence[Snapshot]) -> Reply:
    return unknown_account(ask.speech, " ".join(words), snapshots)


def _starts_with(words: Sequence[str], name: Sequence[str]) -> bool:
    head = [word.casefold() for word in words[: len(name)]]
    return bool(name) and head == [word.casefold() for word in name]
