"""An event loop on virtual time: it advances a clock where another loop sleeps.

Owns time inside a simulation and the order in which results of threads come back. Knows nothing of what is simulated.

How it stays deterministic: asyncio runs ready callbacks in the order in which they became ready, timers fire in the
order of their times. Only threads would break this (aiosqlite, executors): a result would come back between any two
callbacks. So this loop

1. runs everything that is ready;
2. then waits, in real time, for the oldest piece of work handed to a thread, and gives its result back;
3. only when no thread has work any more, moves the clock to the next timer.

Hence time stands still while a thread works, and results come back one at a time in the order of asking. When nothing
is ready, handed out or scheduled, no callback can ever run again: that is a hang, and it is raised as one.
"""

from __future__ import annotations

import asyncio
import selectors
import sys
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from datetime import UTC, datetime, timedelta
from types import FrameType
from typing import Any, Final, Self, TypeVar, TypeVarTuple, Unpack

T = TypeVar("T")
_Ts = TypeVarTuple("_Ts")

START: Final = datetime(2026, 1, 5, tzinfo=UTC)
"""The moment at which every simulation begins, a Monday."""

# Futures that these modules create are answered by a thread: aiosqlite's connection thread, SQLAlchemy's shortcut
# into the queue of that thread, and `asyncio.wrap_future` (executors). asyncio offers no other way to tell them from
# the futures of locks and queues, and patching the libraries would reach beyond this loop.
_ANSWERED_BY_THREADS: Final = frozenset({"aiosqlite.core", "sqlalchemy.dialects.sqlite.aiosqlite", "asyncio.futures"})

_STEPS_PER_INSTANT_MAX: Final = 100_000
_PENDING_SHOWN_MAX: Final = 20
_CLEANING_UP_S: Final = 3600.0


class VirtualTimeError(RuntimeError):
    """The simulated program hangs, spins, runs for ever, or touches something real."""


class _IdleSelector(selectors.SelectSelector):
    """A selector that watches nothing: instead of blocking it tells the loop how long it may."""

    def __init__(self, on_idle: Callable[[float | None], None]) -> None:
        super().__init__()
        self._on_idle = on_idle

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        if len(self.get_map()):  # the first one is the loop's own wake-up pipe
            raise VirtualTimeError(
                f"a real socket or pipe ({fileobj!r}) was opened under virtual time; use an in-process stand-in"
            )
        return super().register(fileobj, events, data)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._on_idle(timeout)
        return []


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An asyncio event loop whose `time()` starts at 0 and jumps from timer to timer.

    Args:
        limit_s: Virtual seconds after which the run is an error: a service that never ends would run for ever.
        patience_s: Real seconds to wait for the oldest work of a thread before a younger result may overtake it.
            That happens only when the older work waits for the younger, such as for a lock in a database.
        answer_s: Real seconds after which work that never came back is an error.
    """

    def __init__(self, *, limit_s: float = 366 * 86_400.0, patience_s: float = 2.0, answer_s: float = 60.0) -> None:
        self._now_s = 0.0
        self._limit_s = limit_s
        self._patience_s = patience_s
        self._answer_s = answer_s
        self._steps = 0
        self._home = threading.get_ident()
        self._changed = threading.Condition()
        # Work of threads, in the order of asking; None until its answer is there.
        self._handed_out: dict[asyncio.Future[Any], Callable[[], None] | None] = {}
        self._from_strangers: list[Callable[[], None]] = []
        super().__init__(_IdleSelector(self._on_idle))
        self._threads = ThreadPoolExecutor(thread_name_prefix="virtual-time")
        self.set_default_executor(self._threads)

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._now_s

    def create_future(self) -> asyncio.Future[Any]:
        """A future of this loop; remembered as handed out when a thread will answer it."""
        future = super().create_future()
        if sys._getframe(1).f_globals.get("__name__") in _ANSWERED_BY_THREADS:  # noqa: SLF001  # see the constant
            with self._changed:
                self._handed_out[future] = None
        return future

    def call_soon_threadsafe(
        self, callback: Callable[[Unpack[_Ts]], object], *args: *_Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """Take a thread's answer. It is kept until nothing is ready, so that its moment does not depend on luck."""
        if self.is_closed():
            raise RuntimeError("Event loop is closed")
        handle = asyncio.Handle(callback, args, self, context)

        def give_back() -> None:
            if not handle.cancelled():
                self.call_soon(callback, *args, context=context)

        with self._changed:
            future = next((arg for arg in args if isinstance(arg, asyncio.Future)), None)
            if future is not None and future in self._handed_out:
                self._handed_out[future] = give_back
            elif threading.get_ident() == self._home:
                give_back()
            else:
                self._from_strangers.append(give_back)
            self._changed.notify_all()
        return handle

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109  # asyncio's
        """Wait for the threads of `asyncio.to_thread`. Their work is real: no virtual time passes, no timeout holds."""
        self._threads.shutdown(wait=True)

    def _on_idle(self, timeout_s: float | None) -> None:
        """Called before every round of callbacks; `timeout_s` 0: something is ready, None: no timer is set."""
        if timeout_s == 0:
            self._steps += 1
            if self._steps > _STEPS_PER_INSTANT_MAX:
                self._steps = 0  # what cleans up after the error may run
                raise VirtualTimeError(f"spinning: {_STEPS_PER_INSTANT_MAX} rounds at {self._now_s} s{self._pending()}")
            return
        if self._give_back_oldest():
            return
        if timeout_s is None:
            raise VirtualTimeError(f"hang at {self._now_s} s: nothing is scheduled, nobody can wake{self._pending()}")
        self._steps = 0
        self._now_s += timeout_s
        if self._now_s > self._limit_s:
            limit_s, self._limit_s = self._limit_s, self._now_s + _CLEANING_UP_S
            raise VirtualTimeError(f"still running after the limit of {limit_s} virtual s{self._pending()}")

    def _give_back_oldest(self) -> bool:
        """Give one answer of a thread back; False when no thread has work."""
        with self._changed:
            if self._from_strangers:
                self._from_strangers.pop(0)()
                return True
            if not self._handed_out:
                return False
            oldest = next(iter(self._handed_out))
            self._changed.wait_for(lambda: self._handed_out[oldest] is not None, self._patience_s)
            if not self._changed.wait_for(self._answered, self._answer_s):
                raise VirtualTimeError(f"a thread did not answer in {self._answer_s} real s{self._pending()}")
            future = next(future for future, answer in self._handed_out.items() if answer is not None)
            give_back = self._handed_out.pop(future)
        if give_back is not None:
            give_back()
        return True

    def _answered(self) -> bool:
        return any(answer is not None for answer in self._handed_out.values())

    def _pending(self) -> str:
        """Where every unfinished task stands, one a line, for the message of an error."""
        tasks = [task for task in asyncio.all_tasks(self) if not task.done()]
        lines = sorted(f"\n  task {task.get_name()} waits {_where(task)}" for task in tasks)
        return "".join(lines[:_PENDING_SHOWN_MAX])


def _where(task: asyncio.Task[Any]) -> str:
    """The innermost line at which a task waits."""
    frame: FrameType | None = None
    awaited: Any = task.get_coro()
    while awaited is not None:
        frame = getattr(awaited, "cr_frame", None) or frame
        awaited = getattr(awaited, "cr_await", None)
    return f"at {frame.f_code.co_filename}:{frame.f_lineno}" if frame else "nowhere"


class VirtualClock:
    """`guard.ports.clock.Clock` on a virtual loop: wall time begins at `start` when the loop is made."""

    def __init__(self, loop: VirtualTimeLoop, start: datetime = START) -> None:
        self._loop = loop
        self._start = start

    @classmethod
    def running(cls, start: datetime = START) -> Self:
        """The clock of the running loop.

        Raises:
            VirtualTimeError: the running loop is not a `VirtualTimeLoop`; its time would be real.
        """
        loop = asyncio.get_running_loop()
        if not isinstance(loop, VirtualTimeLoop):
            raise VirtualTimeError(f"a virtual clock needs a virtual loop, this is {type(loop).__name__}")
        return cls(loop, start)

    def now(self) -> datetime:
        """The current virtual time, UTC."""
        return self._start + timedelta(seconds=self._loop.time())

    def monotonic(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._loop.time()

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds` of virtual time."""
        await asyncio.sleep(seconds)


def run_virtual(main: Coroutine[Any, Any, T], *, limit_s: float = 366 * 86_400.0) -> T:
    """Run `main` to its end under virtual time.

    Args:
        main: The whole simulated program.
        limit_s: Virtual seconds that it may take.

    Returns:
        What `main` returned.

    Raises:
        VirtualTimeError: it hung, span, ran over the limit or opened a real socket; the message says where.
    """
    with asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(limit_s=limit_s)) as runner:
        return runner.run(main)
