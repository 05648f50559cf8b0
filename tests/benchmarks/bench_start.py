"""How long a command takes to start."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

from tests.benchmarks.result import Result, at_most

RUNS = 7


def run() -> Iterator[Result]:
    """The median of several starts of `guard --help`, in seconds of wall time."""
    times = []
    for _ in range(RUNS):
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-c", "from guard.cli.main import main; main()", "--help"], check=True, capture_output=True
        )
        times.append(time.perf_counter() - began)
    yield at_most("guard --help, wall time", sorted(times)[RUNS // 2], "s", 0.5)
