"""What people type on a phone, read: moves, sizes, amounts. Pure; a reading is a value, a failure None, never a guess.

Full-width signs and the typographic minus are read as what they mean. A move needs its percent sign: `3` may mean 3 %
or 300 %.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_MINUSES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"), "-")
_LONG_VOWEL = re.compile("(?<![^\\s=:])\u30fc(?=[0-9.])")
"""Beside the digits of a Japanese keyboard, and easily taken for a minus; in a word it is a letter."""

_NUMBER = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,15})(?:\.[0-9]{1,12})?|\.[0-9]{1,12}"
_MOVE = re.compile(rf"([+-]?)({_NUMBER})%")
_AMOUNT = re.compile(rf"\+?({_NUMBER})")
_SIZE = re.compile(rf"({_NUMBER})(%|[A-Z][A-Z0-9]{{0,14}})?")
_PAIR = re.compile(rf"([^\s=:%+-]{{1,40}}?)[=:]?([+-]?(?:{_NUMBER})%)")


@dataclass(frozen=True, slots=True)
class Size:
    """A part of a leg (`unit` is `%`, `value` a fraction), contracts (`unit` empty), or an amount of `unit`."""

    value: float
    unit: str = ""


def words_of(typed: str) -> list[str]:
    """The words of a text, with signs as every keyboard has them; `- 8 %` is one word."""
    plain = unicodedata.normalize("NFKC", typed).translate(_MINUSES)
    plain = _LONG_VOWEL.sub("-", plain)
    joined = re.sub(r"(?<=[0-9]) +%", "%", plain)
    return re.sub(r"(?<![^\s=:])([+-]) +(?=[0-9.])", r"\1", joined).split()


def read_move(word: str) -> float | None:
    """A signed relative move such as `-8%`, as a fraction above -1; None = it is none."""
    found = _MOVE.fullmatch(word)
    if found is None:
        return None
    move = _number(found[2]) / 100.0
    signed = -move if found[1] == "-" else move
    return signed if -1.0 < signed <= 10.0 else None


def read_share(word: str) -> float | None:
    """A share such as `25%`, as a fraction above 0 and at most 1; None = it is none."""
    move = read_move(word)
    if word == "100%":
        return 1.0
    return move if move is not None and 0.0 < move <= 1.0 else None


def read_amount(word: str) -> float | None:
    """A positive number such as `57,000`; None = it is none."""
    found = _AMOUNT.fullmatch(word)
    value = _number(found[1]) if found else 0.0
    return value if value > 0.0 else None


def read_size(words: Sequence[str]) -> Size | None:
    """How much: `25%`, `0.5` (contracts), `0.5 BTC` or `0.5BTC`, `5000 USDT`, `all`; None = it is none."""
    text = "".join(words).upper()
    if text == "ALL":
        return Size(1.0, "%")
    found = _SIZE.fullmatch(text) if len(words) <= 2 else None
    if found is None:
        return None
    value, unit = _number(found[1]), found[2] or ""
    if unit in {"CONTRACT", "CONTRACTS"}:
        unit = ""
    if unit == "%":
        value /= 100.0
    return Size(value, unit) if value > 0.0 else None


def read_moves(words: Sequence[str]) -> list[tuple[str, float]] | str:
    """A scenario such as `-10%` (asset `ALL`) or `BTC -8% ETH=-12%`; else the word that is not understood."""
    moves: list[tuple[str, float]] = []
    name = ""
    for word in words:
        move, pair = read_move(word), _PAIR.fullmatch(word)
        if move is not None:
            moves.append((name or "ALL", move))
            name = ""
        elif name or not any(letter.isalpha() for letter in word):
            return name if any(letter.isalpha() for letter in word) else word
        elif pair is not None and (move := read_move(pair[2])) is not None:
            moves.append((pair[1], move))
        else:
            name = word
    return name or moves


def _number(text: str) -> float:
    value = float(text.replace(",", ""))
    return value if math.isfinite(value) else 0.0
