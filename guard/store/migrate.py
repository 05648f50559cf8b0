"""Bringing a database to the newest tables: a copy first, then every missing revision in one transaction.

The scripts stand in `alembic/` of a checkout and travel as `guard/_migrations` in an installed package.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

import guard
from guard.ports.errors import InputError, StoreError
from guard.store.engine import BUSY_TIMEOUT_S, open_engine
from guard.store.failures import translated
from guard.store.location import Location
from guard.store.schema import HEAD, SchemaState, check, require_current, revision_of, too_new

__all__ = ["SchemaState", "Upgrade", "check", "config", "require_current", "scripts_folder", "upgrade"]

_COPIES_MAX: Final = 1000


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What an upgrade did: revisions before (None: new database) and after, and the copy made first, if any."""

    location: Location
    before: str | None
    after: str
    copy: Path | None

    def __str__(self) -> str:
        if self.before == self.after:
            return f"the database {self.location} is at schema {self.after} already"
        if self.before is None:
            return f"made the database {self.location} with schema {self.after}"
        return (
            f"brought the database {self.location} from schema {self.before} to {self.after}; "
            f"a copy of the old one is {self.copy}"
        )


def scripts_folder() -> Path:
    """The folder of the migration scripts, of an installed package or of a checkout.

    Raises:
        InputError: neither is there.
    """
    package = Path(guard.__file__).resolve().parent
    folders = (package / "_migrations", package.parent / "alembic")
    for folder in folders:
        if (folder / "env.py").is_file():
            return folder
    raise InputError(
        f"the migration scripts are missing: neither {folders[0]} nor {folders[1]} is there",
        fix="install the guard again",
    )


def upgrade(url: str, *, scripts: Path | None = None, head: str = HEAD) -> Upgrade:
    """Bring a database to the newest tables; make it, readable by its owner only, where there is none.

    1. Look at the revision, and refuse a database that is newer or not ours.
    2. Copy a database that has tables, beside it.
    3. Run the scripts and check the references, in one transaction: it ends at the new revision or where it was.

    Args:
        url: The database.
        scripts: Folder of the scripts; the program's own by default.
        head: The revision to arrive at.

    Raises:
        InputError: bad url, a database that is newer or not ours, a file that cannot be made.
        StoreError: locked by another process for too long, or the scripts failed; nothing was changed.
    """
    location = Location.parse(url)
    location.create()
    engine = open_engine(location, "migrate")
    try:
        with translated(location, BUSY_TIMEOUT_S), engine.begin() as connection:
            before = revision_of(connection, location)
            state = SchemaState(location, before, head)
            if state.ok:
                return Upgrade(location, before, head, None)
            if not state.known:
                raise too_new(state)
            copy = None if before is None else _copy(location, before)
            command.upgrade(config(connection, scripts), head)
            _check_references(connection, location)
            return Upgrade(location, before, head, copy)
    finally:
        engine.dispose()


def config(connection: Connection, scripts: Path | None = None) -> Config:
    """Alembic's configuration for one connection, whose transaction stays the caller's."""
    settings = Config()
    settings.set_main_option("script_location", str(scripts or scripts_folder()).replace("%", "%%"))
    settings.set_main_option("path_separator", "os")
    settings.attributes["connection"] = connection
    return settings


def _copy(location: Location, revision: str) -> Path:
    """Copy the committed database to `<file>.before-upgrade-of-<revision>[-n]`, never over another file."""
    for number in range(_COPIES_MAX):
        suffix = f".before-upgrade-of-{revision}" + (f"-{number}" if number else "")
        copy = location.file.with_name(location.file.name + suffix)
        try:
            os.close(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            continue
        except OSError as error:
            raise _no_copy(location, error) from error
        try:
            with closing(sqlite3.connect(location.file)) as source, closing(sqlite3.connect(copy)) as target:
                source.backup(target)
        except sqlite3.Error as error:
            copy.unlink()
            raise _no_copy(location, error) from error
        return copy
    raise StoreError(f"there are {_COPIES_MAX} copies of the database {location} already", fix="remove old ones")


def _no_copy(location: Location, error: Exception) -> StoreError:
    return StoreError(
        f"no copy of the database {location} can be made before the upgrade ({error})",
        fix="free space, or check the rights of its folder; nothing was changed",
    )


def _check_references(connection: Connection, location: Location) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise StoreError(
            f"the upgrade of {location} would leave {len(broken)} rows of {broken[0][0]} that refer to nothing",
            fix="nothing was changed; please report this",
        )
