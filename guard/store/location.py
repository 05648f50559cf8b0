"""Where the database is: its url, its file, and who may read it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import URL

from guard.ports.errors import InputError

_PREFIXES: Final = ("sqlite+aiosqlite:///", "sqlite:///")
_OWNER_ONLY: Final = 0o600


@dataclass(frozen=True, slots=True)
class Location:
    """The file of a SQLite database."""

    file: Path

    @classmethod
    def parse(cls, url: str) -> Location:
        """The location that a database url names.

        Args:
            url: `sqlite:///relative/path.db` or `sqlite:////absolute/path.db`; a driver name (`sqlite+aiosqlite`) is
                accepted and has no effect. Everything after the third slash is the path, as it is.

        Raises:
            InputError: another kind of database, or no file.
        """
        for prefix in _PREFIXES:
            path = url.removeprefix(prefix)
            if path != url and path and not path.startswith((":memory:", "file:")):
                return cls(Path(path))
        # Only the scheme is shown: the rest may hold a password.
        scheme = url.partition("://")[0] if "://" in url else "nothing before ://"
        raise InputError(
            f"the database url has scheme {scheme!r} or names no file",
            fix="allowed: a file, such as sqlite:///var/guard.db",
        )

    @property
    def url(self) -> URL:
        """For SQLAlchemy."""
        return URL.create("sqlite", database=str(self.file))

    def __str__(self) -> str:
        return str(self.file)

    def exists(self) -> bool:
        """Whether there is a file with anything in it."""
        return self.file.is_file() and self.file.stat().st_size > 0

    def identity(self) -> tuple[int, int] | None:
        """Which file of the machine stands at the path; None = there is none, or it cannot be looked at."""
        try:
            found = self.file.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def create(self) -> None:
        """Make an empty file that only its owner may read, with its folder, where there is none.

        SQLite gives the files beside it (-wal, -shm) the same rights.

        Raises:
            InputError: the folder or file cannot be made.
        """
        try:
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self.file, os.O_WRONLY | os.O_CREAT, _OWNER_ONLY))
        except OSError as error:
            raise InputError(
                f"the database {self} cannot be made or written ({error.strerror})",
                fix="check the owner and rights of the file and its folder",
            ) from error
