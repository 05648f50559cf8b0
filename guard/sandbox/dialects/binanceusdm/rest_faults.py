"""Declared faults on the REST side: what strikes before a request is done, and what spoils its answer."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import web

from guard.ports.clock import Clock
from guard.sandbox.dialects.binanceusdm.errors import WireError
from guard.sandbox.faults import FaultKind, Faults

_PAGE = "<html><head><title>503 Service Temporarily Unavailable</title></head><body>sandbox</body></html>"
_HANG_MS = 3_600_000

# The whole answer, instead of the endpoint's.
_INSTEAD: dict[FaultKind, tuple[int, str, str]] = {
    FaultKind.OUTAGE: (503, "text/plain", "Service Unavailable"),
    FaultKind.HTML: (503, "text/html", _PAGE),
    FaultKind.MAINTENANCE: (503, "application/json", '{"code":-1016,"msg":"This service is no longer available."}'),
    FaultKind.SERVER_BUSY: (
        503,
        "application/json",
        '{"code":-1008,"msg":"Server is currently overloaded with other requests. Please try again in a few minutes."}',
    ),
    FaultKind.INTERNAL_ERROR: (
        500,
        "application/json",
        '{"code":-1000,"msg":"An unknown error occurred while processing the request."}',
    ),
}
# The answer of a request that was executed all the same.
_AFTER: dict[FaultKind, tuple[int, str, str]] = {
    FaultKind.UNKNOWN_STATE: (
        503,
        "application/json",
        (
            '{"code":-1007,"msg":"Timeout waiting for response from backend server. '
            'Send status unknown; execution status unknown."}'
        ),
    ),
    FaultKind.TRUNCATED: (200, "application/json", '{"serverTime": 12'),
}


class RestFaults:
    """Strikes REST requests with the faults that are on."""

    def __init__(self, faults: Faults, clock: Clock) -> None:
        self.faults = faults
        self.clock = clock

    async def before(self, request: web.Request, now_ms: int) -> web.Response | None:
        """Delay the request, or answer it before anything is done; None lets it through."""
        method, path = request.method, request.path
        late = self.faults.strike(FaultKind.LATENCY, method, path, now_ms)
        if late is not None:
            await self.clock.sleep(late.value_ms / 1000)
        hang = self.faults.strike(FaultKind.HANG, method, path, now_ms)
        if hang is not None:
            await self.clock.sleep((hang.value_ms or _HANG_MS) / 1000)
        if self.faults.strike(FaultKind.RESET, method, path, now_ms):
            return _cut(request)
        return self._canned(_INSTEAD, method, path, now_ms)

    def after(self, request: web.Request, now_ms: int) -> web.Response | None:
        """Spoil the answer of a request that was executed; None leaves it as it is."""
        if self.faults.strike(FaultKind.LOST_ANSWER, request.method, request.path, now_ms):
            return _cut(request)
        return self._canned(_AFTER, request.method, request.path, now_ms)

    def refuse(self, method: str, path: str, now_ms: int) -> None:
        """Raise the refusals that a venue gives to whoever asks too much."""
        if self.faults.strike(FaultKind.TOO_MANY_REQUESTS, method, path, now_ms):
            text = "Too many requests; current limit is 2400 requests per minute."
            raise WireError(429, -1003, text, retry_after_s=1)
        if self.faults.strike(FaultKind.BANNED, method, path, now_ms):
            text = f"Way too many requests; IP banned until {now_ms + 60_000}."
            raise WireError(418, -1003, text, retry_after_s=60)

    def skew_ms(self, path: str, now_ms: int) -> int:
        """How far the venue's clock is ahead."""
        skew = self.faults.present(FaultKind.CLOCK_SKEW, now_ms, path)
        return 0 if skew is None else skew.value_ms

    def _canned(
        self, table: dict[FaultKind, tuple[int, str, str]], method: str, path: str, now_ms: int
    ) -> web.Response | None:
        for kind, (status, content_type, text) in table.items():
            if self.faults.strike(kind, method, path, now_ms):
                return web.Response(status=status, text=text, content_type=content_type)
        return None


def json_response(status: int, payload: Any, headers: dict[str, str]) -> web.Response:
    """An answer as the venue writes it: compact JSON."""
    text = json.dumps(payload, separators=(",", ":"), ensure_ascii=False)
    return web.Response(status=status, text=text, headers=headers, content_type="application/json")


def _cut(request: web.Request) -> web.Response:
    """Cut the connection: the client sees a reset, not an answer."""
    transport = request.transport
    if isinstance(transport, asyncio.Transport):
        transport.abort()
    return web.Response(status=503)
