"""Many accounts at once from a TOML file; secrets stay in files that it names.

[[account]]
name = "alice"
venue = "binanceusdm"
user = "me"
api_key_file = "alice.key"
secret_file = "alice.secret"
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from guard.app.secret_file import read_secret
from guard.ports.errors import InputError
from guard.ports.venue import AccountSpec, Credentials


class Entry(BaseModel):
    """One `[[account]]`; paths are relative to the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1)]
    venue: str
    user: str | None = None
    base_url: str | None = None
    api_key_file: Path | None = None
    secret_file: Path | None = None
    passphrase_file: Path | None = None
    wallet_address: str = ""
    book_file: Path | None = None
    allow_withdraw_key: bool = False

    def spec(self, folder: Path) -> AccountSpec:
        """The account, its secrets read.

        Raises:
            InputError: a file cannot be read.
        """
        credentials = Credentials(
            api_key=_secret(folder, self.api_key_file),
            secret=_secret(folder, self.secret_file),
            passphrase=_secret(folder, self.passphrase_file),
            wallet_address=self.wallet_address,
        )
        book = str((folder / self.book_file).resolve()) if self.book_file else None
        return AccountSpec(self.name, self.venue, credentials, self.base_url, book)


def read_entries(path: Path) -> list[Entry]:
    """The accounts that a file lists.

    Raises:
        InputError: the file cannot be read, is not TOML, or an entry is wrong; the message names the key.
    """
    try:
        document: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path}: is not valid TOML: {error}") from error
    rows = document.get("account")
    if not isinstance(rows, list) or not rows or set(document) != {"account"}:
        raise InputError(f"{path}: must hold [[account]] tables and nothing else")
    entries = [_entry(path, index, row) for index, row in enumerate(rows)]
    names = [entry.name for entry in entries]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise InputError(f"{path}: account[{index}].name was {name!r}, which is there twice")
    return entries


def _entry(path: Path, index: int, row: Any) -> Entry:
    try:
        return Entry.model_validate(row)
    except ValidationError as error:
        problem = error.errors()[0]
        key = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            message = f"is not a known key, allowed: {', '.join(Entry.model_fields)}"
        else:
            message = problem["msg"]
        raise InputError(f"{path}: account[{index}].{key} {message}") from None


def _secret(folder: Path, file: Path | None) -> str:
    if file is None:
        return ""
    return read_secret(folder / file, f"{folder / file}:")
