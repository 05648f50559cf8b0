"""Which symbol or asset a person means: `BTC`, `btc`, `BTC/USDT`, `BTCUSDT`; the nearest one after a typo. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from guard.language.speech import base_of

_NO_LETTER = re.compile(r"[^A-Z0-9]")
_NEAR = 0.5


@dataclass(frozen=True, slots=True)
class Meant:
    """What was meant: one symbol, or several to choose from, or none and perhaps the nearest."""

    symbol: str | None = None
    choice: tuple[str, ...] = ()
    nearest: str | None = None


def meant_symbol(typed: str, symbols: Sequence[str]) -> Meant:
    """The one of `symbols` (`BTC/USDT:USDT`) that a person has typed.

    Looked for as written, without its settlement, without punctuation, by its base asset; the first form that fits
    anything decides, and where it fits several nothing is guessed.
    """
    known = tuple(dict.fromkeys(symbols))
    forms: tuple[Callable[[str], str], ...] = (str.upper, _pair, _letters, _pair_letters, _base)
    for form in forms:
        wanted = _form_of(form, typed)
        found = tuple(symbol for symbol in known if form(symbol) == wanted) if wanted else ()
        if len(found) == 1:
            return Meant(found[0])
        if found:
            return Meant(choice=found)
    return Meant(
        nearest=nearest(typed, {name: symbol for symbol in known for name in (_pair_letters(symbol), _base(symbol))})
    )


def meant_asset(typed: str, assets: Sequence[str]) -> Meant:
    """The one of `assets` (`BTC`) that a person has typed; a symbol means its base asset."""
    known = {asset.upper(): asset for asset in assets}
    for form in (str.upper, _base, _letters):
        found = known.get(form(typed))
        if found is not None:
            return Meant(found)
    for asset in sorted(known, key=len, reverse=True):
        rest = _letters(typed).removeprefix(asset)
        if rest != _letters(typed) and rest in {"USDT", "USDC", "USD", "PERP", "USDTPERP"}:
            return Meant(known[asset])
    return Meant(nearest=nearest(typed, known))


def nearest(typed: str, by_name: dict[str, str]) -> str | None:
    """The value of the name (in capitals) that is most like what was typed; None = nothing is."""
    found = difflib.get_close_matches(_letters(typed), by_name, n=1, cutoff=_NEAR)
    return by_name[found[0]] if found else None


def _form_of(form: Callable[[str], str], typed: str) -> str:
    """What was typed, in the form that symbols are compared in; a base asset is typed as it is."""
    return _letters(typed) if form in (_pair_letters, _base) else form(typed)


def _pair(symbol: str) -> str:
    return symbol.upper().partition(":")[0]


def _letters(text: str) -> str:
    letters = _NO_LETTER.sub("", text.upper())
    return letters.removesuffix("PERP") or letters


def _pair_letters(symbol: str) -> str:
    return _letters(_pair(symbol))


def _base(symbol: str) -> str:
    return base_of(symbol).upper()
