"""The version of the tables in a database, against the version that this program knows. Changes nothing.

Deliberately without alembic, which costs a running service memory for nothing; a test holds `REVISIONS` and the
migration scripts together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, inspect, text

from guard.ports.errors import InputError
from guard.store.engine import BUSY_TIMEOUT_S, open_engine
from guard.store.failures import translated
from guard.store.location import Location

REVISIONS: Final = ("0001", "0002", "0003")
"""Every revision of the tables, oldest first; the last one is what this program works with."""

HEAD: Final = REVISIONS[-1]


@dataclass(frozen=True, slots=True)
class SchemaState:
    """The revision of a database and the one that this program needs; `current` None: nothing is there yet."""

    location: Location
    current: str | None
    head: str = HEAD

    @property
    def ok(self) -> bool:
        """Whether the program may work with this database."""
        return self.current == self.head

    @property
    def known(self) -> bool:
        """Whether `upgrade` can bring it to `head`; else it was written by a newer program."""
        return self.current is None or self.current in REVISIONS


def check(url: str) -> SchemaState:
    """Look at the revision of a database; a missing file is not made.

    Raises:
        InputError: a bad url, or a database of another program.
        StoreError: it cannot be read.
    """
    location = Location.parse(url)
    if not location.exists():
        return SchemaState(location, None)
    engine = open_engine(location, "read")
    try:
        with translated(location, BUSY_TIMEOUT_S), engine.begin() as connection:
            return SchemaState(location, revision_of(connection, location))
    finally:
        engine.dispose()


def revision_of(connection: Connection, location: Location) -> str | None:
    """The revision of the connected database; None for an empty one.

    Raises:
        InputError: the database belongs to another program.
    """
    tables = inspect(connection).get_table_names()
    if "alembic_version" not in tables:
        if tables:
            raise InputError(
                f"the database {location} is not the guard's: it has tables {', '.join(sorted(tables)[:3])} "
                "and no schema version",
                fix="name another file in database.url",
            )
        return None
    revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return None if revision is None else str(revision)


def require_current(url: str) -> None:
    """Refuse a database that this program would misread.

    Raises:
        InputError: missing, outdated or newer; says which command to run.
        StoreError: it cannot be read.
    """
    state = check(url)
    if state.ok:
        return
    if not state.known:
        raise too_new(state)
    if state.current is None:
        raise InputError(f"the database {state.location} is empty or does not exist", fix="run `guard db upgrade`")
    raise InputError(
        f"the database {state.location} has schema {state.current}, this program needs {state.head}",
        fix="run `guard db upgrade`",
    )


def too_new(state: SchemaState) -> InputError:
    """The error for a database of a newer program."""
    return InputError(
        f"the database {state.location} has schema {state.current}, which this program does not know "
        f"(it knows up to {state.head}): a newer version of the guard wrote it",
        fix="install that version again, or restore the copy made before its upgrade",
    )
