"""Answers with holes: empty, missing and doubled fields and rows, strangers. Nothing is dropped, nothing becomes 0."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from guard.ports.errors import BadAnswer
from guard.ports.venue import FetchedBook
from tests.contract.venues.agreement import agrees
from tests.contract.venues.harness import Harness


async def held(bench: Harness) -> Any:
    """An account with two legs, opened."""
    legs = (bench.holding("BTCUSDT", "2", "43000"), bench.holding("ETHUSDT", "-5", "3300"))
    return await bench.open(bench.account("alice", *legs))


def change_rows(bench: Harness, change: Callable[[list[dict[str, Any]]], None]) -> None:
    """Let `change` work on the position rows of every answer."""

    def applied(answer: Any) -> Any:
        change(bench.rows(answer))
        return answer

    bench.tampering.changes[bench.positions] = applied


async def result(opened: Any) -> FetchedBook | BadAnswer:
    """The book, or the refusal to make one."""
    try:
        fetched: FetchedBook = await opened.fetch_book()
    except BadAnswer as error:
        return error
    return fetched


def is_told(outcome: FetchedBook | BadAnswer) -> bool:
    """Whether nobody can take the outcome for a whole book."""
    return isinstance(outcome, BadAnswer) or bool(outcome.missing or outcome.torn)


@pytest.mark.parametrize("empty", ["", None])
async def test_fields_that_real_venues_leave_empty(bench: Harness, empty: object) -> None:
    """The book is whole all the same, and agrees."""
    if not bench.empty_fields:
        pytest.skip(f"{bench.venue}: none known")
    opened = await held(bench)

    def blank(rows: list[dict[str, Any]]) -> None:
        for row in rows:
            row.update({name: empty for name in bench.empty_fields if name in row})

    change_rows(bench, blank)
    fetched = await opened.fetch_book()
    assert len(fetched.book.positions) == 2
    agrees(fetched, bench.relative)


@pytest.mark.parametrize("empty", ["", None, "nonsense"])
async def test_a_required_field_is_never_guessed(bench: Harness, empty: object) -> None:
    """Whichever it is, the reading fails or says what is missing."""
    opened = await held(bench)
    for name in bench.required_fields:

        def spoil(rows: list[dict[str, Any]], name: str = name) -> None:
            rows[0][name] = empty

        change_rows(bench, spoil)
        assert is_told(await result(opened)), name
    assert bench.required_fields


async def test_a_duplicated_position(bench: Harness) -> None:
    """Neither adding up nor dropping one would be right."""
    opened = await held(bench)
    change_rows(bench, lambda rows: rows.append(dict(rows[0])))
    assert is_told(await result(opened))


async def test_a_position_on_a_symbol_that_nobody_lists(bench: Harness) -> None:
    """It is not left out in silence."""
    opened = await held(bench)
    await opened.fetch_book()

    def rename(rows: list[dict[str, Any]]) -> None:
        for row in rows:
            row.update(bench.renamed(row))

    change_rows(bench, rename)
    outcome = await result(opened)
    assert is_told(outcome)
    assert "NEWCOIN" in str(outcome if isinstance(outcome, BadAnswer) else outcome.missing)


async def test_a_symbol_that_is_reused_for_a_new_coin(bench: Harness) -> None:
    """A contract of another size under the old name: what is computed with is what is listed now, or it is told."""
    opened = await held(bench)
    await opened.fetch_book()
    bench.clock.jump(2 * 86_400)
    bench.tampering.changes[bench.listings] = bench.relisted
    outcome = await result(opened)
    if isinstance(outcome, FetchedBook) and not is_told(outcome):
        leg = next(leg for leg in outcome.book.positions if leg.symbol == bench.symbol("BTCUSDT"))
        assert leg.contract_size == pytest.approx(bench.relisted_size)
