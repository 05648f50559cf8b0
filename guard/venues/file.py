"""Venue `file`: an account read from a book file that another program rewrites. It can be watched, never traded.

The book is as old as its `as_of` says, whenever the file was read.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from guard.ports.clock import Clock
from guard.ports.errors import BadAnswer, InputError, OrderRejected, VenueError, VenueUnavailable
from guard.ports.venue import (
    AccountCheck,
    AccountSpec,
    Depth,
    FetchedBook,
    Instrument,
    KeyRights,
    OrderRequest,
    OrderState,
)
from guard.risk.book import Book
from guard.risk.bookerror import BookError
from guard.risk.bookfile import parse_book_text

_PARTS = ("balances", "positions", "marks", "open_orders")
_BYTES_MAX = 16 * 1024 * 1024
_RIGHTS = KeyRights(read=True, trade=False, withdraw=False, transfer=False, ip_restricted=None)


class FileAccount:
    """Implements `guard.ports.venue.VenueAccount` on a book file.

    Raises:
        InputError: the account names no book file.
    """

    def __init__(self, spec: AccountSpec, clock: Clock) -> None:
        if not spec.book_file:
            raise InputError(f"account {spec.name} has no book file", fix="name it with --book-file")
        self.spec = spec
        self._clock = clock
        self._path = Path(spec.book_file)

    async def fetch_book(self) -> FetchedBook:
        """Read the file.

        Raises:
            VenueUnavailable: there is no such file, or it cannot be read.
            BadAnswer: it is no book; the message says where.
        """
        book = replace(self._read(), account=self.spec.name)
        return FetchedBook(book=book, parts=dict.fromkeys(_PARTS, book.as_of), position_mode_proven=False)

    def _read(self) -> Book:
        where = f"book file {self._path}"
        try:
            if self._path.stat().st_size > _BYTES_MAX:
                raise BadAnswer(f"{where} is larger than {_BYTES_MAX // 2**20} MiB", fix="no figure was taken from it")
            text = self._path.read_text(encoding="utf-8")
        except OSError as error:
            raise VenueUnavailable(
                f"{where} cannot be read ({error.strerror})", fix="check the program that writes it"
            ) from error
        except UnicodeDecodeError as error:
            raise BadAnswer(f"{where} is not text in UTF-8", fix="no figure was taken from it") from error
        try:
            return parse_book_text(text)
        except BookError as error:
            raise BadAnswer(
                f"{where}: {error}", fix="write the book to another file and rename it, so that no half is ever read"
            ) from error

    async def check(self) -> AccountCheck:
        """Read the file; a file has no key, no clock and no modes of its own."""
        fetched = await self.fetch_book()
        return AccountCheck(
            fetched=fetched,
            rights=_RIGHTS,
            clock_skew_ms=0.0,
            position_mode=fetched.book.position_mode,
            account_mode="file",
            warnings=("a book file cannot trade: the guard can warn, it cannot act",),
            can_trade=False,
        )

    async def instrument(self, symbol: str) -> Instrument:
        """A file has no trading rules.

        Raises:
            VenueError: always.
        """
        raise VenueError(f"a book file has no trading rules for {symbol}")

    async def depth(self, symbol: str) -> Depth:
        """A file has no order book.

        Raises:
            VenueError: always.
        """
        raise VenueError(f"a book file has no order book of {symbol}")

    async def submit(self, request: OrderRequest) -> OrderState:
        """Refuse.

        Raises:
            OrderRejected: always.
        """
        raise OrderRejected(f"order {request.client_order_id} was not sent: a book file cannot trade")

    async def find_order(self, client_order_id: str, symbol: str) -> OrderState | None:  # noqa: ARG002 - the protocol's
        """None: nothing is ever sent."""
        return None

    async def cancel_order(self, symbol: str, venue_order_id: str) -> bool:
        """Refuse.

        Raises:
            OrderRejected: always.
        """
        raise OrderRejected(f"order {venue_order_id} on {symbol} was not cancelled: a book file cannot trade")

    async def close(self) -> None:
        """Nothing is held open."""
