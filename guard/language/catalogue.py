"""The catalogues: which languages there are, and what a text of the code is in each of them.

Owns loading. A language is a folder beside this file; all its `.po` files together are one catalogue, read once a
process. A text that has no translation stays English: a warning that can be read beats one that is missing (a test
makes sure that none lacks one).
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from guard.language.patterns import Pattern, patterns_of

LANGUAGES: Final = {"en": "English", "ja": "日本語"}
"""Every language by its code, as its readers call it."""

ENGLISH_CODE: Final = "en"
SENTENCES: Final = "sentences"
"""The catalogue of sentences that are made where no language is known: by risk, protect and venues."""

_HOME: Final = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One language: texts of the code, and sentences recognised by their form."""

    texts: NullTranslations = field(default_factory=NullTranslations)
    patterns: tuple[Pattern, ...] = ()


@cache
def catalogue(language: str) -> Catalogue:
    """The catalogue of a language; that of English is empty, and so is that of a language that is not known."""
    files = sorted((_HOME / language).glob("*.po")) if language in LANGUAGES and language != ENGLISH_CODE else []
    if not files:
        return Catalogue()
    merged = Catalog(locale=language)
    patterns: list[Pattern] = []
    for file in files:
        messages = [message for message in _read(file, language) if message.id]
        for message in messages:
            merged.add(message.id, message.string, context=message.context)
        if file.stem == SENTENCES:
            patterns += patterns_of((str(message.id), str(message.string)) for message in messages)
    compiled = io.BytesIO()
    write_mo(compiled, merged)
    compiled.seek(0)
    return Catalogue(GNUTranslations(compiled), tuple(sorted(patterns, key=lambda pattern: -pattern.weight)))


def _read(file: Path, language: str) -> list[Message]:
    with file.open("rb") as stream:
        return list(read_po(stream, locale=language))
