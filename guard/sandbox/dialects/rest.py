"""The REST side of any dialect: faults that strike before a request, its answer, faults that spoil the answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from guard.sandbox.dialects.dialect import World
from guard.sandbox.faults import FaultKind

_PAGE = "<html><head><title>503 Service Temporarily Unavailable</title></head><body>sandbox</body></html>"
_HANG_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class RawRequest:
    """A request as it came: a signature covers these very bytes. Header names are in lower case."""

    method: str
    path: str
    query: str
    body: str
    headers: Mapping[str, str]
    remote: str

    def params(self) -> dict[str, Any]:
        """Parameters of the query and of the body, be it a form or JSON; empty where the body is neither."""
        return {**dict(parse_qsl(self.query, keep_blank_values=True)), **self._body_params()}

    def _body_params(self) -> dict[str, Any]:
        if not self.body.lstrip().startswith("{"):
            return dict(parse_qsl(self.body, keep_blank_values=True))
        try:
            parsed = json.loads(self.body)
        except ValueError:
            return {}
        return parsed if isinstance(parsed, dict) else {}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the venue answers: a status, a payload that becomes compact JSON, and headers."""

    status: int
    payload: Any
    headers: Mapping[str, str] = field(default_factory=dict)


Bodies = Mapping[FaultKind, Answer | Callable[[int], Answer]]
"""A venue's own words for the faults that every venue words differently; where they tell a time, by the venue's clock
(epoch ms)."""

# Struck before anything is done, in this order; the last ones are worded by the dialect.
_BEFORE = (FaultKind.MAINTENANCE, FaultKind.SERVER_BUSY, FaultKind.INTERNAL_ERROR)
_LIMITS = (FaultKind.TOO_MANY_REQUESTS, FaultKind.BANNED)


class RestSide:
    """Answers requests for one venue.

    Args:
        world: engine, keys, faults, time.
        answer: the endpoint's answer, or the refusal in the venue's form, at a venue time in epoch milliseconds. Told
            whether the request's key shall be refused though it is right (`FaultKind.BAD_CREDENTIALS`).
        bodies: the venue's words for MAINTENANCE, SERVER_BUSY, INTERNAL_ERROR, UNKNOWN_STATE, TOO_MANY_REQUESTS, BANNED
            and BAD_CREDENTIALS.
        is_signed: whether a request carries a key, so that BAD_CREDENTIALS can strike it.
        path_of: what declared faults match against; the path unless a venue sends everything to one path.
    """

    def __init__(
        self,
        world: World,
        answer: Callable[[RawRequest, int], Answer],
        bodies: Bodies,
        is_signed: Callable[[RawRequest], bool],
        path_of: Callable[[RawRequest], str] = lambda raw: raw.path,
    ) -> None:
        self.world = world
        self._answer = answer
        self._bodies = bodies
        self._is_signed = is_signed
        self._path_of = path_of

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request.

        1. Faults that strike before anything is done. 2. The endpoint. 3. Faults that spoil the answer.
        """
        raw = await read_raw(request)
        path = self._path_of(raw)
        early = await self.before(request, self.world.sync(), path)
        if early is not None:
            return early
        now_ms = self.world.sync()
        answer = self._refusal(raw, path, now_ms) or self._answer(raw, now_ms + self._skew_ms(path, now_ms))
        return self._spoiled(request, path, now_ms) or respond(answer)

    async def before(self, request: web.Request, now_ms: int, path: str | None = None) -> web.Response | None:
        """Delay the request, or answer it before anything is done; None lets it through."""
        method, path = request.method, request.path if path is None else path
        faults, clock = self.world.faults, self.world.clock
        late = faults.strike(FaultKind.LATENCY, method, path, now_ms)
        if late is not None:
            await clock.sleep(late.value_ms / 1000)
        hang = faults.strike(FaultKind.HANG, method, path, now_ms)
        if hang is not None:
            await clock.sleep((hang.value_ms or _HANG_MS) / 1000)
        if faults.strike(FaultKind.RESET, method, path, now_ms):
            return cut(request)
        if faults.strike(FaultKind.OUTAGE, method, path, now_ms):
            return web.Response(status=503, text="Service Unavailable", content_type="text/plain")
        if faults.strike(FaultKind.HTML, method, path, now_ms):
            return web.Response(status=503, text=_PAGE, content_type="text/html")
        worded = next((kind for kind in _BEFORE if faults.strike(kind, method, path, now_ms)), None)
        return respond(self._worded(worded, now_ms)) if worded else None

    def _refusal(self, raw: RawRequest, path: str, now_ms: int) -> Answer | None:
        """What a venue says to whoever asks too much, or to a key that it does not accept."""
        faults = self.world.faults
        for kind in _LIMITS:
            if faults.strike(kind, raw.method, path, now_ms):
                return self._worded(kind, now_ms)
        if self._is_signed(raw) and faults.strike(FaultKind.BAD_CREDENTIALS, raw.method, path, now_ms):
            return self._worded(FaultKind.BAD_CREDENTIALS, now_ms)
        return None

    def _worded(self, kind: FaultKind, now_ms: int) -> Answer:
        body = self._bodies[kind]
        return body if isinstance(body, Answer) else body(now_ms)

    def _spoiled(self, request: web.Request, path: str, now_ms: int) -> web.Response | None:
        """The spoilt answer of a request that was executed; None leaves it as it is."""
        faults = self.world.faults
        if faults.strike(FaultKind.LOST_ANSWER, request.method, path, now_ms):
            return cut(request)
        if faults.strike(FaultKind.UNKNOWN_STATE, request.method, path, now_ms):
            return respond(self._worded(FaultKind.UNKNOWN_STATE, now_ms))
        if faults.strike(FaultKind.TRUNCATED, request.method, path, now_ms):
            return web.Response(status=200, text='{"serverTime": 12', content_type="application/json")
        return None

    def _skew_ms(self, path: str, now_ms: int) -> int:
        """How far the venue's clock is ahead."""
        skew = self.world.faults.present(FaultKind.CLOCK_SKEW, now_ms, path)
        return 0 if skew is None else skew.value_ms


class RestServed:
    """A venue in use whose requests all go through one `RestSide`: most of `guard.sandbox.dialects.dialect.Served`."""

    def __init__(self, rest: RestSide) -> None:
        self._rest = rest

    async def rest(self, request: web.Request) -> web.Response:
        """Answer one request of the REST side."""
        return await self._rest.handle(request)

    async def refused(self, request: web.Request, now_ms: int) -> web.Response | None:
        """The answer to a WebSocket handshake that a fault spoils; None lets it through."""
        return await self._rest.before(request, now_ms)

    def lift_limits(self) -> None:
        """Refuse nobody for asking too much from now on: nobody is but by declared faults, where not said otherwise."""


async def read_raw(request: web.Request) -> RawRequest:
    """The request with its body read."""
    return RawRequest(
        method=request.method,
        path=request.path,
        query=request.rel_url.raw_query_string,
        body=(await request.read()).decode(errors="replace"),
        headers={name.lower(): value for name, value in request.headers.items()},
        remote=request.remote or "",
    )


def respond(answer: Answer) -> web.Response:
    """The answer as venues write it: compact JSON."""
    text = json.dumps(answer.payload, separators=(",", ":"), ensure_ascii=False)
    return web.Response(status=answer.status, text=text, headers=dict(answer.headers), content_type="application/json")


def cut(request: web.Request) -> web.Response:
    """Cut the connection: the client sees a reset, not an answer."""
    transport = request.transport
    if isinstance(transport, asyncio.Transport):
        transport.abort()
    return web.Response(status=503)
