"""Folders with an empty database, and a log that does not drown the report of a failure."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog

from guard.sim.run import prepare


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with all tables and nothing in it."""
    return prepare(tmp_path_factory.mktemp("template"))


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> Callable[[], Path]:
    """Makes folders for one run each."""
    made: list[Path] = []

    def make() -> Path:
        made.append(tmp_path / f"run-{len(made)}")
        return Path(shutil.copytree(template, made[-1]))

    return make


@pytest.fixture
def _quiet() -> Iterator[None]:
    """Only defects are logged: a simulated day of trouble warns thousands of times."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.configure(**before)
