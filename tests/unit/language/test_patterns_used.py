"""Every pattern of sentences is one that the code can still make: a form that nobody says any more is a wrong one.

That sentences really made are recognised is held by the other tests of this folder, room by room. Here the other way
round: each pattern is a literal of the code, or is put together from words that stand side by side in literals.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import guard
from guard.language.catalogue import ENGLISH_CODE, LANGUAGES, SENTENCES

HOME = Path(guard.__file__).parent
OTHERS = [language for language in LANGUAGES if language != ENGLISH_CODE]
MAKERS = ("alerts", "app", "charts", "ports", "protect", "risk", "venues")
"""Rooms that make sentences where no language is known."""


@cache
def word_pairs() -> frozenset[tuple[str, str]]:
    """Words that stand side by side in a literal of the rooms that make sentences, without values that are put in."""
    found: set[tuple[str, str]] = set()
    for room in MAKERS:
        for file in (HOME / room).glob("*.py" if room == "venues" else "**/*.py"):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.update(pairwise(words(node.value)))
    return frozenset(found)


def words(text: str) -> list[str]:
    """The words of a text, signs left out."""
    return re.findall(r"[a-z0-9_']+", text.casefold())


def patterns(language: str) -> Iterator[str]:
    """The English forms of a language's sentences."""
    with (HOME / "language" / language / f"{SENTENCES}.po").open("rb") as stream:
        yield from (str(message.id) for message in read_po(stream, locale=language) if message.id)


@pytest.mark.parametrize("language", OTHERS)
def test_every_pattern_is_made_of_words_of_the_code(language: str) -> None:
    """Words side by side in a pattern stand so in a literal, but where two literals are put together."""
    stale = []
    for pattern in patterns(language):
        parts = [pairs for part in re.split(r"\{\w+\}|[;:,()]", pattern) if (pairs := list(pairwise(words(part))))]
        known = [pair in word_pairs() for pairs in parts for pair in pairs]
        if known.count(False) > 1 + len(known) // 4:
            stale.append(f"{pattern!r}: {[pair for pairs in parts for pair in pairs if pair not in word_pairs()]}")
    assert not stale, f"remove from {language}/{SENTENCES}.po what no code says:\n" + "\n".join(stale)
