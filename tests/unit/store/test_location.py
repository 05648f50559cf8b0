"""Where the database is, and who may read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from guard.ports.errors import InputError
from guard.store.location import Location


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("sqlite:///var/guard.db", "var/guard.db"),
        ("sqlite:////srv/guard.db", "/srv/guard.db"),
        ("sqlite+aiosqlite:////srv/guard.db", "/srv/guard.db"),
        ("sqlite:////srv/what? 100%/g#1.db", "/srv/what? 100%/g#1.db"),
    ],
)
def test_a_url_names_a_file(url: str, file: str) -> None:
    """Everything after the third slash is the path, as it is."""
    location = Location.parse(url)
    assert location.file == Path(file)
    assert location.url.database == file


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://guard:hunter2@db/guard",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///file:guard?mode=memory",
        "var/guard.db",
        "",
    ],
)
def test_another_url_is_refused_without_its_secrets(url: str) -> None:
    """One clear line that says what is allowed, and shows no password."""
    with pytest.raises(InputError, match=r"allowed: a file, such as sqlite:///var/guard\.db") as caught:
        Location.parse(url)
    assert "hunter2" not in str(caught.value)


def test_a_new_database_is_its_owners(tmp_path: Path) -> None:
    """File 0600 in a folder 0700, both made."""
    location = Location(tmp_path / "var" / "guard.db")
    assert not location.exists()
    location.create()
    assert location.file.stat().st_mode & 0o777 == 0o600
    assert location.file.parent.stat().st_mode & 0o777 == 0o700
    assert not location.exists()


def test_an_existing_database_is_left_alone(tmp_path: Path) -> None:
    """Creating twice changes nothing."""
    location = Location(tmp_path / "guard.db")
    location.file.write_bytes(b"content")
    location.create()
    assert location.file.read_bytes() == b"content"
    assert location.exists()


def test_a_folder_that_cannot_be_is_one_line(tmp_path: Path) -> None:
    """A file where a folder should be: what, where, what to do."""
    (tmp_path / "var").write_text("a file")
    with pytest.raises(InputError, match=r"cannot be made or written \(.*\); check the owner and rights"):
        Location(tmp_path / "var" / "guard.db").create()
