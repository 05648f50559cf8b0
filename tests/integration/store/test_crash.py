"""A killed process loses nothing that it was told is stored, and leaves nothing half-stored."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from guard.store.store import Store

RECORDING = Path(__file__).with_name("recording.py")
LEGS = 20


def record_and_kill(url: str, first: int, acknowledged: int) -> int:
    """Let a process record, kill it after some acknowledgements; the number of the last acknowledged cycle."""
    command = [sys.executable, str(RECORDING), url, str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  # our own interpreter
        assert process.stdout is not None
        for _ in range(acknowledged):
            assert process.stdout.readline(), "the recording process ended by itself"
        process.kill()
        rest = process.stdout.read().split("\n")
    # The last line may be cut short; every whole one was acknowledged.
    return first + acknowledged + len(rest) - 2


def count(file: Path, table: str) -> int:
    """Rows of a table."""
    with closing(sqlite3.connect(file)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608  # fixed names


async def test_sigkill_loses_no_acknowledged_record(
    open_store: Callable[..., Awaitable[Store]], account: Any, url: str, file: Path
) -> None:
    """Three times: killed in the middle of recording; all that was acknowledged is there, whole, and it goes on."""
    store = await open_store()
    await store.add_account(account("alice"))
    await store.close()
    stored = 0
    for acknowledged in (25, 1, 60):
        last = record_and_kill(url, stored, acknowledged)
        with closing(sqlite3.connect(file)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        cycles = count(file, "snapshots")
        assert cycles in {last + 1, last + 2}, "every acknowledged cycle, and at most the one that was being stored"
        assert count(file, "snapshot_positions") == cycles * LEGS
        for table in ("alerts", "outbox", "intents", "orders"):
            assert count(file, table) == cycles, table
        stored = cycles
    store = await open_store()
    assert (await store.zone_state("id-alice")).clear_cycles == stored - 1
    assert await store.outbox_pending() == stored
    await store.close()
