"""Which of several accounts a typed name means, and what is answered when it means none. Pure."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Sequence
from typing import Protocol, TypeVar

from guard.bot import texts
from guard.bot.replies import Reply
from guard.language.speech import Speech


class Named(Protocol):
    """Something of one account."""

    @property
    def account(self) -> str:
        """Its name."""
        ...


T = TypeVar("T", bound=Named)


def account_named(known: Sequence[T], name: str) -> T | None:
    """The account called `name`: exactly, else ignoring case and width, else the only one that starts with it."""
    folded = _folded(name)
    same = [each for each in known if each.account == name]
    alike = [each for each in known if _folded(each.account) == folded]
    longer = [each for each in known if _folded(each.account).startswith(folded)]
    return next((found[0] for found in (same, alike, longer) if len(found) == 1), None)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def unknown_account(speech: Speech, name: str, known: Sequence[Named]) -> Reply:
    """There is no such account: the nearest that is, and all of them in their order."""
    names = [each.account for each in known]
    nearest = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return Reply(texts.unknown_account(speech, name, nearest[0] if nearest else None, names))
