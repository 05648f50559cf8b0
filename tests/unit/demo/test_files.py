"""The folder of a demonstration: what is replaced, what is left alone, and who may use it."""

from __future__ import annotations

from pathlib import Path

import pytest

from guard.app.settings_file import load_settings
from guard.demo.files import fresh_folder
from guard.ports.errors import InputError


def test_only_an_earlier_demonstration_is_replaced(tmp_path: Path) -> None:
    """A database, a key and a chart of the user's own stay, whatever they are called."""
    for name in ("guard.db", "guard.key", "notes.txt", "demo.db", "demo.db-wal", "demo.key", "summary.json"):
        (tmp_path / name).write_text("old", encoding="utf-8")
    with fresh_folder(tmp_path):
        left = {path.name for path in tmp_path.iterdir()}
    assert left == {"guard.db", "guard.key", "notes.txt", "demo.toml", "demo.lock"}


def test_the_folder_is_made_with_its_parents(tmp_path: Path) -> None:
    """As `var/demo` is on a fresh machine."""
    with fresh_folder(tmp_path / "a" / "b") as files:
        assert files.config.is_file()


def test_its_configuration_leads_to_its_database(tmp_path: Path) -> None:
    """So that other commands can look at what happened."""
    with fresh_folder(tmp_path) as files:
        settings = load_settings(files.config, {})
    assert settings.database.url.endswith(str(files.database))


def test_two_demonstrations_cannot_share_a_folder(tmp_path: Path) -> None:
    """The second says so and touches nothing."""
    with fresh_folder(tmp_path) as files:
        files.database.write_text("in use", encoding="utf-8")
        with pytest.raises(InputError, match="running"), fresh_folder(tmp_path):
            pass
        assert files.database.read_text(encoding="utf-8") == "in use"


def test_a_file_where_the_folder_should_be_is_said(tmp_path: Path) -> None:
    """One line with the option to change."""
    (tmp_path / "taken").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match=r"--out .*taken cannot be made"), fresh_folder(tmp_path / "taken"):
        pass


def test_what_cannot_be_replaced_is_said(tmp_path: Path) -> None:
    """A folder where the database should be."""
    (tmp_path / "demo.db").mkdir()
    with pytest.raises(InputError, match=r"--out .* cannot be written"), fresh_folder(tmp_path):
        pass
