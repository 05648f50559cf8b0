"""Updates at work: several chats at once, one chat in order, never more than a limit, and all gone on `close`.

Deliberately not the library's `Application`: its concurrent mode starts a task for every update without a limit, and
its `stop` waits for handlers however long they hang.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any
from weakref import WeakValueDictionary

import structlog
from telegram import Update

log = structlog.get_logger("guard.bot")

AT_ONCE_MAX = 16  # updates being answered
WAITING_MAX = 256  # updates accepted and not finished; beyond this, fetching waits
OF_ONE_CHAT_MAX = 64  # of these; more are dropped: nobody else's danger waits for one chat that floods

Serve = Callable[[Update], Coroutine[Any, Any, None]]


class Dispatch:
    """Runs `serve` for each update; when that fails in a way nobody foresaw, logs it and runs `on_defect`."""

    def __init__(self, serve: Serve, on_defect: Serve) -> None:
        self._serve = serve
        self._on_defect = on_defect
        self._room = asyncio.Semaphore(WAITING_MAX)
        self._hands = asyncio.Semaphore(AT_ONCE_MAX)
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._tasks: set[asyncio.Task[None]] = set()
        self._unfinished: Counter[int] = Counter()
        self.defects = 0

    async def put(self, update: Update) -> None:
        """Accept an update; waits while too many are unfinished, and drops it where too many are of its own chat."""
        if self._unfinished[_chat_of(update)] >= OF_ONE_CHAT_MAX:
            log.warning("chat.flooded", chat_id=_chat_of(update), update_id=update.update_id)
            return
        await self._room.acquire()
        self._unfinished[_chat_of(update)] += 1
        task = self._begin(self._run(update), f"update-{update.update_id}")
        task.add_done_callback(lambda done: self._finished(done, update))

    async def close(self, grace_s: float) -> None:
        """Let running answers finish for `grace_s`, then cancel the rest."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace_s)
        left = list(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _run(self, update: Update) -> None:
        # The chat's turn first, then a hand: a slow chat must not hold hands while its own updates queue up.
        turn = self._turns.setdefault(_chat_of(update), asyncio.Lock())
        async with turn, self._hands:
            await self._serve(update)

    def _begin(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _finished(self, task: asyncio.Task[None], update: Update) -> None:
        self._room.release()
        self._unfinished -= Counter({_chat_of(update): 1})  # forgets a chat that has none left
        if self._defect(task):
            self._begin(self._on_defect(update), f"defect-{update.update_id}").add_done_callback(self._defect)

    def _defect(self, task: asyncio.Task[None]) -> bool:
        """Whether the work failed in a way nobody foresaw; then it is in the log."""
        error = None if task.cancelled() else task.exception()
        if error is None:
            return False
        self.defects += 1
        log.critical("chat.defect", work=task.get_name(), exc_info=error)
        return True


def _chat_of(update: Update) -> int:
    return update.effective_chat.id if update.effective_chat is not None else 0
