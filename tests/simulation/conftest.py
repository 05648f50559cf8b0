"""Folders with an empty database, and a log that does not drown the report of a failure."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import structlog

from guard.sim.run import prepare

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made there


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with all tables and nothing in it."""
    return prepare(tmp_path_factory.mktemp("template"))


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> Iterator[Callable[[], Path]]:
    """Makes folders for one run each; in memory where that is a folder: simulated hours wait for no disk."""
    made: list[Path] = []
    with ExitStack() as held:
        if os.access(MEMORY, os.W_OK):
            tmp_path = Path(held.enter_context(TemporaryDirectory(dir=MEMORY)))

        def make() -> Path:
            made.append(tmp_path / f"run-{len(made)}")
            return Path(shutil.copytree(template, made[-1]))

        yield make


@pytest.fixture
def _quiet() -> Iterator[None]:
    """Only defects are logged: a simulated day of trouble warns thousands of times."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.configure(**before)
