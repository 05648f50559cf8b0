"""Messages through Apprise: ntfy, Pushover, e-mail, Discord and a hundred others, each named by one URL.

The only file that knows the library `apprise`, which is slow to import and blocks while it sends: both happen in a
thread of their own, never on the event loop. A destination is `apprise:<8 hex digits>`, made from its URL, so that it
stays the same when other lines of the file change. URLs hold passwords: nothing here shows or logs one, and the
library, which does, is not listened to but for the status that a service answered with.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self, TypeVar

from pydantic import SecretStr

from guard.alerts.markup import plain_text
from guard.alerts.second import SECOND_SCHEME
from guard.ports.sending import Buttons, SendRejected, SendRetry

if TYPE_CHECKING:
    from apprise import NotifyBase

T = TypeVar("T")

NO_TITLE: Final = "Risk guard"
_STATUS: Final = re.compile(r"error=([1-5]\d\d)\b")
_WORTH_REPEATING: Final = frozenset({408, 409, 421, 423, 425, 429})
_LIBRARY: Final = "apprise"


class AppriseSink:
    """Delivers plain text to the services of a file, one thread for each delivery.

    Args:
        urls: addresses of services, by the line on which each stands.
    """

    scheme = SECOND_SCHEME

    def __init__(self, urls: Mapping[int, SecretStr]) -> None:
        self._urls = {destination_of(url): url for url in urls.values()}
        self._lines = {destination_of(url): line for line, url in urls.items()}
        self._delivered = 0
        self._errands: dict[str, Future[str]] = {}
        # At its debug level the library prints addresses, and texts with them.
        logging.getLogger(_LIBRARY).setLevel(logging.WARNING)
        logging.getLogger(_LIBRARY).propagate = False

    @property
    def destinations(self) -> tuple[str, ...]:
        """Where this sink delivers, in the order of the file."""
        return tuple(self._urls)

    async def unknown_lines(self) -> tuple[int, ...]:
        """Lines that name no service that the library knows. Contacts nobody."""
        return await asyncio.wrap_future(_in_a_thread("apprise", self._unknown_lines))

    async def deliver(self, destination: str, html: str, *, silent: bool = False, buttons: Buttons = ()) -> str:
        """Deliver the readable form of a message, its first line as the title.

        Returns:
            `<who took it>-<n>`, n counting the messages of this sink.

        Raises:
            SendRejected: the URL is not in the file any more or not valid, or the service refuses for good (4xx).
            SendRetry: the service was not reached, is busy, or said that it failed.
        """
        del silent, buttons  # the library has no word for them
        url = self._urls.get(destination)
        if url is None:
            raise SendRejected(f"`{destination}` is not in apprise.urls_file any more")
        before = self._errands.get(destination)
        if before is not None and not before.done():
            raise SendRetry("the message before this one is still on its way", may_have_arrived=True)
        title, body = title_and_body(plain_text(html))
        errand = self._errands[destination] = _in_a_thread(destination, lambda: _send(url, title, body))
        service = await asyncio.wrap_future(errand)
        self._delivered += 1
        return f"{service}-{self._delivered}"

    def _unknown_lines(self) -> tuple[int, ...]:
        return tuple(self._lines[destination] for destination, url in self._urls.items() if _service(url) is None)


def destination_of(url: SecretStr) -> str:
    """The name of a service in the outbox; does not reveal its address."""
    return f"{SECOND_SCHEME}:{hashlib.sha256(url.get_secret_value().encode()).hexdigest()[:8]}"


def title_and_body(text: str) -> tuple[str, str]:
    """The first line is the headline of every message; a message of one line has a title of its own."""
    first, _, rest = text.strip().partition("\n")
    return (first, rest.strip()) if rest.strip() else (NO_TITLE, first or "(empty message)")


def _in_a_thread(name: str, work: Callable[[], T]) -> Future[T]:
    """Begin in a thread that ends with the process: a service that hangs must not hold up the end of the guard."""
    done: Future[T] = Future()
    done.set_running_or_notify_cancel()  # who waits may leave, the work goes on

    def run() -> None:
        with _Handover(done):
            done.set_result(work())

    threading.Thread(target=run, name=name, daemon=True).start()
    return done


def _send(url: SecretStr, title: str, body: str) -> str:
    """Send and wait for the answer, in a thread; the service's name."""
    service = _service(url)
    if service is None:
        raise SendRejected("not a URL that Apprise knows", fix="correct its line in apprise.urls_file")
    name = str(service.service_name)
    with _Listening() as heard:
        if service.notify(title=title, body=body, body_format="text"):
            return name
    if heard.status is None:
        raise SendRetry(f"{name} could not be reached, or did not take the message", may_have_arrived=True)
    if heard.status < 500 and heard.status not in _WORTH_REPEATING:
        raise SendRejected(f"{name} answered {heard.status}", fix="correct its line in apprise.urls_file")
    raise SendRetry(f"{name} answered {heard.status}")


def _service(url: SecretStr) -> NotifyBase | None:
    """The library's object for a URL; None when it knows no such service."""
    from apprise import Apprise, AppriseAsset, OverflowMode  # noqa: PLC0415  # half a second that only those pay who use it

    found = Apprise.instantiate(url.get_secret_value(), asset=AppriseAsset(async_mode=False))
    if not found:
        return None
    if found.overflow_mode == OverflowMode.UPSTREAM:  # the default: a message over the limit would be refused
        found.overflow_mode = OverflowMode.SPLIT
    return found


class _Listening(logging.Handler):
    """Hears the library while this thread sends: it tells the status of an answer nowhere but in its log."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._thread = threading.get_ident()
        self.status: int | None = None

    def __enter__(self) -> Self:
        logging.getLogger(_LIBRARY).addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger(_LIBRARY).removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the status, if it is of this thread's message."""
        found = _STATUS.search(record.getMessage()) if record.thread == self._thread else None
        if found:
            self.status = int(found[1])


class _Handover:
    """Hands whatever a thread fails with to the one who waits for it.

    A failure that is not ours goes on as its type alone: the text of a library's failure may hold an address.
    """

    def __init__(self, done: Future[T]) -> None:
        self._done = done

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> bool:
        if error is not None and kind is not None:
            ours = isinstance(error, (SendRejected, SendRetry))
            told = error if ours else SendRetry(f"Apprise failed ({kind.__name__})", may_have_arrived=True)
            self._done.set_exception(told)
        return True
