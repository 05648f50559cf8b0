"""The dead-man switch: a watchdog elsewhere hears after every good round, and calls people when it hears nothing.

Form of healthchecks.io: `GET <url>` says that all is well, `GET <url>/start` that the guard begins, `POST <url>/fail`
with one line of text that it runs and cannot do its work. Whoever holds the address can pretend that all is well, so
it is a secret: it is never logged, shown or put into an error, and redirects are not followed.

Owns the pace and the requests. What a good round is, it is told by `guard.app.round`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import aiohttp
import structlog
from pydantic import SecretStr

from guard.ports.clock import Clock
from guard.web.health import HeartbeatHealth

log = structlog.get_logger(__name__)

REQUEST_TIMEOUT_S: Final = 10.0
LOOK_TIMEOUT_S: Final = 10.0
REASON_MAX: Final = 300
_ACCEPTED: Final = range(200, 300)

Problems = Callable[[], Awaitable[tuple[str, ...]]]


class Heartbeat:
    """Tells a watchdog how the guard is, until it is stopped. In a task of its own: it delays no cycle.

    Args:
        url: the watchdog's address.
        interval_s: pause between two reports, whatever they say.
        clock: time.
        problems: why the last round was not good, in words; empty = it was.
    """

    def __init__(self, url: SecretStr, interval_s: float, clock: Clock, problems: Problems) -> None:
        self._url = url
        self._interval_s = interval_s
        self._clock = clock
        self._problems = problems
        self._task: asyncio.Task[None] | None = None
        self._state = "starting"
        self._why = ""
        self._error = ""
        self._accepted_s: float | None = None
        self._good = 0
        self._bad = 0
        self._unheard = 0

    def start(self) -> None:
        """Begin in the background; never fails because of the watchdog."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="heartbeat")
            self._task.add_done_callback(self._ended)

    async def stop(self) -> None:
        """End. Deliberately says nothing: a guard that was stopped for long is one that does not watch."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def health(self) -> HeartbeatHealth:
        """What was reported last and whether it was heard."""
        age_s = None if self._accepted_s is None else self._clock.monotonic() - self._accepted_s
        return HeartbeatHealth(self._state, self._why, self._error, age_s, self._good, self._bad, self._unheard)

    async def _run(self) -> None:
        timeout = aiohttp.ClientTimeout(total=REQUEST_TIMEOUT_S)
        async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session:
            await self._send(session, "GET", "/start")
            while True:
                await self._clock.sleep(self._interval_s)
                await self._report(session)

    async def _report(self, session: aiohttp.ClientSession) -> None:
        """One report: good, or why not."""
        why = _one_line(await self._look())
        if why != self._why or self._state == "starting":
            (log.warning if why else log.info)("heartbeat", round="not good" if why else "good", why=why)
        self._state, self._why = "bad" if why else "good", why
        if why:
            self._bad += 1
            await self._send(session, "POST", "/fail", why)
        else:
            self._good += 1
            if await self._send(session, "GET", ""):
                self._accepted_s = self._clock.monotonic()

    async def _look(self) -> tuple[str, ...]:
        """What is wrong; a guard that cannot say is not well."""
        try:
            async with asyncio.timeout(LOOK_TIMEOUT_S):
                return await self._problems()
        except TimeoutError:
            return (f"the guard's own state is not known within {LOOK_TIMEOUT_S:g} s",)

    async def _send(self, session: aiohttp.ClientSession, method: str, ending: str, text: str = "") -> bool:
        """One request; whether it was accepted. Only the kind of a failure is kept: its text may hold the address."""
        address = with_ending(self._url.get_secret_value(), ending)
        data = text.encode() if text else None
        try:
            async with session.request(method, address, data=data, allow_redirects=False) as answer:
                error = "" if answer.status in _ACCEPTED else f"the watchdog answered HTTP {answer.status}"
        except TimeoutError:
            error = f"the watchdog did not answer within {REQUEST_TIMEOUT_S:g} s"
        except aiohttp.ClientConnectorError as failure:
            number = failure.os_error.errno  # their text names the host
            error = f"the watchdog cannot be reached ({os.strerror(number) if number else type(failure).__name__})"
        except (aiohttp.ClientError, ValueError, OSError) as failure:
            error = f"the watchdog could not be asked ({type(failure).__name__})"
        self._unheard += bool(error)
        if error and error != self._error:
            log.warning("heartbeat not accepted", error=error)
        self._error = error
        return not error

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Only `stop` ends it; anything else is a defect of ours, and the watchdog will miss us."""
        if task.cancelled():
            return
        failure = task.exception()
        self._state, self._why = "stopped", f"a defect: {type(failure).__name__}"
        # Deliberately without the traceback: a library's may hold the address.
        log.error("heartbeat stopped by a defect", error=type(failure).__name__)


def with_ending(url: str, ending: str) -> str:
    """The address with `ending` behind its path and before its query."""
    if not ending:
        return url
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") + ending))


def _one_line(problems: tuple[str, ...]) -> str:
    if not problems:
        return ""
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    text = " ".join(problems[0].split())
    return (text if len(text) <= REASON_MAX else text[: REASON_MAX - 1] + "…") + more
