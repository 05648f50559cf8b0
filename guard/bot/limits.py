"""Telegram's limits on one message, and keeping to them without breaking the markup or hiding what was left out.

Pure. Lengths count UTF-16 code units of the source with its markup: never less than what Telegram counts.
Source: core.telegram.org/bots/api, sendMessage (4,096 characters after entities parsing), sendPhoto (caption 1,024).
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from typing import overload

TEXT_MAX = 4096
CAPTION_MAX = 1024
_TAG = re.compile(r"<[^<>]*>")


def size(text: str) -> int:
    """Length in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def shortened(text: str, length_max: int = TEXT_MAX, mark: str = "... (shortened)") -> str:
    """Plain text cut to fit, with `mark` at the end where something is missing."""
    if size(text) <= length_max:
        return text
    room = (length_max - size(mark)) * 2
    kept = text.encode("utf-16-le", "surrogatepass")[:room].decode("utf-16-le", "ignore")
    return kept.rstrip() + mark


def plain(source: str) -> str:
    """Telegram HTML as plain text: tags removed, character references resolved."""
    return html.unescape(_TAG.sub("", source))


def followed(source: str, line: str, space: str = "\n") -> str:
    """Telegram HTML with a line after it that is never cut; what is too long before it loses its end and its markup."""
    whole = f"{source}{space}{line}" if source and line else source or line
    if size(plain(whole)) <= TEXT_MAX:
        return whole
    room = TEXT_MAX - size(plain(line)) - size(space)
    return f"{html.escape(shortened(plain(source), room), quote=False)}{space}{line}"


class Lazy(Sequence[str]):
    """Paragraphs that are written when they are looked at: of a thousand, those few that fit a message.

    Args:
        works: each writes one.
    """

    def __init__(self, works: Sequence[Callable[[], str]]) -> None:
        self._works = works

    def __len__(self) -> int:
        return len(self._works)

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...

    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        return Lazy(self._works[index]) if isinstance(index, slice) else self._works[index]()


def fitted(head: str, items: Sequence[str], tail: str, more: Callable[[int], str], length_max: int = TEXT_MAX) -> str:
    """Paragraphs of HTML between a head and a tail, as many as fit; the rest is counted, never just dropped.

    Args:
        head: first paragraph; empty = none.
        items: paragraphs, the most important first; each must be shorter than a third of the limit.
        tail: last paragraph, always kept; empty = none.
        more: the line that counts what is left out: "... and 12 more positions".
        length_max: the limit.
    """
    shown: list[str] = [head] if head else []
    for index, item in enumerate(items):
        rest = len(items) - index
        # Room for this item and, unless it is the last, for the line that counts the others.
        ending = [tail] if rest == 1 else [more(rest - 1), tail]
        if size("\n\n".join([*shown, item, *filter(None, ending)])) > length_max:
            shown.append(more(rest))
            break
        shown.append(item)
    return "\n\n".join([*shown, *([tail] if tail else [])])
