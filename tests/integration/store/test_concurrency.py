"""Many tasks and several processes on one file; cancelled tasks; closing in time."""

from __future__ import annotations

import asyncio
import gc
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from guard.ports.errors import StoreBusy, StoreError
from guard.store import history
from guard.store.store import Store

Opens = Callable[..., Awaitable[Store]]

WRITER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
connection.execute("INSERT INTO meta VALUES ('other', 'process')")
print("locked", flush=True)
sys.stdin.readline()
connection.execute("COMMIT")
print("released", flush=True)
"""


@pytest.fixture
async def store(open_store: Opens, account: Any) -> AsyncIterator[Store]:
    """An open store that knows alice."""
    opened = await open_store()
    await opened.add_account(account("alice"))
    yield opened
    await opened.close()


@pytest.fixture
def other_process(file: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the write lock until it reads a line."""
    command = [sys.executable, "-c", WRITER, str(file)]
    with subprocess.Popen(  # noqa: S603  # our own interpreter
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        yield process
        process.kill()


def release(process: subprocess.Popen[str]) -> None:
    """Let the other process commit."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


async def test_fifty_cycles_at_once(open_store: Opens, account: Any, cycle: Any) -> None:
    """Fifty accounts write at the same time while others read: all is stored, nothing is locked."""
    store = await open_store()
    names = [f"account{number:02}" for number in range(50)]
    for name in names:
        await store.add_account(account(name))
    writes = [store.record_cycle(cycle(name, number)) for name in names for number in range(3)]
    reads = [store.latest_snapshot(f"id-{name}") for name in names]
    await asyncio.gather(*writes, *reads)
    assert await store.outbox_pending() == 150
    for name in names:
        assert (await store.zone_state(f"id-{name}")).blind_cycles == 2
    await store.close()


async def test_two_stores_on_one_file(open_store: Opens, store: Store, cycle: Any) -> None:
    """The commands write beside the service: each waits for the other, and sees what it wrote."""
    beside = await open_store()
    await asyncio.gather(
        *(store.record_cycle(cycle("alice", number)) for number in range(40)),
        *(beside.set_frozen("id-alice", number % 2 == 0) for number in range(40)),
    )
    assert await beside.outbox_pending() == 40
    (account,) = await store.accounts()
    assert not account.frozen
    await beside.close()


async def test_another_process_is_waited_for(store: Store, other_process: subprocess.Popen[str], cycle: Any) -> None:
    """A write that meets a short lock is stored after it; reading goes on meanwhile."""
    writing = asyncio.create_task(store.record_cycle(cycle("alice", 1)))
    assert await store.outbox_pending() == 0
    assert not writing.done()
    release(other_process)
    await writing
    assert await store.outbox_pending() == 1


async def test_a_lock_that_stays_is_a_clear_error(
    open_store: Opens, store: Store, other_process: subprocess.Popen[str], cycle: Any, file: Path
) -> None:
    """After the wait: which file, why, what to do; afterwards the same store works."""
    impatient = await open_store(busy_timeout_s=0.05)
    with pytest.raises(StoreBusy) as caught:
        await impatient.record_cycle(cycle("alice", 1))
    assert str(caught.value) == (
        f"the database {file} was locked by another process for 0.05 s; "
        f"try again; if it stays locked, `fuser {file}` shows who holds it"
    )
    release(other_process)
    await store.record_cycle(cycle("alice", 2))
    await impatient.record_cycle(cycle("alice", 3))
    assert await impatient.outbox_pending() == 2
    await impatient.close()


async def test_a_full_disk_is_a_clear_error(store: Store, cycle: Any) -> None:
    """Nothing of the cycle is stored; when there is room again, the store goes on."""

    def limit(connection: Connection, pages: int) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    await store._write(limit, 1)
    big = cycle("alice", 1)
    messages = tuple(_with_text(big.messages[0], number, "x" * 5000) for number in range(50))
    with pytest.raises(StoreError, match="has no space left on its disk"):
        await store.record_announcement([], messages)
    assert await store.outbox_pending() == 0
    await store._write(limit, 1_000_000)
    await store.record_cycle(big)
    assert await store.outbox_pending() == 1


def _with_text(message: Any, number: int, text: str) -> Any:
    return type(message)(f"m{number}", f"m{number}", message.destination, text, message.created_at)


async def test_a_cancelled_write_is_whole_or_nothing(store: Store, cycle: Any) -> None:
    """Cancelled before its turn nothing is stored, cancelled later all of it; the next write is not disturbed."""
    entered, leave = threading.Event(), threading.Event()

    def slow(connection: Connection) -> None:
        connection.exec_driver_sql("INSERT INTO meta VALUES ('slow', 'begun')")
        entered.set()
        assert leave.wait(10)
        connection.exec_driver_sql("INSERT INTO meta VALUES ('slow too', 'ended')")

    running = asyncio.create_task(store._write(slow))
    waiting = asyncio.create_task(store.record_cycle(cycle("alice", 1)))
    assert await asyncio.to_thread(entered.wait, 10)
    for task in (running, waiting):
        task.cancel()
    outcomes = await asyncio.gather(running, waiting, return_exceptions=True)
    assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)
    leave.set()
    await store.record_cycle(cycle("alice", 2))
    names = await store._read(lambda connection: connection.exec_driver_sql("SELECT name FROM meta").scalars().all())
    assert {"slow", "slow too"} <= set(names)
    assert [message.message_id for message in await store.due_messages(cycle("alice", 9).reading.at, 9)] == ["alice 2"]
    gc.collect()


async def test_a_reader_sees_one_moment(store: Store, cycle: Any) -> None:
    """Two questions of one transaction answer of the same moment, whatever is written in between."""
    await store.record_cycle(cycle("alice", 1))
    first_asked, written = threading.Event(), threading.Event()

    def twice(connection: Connection) -> tuple[object, object]:
        first = history.latest_snapshot(connection, "id-alice")
        first_asked.set()
        assert written.wait(10)
        return first, history.latest_snapshot(connection, "id-alice")

    reading = asyncio.create_task(store._read(twice))
    assert await asyncio.to_thread(first_asked.wait, 10)
    await store.record_cycle(cycle("alice", 2))
    written.set()
    first, second = await reading
    assert first == second
    latest = await store.latest_snapshot("id-alice")
    assert latest is not None
    assert latest.at == cycle("alice", 2).reading.at


async def test_a_reader_cannot_write(store: Store) -> None:
    """The reading side refuses to change anything."""
    with pytest.raises(StoreError, match="cannot be written"):
        await store._read(lambda connection: connection.exec_driver_sql("DELETE FROM accounts"))


async def test_an_ordered_store_reads_what_was_written_before(open_store: Opens, account: Any, cycle: Any) -> None:
    """For simulations: a question is answered after the writes that were asked for before it."""
    store = await open_store(ordered=True)
    await store.add_account(account("alice"))
    pending: list[int] = []
    for number in range(20):
        writing = asyncio.create_task(store.record_cycle(cycle("alice", number)))
        reading = asyncio.create_task(store.outbox_pending())
        await asyncio.wait([writing, reading])
        pending.append(reading.result())
    assert pending == list(range(1, 21))
    await store.close()


async def test_closing_waits_for_what_runs(open_store: Opens, account: Any, cycle: Any, file: Path) -> None:
    """What was asked for before closing is stored; the log is in the database afterwards, and no thread is left."""
    store = await open_store()
    await store.add_account(account("alice"))
    writes = [asyncio.create_task(store.record_cycle(cycle("alice", number))) for number in range(20)]
    await asyncio.sleep(0)
    await store.close()
    await asyncio.gather(*writes)
    assert not file.with_name("guard.db-wal").exists()
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*) FROM snapshots").fetchone() == (20,)
    names = [thread.name for thread in threading.enumerate() if thread.name.startswith("store-")]
    for thread in threading.enumerate():
        if thread.name.startswith("store-"):
            thread.join(5)
    assert not [thread for thread in threading.enumerate() if thread.name in names]


async def test_closing_gives_up_in_time(
    open_store: Opens, account: Any, cycle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A transaction that hangs does not keep the service from ending; what waited behind it is dropped whole."""
    monkeypatch.setattr("guard.store.store.CLOSE_TIMEOUT_S", 0.05)
    store = await open_store()
    await store.add_account(account("alice"))
    leave = threading.Event()

    def hangs(connection: Connection) -> None:
        assert leave.wait(10)

    hanging = asyncio.create_task(store._write(hangs))
    behind = asyncio.create_task(store.record_cycle(cycle("alice", 1)))
    await asyncio.sleep(0)
    with pytest.raises(StoreBusy, match=r"was still working 0\.05 s after it was told to close"):
        await store.close()
    leave.set()
    await hanging
    with pytest.raises(StoreError, match="was closed first; nothing was stored"):
        await behind
    reopened = await open_store()
    assert await reopened.outbox_pending() == 0
    await reopened.close()


def damage(file: Path) -> None:
    """Overwrite everything behind the first page."""
    content = bytearray(file.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    file.write_bytes(content)


async def test_a_damaged_database_is_a_clear_error(store: Store, cycle: Any, open_store: Opens, file: Path) -> None:
    """A file with a hole in it says so, and what to do."""
    for number in range(50):
        await store.record_cycle(cycle("alice", number))
    await store.close()
    damage(file)
    with pytest.raises(StoreError, match=r"is damaged .*; stop the guard, keep the file, and restore a copy"):
        await open_store()
