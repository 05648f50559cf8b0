"""Failures of the database, classified once, by SQLite's own result code. No SQLAlchemy error leaves the room."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError, StatementError

from guard.ports.errors import StoreBusy, StoreError
from guard.store.location import Location

_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_CAUSES: Final = {
    sqlite3.SQLITE_FULL: ("has no space left on its disk", "free space; nothing was lost, the guard goes on by itself"),
    sqlite3.SQLITE_READONLY: ("cannot be written", "check the owner and rights of the file and its folder"),
    sqlite3.SQLITE_PERM: ("may not be opened", "check the owner and rights of the file and its folder"),
    sqlite3.SQLITE_CANTOPEN: ("cannot be opened", "check that the file and its folder exist, and their rights"),
    sqlite3.SQLITE_IOERR: ("cannot be read or written", "check the disk, and that it is not a network share"),
    sqlite3.SQLITE_CORRUPT: ("is damaged", "stop the guard, keep the file, and restore a copy"),
    sqlite3.SQLITE_NOTADB: ("is not a SQLite database, or is damaged", "check the url, or restore a copy"),
}
_PRIMARY_CODE: Final = 0xFF


@contextmanager
def translated(location: Location, busy_timeout_s: float) -> Iterator[None]:
    """Turn what SQLAlchemy raises inside into one `StoreError` with a fix.

    Raises:
        StoreBusy: another process held the lock for the whole of `busy_timeout_s`.
        StoreError: anything else; the transaction was rolled back.
    """
    try:
        yield
    except SQLAlchemyError as error:
        raise _store_error(error, location, busy_timeout_s) from error


def _store_error(error: SQLAlchemyError, location: Location, busy_timeout_s: float) -> StoreError:
    cause = error.orig if isinstance(error, StatementError) else None
    if isinstance(error, DBAPIError):
        code = getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY_CODE
        if code in _BUSY:
            return StoreBusy(
                f"the database {location} was locked by another process for {busy_timeout_s:g} s",
                fix=f"try again; if it stays locked, `fuser {location}` shows who holds it",
            )
        if code in _CAUSES:
            what, fix = _CAUSES[code]
            return StoreError(f"the database {location} {what} ({cause})", fix=fix)
    return StoreError(f"the database {location} refused a statement ({cause or error})")
