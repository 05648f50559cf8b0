"""A secret in a file of its own: how every one of them is read."""

from __future__ import annotations

from pathlib import Path

from guard.ports.errors import InputError


def read_secret(file: Path, where: str, *, fix: str = "") -> str:
    """The text of a secret's file without surrounding white space.

    Args:
        file: the file.
        where: the beginning of every message, such as `--api-key-file F`.
        fix: what to do about it.

    Raises:
        InputError: it cannot be read, is not text, or is empty.
    """
    value = read_text(file, where, fix=fix).strip()
    if not value:
        raise InputError(f"{where} is empty", fix=fix)
    return value


def read_text(file: Path, where: str, *, fix: str = "") -> str:
    """The text of a file with secrets, as it is; arguments as of `read_secret`.

    Raises:
        InputError: it cannot be read, or is not text.
    """
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{where} cannot be read ({error.strerror})", fix=fix) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{where} is not text", fix=fix) from error
