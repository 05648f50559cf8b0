"""Venue `file`: read, aged by its own time, never traded."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from guard.ports.errors import BadAnswer, InputError, OrderRejected, VenueError, VenueUnavailable
from guard.ports.venue import AccountSpec, OrderRequest
from guard.risk.assess import assess
from guard.venues.file import FileAccount

BOOK: dict[str, Any] = {
    "schema": "guard.book/1",
    "account": "whoever wrote it",
    "venue": "mt5",
    "model": "tiered",
    "as_of": "2026-03-04T05:00:00Z",
    "collateral": [{"asset": "USDT", "balance": "1000"}],
    "positions": [
        {
            "symbol": "BTC/USDT:USDT",
            "side": "long",
            "contracts": 1,
            "contract_size": 1,
            "kind": "linear",
            "settle": "USDT",
            "entry_price": 10000,
            "mark_price": 9900,
            "leverage": 20,
        }
    ],
    "tiers": {"BTC/USDT:USDT": [{"floor": 0, "cap": None, "mm_rate": 0.01}]},
}
BELOW_ZERO = {**BOOK, "positions": [{**BOOK["positions"][0], "mark_price": -1}]}
ORDER = OrderRequest("g-1", "BTC/USDT:USDT", "sell", "long", Decimal(1), Decimal(9900), True, "one_way")


def account(path: Path, clock: Any) -> FileAccount:
    """An account on a book file."""
    return FileAccount(AccountSpec("alice", "file", book_file=str(path)), clock)


def rewrite(path: Path, content: bytes) -> None:
    """What another program does."""
    path.write_bytes(content)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A good book file."""
    file = tmp_path / "book.json"
    file.write_text(json.dumps(BOOK), encoding="utf-8")
    return file


async def test_the_book_is_read_under_the_accounts_name_and_as_old_as_it_says(path: Path, clock: Any) -> None:
    """Whenever the file was touched."""
    fetched = await account(path, clock).fetch_book()
    assert fetched.book.account == "alice"
    assert set(fetched.parts.values()) == {fetched.book.as_of}
    assert fetched.book.as_of.isoformat() == "2026-03-04T05:00:00+00:00"
    assert assess(fetched.book).risk_ratio == pytest.approx(99 / 900)
    assert not fetched.position_mode_proven


async def test_a_rewritten_file_is_read_again(path: Path, clock: Any) -> None:
    """Nothing is kept."""
    watched = account(path, clock)
    await watched.fetch_book()
    rewrite(path, json.dumps({**BOOK, "as_of": "2026-03-04T06:00:00Z"}).encode())
    assert (await watched.fetch_book()).book.as_of.hour == 6


async def test_check_tells_that_it_cannot_trade(path: Path, clock: Any) -> None:
    """A file has no key and no clock."""
    check = await account(path, clock).check()
    assert (check.rights.read, check.rights.trade, check.rights.withdraw) == (True, False, False)
    assert (check.clock_skew_ms, check.position_mode, check.account_mode) == (0.0, "one_way", "file")
    assert "cannot trade" in check.warnings[0]


async def test_trading_is_refused(path: Path, clock: Any) -> None:
    """Certainly, so that nothing has to be looked up; and nothing is found."""
    watched = account(path, clock)
    with pytest.raises(OrderRejected, match="a book file cannot trade"):
        await watched.submit(ORDER)
    assert await watched.find_order("g-1", ORDER.symbol) is None
    with pytest.raises(VenueError, match="no trading rules"):
        await watched.instrument(ORDER.symbol)
    with pytest.raises(VenueError, match="no order book"):
        await watched.depth(ORDER.symbol)
    await watched.close()


async def test_a_missing_file_is_a_venue_that_is_away(tmp_path: Path, clock: Any) -> None:
    """The writer may come back."""
    with pytest.raises(VenueUnavailable, match=r"gone\.json cannot be read \(No such file or directory\)"):
        await account(tmp_path / "gone.json", clock).fetch_book()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (json.dumps(BOOK)[:200].encode(), "book.json: "),
        (b"", "book.json: "),
        (b"\xff\xfe", "not text in UTF-8"),
        (
            json.dumps({**BOOK, "positions": [{**BOOK["positions"][0], "mark_price": -1}]}).encode(),
            "positions[0].mark_price",
        ),
        (b" " * (16 * 1024 * 1024 + 1), "larger than 16 MiB"),
    ],
)
async def test_what_is_no_book_is_a_bad_answer(path: Path, clock: Any, content: bytes, words: str) -> None:
    """Half a file, text of another kind, a price below zero: no figure is taken from it."""
    rewrite(path, content)
    with pytest.raises(BadAnswer) as caught:
        await account(path, clock).fetch_book()
    assert words in str(caught.value)


def test_an_account_without_a_file_is_bad_input(clock: Any) -> None:
    """It says which option names it."""
    with pytest.raises(InputError, match="--book-file"):
        FileAccount(AccountSpec("alice", "file"), clock)
