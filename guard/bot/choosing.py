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
from guard.bot.symbols import meant_symbol
from guard.bot.typed import words_of
from guard.ports.records import Snapshot

Grammar = Callable[[Sequence[str]], bool]
Holds = Callable[[Snapshot, str], bool]
"""Whether an account holds what a word names."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The account that is meant, and the words that do not name it."""

    snapshot: Snapshot
    words: tuple[str, ...] = ()


def only_account(words: Sequence[str]) -> bool:
    """Nothing but an account may be typed."""
    return not words


def holds_position(snapshot: Snapshot, word: str) -> bool:
    """Whether a word names a symbol of the account's positions, or several of them."""
    meant = meant_symbol(word, [position.symbol for position in snapshot.positions])
    return meant.symbol is not None or bool(meant.choice)


async def choice(
    desk: Desk, ask: Ask, grammar: Grammar = only_account, holds: Holds = holds_position
) -> Choice | Reply:
    """The account, of the person's own, that is asked about; without a name the most urgent that holds what is named.

    An account that is called like a word of the command is meant by it: names come first.

    Args:
        desk: the rest of the guard.
        ask: what was asked.
        grammar: whether words make sense for the command without an account before them.
        holds: whether an account holds what a word names.

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
        return Choice(_meant_by(snapshots, words, holds), tuple(words))
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


def _meant_by(snapshots: Sequence[Snapshot], words: Sequence[str], holds: Holds) -> Snapshot:
    """The most urgent account that holds what the first word that names anything names; else the most urgent."""
    named = (snapshot for word in words for snapshot in snapshots if holds(snapshot, word))
    return next(named, snapshots[0])


def _unknown(ask: Ask, words: Sequence[str], snapshots: Sequence[Snapshot]) -> Reply:
    return unknown_account(ask.speech, " ".join(words), snapshots)


def _starts_with(words: Sequence[str], name: Sequence[str]) -> bool:
    head = [word.casefold() for word in words[: len(name)]]
    return bool(name) and head == [word.casefold() for word in name]
