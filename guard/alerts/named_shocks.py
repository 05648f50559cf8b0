"""Shocks that a person names, such as `BTC -8% ETH -12%`: how they are written and stored, which liquidate. Pure.

Stored without a column of their own: the name of the setting is the rule's with the shocks behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from guard.alerts.rules import Rule
from guard.ports.errors import InputError
from guard.risk.book import Book
from guard.risk.scenarios import Scenario, movable, shock
from guard.risk.stress import risks_of

SHOCKS_MAX: Final = 10
EXAMPLE: Final = "BTC -8% ETH -12%"
ALL: Final = "ALL"
"""Stands for every asset that is not stable and not named."""

_MOVE: Final = re.compile(r"([A-Z0-9]{1,20})[ =:]*([+-]\d{1,4}(?:\.\d{1,6})?) ?%\s*")


@dataclass(frozen=True, slots=True)
class NamedShock:
    """Relative moves of assets that happen together, in the order in which they were written."""

    moves: tuple[tuple[str, float], ...]

    @property
    def name(self) -> str:
        """`BTC -8 % ETH -12 %`."""
        return " ".join(f"{asset} {move * 100:+.6g} %" for asset, move in self.moves)

    @property
    def assets(self) -> tuple[str, ...]:
        """What it moves."""
        return tuple(asset for asset, _ in self.moves)

    def scenario(self, spelled: Mapping[str, str], size: float = 1.0) -> Scenario:
        """It as a scenario, `size` times as large; no asset loses all. `spelled`: assets as a book has them."""
        return shock({spelled.get(asset, asset): max(-0.999, move * size) for asset, move in self.moves})


def read_shocks(text: str) -> tuple[NamedShock, ...]:
    """Shocks as a person writes them, several joined by commas.

    Raises:
        InputError: one is none, or there are too many.
    """
    parts = [part.strip() for part in re.split(r"[,;]", text.replace('"', " ").upper()) if part.strip()]
    if not parts:
        raise InputError("a shock names no asset", fix=f"such as {EXAMPLE}")
    if len(parts) > SHOCKS_MAX:
        raise InputError(f"{len(parts)} shocks are too many, must be at most {SHOCKS_MAX}")
    return tuple(dict.fromkeys(_shock(part) for part in parts))


def names_assets(text: str) -> bool:
    """Whether a threshold that was typed is a shock rather than a size: `BTC -10%`, not `10%` or `off`."""
    return any(letter.isalpha() for letter in text) and "%" in text


def _shock(part: str) -> NamedShock:
    moves: list[tuple[str, float]] = []
    end = 0
    while end < len(part):
        found = _MOVE.match(part, end)
        if found is None:
            raise InputError(f"{part} is no shock", fix=f"such as {EXAMPLE}, each move with + or - and a percent sign")
        moves.append((found[1], round(float(found[2]) / 100, 8)))
        end = found.end()
    names = [asset for asset, _ in moves]
    if len(set(names)) < len(names):
        raise InputError(f"{part} names an asset twice", fix="shocks that happen each by itself are joined by commas")
    if any(move <= -1 for _, move in moves):
        raise InputError(f"{part} was out of range, must be above -100 %")
    if not any(move for _, move in moves):
        raise InputError(f"{part} moves nothing", fix=f"such as {EXAMPLE}")
    return NamedShock(tuple(moves))


def stored_name(shocks: Sequence[NamedShock]) -> str:
    """Under which name a person's own shocks are stored; none: the rule is off."""
    return " ".join([Rule.SHOCKS.value, ", ".join(each.name for each in shocks)]).strip()


def is_stored(name: str) -> bool:
    """Whether a stored setting is one of shocks."""
    return name.partition(" ")[0] == Rule.SHOCKS.value


def own_shocks(names: Iterable[str]) -> tuple[NamedShock, ...] | None:
    """A person's own shocks among the names of stored settings; empty: off, None: there are none of their own."""
    for name in names:
        if is_stored(name):
            text = name.removeprefix(Rule.SHOCKS.value).strip()
            return read_shocks(text) if text else ()
    return None


def assets_of(book: Book) -> dict[str, str]:
    """What a shock can move of a book: in capitals as it is typed, and as the book spells it."""
    return {asset.upper(): asset for asset in (*(item.asset for item in book.collateral), *movable(book))}


def liquidating(book: Book, shocks: Sequence[NamedShock], size: float = 1.0) -> list[NamedShock]:
    """Those that liquidate the account, each `size` times as large as it is named.

    Raises:
        BookError: the book cannot be stressed.
    """
    spelled = assets_of(book)
    risks = risks_of(book, [each.scenario(spelled, size) for each in shocks])
    return [each for each, risk in zip(shocks, risks, strict=True) if risk.liquidated]
