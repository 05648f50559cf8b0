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
    """One sentence form. `weight` is how many characters are fixed: the more, the surer the match."""

    form: re.Pattern[str]
    translation: str
    weight: int

    def translate(self, sentence: str, of_hole: Callable[[str], str]) -> str | None:
        """The sentence in the other language, each hole's content passed through `of_hole`; None = another sentence."""
        match = self.form.fullmatch(sentence)
        if match is None:
            return None
        return self.translation.format(**{name: of_hole(part) for name, part in match.groupdict().items()})


def patterns_of(pairs: Iterable[tuple[str, str]]) -> list[Pattern]:
    """Patterns of (English form, translation); forms without a translation are left out."""
    return [Pattern(_form(english), other, len(_HOLE.sub("", english))) for english, other in pairs if other]


def _form(english: str) -> re.Pattern[str]:
    parts, end = [], 0
    for hole in _HOLE.finditer(english):
        parts += [re.escape(english[end : hole.start()]), f"(?P<{hole[1]}>(?:(?!; ).)+?)"]
        end = hole.end()
    return re.compile("".join([*parts, re.escape(english[end:])]), re.DOTALL)
