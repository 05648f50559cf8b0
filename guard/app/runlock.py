"""One service for one database: two would deliver twice and, armed, could act twice."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from guard.ports.errors import InputError
from guard.store.location import Location


class AlreadyRunning(InputError):
    """Another service holds the lock."""


@contextmanager
def run_lock(url: str) -> Iterator[None]:
    """Hold the database's lock file while the block runs; the kernel lets go of it however the process ends.

    Raises:
        AlreadyRunning: another process holds it.
        InputError: the lock file cannot be made.
    """
    path = lock_file(url)
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        fix = "check the owner and rights of its folder; for a new installation run `guard db upgrade` first"
        raise InputError(f"the lock file {path} cannot be opened ({error.strerror})", fix=fix) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise AlreadyRunning(
                f"a guard is running on {Location.parse(url)} already (it holds {path})",
                fix="stop it first: two would deliver every alert twice",
            ) from error
        yield
    finally:
        os.close(handle)


def lock_file(url: str) -> Path:
    """Where the lock of a database is: beside the file itself, by whatever link it was named."""
    return Location.parse(url).file.resolve().with_suffix(".lock")
