"""Every field of what Binance answers, spoiled: it is refused, or the book does not change in silence."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from guard.ports.errors import BadAnswer
from guard.risk.book import Book
from tests.property.venues.test_binance_agreement import KINDS, World, opened

EMPTY: list[Any] = ["", None, "absent"]
GARBAGE = [*EMPTY, "x", "nan"]
_ROWS_MAX = 3
# A name that is another name is no garbage; a bracket's cap of leverage decides nothing, and its `cum` is derived where
# it is not told.
_NAMES = {"asset", "symbol"}
_MAY_BE_EMPTY = {"initialLeverage", "cum"}


@dataclass
class Spoiled(World):
    """A world one of whose answers has one spoiled field."""

    path: str = ""
    row: int = 0
    key: str = ""
    garbage: Any = None
    known: dict[str, Any] = field(default_factory=dict)

    def said(self, path: str) -> Any:
        """The answer, spoiled when it is the one."""
        if path not in self.known:
            self.known[path] = super().said(path)
        if path != self.path:
            return self.known[path]
        answer = copy.deepcopy(self.known[path])
        row = list(rows_of(answer))[self.row]
        if self.garbage == "absent":
            del row[self.key]
        else:
            row[self.key] = self.garbage
        return answer


def rows_of(answer: Any) -> Iterator[dict[str, Any]]:
    """The objects of an answer, the first few of each list."""
    if isinstance(answer, list):
        for item in answer[:_ROWS_MAX]:
            yield from rows_of(item)
    elif isinstance(answer, dict):
        yield answer
        for value in answer.values():
            yield from rows_of(value)


def money(book: Book) -> Any:
    """What decides over liquidation."""
    return (book.positions, book.collateral, book.tiers, book.position_mode, book.model)


def world_of(name: str) -> World:
    """Legs, an isolated one where there may be, money, and an order."""
    held = [(0, 90_000, True, 10, 98, False), (1, 40_000, False, 5, 101, True), (4, 50_000, False, 8, 102, False)]
    return opened(KINDS[name], held, [(0, 2_000, True, -3)], [60, 40, 10], hedge=False)


@pytest.mark.parametrize("name", KINDS)
def test_no_spoiled_field_changes_the_book_in_silence(name: str) -> None:
    """Refused, named as missing, seen as torn, or of no consequence."""
    world, fetch = world_of(name), KINDS[name].fetch
    probe = Spoiled(world.engine, world.account, world.table, world.listed)
    whole = fetch(probe)
    assert (whole.missing, whole.torn) == ((), ())
    cases = [
        (path, index, key, garbage)
        for path in probe.known
        for index, row in enumerate(rows_of(probe.known[path]))
        for key in row
        for garbage in GARBAGE
        if not (key in _NAMES and garbage in {"x", "nan"}) and not (key in _MAY_BE_EMPTY and garbage in EMPTY)
    ]
    assert len(cases) > 500
    for path, index, key, garbage in cases:
        spoiled = Spoiled(
            world.engine, world.account, world.table, world.listed, path, index, key, garbage, probe.known
        )
        try:
            fetched = fetch(spoiled)
        except BadAnswer:
            continue
        unchanged = money(fetched.book) == money(whole.book)
        assert unchanged or fetched.missing or fetched.torn, (path, index, key, garbage)
