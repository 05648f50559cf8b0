"""Every field of every row, spoiled in every way: an answer is refused, or the book does not change in silence."""

from __future__ import annotations

from typing import Any

import pytest

from guard.ports.errors import BadAnswer
from guard.risk.book import Book
from guard.venues.bingx.answers import proven_mode

GARBAGE: list[Any] = [None, "", "x", "nan", "inf", [], {}, True, "1e400", "absent"]
KINDS = ("balance", "position", "order")
FLAGS = frozenset({"isolated", "closePosition", "reduceOnly", "onlyOnePosition"})


def spoil(row: dict[str, Any], key: str, garbage: Any) -> dict[str, Any]:
    """The row with one field spoiled."""
    if garbage == "absent":
        return {name: value for name, value in row.items() if name != key}
    return {**row, key: garbage}


def money(book: Book) -> Any:
    """What decides over liquidation."""
    return (book.positions, book.collateral, book.tiers, book.position_mode, book.model, len(book.orders))


@pytest.mark.parametrize("garbage", GARBAGE, ids=repr)
@pytest.mark.parametrize("isolated", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_no_spoiled_field_changes_the_book_in_silence(make: Any, kind: str, isolated: bool, garbage: Any) -> None:
    """Refused, named as missing, or of no consequence."""
    rows = {name: getattr(make, name)() for name in KINDS}
    rows["position"] |= {"isolated": isolated, "margin": "2100", "unrealizedProfit": "50"}

    def book(spoiled: dict[str, Any]) -> Any:
        answers = make.answers((spoiled["position"],), (spoiled["order"],), balances=(spoiled["balance"],))
        assert proven_mode("one_way", answers) == "one_way"
        return make.fetched(answers)

    whole = book(rows)
    assert whole.missing == ()
    for key in rows[kind].keys() - (FLAGS if garbage is True else frozenset()):
        try:
            fetched = book({**rows, kind: spoil(rows[kind], key, garbage)})
        except BadAnswer as error:
            assert str(error).startswith("bingx GET "), key  # noqa: PT017 - either outcome is right
            continue
        unchanged = money(fetched.book) == money(whole.book)
        assert unchanged or fetched.missing, (key, garbage)
        assert len(fetched.book.positions) == 1, (key, garbage)
