"""What an idle service keeps in memory, beyond the ccxt module that it uses."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.result import Result, at_most
from tests.harness.installation import Guard, Outside, add_arguments, free_port, open_account

IDLE_S = 10.0
MIB = 1024 * 1024

IMPORT_CCXT = """
import resource, sys
from guard.venues.library import exchange_class
exchange_class("binanceusdm")
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmRSS")))
"""


def resident_kib(pid: int) -> int:
    """Resident memory of a process, KiB."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmRSS")))


def run() -> Iterator[Result]:
    """Resident memory of `guard run` with one account after some idle seconds, minus that of the ccxt import."""
    answer = subprocess.run([sys.executable, "-c", IMPORT_CCXT], check=True, capture_output=True, text=True)  # noqa: S603
    ccxt_kib = int(answer.stdout)
    outside = Outside()
    outside.start()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        guard = Guard(
            home,
            {
                "GUARD__DATABASE__URL": f"sqlite:///{home / 'guard.db'}",
                "GUARD__WEB__LISTEN": f"127.0.0.1:{free_port()}",
                "GUARD__SCHEDULE__CALM_S": "1",
            },
        )
        guard.must("db", "upgrade")
        open_account(outside, guard)
        guard.must(*add_arguments(outside))
        process = guard.run_cold()
        try:
            guard.wait_healthy()
            time.sleep(IDLE_S)
            kib = resident_kib(process.pid)
        finally:
            process.terminate()
            process.wait(10)
            outside.stop()
    yield at_most("idle guard run, one account, beyond the ccxt module", (kib - ccxt_kib) * 1024 / MIB, "MiB", 120)
