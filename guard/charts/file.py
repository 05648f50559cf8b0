"""A picture as a file."""

from __future__ import annotations

from pathlib import Path

from guard.ports.errors import InputError


def write_png(png: bytes, path: Path) -> None:
    """Write a picture.

    Raises:
        InputError: the file cannot be written.
    """
    try:
        path.write_bytes(png)
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror})", fix="name another file or folder") from error
