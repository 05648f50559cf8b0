"""A request that cannot be answered: one clear line, and an example of one that can. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from guard.bot.status_text import escaped
from guard.bot.symbols import Meant
from guard.language.speech import Speech

SHOWN = 12


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is wrong, in the reader's language; HTML."""

    html: str


def refusal(speech: Speech, html: str, example: str) -> Refusal:
    """What is wrong, and how it is typed."""
    return Refusal(f"{html}\n{speech.text('Example: {example}', example=f'<code>{escaped(example)}</code>')}")


def not_understood(speech: Speech, word: str, example: str) -> Refusal:
    """A word that is none of the command's."""
    return refusal(speech, speech.text("I do not understand {word} here.", word=escaped(word, 40)), example)


def not_one(speech: Speech, typed: str, meant: Meant, names: list[str], example: str) -> Refusal:
    """A symbol or asset that is not there, or stands for several; `names` are those that are there."""
    word = escaped(typed, 40)
    if meant.choice:
        choice = escaped(", ".join(meant.choice[:SHOWN]))
        return refusal(speech, speech.text("{word} may be any of {names}: name one.", word=word, names=choice), example)
    said = speech.text("The account has no {word}.", word=word)
    if meant.nearest:
        said += f" {speech.text('Did you mean {name}?', name=escaped(meant.nearest))}"
    rest = [*names[:SHOWN], "..."] if len(names) > SHOWN else names
    if rest:
        said += f"\n{speech.text('It has {names}.', names=escaped(', '.join(rest)))}"
    return refusal(speech, said, example)
