"""Every field of every row, spoiled in every way: an answer is refused, or the book does not change in silence."""

from __future__ import annotations

from typing import Any

import pytest

from guard.ports.errors import BadAnswer
from guard.risk.book import Book
from guard.venues.binance.assemble import assemble, torn_evidence

GARBAGE: list[Any] = [None, "", "x", "nan", "inf", [], {}, True, "1e400", "absent"]


def spoil(row: dict[str, Any], key: str, garbage: Any) -> dict[str, Any]:
    """The row with one field spoiled."""
    if garbage == "absent":
        return {name: value for name, value in row.items() if name != key}
    return {**row, key: garbage}


def money(book: Book) -> Any:
    """What decides over liquidation."""
    return (book.positions, book.collateral, book.tiers, book.position_mode, book.model)


def fields_of(make: Any, kind: str) -> list[str]:
    """Names of a kind of row."""
    return list(getattr(make, kind)())


@pytest.mark.parametrize("garbage", GARBAGE, ids=repr)
@pytest.mark.parametrize("kind", ["asset", "account_leg", "position", "order", "algo_order"])
def test_no_spoiled_field_changes_the_book_in_silence(make: Any, kind: str, garbage: Any) -> None:
    """Refused, named as missing, seen as torn, or of no consequence."""
    rows = {name: getattr(make, name)() for name in ("asset", "account_leg", "position", "order", "algo_order")}
    rows["position"]["isolatedWallet"] = rows["account_leg"]["isolatedWallet"] = "700"

    def book(spoiled: dict[str, Any]) -> Any:
        account = make.account(assets=[spoiled["asset"]], legs=[spoiled["account_leg"]])
        answers = make.answers(
            account=account,
            positions=[spoiled["position"]],
            orders=[spoiled["order"]],
            algo_orders=[spoiled["algo_order"]],
        )
        torn = torn_evidence(answers.account, answers.positions)
        return assemble("alice", answers, make.reference(), torn)

    whole = book(rows)
    assert (whole.missing, whole.torn) == ((), ())
    for key in fields_of(make, kind):
        try:
            fetched = book({**rows, kind: spoil(rows[kind], key, garbage)})
        except BadAnswer as error:
            assert str(error).startswith("binanceusdm GET "), key  # noqa: PT017 - either outcome is right
            continue
        unchanged = money(fetched.book) == money(whole.book)
        assert unchanged or fetched.missing or fetched.torn, (key, garbage)
        assert len(fetched.book.positions) == 1, (key, garbage)
