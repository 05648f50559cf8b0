"""Sentences recognised by their form: `zone is {zone}, acting starts in {start}`. Pure.

The pure rooms say why in English, and what they said is stored and logged in English: one truth. Only for a reader of
another language is a sentence recognised again by the pattern that it was made from, its figures carried over as they
stand; a figure never holds `; `, which joins sentences. What is not recognised stays English. Tests hold the patterns
against the sentences that the rooms really make.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

_HOLE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Pattern:
    """One sentence form. `weight` is how many characters are fixed: the more, the surer the match.

    `fixed` is what stands between its holes; a sentence without all of it is none of this form, which is found out many
    times faster than by the form itself.
    """

    form: re.Pattern[str]
    translation: str
    weight: int
    fixed: tuple[str, ...] = ()

    def translate(self, sentence: str, of_hole: Callable[[str], str]) -> str | None:
        """The sentence in the other language, each hole's content passed through `of_hole`; None = another sentence."""
        if not all(part in sentence for part in self.fixed):
            return None
        match = self.form.fullmatch(sentence)
        if match is None:
            return None
        return self.translation.format(**{name: of_hole(part) for name, part in match.groupdict().items()})


def patterns_of(pairs: Iterable[tuple[str, str]]) -> list[Pattern]:
    """Patterns of (English form, translation); forms without a translation are left out."""
    return [
        Pattern(_form(english), other, len(_HOLE.sub("", english)), tuple(_fixed(english)))
        for english, other in pairs
        if other
    ]


def _fixed(english: str) -> list[str]:
    """What is never a hole, the longest first."""
    return sorted(filter(None, _HOLE.sub("\0", english).split("\0")), key=len, reverse=True)


def _form(english: str) -> re.Pattern[str]:
    parts, end = [], 0
    for hole in _HOLE.finditer(english):
        parts += [re.escape(english[end : hole.start()]), f"(?P<{hole[1]}>(?:(?!; ).)+?)"]
        end = hole.end()
    return re.compile("".join([*parts, re.escape(english[end:])]), re.DOTALL)
