"""The wire without a socket: the production venue client talks to the sandbox's REST side in the same process.

Everything but TCP is what runs in life: ccxt builds and signs the requests, the sandbox checks signature, timestamp and
weight, serializes answers and strikes with its faults; only the session between them is ours. Knows neither what is
asked nor what is answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType, TracebackType
from typing import Any, Final, cast

import aiohttp
from aiohttp import web
from yarl import URL

from guard.ports.clock import Clock
from guard.venues.hub import VenueHub, VenueSite

BASE_URL: Final = "http://sandbox.invalid"
"""What accounts at the sandbox have as their address; no name server knows it."""

_ADDRESS: Final = "127.0.0.1"


class _Transport(asyncio.Transport):
    """What the sandbox aborts when it cuts a connection."""

    def __init__(self) -> None:
        super().__init__()
        self.aborted = False

    def abort(self) -> None:
        self.aborted = True


class _Request:
    """As much of `aiohttp.web.Request` as the REST side reads."""

    def __init__(self, method: str, url: URL, headers: Mapping[str, str], body: bytes) -> None:
        self.method = method
        self.rel_url = url
        self.path = url.path
        self.headers = headers
        self.remote = _ADDRESS
        self.transport = _Transport()
        self._body = body

    async def read(self) -> bytes:
        return self._body


class _Answer:
    """As much of `aiohttp.ClientResponse` as ccxt reads."""

    def __init__(self, response: web.Response) -> None:
        self.status = response.status
        self.reason = response.reason
        self.headers = response.headers
        self._text = response.text or ""

    async def text(self, errors: str = "strict") -> str:  # noqa: ARG002  # aiohttp's
        return self._text


class _Asking:
    """One request, as the context manager that a session's methods return."""

    def __init__(self, session: InProcessSession, request: _Request, timeout_s: float | None) -> None:
        self._session = session
        self._request = request
        self._timeout_s = timeout_s

    async def __aenter__(self) -> _Answer:
        async with asyncio.timeout(self._timeout_s):
            return await self._session.ask(self._request)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


Rest = Callable[[web.Request], Awaitable[web.Response]]


class InProcessSession:
    """Stands in for `aiohttp.ClientSession`.

    Args:
        rest: the sandbox's REST side.
        clock: time.
        latency_s: how long each way takes; called once for each way.
    """

    closed = False
    headers: Mapping[str, str] = MappingProxyType({})

    def __init__(self, rest: Rest, clock: Clock, latency_s: Callable[[], float]) -> None:
        self._rest = rest
        self._clock = clock
        self._latency_s = latency_s
        self.asked = 0

    def get(self, url: URL, **options: Any) -> _Asking:
        """A GET request."""
        return self._asking("GET", url, options)

    def post(self, url: URL, **options: Any) -> _Asking:
        """A POST request."""
        return self._asking("POST", url, options)

    def put(self, url: URL, **options: Any) -> _Asking:
        """A PUT request."""
        return self._asking("PUT", url, options)

    def delete(self, url: URL, **options: Any) -> _Asking:
        """A DELETE request."""
        return self._asking("DELETE", url, options)

    def _asking(self, method: str, url: URL, options: Mapping[str, Any]) -> _Asking:
        timeout: aiohttp.ClientTimeout | None = options.get("timeout")
        request = _Request(method, url, options.get("headers") or {}, options.get("data") or b"")
        return _Asking(self, request, timeout.total if timeout else None)

    async def ask(self, request: _Request) -> _Answer:
        """Take a request to the venue and its answer back.

        Raises:
            aiohttp.ServerDisconnectedError: the venue cut the connection.
        """
        self.asked += 1
        await self._clock.sleep(self._latency_s())
        response = await self._rest(cast("web.Request", request))
        await self._clock.sleep(self._latency_s())
        if request.transport.aborted:
            raise aiohttp.ServerDisconnectedError
        return _Answer(response)

    async def close(self) -> None:
        """Nothing is open."""


class _InProcessSite(VenueSite):
    """A site without connections."""

    def __init__(self, session: InProcessSession, *site: Any) -> None:
        super().__init__(*site)
        self._in_process = session

    def session(self) -> aiohttp.ClientSession:
        """The session that leads into the sandbox."""
        return cast("aiohttp.ClientSession", self._in_process)


class InProcessHub(VenueHub):
    """A `VenueHub` whose sites lead into the sandbox, whatever their address."""

    def __init__(self, clock: Clock, session: InProcessSession, *, timeout_s: float = 10.0) -> None:
        super().__init__(clock, timeout_s=timeout_s)
        self._in_process = session

    def site(self, venue: str, base_url: str | None, requests_per_minute: int, ccxt_id: str | None = None) -> VenueSite:
        """The site of `venue`, made at first asking."""
        key = (venue, base_url)
        if key not in self._sites:
            self._sites[key] = _InProcessSite(
                self._in_process, self.clock, venue, base_url, self._timeout_s, requests_per_minute, ccxt_id
            )
        return self._sites[key]
