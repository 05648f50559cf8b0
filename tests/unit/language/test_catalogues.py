"""Every text of the code is in every catalogue, every text of a catalogue is in the code, with the same holes.

Texts are the literals in `speech.text("...")`, `speech.plural("one", "many", ...)` and `marked("...")`. A text that is
not a literal cannot be collected: it must come from a table whose texts are `marked`, and its place be named in
`FROM_TABLES`.
"""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

import guard
from guard.language.catalogue import ENGLISH_CODE, LANGUAGES, SENTENCES

HOME = Path(guard.__file__).parent
OTHERS = [language for language in LANGUAGES if language != ENGLISH_CODE]

FROM_TABLES = {
    "guard/alerts/rule_texts.py",
    "guard/bot/acting_text.py",
    "guard/bot/alerts_text.py",
    "guard/bot/history_text.py",
    "guard/bot/log_text.py",
    "guard/bot/menus.py",
    "guard/bot/texts.py",
    "guard/charts/words.py",
}
"""Files that say texts of tables, `speech.text(command.summary)`; the tables' own texts are `marked`."""

CATALOGUES = {
    "guard/alerts": "alerts.po",
    "guard/app": "the file of the room it is about",
    "guard/bot/alerts_text.py": "alerting.po",
    "guard/bot/commands/alerting.py": "alerting.po",
    "guard/bot/commands/thresholds.py": "alerting.po",
    "guard/bot": "chat.po",
    "guard/charts": "charts.po",
    "guard/language": "figures.po or words.po",
    "guard/protect": "protect.po",
}
"""Where a missing text is best added: the most exact beginning of its path counts."""


@dataclass(frozen=True)
class Said:
    """One text and where it is said."""

    english: str
    where: str


@dataclass(frozen=True)
class Saying:
    """One call that says something to a person: its first `count` arguments are texts."""

    path: str
    call: ast.Call
    count: int

    @property
    def where(self) -> str:
        """File and line."""
        return f"{self.path}:{self.call.lineno}"


@cache
def sayings() -> tuple[Saying, ...]:
    """Every call that says something, in all modules that know of speech."""
    found: list[Saying] = []
    for file in sorted(HOME.rglob("*.py")):
        source = file.read_text("utf-8")
        if "guard.language" not in source and "class Speech" not in source:
            continue
        path = file.relative_to(HOME.parent).as_posix()
        calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
        found += [Saying(path, call, count) for call in calls if (count := texts_in(call, source))]
    return tuple(found)


@cache
def collected() -> tuple[tuple[Said, ...], tuple[str, ...]]:
    """All texts of the code, and places where a text is no literal."""
    said: list[Said] = []
    unclear: list[str] = []
    for saying in sayings():
        texts = [list(literals(argument)) for argument in saying.call.args[: saying.count]]
        if not all(texts) and saying.path not in FROM_TABLES:
            unclear.append(saying.where)
        elif saying.count == 1:
            said += [Said(english, saying.where) for english in texts[0]]
        elif all(texts):
            said.append(Said(texts[0][0], saying.where))
    return tuple(said), tuple(unclear)


def texts_in(call: ast.Call, source: str) -> int:
    """How many of the first arguments of a call are texts for a person: 0 when it is another call."""
    called = call.func
    if isinstance(called, ast.Name):
        return 1 if called.id == "marked" or (called.id == "text" and "text = speech.text\n" in source) else 0
    if not isinstance(called, ast.Attribute) or called.attr not in {"text", "plural"}:
        return 0
    owner = called.value.attr if isinstance(called.value, ast.Attribute) else getattr(called.value, "id", "")
    speaks = owner.lower().endswith(("speech", "english")) or (owner == "self" and "class Speech" in source)
    return (1 if called.attr == "text" else 2) if speaks else 0


def literals(argument: ast.expr) -> Iterator[str]:
    """The texts that an argument can be: a literal, or one of two."""
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        yield argument.value
    elif isinstance(argument, ast.IfExp):
        yield from literals(argument.body)
        yield from literals(argument.orelse)


@cache
def catalogued(language: str) -> tuple[tuple[str, Message], ...]:
    """All messages of a language with the file they are in, sentences of pure rooms left out."""
    found = []
    for file in sorted((HOME / "language" / language).glob("*.po")):
        if file.stem == SENTENCES:
            continue
        with file.open("rb") as stream:
            found += [(file.name, message) for message in read_po(stream, locale=language) if message.id]
    return tuple(found)


def single(message: Message) -> str:
    """The English text of a message, in the singular."""
    return str(message.id[0] if isinstance(message.id, tuple | list) else message.id)


def translations(message: Message) -> list[str]:
    """What a message is in the other language, one for each plural form."""
    return [*message.string] if isinstance(message.string, tuple | list) else [str(message.string)]


def holes(text: str) -> set[str]:
    """Names of the holes of a text."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def catalogue_for(where: str) -> str:
    """The file in which a text of this place is best added."""
    fitting = [prefix for prefix in CATALOGUES if where.startswith(prefix)]
    return CATALOGUES[max(fitting, key=len)] if fitting else "the file of the room it is about"


def test_every_text_can_be_collected() -> None:
    """A text that is put together cannot be translated."""
    _, unclear = collected()
    assert not unclear, "the first argument must be a literal, with values put in by name:\n" + "\n".join(unclear)


@pytest.mark.parametrize("language", OTHERS)
def test_no_text_is_missing(language: str) -> None:
    """Whoever reads another language reads all of it."""
    known = {single(message) for _, message in catalogued(language) if all(translations(message))}
    said, _ = collected()
    missing = {each.english: each for each in said if each.english not in known}
    lines = [f"{catalogue_for(each.where)}: {each.english!r} ({each.where})" for each in missing.values()]
    assert not lines, f"add to guard/language/{language}/, msgid and msgstr:\n" + "\n".join(sorted(lines))


@pytest.mark.parametrize("language", OTHERS)
def test_no_text_is_left_over(language: str) -> None:
    """A text that nobody says any more is a wrong one waiting."""
    said = {each.english for each in collected()[0]}
    unused = [f"{file}: {single(message)!r}" for file, message in catalogued(language) if single(message) not in said]
    assert not unused, f"remove from guard/language/{language}/ what no code says:\n" + "\n".join(unused)


@pytest.mark.parametrize("language", OTHERS)
def test_a_text_stands_once_and_is_sure(language: str) -> None:
    """Two files with one text would hide each other; a fuzzy one is a guess."""
    seen: dict[str, str] = {}
    twice = []
    for file, message in catalogued(language):
        if single(message) in seen:
            twice.append(f"{file} and {seen[single(message)]}: {single(message)!r}")
        seen[single(message)] = file
    fuzzy = [f"{file}: {single(message)!r}" for file, message in catalogued(language) if message.fuzzy]
    assert not twice + fuzzy, "\n".join(twice + fuzzy)


@pytest.mark.parametrize("language", OTHERS)
def test_every_translation_has_the_same_holes(language: str) -> None:
    """A figure that is left out misleads, one that is not given breaks the message."""
    wrong = [
        f"{file}: {single(message)!r} has {sorted(holes(single(message)))}, {translation!r} has not"
        for file, message in catalogued(language)
        for translation in translations(message)
        if holes(translation) - {"count"} != holes(single(message)) - {"count"}
    ]
    assert not wrong, "\n".join(wrong)


def test_every_text_is_given_its_values() -> None:
    """Each hole of a text is filled where it is said; nothing is given that has no hole."""
    wrong = [
        f"{saying.where}: {english!r} is given {sorted(given_to(saying.call))}"
        for saying in sayings()
        if getattr(saying.call.func, "id", "") != "marked" and all(key.arg for key in saying.call.keywords)
        for argument in saying.call.args[: saying.count]
        for english in literals(argument)
        if holes(english) - {"count"} != given_to(saying.call)
    ]
    assert not wrong, "\n".join(wrong)


def given_to(call: ast.Call) -> set[str]:
    """Names of the values that are put into a text; the count of a plural is put in by itself."""
    return {str(key.arg) for key in call.keywords} - {"count"}
