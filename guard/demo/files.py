"""The folder of a demonstration: what is made in it, and what an earlier run left there.

Only the files named here are made, replaced or removed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from guard.app.runlock import run_lock
from guard.ports.errors import InputError

_CONFIG = """\
# With this configuration other commands read what the demonstration left behind, such as
#   guard history guarded --config demo.toml
[database]
url = "sqlite:///demo.db"
"""


@dataclass(frozen=True, slots=True)
class Files:
    """What the demonstration leaves in its folder."""

    folder: Path

    @property
    def config(self) -> Path:
        """A configuration with which other commands read the demonstration's database."""
        return self.folder / "demo.toml"

    @property
    def database(self) -> Path:
        """The guard's memory of this run."""
        return self.folder / "demo.db"

    @property
    def url(self) -> str:
        """The database, for the store."""
        return f"sqlite:///{self.database}"

    @property
    def token(self) -> Path:
        """The loopback bot's token."""
        return self.folder / "demo.token"

    @property
    def log(self) -> Path:
        """The guard's log."""
        return self.folder / "guard.log"

    @property
    def summary(self) -> Path:
        """The summary."""
        return self.folder / "summary.json"


@contextmanager
def fresh_folder(folder: Path) -> Iterator[Files]:
    """The folder without an earlier run's database, held so that no other demonstration uses it at the same time.

    Raises:
        InputError: it cannot be made or written, or another demonstration is using it.
    """
    files = Files(folder.resolve())
    try:
        files.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"--out {folder} cannot be made ({error.strerror})", fix="name a folder that you may write"
        ) from error
    with run_lock(files.url):
        try:
            for old in ("demo.db", "demo.db-wal", "demo.db-shm", "demo.key", "summary.json"):
                (files.folder / old).unlink(missing_ok=True)
            files.config.write_text(_CONFIG, encoding="utf-8")
        except OSError as error:
            raise InputError(
                f"--out {folder} cannot be written ({error.strerror})", fix="name a folder that you may write"
            ) from error
        yield files
