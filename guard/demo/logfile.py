"""The guard's log in a file, so that the terminal belongs to the story."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import structlog

from guard.app.logs import configure_logs
from guard.app.settings import Log
from guard.ports.errors import InputError


@contextmanager
def logs_in(path: Path) -> Iterator[TextIO]:
    """Send all logs to a new file while the block runs; afterwards logging is as it was.

    Raises:
        InputError: the file cannot be written.
    """
    try:
        file = path.open("w", encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"{path} cannot be written ({error.strerror})", fix="name another folder with --out"
        ) from error
    root = logging.getLogger()
    handlers, level, before = root.handlers, root.level, structlog.get_config()
    with file:
        try:
            configure_logs(Log(format="text"))
            for handler in root.handlers:
                if isinstance(handler, logging.StreamHandler):
                    handler.setStream(file)
            logging.captureWarnings(capture=True)
            yield file
        finally:
            logging.captureWarnings(capture=False)
            root.handlers, root.level = handlers, level
            structlog.configure(**before)
