"""Every field of an answer, spoiled in every way: what a book may do then, and what it may not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

from guard.ports.errors import BadAnswer
from guard.ports.venue import FetchedBook

GARBAGE: tuple[Any, ...] = (None, "", "x", "nan", "inf", [], {}, "1e400", -7.25, "absent")
"""`absent` takes the field away. A truth value is garbage where none is expected."""

Path = tuple[Any, ...]


def paths(answer: Any, before: Path = ()) -> Iterator[Path]:
    """The way to every value inside an answer, containers included."""
    if isinstance(answer, dict):
        for key, value in answer.items():
            yield (*before, key)
            yield from paths(value, (*before, key))
    if isinstance(answer, list):
        for index, value in enumerate(answer):
            yield (*before, index)
            yield from paths(value, (*before, index))


def spoiled(answer: Any, path: Path, garbage: Any) -> Any:
    """A copy with one value spoiled."""
    changed = deepcopy(answer)
    inside = changed
    for step in path[:-1]:
        inside = inside[step]
    if garbage == "absent":
        del inside[path[-1]]
    else:
        inside[path[-1]] = garbage
    return changed


def money(fetched: FetchedBook) -> Any:
    """What decides over liquidation, and what is told of orders."""
    book = fetched.book
    return (book.positions, book.collateral, dict(book.tiers), book.model, book.orders, book.parameters)


def silent_changes(
    answers: dict[str, Any], fetch: Callable[[dict[str, Any]], FetchedBook], harmless: Callable[[str, Path, Any], bool]
) -> list[tuple[str, Path, Any]]:
    """The spoilt fields after which another book came out and nothing said so.

    Anything but a `BadAnswer` that is raised on the way is the test's failure by itself.
    """
    whole = fetch(answers)
    assert whole.missing == ()
    found = []
    for name, answer in answers.items():
        for path in paths(answer):
            for garbage in GARBAGE:
                try:
                    fetched = fetch({**answers, name: spoiled(answer, path, garbage)})
                except BadAnswer:
                    continue
                if fetched.missing or money(fetched) == money(whole) or harmless(name, path, garbage):
                    continue
                found.append((name, path, garbage))
    return found
