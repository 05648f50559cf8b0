"""A running venue and an installation for the tests of the service."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.installation import Guard, Outside, free_port


@pytest.fixture
def outside() -> Iterator[Outside]:
    """A running venue and a running Telegram with nobody on them."""
    running = Outside()
    running.start()
    yield running
    running.stop()


@pytest.fixture
def guard(tmp_path: Path, empty_database: Path) -> Iterator[Guard]:
    """An installation without accounts; whatever still runs at the end is killed."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONPATH") if name in os.environ}
    environment = kept | {
        "GUARD__DATABASE__URL": f"sqlite:///{tmp_path / 'guard.db'}",
        "GUARD__WEB__LISTEN": f"127.0.0.1:{free_port()}",
        "GUARD__SCHEDULE__CALM_S": "0.3",
        "GUARD__SCHEDULE__WARNING_S": "0.3",
        "GUARD__SCHEDULE__DANGER_S": "0.3",
        "GUARD__SCHEDULE__TIMEOUT_S": "5",
        "GUARD__ALERTS__DAILY_AT": "",  # tests run at any time of day
        "GUARD__ALERTS__LIVE": "false",  # the next message of the bot is its answer
    }
    installed = Guard(tmp_path, environment)
    shutil.copy(empty_database, tmp_path / "guard.db")
    yield installed
    for process in installed.processes:
        if process.poll() is None:
            process.kill()
        process.wait(10)
