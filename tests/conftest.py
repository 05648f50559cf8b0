"""What tests of several rooms start from."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database at the newest schema; copied for each test, which is much quicker than migrating each."""
    from guard.store.migrate import upgrade  # tests that store nothing need no database library

    file = tmp_path_factory.mktemp("empty") / "guard.db"
    upgrade(f"sqlite:///{file}")
    return file
