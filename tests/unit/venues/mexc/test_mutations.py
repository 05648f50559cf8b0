"""Every field of every row, spoiled in every way: an answer is refused, or the book does not change in silence."""

from __future__ import annotations

from typing import Any

import pytest

from guard.ports.errors import BadAnswer
from guard.risk.book import Book

GARBAGE: list[Any] = [None, "", "x", "nan", "inf", [], {}, True, "1e400", "absent"]
KINDS = ("asset", "position", "order", "market")


def spoil(row: dict[str, Any], key: str, garbage: Any) -> dict[str, Any]:
    """The row with one field spoiled."""
    if garbage == "absent":
        return {name: value for name, value in row.items() if name != key}
    return {**row, key: garbage}


def money(book: Book) -> Any:
    """What decides over liquidation."""
    return (book.positions, book.collateral, book.tiers, book.fees, book.position_mode, book.model, len(book.orders))


@pytest.mark.parametrize("garbage", GARBAGE, ids=repr)
@pytest.mark.parametrize("kind", KINDS)
def test_no_spoiled_field_changes_the_book_in_silence(make: Any, kind: str, garbage: Any) -> None:
    """Refused, named as missing, or of no consequence."""
    rows = {name: getattr(make, name)() for name in KINDS}

    def book(spoiled: dict[str, Any]) -> Any:
        answers = make.answers((spoiled["position"],), (spoiled["order"],), (spoiled["asset"],))
        return make.fetched(answers, make.contracts(spoiled["market"], make.market("ETH_USDT")))

    whole = book(rows)
    assert whole.missing == ()
    spoiled = rows[kind]["info"] if kind == "market" else rows[kind]
    for key in spoiled:
        changed: dict[str, Any] = spoil(spoiled, key, garbage)
        try:
            fetched = book({**rows, kind: {**rows[kind], "info": changed} if kind == "market" else changed})
        except BadAnswer as error:
            assert str(error).startswith("mexc GET "), key  # noqa: PT017 - either outcome is right
            continue
        unchanged = money(fetched.book) == money(whole.book)
        assert unchanged or fetched.missing, (key, garbage)
