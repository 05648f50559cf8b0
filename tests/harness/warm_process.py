"""`guard` as a process of its own that starts warm: forked from one that has loaded what guards load, and done nothing.

A process, its signals, files and exit code are as real as those of a new interpreter; what is saved is only that each
of them loads the same for four seconds of a core.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_SERVER: Final = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(["tests.harness.warm_imports"])


class WarmProcess:
    """One running `guard`; the methods are those of `subprocess.Popen`."""

    def __init__(self, arguments: Sequence[str], home: Path, environment: dict[str, str], log: Path) -> None:
        self._arguments = list(arguments)
        self._process = _SERVER.Process(target=_live, args=(self._arguments, home, environment, log))
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    def poll(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""
        return self._process.exitcode

    def wait(self, timeout_s: float) -> int:
        """Its exit code, waited for.

        Raises:
            subprocess.TimeoutExpired: It still runs.
        """
        self._process.join(timeout_s)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired(self._arguments, timeout_s)
        return code

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """SIGTERM."""
        self._process.terminate()

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()


def _live(arguments: list[str], home: Path, environment: dict[str, str], log: Path) -> None:
    """The life of the forked process: as if it had been started there, with both outputs going to a file."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(home)
    with log.open("a", encoding="utf-8") as written:
        for descriptor in (1, 2):
            os.dup2(written.fileno(), descriptor)
    sys.argv = ["guard", *arguments]
    importlib.import_module("guard.cli.main").main()
