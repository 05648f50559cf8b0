"""Connections, transactions and the threads that they run in.

A **lane** is one thread with one connection; a unit of work is a plain function over a connection that runs there from
BEGIN to COMMIT. Deliberately threads and not an async driver: a driver that hops to a thread for every statement costs
three times the CPU of one hop for a transaction, and a task that is cancelled between two statements would leave the
transaction open. Here a cancelled task leaves either the whole transaction or nothing.

There is one lane that writes, so writers of this process never meet, and one that reads, so a long look into history
does not hold up a cycle. Other processes (the commands beside the service) are waited for at BEGIN IMMEDIATE.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Concatenate, Final, Literal, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event

from guard.ports.errors import StoreError
from guard.store.failures import translated
from guard.store.location import Location

T = TypeVar("T")
P = ParamSpec("P")
Work = Callable[Concatenate[Connection, P], T]
Use = Literal["read", "write", "migrate"]

BUSY_TIMEOUT_S: Final = 3.0
"""How long to wait for another process; below the 5 s in which the service must end."""


def open_engine(location: Location, use: Use, busy_timeout_s: float = BUSY_TIMEOUT_S) -> Engine:
    """An engine of one connection whose transactions really begin where SQLAlchemy says so.

    Args:
        location: The database; it is opened at first use.
        use: `write` takes the write lock at BEGIN: a transaction that reads first and writes later could not be
            continued after another process wrote in between. `read` sees one snapshot and cannot write by mistake.
            `migrate` writes without foreign keys: rebuilding a table would delete the rows that refer to it.
        busy_timeout_s: How long BEGIN waits for another process.
    """
    # isolation_level None: sqlite3 would begin by itself, too late, and never before DDL.
    engine = create_engine(
        location.url,
        pool_size=1,
        max_overflow=0,
        connect_args={"isolation_level": None, "check_same_thread": False, "timeout": busy_timeout_s},
    )
    event.listen(engine, "connect", partial(_prepare, use=use))
    event.listen(engine, "begin", partial(_begin, statement="BEGIN" if use == "read" else "BEGIN IMMEDIATE"))
    return engine


def _prepare(connection: Any, record: object, *, use: Use) -> None:  # noqa: ARG001  # SQLAlchemy's form
    """Set a new connection's pragmas.

    synchronous FULL: a commit is on the disk before it is believed. NORMAL may lose the last commits at a power cut,
    and among them could be "this order is being sent".
    """
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute(f"PRAGMA foreign_keys = {'OFF' if use == 'migrate' else 'ON'}")
    cursor.execute(f"PRAGMA query_only = {'ON' if use == 'read' else 'OFF'}")
    cursor.close()


def _begin(connection: Connection, *, statement: str) -> None:
    connection.exec_driver_sql(statement)


class Lane:
    """One thread (its own, or one that is shared), one connection, one transaction after another as asked for."""

    def __init__(
        self, location: Location, use: Use, busy_timeout_s: float, thread: ThreadPoolExecutor | None = None
    ) -> None:
        self._location = location
        self._busy_timeout_s = busy_timeout_s
        self._engine = open_engine(location, use, busy_timeout_s)
        self._dropped = False
        self._identity: tuple[int, int] | None = None
        self.thread = thread or ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"store-{use}")

    async def run(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work(connection, ...)` in one transaction.

        When the caller is cancelled while it waits its turn, nothing is run; later than that, the transaction ends as
        if nobody had been cancelled.

        Raises:
            StoreError: nothing was stored.
        """
        transaction = partial(self._transact, work, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self.thread, transaction)

    def _transact(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if self._dropped:
            raise StoreError(f"the database {self._location} was closed first", fix="nothing was stored")
        self._check_file()
        with translated(self._location, self._busy_timeout_s), self._engine.begin() as connection:
            return work(connection, *args, **kwargs)

    def _check_file(self) -> None:
        """An open connection goes on with a file that was deleted or replaced, and everything it writes is lost."""
        found = self._location.identity()
        self._identity = self._identity or found
        if found != self._identity:
            what = "deleted" if found is None else "replaced by another file"
            raise StoreError(
                f"the database {self._location} was {what} while it was open",
                fix="nothing was stored; put the file back, or restart the guard on the new one",
            )

    async def close(self) -> None:
        """Close the connection, after the work that was asked for before."""
        # Shielded: who gives up waiting leaves the closing itself in the thread's queue.
        await asyncio.shield(asyncio.get_running_loop().run_in_executor(self.thread, self._engine.dispose))

    def drop(self) -> None:
        """Give up what waits for its turn; the connection closes when what runs has ended."""
        self._dropped = True
        self.thread.submit(self._engine.dispose)
