"""One service for one database, by whatever name the database is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from guard.app.runlock import AlreadyRunning, run_lock


@pytest.mark.parametrize("name", ["guard.db", "link.db", "folder/guard.db"])
def test_a_second_service_is_refused_and_the_next_one_is_not(tmp_path: Path, name: str) -> None:
    """Two guards that reach one database by two paths would both act; a lock that ended with its holder is free."""
    (tmp_path / "guard.db").touch()
    (tmp_path / "link.db").symlink_to(tmp_path / "guard.db")
    (tmp_path / "folder").symlink_to(tmp_path)
    url = f"sqlite:///{tmp_path / name}"
    with run_lock(f"sqlite:///{tmp_path / 'guard.db'}"):
        with pytest.raises(AlreadyRunning, match="stop it first"), run_lock(url):
            pass
        with pytest.raises(AlreadyRunning), run_lock(url):
            pass
    with run_lock(url):
        pass
