"""Failures of the database, by SQLite's result code."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError, InvalidRequestError, OperationalError, StatementError

from guard.ports.errors import StoreBusy, StoreError
from guard.store.failures import translated
from guard.store.location import Location

LOCATION = Location(Path("guard.db"))


def operational(code: int) -> OperationalError:
    """What SQLAlchemy raises for a result code of SQLite."""
    cause = sqlite3.OperationalError("words of SQLite")
    cause.sqlite_errorcode = code
    return OperationalError("INSERT", {}, cause)


CODES = [
    (sqlite3.SQLITE_BUSY, StoreBusy, "was locked by another process for 3 s; try again"),
    (sqlite3.SQLITE_BUSY_SNAPSHOT, StoreBusy, "was locked by another process"),
    (sqlite3.SQLITE_LOCKED, StoreBusy, "was locked by another process"),
    (sqlite3.SQLITE_FULL, StoreError, "has no space left on its disk .*; free space"),
    (sqlite3.SQLITE_READONLY, StoreError, "cannot be written .*; check the owner and rights"),
    (sqlite3.SQLITE_READONLY_DBMOVED, StoreError, "cannot be written"),
    (sqlite3.SQLITE_CANTOPEN, StoreError, "cannot be opened .*; check that the file"),
    (sqlite3.SQLITE_IOERR_FSYNC, StoreError, "cannot be read or written .*; check the disk"),
    (sqlite3.SQLITE_CORRUPT, StoreError, "is damaged .*; stop the guard, keep the file, and restore a copy"),
    (sqlite3.SQLITE_NOTADB, StoreError, "is not a SQLite database"),
    (sqlite3.SQLITE_CONSTRAINT_UNIQUE, StoreError, r"refused a statement \(words of SQLite\)"),
    (sqlite3.SQLITE_ERROR, StoreError, "refused a statement"),
]


@pytest.mark.parametrize(("code", "kind", "text"), CODES)
def test_each_code_has_its_error(code: int, kind: type[StoreError], text: str) -> None:
    """What is wrong, where, what to do; only a lock is worth another try."""
    with pytest.raises(StoreError, match=text) as caught, translated(LOCATION, 3.0):
        raise operational(code)
    assert type(caught.value) is kind
    assert str(caught.value).startswith("the database guard.db ")


@pytest.mark.parametrize(
    "error",
    [
        StatementError("bind", "INSERT", {}, ValueError("the figure was nan")),
        InvalidRequestError("no FROM clauses"),
        DBAPIError("INSERT", {}, ValueError("driver without codes")),
    ],
)
def test_nothing_of_sqlalchemy_leaves_the_room(error: Exception) -> None:
    """Whatever the library raises becomes a StoreError with the words of its cause."""
    with pytest.raises(StoreError, match=r"figure was nan|no FROM|driver without codes"), translated(LOCATION, 3.0):
        raise error


def test_other_errors_pass() -> None:
    """An error of ours is not dressed up as one of the database."""
    with pytest.raises(KeyError), translated(LOCATION, 3.0):
        raise KeyError
